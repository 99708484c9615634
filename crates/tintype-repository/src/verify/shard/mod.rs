//! One shard after another: its metadata, that its blobs are there, its bytes, its Lucene structure.

mod choose;
mod content;
mod data;
mod files;
mod finish;
mod generation;
mod listing;
mod metadata;
mod piece;
mod presence;
mod structure;

use super::findings::{Found, Place};
use super::outcome::{Effect, Outcome};
use super::pool::{self, Next, Queue};
use super::run::Run;
use super::{indices, snapshots};
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::merge::Files;
use crate::source::keys;
use listing::Listing;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What all shards share.
pub(super) struct Context {
    pub run: Arc<Run>,
    pub snapshots: Arc<Vec<snapshots::Facts>>,
    pub metadata: Arc<Vec<indices::Facts>>,
    /// The index (position in the plan) and number of each.
    shards: Vec<(u32, u32)>,
}

/// A shard while it is looked at.
pub(super) struct Shard {
    /// The index's position in the root.
    index: u32,
    number: u32,
    /// From the store's root.
    directory: String,
    /// From the repository's base, as if no path was hashed.
    path: String,
    /// The plan's pairs that have this shard.
    pairs: Vec<u32>,
    /// What it says of each.
    outcomes: Vec<Outcome>,
    listing: Option<Listing>,
    files: Files,
    /// What is known of each file.
    states: Vec<State>,
    /// Those that its generation gives other files, sorted.
    contradicted: Vec<Contradicted>,
}

/// A pair that has other files by its shard's generation than by its own blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Contradicted {
    /// Its position in [`Shard::pairs`].
    pair: u32,
    /// One of the blobs that it has by the generation's word; `None`: it has none.
    blob: Option<Box<str>>,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy)]
struct State {
    effect: Option<Effect>,
    level: Level,
    at: i64,
}

impl Context {
    pub fn new(
        run: Arc<Run>,
        snapshots: Arc<Vec<snapshots::Facts>>,
        metadata: Arc<Vec<indices::Facts>>,
    ) -> Self {
        let mut context = Self {
            run,
            snapshots,
            metadata,
            shards: Vec::new(),
        };
        context.shards = context.plan();
        context
    }

    /// Which shards there are: an index that was deleted and made again may have had more of them.
    fn plan(&self) -> Vec<(u32, u32)> {
        let mut shards = Vec::new();
        for (position, planned) in (0..).zip(&self.run.plan.indices) {
            if self.run.repository.path_type(planned.index).is_none() {
                self.unsupported(planned.index, planned.pairs.clone());
                continue;
            }
            let count = planned
                .pairs
                .clone()
                .map(|pair| self.shards_of(planned.index, pair))
                .max();
            shards.extend((0..count.unwrap_or(0)).map(|number| (position, number)));
        }
        shards
    }

    fn unsupported(&self, index: u32, pairs: std::ops::Range<u32>) {
        let run = &self.run;
        let code = run
            .repository
            .root
            .indices
            .get(index as usize)
            .map_or(0, |index| index.path_type);
        let what =
            format!("lays out the shards of an index in a way that is not supported: path type {code}");
        let found = Found::new(Severity::Warning, Kind::Unsupported, run.root_place(), &what).of_index(index);
        run.found(found.hurting(pairs.clone().map(|pair| run.plan.snapshot(pair))));
        pairs.for_each(|pair| run.outcomes.note(pair, Effect::Unknown(Kind::Unsupported)));
    }

    /// How many shards an index has in a snapshot: by its metadata, and without that by the root.
    pub fn shards_of(&self, index: u32, pair: u32) -> u32 {
        if let Some(shards) = self.metadata_of(pair).and_then(|facts| facts.shards) {
            return shards;
        }
        let index = self.run.repository.root.indices.get(index as usize);
        let generations = index.and_then(|index| index.generations.as_ref());
        generations.map_or(0, |all| u32::try_from(all.len()).unwrap_or(u32::MAX))
    }

    pub fn metadata_of(&self, pair: u32) -> Option<&indices::Facts> {
        let position = self.run.plan.pair_metadata.get(pair as usize)?;
        self.metadata.get(*position as usize)
    }

