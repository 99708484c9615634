//! Orphans in a shard's directory.

use super::{Gathered, Orphan, Why};
use crate::format::root::RootIndex;
use crate::repository::{BlobError, Repository};
use crate::source::{Cause, Entry};
use crate::survey::shard::{current, last, list};
use crate::survey::{Survey, Unreadable};
use std::collections::HashSet;
use std::sync::Arc;

impl Survey {
    pub(super) async fn orphans_of_shards(&self, found: &mut Gathered) {
        let indices: Vec<u32> = (0..).take(self.repository.root.indices.len()).collect();
        let mut trouble = Unreadable::default();
        self.each_shard(&indices, &mut trouble, of_a_shard, |(orphans, missed)| {
            found.unreadable.merge(missed);
            orphans.into_iter().for_each(|orphan| found.take(orphan));
        })
        .await;
        found.unreadable.merge(trouble);
    }
}

async fn of_a_shard(repository: Arc<Repository>, (index, shard): (u32, u32)) -> (Vec<Orphan>, Unreadable) {
    let mut trouble = Unreadable::default();
    let mut orphans = Vec::new();
    let Some(entry) = repository.root.indices.get(index as usize) else {
        return (orphans, trouble);
    };
    let directory = repository.shard_directory(index, shard);
    let listing = match list(&repository, &directory).await {
        Ok(listing) => listing.unwrap_or_default(),
        Err(why) => {
            trouble.push(why);
            return (orphans, trouble);
        }
    };
    let generation = current(entry, shard, Some(&listing));
    let uuids: HashSet<&str> = snapshots(&repository, entry).collect();
    let mut data = Vec::new();
    for blob in &listing {
        match in_a_shard(last(&blob.key), generation.as_deref(), &uuids) {
            Place::Needed => {}
            Place::Orphan(why) => orphans.push(Orphan::blob(why, shown(entry, shard, blob), blob)),
            Place::Data => data.push(blob),
        }
    }
    match unreferenced(&repository, (index, shard), &directory, generation, data).await {
        Ok(blobs) => {
            let orphan = |blob: &Entry| Orphan::blob(Why::UnreferencedData, shown(entry, shard, blob), blob);
            orphans.extend(blobs.into_iter().map(orphan));
        }
        Err(why) => trouble.push(why),
    }
    (orphans, trouble)
}

fn snapshots<'a>(repository: &'a Repository, index: &'a RootIndex) -> impl Iterator<Item = &'a str> {
    let snapshots = index.snapshots.iter();
    snapshots.filter_map(|snapshot| Some(&*repository.root.snapshots.get(*snapshot as usize)?.uuid))
}

fn shown(index: &RootIndex, shard: u32, blob: &Entry) -> String {
    format!("indices/{}/{shard}/{}", index.id, last(&blob.key))
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    Needed,
    Orphan(Why),
    Data,
}

/// What a blob of a shard's directory is by its name. Without a known generation no generation is called old.
fn in_a_shard(name: &str, generation: Option<&str>, uuids: &HashSet<&str>) -> Place {
    if name.starts_with("pending-") {
        return Place::Orphan(Why::Temporary);
    }
    if name.starts_with("__") {
        return Place::Data;
    }
    if let Some(named) = name.strip_prefix("index-") {
        return match generation {
            Some(current) if current != named => Place::Orphan(Why::OldGeneration),
            _ => Place::Needed,
        };
    }
    let uuid = name
        .strip_prefix("snap-")
        .or_else(|| name.strip_prefix("shallow-snap-"));
    match uuid.and_then(|uuid| uuid.strip_suffix(".dat")) {
        Some(uuid) if !uuids.contains(uuid) => Place::Orphan(Why::UnknownSnapshot),
        _ => Place::Needed,
    }
}

/// A blob's name without the number of its part.
fn canonical(name: &str) -> &str {
    name.find(".part").map_or(name, |at| &name[..at])
}

/// Which of the data blobs neither the generation nor any snapshot's own metadata names. The latter is read only where the
/// former leaves something over.
async fn unreferenced<'a>(
    repository: &Repository,
    (index, shard): (u32, u32),
    directory: &str,
    generation: Option<String>,
    mut data: Vec<&'a Entry>,
) -> Result<Vec<&'a Entry>, String> {
    if data.is_empty() {
        return Ok(data);
    }
    let mut generation_is_lost = false;
    if let Some(generation) = generation {
        match repository.shard_generation(index, shard, &generation).await {
            Ok(generation) => {
                let named: HashSet<&str> = generation.files.iter().map(|file| &*file.name).collect();
                data.retain(|blob| !named.contains(canonical(last(&blob.key))));
            }
            Err(_) => generation_is_lost = true,
        }
    }
    let entry = repository.root.indices.get(index as usize);
    for snapshot in entry.into_iter().flat_map(|entry| &entry.snapshots) {
        if data.is_empty() {
            break;
        }
        let read = match repository.shard_snapshot(*snapshot, index, shard).await {
            Ok(read) => read,
            // What the generation does not tell either may be of this snapshot.
            Err(BlobError::Source(error)) if error.cause == Cause::Missing && !generation_is_lost => continue,
            Err(error) => return Err(format!("{directory}: what is not needed cannot be told: {error}")),
        };
        let named: HashSet<&str> = read.files.iter().map(|file| &*file.name).collect();
        data.retain(|blob| !named.contains(canonical(last(&blob.key))));
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_holds_its_generation_its_snapshots_and_data() {
        let uuids = HashSet::from(["u1"]);
        let of = |name| in_a_shard(name, Some("g"), &uuids);
        for needed in ["index-g", "snap-u1.dat", "shallow-snap-u1.dat", "readme"] {
            assert_eq!(of(needed), Place::Needed, "{needed}");
        }
        assert_eq!(of("index-h"), Place::Orphan(Why::OldGeneration));
        assert_eq!(of("snap-u2.dat"), Place::Orphan(Why::UnknownSnapshot));
        assert_eq!(of("shallow-snap-u2.dat"), Place::Orphan(Why::UnknownSnapshot));
        assert_eq!(of("pending-x"), Place::Orphan(Why::Temporary));
        assert_eq!(of("___zjEiWa"), Place::Data);
        assert_eq!(in_a_shard("index-h", None, &uuids), Place::Needed);
    }

    #[test]
    fn parts_belong_to_the_blob_before_them() {
        assert_eq!(canonical("__a.part12"), "__a");
        assert_eq!(canonical("___a_b"), "___a_b");
    }
}
