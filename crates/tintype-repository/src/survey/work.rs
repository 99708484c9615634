//! A bounded number of workers over shards, and how many shards an index has.

use super::{Survey, Unreadable};
use crate::repository::Repository;
use futures_util::{StreamExt, stream};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// More shards than any engine makes: a number above is damage, and nobody waits for it.
const MOST_SHARDS: u32 = 65_536;

impl Survey {
    /// Does `work` for each item, a few at once, each on a thread for blocking work since a directory is read with blocking
    /// calls; `take` gets the results as they come.
    pub(super) async fn each<I, X, T, F, Fut>(&self, items: I, work: F, mut take: impl FnMut(T))
    where
        I: Iterator<Item = X>,
        X: Send + 'static,
        T: Send + 'static,
        F: Fn(Arc<Repository>, X) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = T>,
    {
        let progress = Arc::clone(&self.progress);
        let running = items
            .take_while(move |_| !progress.stop.load(Relaxed))
            .map(|item| {
                let (work, repository, handle) =
                    (work.clone(), Arc::clone(&self.repository), Handle::current());
                spawn_blocking(move || handle.block_on(work(repository, item)))
            });
        let mut done = stream::iter(running).buffer_unordered(self.concurrency.max(1));
        while let Some(result) = done.next().await {
            match result {
                Ok(result) => take(result),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // The runtime is ending, and this future with it.
                Err(_) => return,
            }
        }
    }

    /// Does `work` for each shard of these indices; see [`Self::each`]. Gives the indices of which it is not known how many
    /// shards there are, so that none was looked at.
    pub(super) async fn each_shard<T, F, Fut>(
        &self,
        indices: &[u32],
        unreadable: &mut Unreadable,
        work: F,
        mut take: impl FnMut(T),
    ) -> Vec<u32>
    where
        T: Send + 'static,
        F: Fn(Arc<Repository>, (u32, u32)) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = T>,
    {
        let counts = self.shard_counts(indices, unreadable).await;
        let total: u64 = counts.iter().map(|(_, shards)| u64::from(*shards)).sum();
        self.progress.shards_total.store(total, Relaxed);
        let shards = counts
            .iter()
            .flat_map(|(index, shards)| (0..*shards).map(|shard| (*index, shard)));
        self.each(shards, work, |result| {
            self.progress.shards.fetch_add(1, Relaxed);
            take(result);
        })
        .await;
        let is_counted = |index: &&u32| counts.binary_search_by_key(*index, |(index, _)| *index).is_ok();
        indices
            .iter()
            .filter(|index| !is_counted(index))
            .copied()
            .collect()
    }

    /// How many shards each index has had at most: the root says so since Elasticsearch 7.6; before, its directories do.
    async fn shard_counts(&self, indices: &[u32], unreadable: &mut Unreadable) -> Vec<(u32, u32)> {
        let mut counts = Vec::with_capacity(indices.len());
        let work = |repository: Arc<Repository>, index: u32| async move {
            (index, shard_count(&repository, index).await)
        };
        let take = |(index, count): (u32, Result<u32, String>)| match count {
            Ok(count) => counts.push((index, count.min(MOST_SHARDS))),
            Err(why) => unreadable.push(why),
        };
        let (known, asked): (Vec<u32>, Vec<u32>) = indices
            .iter()
            .partition(|index| known_count(&self.repository, **index).is_some());
        self.each(asked.into_iter(), work, take).await;
        let known = known
            .into_iter()
            .filter_map(|index| Some((index, known_count(&self.repository, index)?.min(MOST_SHARDS))));
        counts.extend(known);
        counts.sort_unstable();
        counts
    }
}

fn known_count(repository: &Repository, index: u32) -> Option<u32> {
    let generations = repository
        .root
        .indices
        .get(index as usize)?
        .generations
        .as_ref()?;
    u32::try_from(generations.len()).ok()
}

/// How many shards an index has: the root's number, else the larger of one above its highest numbered directory and what its
/// newest metadata says, since the last directories may be lost.
pub(super) async fn shard_count(repository: &Repository, index: u32) -> Result<u32, String> {
    if let Some(count) = known_count(repository, index) {
        return Ok(count);
    }
    let Some(entry) = repository.root.indices.get(index as usize) else {
        return Ok(0);
    };
    let mut listed = 0;
    if repository.source.lists() {
        let directory = index_directory(repository, &entry.id);
        let listing = repository.source.directory(&directory).await;
        let (_, directories) = listing.map_err(|error| format!("{directory}: {error}"))?;
        let numbers = directories.iter().filter_map(|name| name.parse::<u32>().ok());
        listed = numbers.max().map_or(0, |highest| highest.saturating_add(1));
    }
    let newest = entry.snapshots.last().copied().unwrap_or_default();
    match repository.index_metadata(newest, index).await {
        Ok(metadata) => Ok(listed.max(metadata.shards)),
        Err(_) if listed > 0 => Ok(listed),
        Err(error) => Err(error.to_string()),
    }
}

/// The directory of an index's metadata, from the store's root.
pub(super) fn index_directory(repository: &Repository, id: &str) -> String {
    under(repository.source.base(), &format!("indices/{id}"))
}

/// A path below a directory, either of which may be empty.
pub(super) fn under(directory: &str, path: &str) -> String {
    match (directory.is_empty(), path.is_empty()) {
        (true, _) => path.to_owned(),
        (_, true) => directory.to_owned(),
        _ => format!("{directory}/{path}"),
    }
}