    /// Of a snapshot by its position in the root.
    pub fn snapshot(&self, snapshot: u32) -> Option<&snapshots::Facts> {
        let position = self.run.plan.snapshots.binary_search(&snapshot).ok()?;
        self.snapshots.get(position)
    }

    /// A snapshot's name: by its own blob, which has a checksum, before the root, which has none.
    fn snapshot_name(&self, snapshot: u32) -> &str {
        let own = self.snapshot(snapshot).and_then(|facts| facts.name.as_deref());
        let root = self.run.repository.root.snapshots.get(snapshot as usize);
        own.unwrap_or_else(|| root.map_or("", |snapshot| &snapshot.name))
    }
}

impl Shard {
    /// With an empty name, of the directory itself.
    fn key(&self, name: &str) -> String {
        keys::join(&self.directory, name)
    }

    /// With an empty name, of the directory itself.
    fn place(&self, name: &str) -> Place {
        Place {
            blob: keys::join(&self.path, name),
            key: self.key(name),
        }
    }

    /// The snapshots (positions in the root) of some of its pairs.
    fn snapshots<'a>(&'a self, run: &'a Run, pairs: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        let pair = |position: &u32| self.pairs.get(*position as usize).copied();
        pairs.iter().filter_map(pair).map(|pair| run.plan.snapshot(pair))
    }

    fn found(&self, run: &Run, found: Found) {
        run.found(found.of_index(self.index).of_shard(self.number));
    }

    fn note(&mut self, pairs: &[u32], effect: Effect) {
        for position in pairs {
            if let Some(outcome) = self.outcomes.get_mut(*position as usize) {
                outcome.note(Some(self.number), effect);
            }
        }
    }
}

/// Looks at all planned shards.
pub(super) async fn read(context: Arc<Context>) {
    let run = context.run.clone();
    run.progress
        .shards_total
        .fetch_add(context.shards.len() as u64, Relaxed);
    if run.options.level == Level::Root {
        return;
    }
    let queue = Arc::new(Queue::new(context.shards.len(), run.stop()));
    pool::run(run.threads(), move || {
        let (context, queue) = (context.clone(), queue.clone());
        async move {
            while let Some((next, _busy)) = queue.take() {
                match next {
                    Next::Task(number) => one(&context, &queue, number).await,
                    Next::Work(work) => data::work(&context, work).await,
                }
            }
        }
    })
    .await;
}

async fn one(context: &Context, queue: &Queue<data::Work>, number: usize) {
    let Some((index, shard)) = context.shards.get(number).copied() else {
        return;
    };
    let Some(mut shard) = metadata::read(context, index, shard).await else {
        return;
    };
    content::check(context, &mut shard);
    let run = &context.run;
    if run.estimate.is_none() {
        generation::check(context, &mut shard).await;
    }
    if run.options.level >= Level::Presence {
        presence::check(context, &mut shard).await;
    }
    let mut works = data::plan(run, shard).await;
    match works.len() {
        1 => data::work(context, works.remove(0)).await,
        _ => queue.push(works),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Ledger, MemoryLedger};
    use crate::repository::Repository;
    use crate::source::{Access, Source};
    use crate::testing::{Synthetic, lucene};
    use crate::verify::{options::Options, testing, verify};
    use std::time::Duration;

    async fn context(
        repository: &Arc<Repository>,
        ledger: &Arc<MemoryLedger>,
        set: impl FnOnce(&mut Options),
    ) -> Context {
        let mut options = testing::options();
        set(&mut options);
        let ledger: Arc<dyn Ledger> = ledger.clone();
        let run = Run::new(repository.clone(), options, ledger, Arc::default(), false);
        let run = Arc::new(run);
        let snapshots = Arc::new(snapshots::read(&run).await);
        let metadata = Arc::new(indices::read(&run, &snapshots).await);
        Context::new(run, snapshots, metadata)
    }

    /// What comes of the only pair when time runs out between the choice of its files and the reading of them.
    async fn too_late(repository: &Arc<Repository>, ledger: &Arc<MemoryLedger>) -> Outcome {
        let in_time = context(repository, ledger, |_| ()).await;
        let mut shard = metadata::read(&in_time, 0, 0).await.unwrap();
        presence::check(&in_time, &mut shard).await;
        let works = data::plan(&in_time.run, shard).await;
        let late = context(repository, ledger, |options| {
            options.budget_time = Some(Duration::ZERO)
        })
        .await;
        for work in works {
            data::work(&late, work).await;
        }
        assert!(late.run.budget.has_ended());
        assert_eq!(late.run.blobs.load(Relaxed), 0);
        assert!(late.run.blobs_left.load(Relaxed) > 0);
        late.run.outcomes.take().remove(0)
    }

    #[tokio::test]
    async fn what_time_ran_out_for_is_as_good_as_the_ledger_says() {
        let directory = tempfile::tempdir().unwrap();
        let mut written = Synthetic::new(directory.path());
        written.take("one", 1000, &[("logs", &[&lucene::index(8, "mixed")])]);
        let source = Source::open(directory.path().to_str().unwrap(), &Access::default()).unwrap();
        let repository = Arc::new(Repository::open(source).await.unwrap());
        let ledger = Arc::new(MemoryLedger::default());
        for _ in 0..2 {
            let outcome = too_late(&repository, &ledger).await;
            assert_eq!(outcome.level, Level::Presence, "nothing is claimed or remembered");
            assert_eq!((outcome.lost, outcome.unknown), (None, None));
        }
        let mut before = testing::options();
        before.now = 7000;
        verify(repository.clone(), before, ledger.clone(), Arc::default()).await;
        let outcome = too_late(&repository, &ledger).await;
        assert_eq!((outcome.level, outcome.oldest), (Level::Checksum, 7000));
    }

    #[tokio::test]
    async fn a_file_that_is_begun_is_read_to_its_end_though_time_ran_out() {
        let directory = tempfile::tempdir().unwrap();
        let mut written = Synthetic::new(directory.path());
        written.take("one", 1000, &[("logs", &[&lucene::index(8, "mixed")])]);
        let source = Source::open(directory.path().to_str().unwrap(), &Access::default()).unwrap();
        let repository = Arc::new(Repository::open(source).await.unwrap());
        let context = context(&repository, &Arc::default(), |_| ()).await;
        let shard = metadata::read(&context, 0, 0).await.unwrap();
        let works = data::plan(&context.run, shard).await;
        assert!(!works[0].begins(true));
        assert!(works[0].begins(false));
        assert!(works[0].begins(true));
    }

    /// Of a shard in several works, what was read before a kill need not be read again, unless its header is not known to be
    /// right.
    #[tokio::test]
    async fn a_file_of_a_large_shard_is_remembered_before_the_shard_ends() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = lucene::index(8, "mixed");
        let strange = files.keys().find(|name| name.ends_with(".fdt")).unwrap().clone();
        let bytes = files.get_mut(&strange).unwrap();
        // Another segment's id, in a file that is whole.
        let id = 9 + usize::from(bytes[4]);
        bytes[id] ^= 1;
        crate::format::testing::seal_tail(bytes);
        let mut written = Synthetic::new(directory.path());
        written.take("one", 1000, &[("logs", &[&files])]);
        let source = Source::open(directory.path().to_str().unwrap(), &Access::default()).unwrap();
        let repository = Arc::new(Repository::open(source).await.unwrap());
        for (level, remembers) in [(Level::Checksum, true), (Level::Fingerprint, false)] {
            let ledger = Arc::new(MemoryLedger::default());
            let context = context(&repository, &ledger, |options| options.level = level).await;
            let mut shard = metadata::read(&context, 0, 0).await.unwrap();
            presence::check(&context, &mut shard).await;
            let mut first = data::plan(&context.run, shard).await.remove(0);
            let second = first.split();
            let files = [first.files(), second.files()].concat();
            let count = first.files().len();
            let known = async || {
                let keys: Vec<_> = files.iter().map(|(_, key)| *key).collect();
                let known = ledger.last(level, &keys).await.unwrap();
                let known = known.iter().map(Option::is_some);
                files
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .zip(known)
                    .collect::<Vec<_>>()
            };
            data::work(&context, first).await;
            for (at, (name, known)) in known().await.into_iter().enumerate() {
                assert_eq!(
                    known,
                    remembers && at < count && name != strange,
                    "{level:?} {name}"
                );
            }
            data::work(&context, second).await;
            for (name, known) in known().await {
                assert_eq!(known, name != strange, "{level:?} {name}");
            }
        }
    }
}
