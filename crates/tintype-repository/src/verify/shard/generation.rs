//! A shard's current `index-{gen}` against its `snap-*.dat`, in both directions. A restore does not read it; the next
//! snapshot and deletion do.

use super::{Context, Contradicted, Files, Listing, Shard};
use crate::finding::{Kind, Severity};
use crate::format::file::FileInfo;
use crate::format::shard::ShardGeneration;
use crate::verify::findings::Found;
use crate::verify::run::Run;
use std::cell::OnceCell;
use std::collections::HashMap;

/// How often a generation is looked for anew that an engine has replaced meanwhile.
const ATTEMPTS: u32 = 3;

/// Which blob is current.
enum Current {
    Named(String),
    /// Before 7.6, and where an older engine wrote last: the one with the highest number.
    Numbered,
    /// The shard has no data yet.
    None,
}

pub(super) async fn check(context: &Context, shard: &mut Shard) {
    let run = &context.run;
    if shard.files.commits.is_empty() {
        return;
    }
    match read(run, shard).await {
        Read::Nothing => {}
        Read::Found(found) => {
            let all: Vec<u32> = (0u32..).take(shard.pairs.len()).collect();
            shard.found(run, found.hurting(shard.snapshots(run, &all)));
        }
        Read::Generation(name, generation) => compare(context, shard, &name, &generation),
    }
}

enum Read {
    /// None is expected, or none can be found without a listing, or the snapshots are being deleted.
    Nothing,
    Found(Found),
    Generation(String, ShardGeneration),
}

async fn read(run: &Run, shard: &Shard) -> Read {
    let mut current = current(&run.repository, shard);
    for attempt in 0..ATTEMPTS {
        let name = match &current {
            Current::None => return Read::Nothing,
            Current::Named(generation) => format!("index-{generation}"),
            Current::Numbered => match numbered(run, shard, attempt > 0).await {
                Some(Some(number)) => format!("index-{number}"),
                // A listing that was begun before the new one was written may have missed the old one.
                Some(None) if attempt + 1 < ATTEMPTS => continue,
                Some(None) => {
                    let what = "is not there: the root names no generation, and the directory has none with a number";
                    let place = shard.place("index-N");
                    return Read::Found(Found::new(Severity::Warning, Kind::BlobMissing, place, what));
                }
                None => return Read::Nothing,
            },
        };
        match run.metadata(&shard.key(&name), ShardGeneration::parse).await {
            Ok(generation) => return Read::Generation(name, generation),
            // Before 7.6 a running snapshot replaces it before it writes the root.
            Err(trouble) if trouble.is_missing() && matches!(current, Current::Numbered) => {}
            Err(trouble) if trouble.is_missing() => match moved(run, shard).await {
                Moved::No => return Read::Found(trouble.warning(shard.place(&name))),
                Moved::Gone => return Read::Nothing,
                Moved::To(newest) => current = newest,
            },
            Err(trouble) => return Read::Found(trouble.warning(shard.place(&name))),
        }
    }
    Read::Nothing
}

fn current(repository: &crate::repository::Repository, shard: &Shard) -> Current {
    let index = repository.root.indices.get(shard.index as usize);
    let generations = index.and_then(|index| index.generations.as_ref());
    match generations.and_then(|all| all.get(shard.number as usize)) {
        Some(Some(generation)) if &**generation == "_new" => Current::None,
        Some(Some(generation)) => Current::Named(generation.to_string()),
        Some(None) | None => Current::Numbered,
    }
}

/// The highest number in the listing, or in a fresh one. `None`: nothing can be listed.
async fn numbered(run: &Run, shard: &Shard, fresh: bool) -> Option<Option<u64>> {
    match &shard.listing {
        Some(listing) if !fresh => return Some(listing.newest_generation()),
        _ if run.repository.source.lists() => {}
        _ => return None,
    }
    let entries = run.reader.directory(&shard.directory).await.ok()?;
    Some(Listing::new(&shard.directory, entries).newest_generation())
}

enum Moved {
    No,
    /// The index is gone from the newest root.
    Gone,
    To(Current),
}

/// Whether an engine has written a newer root meanwhile, which names another generation.
async fn moved(run: &Run, shard: &Shard) -> Moved {
    let Ok(Some(newest)) = run.newest().await else {
        return Moved::No;
    };
    let id = run.repository.index_id(shard.index);
    let Some(position) = newest.root.indices.iter().position(|index| *index.id == *id) else {
        return Moved::Gone;
    };
    let generations = newest
        .root
        .indices
        .get(position)
        .and_then(|index| index.generations.as_ref());
    match generations.and_then(|all| all.get(shard.number as usize)) {
        Some(Some(generation)) => Moved::To(Current::Named(generation.to_string())),
        _ => Moved::To(Current::Numbered),
    }
}

fn compare(context: &Context, shard: &mut Shard, name: &str, generation: &ShardGeneration) {
    let run = &context.run;
    let names: Vec<&str> = shard
        .pairs
        .iter()
        .map(|pair| context.snapshot_name(run.plan.snapshot(*pair)))
        .collect();
    let differences = differences(&shard.files, &names, generation);
    let warn = |pairs: &[u32], what: &str| {
        if !pairs.is_empty() {
            let found = Found::new(
                Severity::Warning,
                Kind::MetadataContradiction,
                shard.place(name),
                what,
            );
            shard.found(run, found.hurting(shard.snapshots(run, pairs)));
        }
    };
    warn(
        &differences.unknown,
        "does not know snapshots whose snap-*.dat are there",
    );
    let others: Vec<u32> = differences.others.iter().map(|other| other.pair).collect();
    warn(&others, "gives snapshots other files than their snap-*.dat");
    warn(
        &differences.otherwise,
        "describes files otherwise than the snap-*.dat of snapshots",
    );
    shard.contradicted = differences.others;
}

/// A generation's files by name.
struct Described<'a> {
    files: &'a [FileInfo],
    by_name: OnceCell<HashMap<&'a str, u32>>,
}

impl<'a> Described<'a> {
    fn new(generation: &'a ShardGeneration) -> Self {
        Self {
            files: &generation.files,
            by_name: OnceCell::new(),
        }
    }

    /// A file and its position. A shard that was not written to since its first snapshot has all files where they are guessed.
    fn find(&self, name: &str, guess: u32) -> Option<(u32, &'a FileInfo)> {
        let guessed = self.files.get(guess as usize).filter(|file| *file.name == *name);
        if let Some(file) = guessed {
            return Some((guess, file));
        }
        let by_name = self
            .by_name
            .get_or_init(|| self.files.iter().map(|file| &*file.name).zip(0..).collect());
        let position = *by_name.get(name)?;
        Some((position, self.files.get(position as usize)?))
    }
}

/// Pairs, by their positions, that a generation contradicts; each list sorted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Differences {
    unknown: Vec<u32>,
    others: Vec<Contradicted>,
    otherwise: Vec<u32>,
}

/// `names` are those of the snapshots of the shard's pairs. A generation may know more snapshots: one that is being written,
/// or that an engine failed to delete.
fn differences(files: &Files, names: &[&str], generation: &ShardGeneration) -> Differences {
    let known: HashMap<&str, &[u32]> = generation
        .snapshots
        .iter()
        .map(|(name, all)| (&**name, &**all))
        .collect();
    let described = Described::new(generation);
    let mut all = Differences::default();
    for commit in &files.commits {
        let (mut own, mut otherwise) = (Vec::with_capacity(commit.files.len()), false);
        for ((_, file), guess) in files.of(commit).zip(0..) {
            let found = described.find(&file.name, guess);
            own.push(found.map(|(position, _)| position));
            otherwise |= found.is_some_and(|(_, other)| other != file);
        }
        own.sort_unstable();
        for pair in &commit.pairs {
            let Some(said) = names.get(*pair as usize).and_then(|name| known.get(name)) else {
                all.unknown.push(*pair);
                continue;
            };
            let mut said: Vec<Option<u32>> = said.iter().copied().map(Some).collect();
            said.sort_unstable();
            said.dedup();
            if said != own {
                let mut files = said.iter().filter_map(|at| generation.files.get((*at)? as usize));
                let blob = files.find(|file| !file.is_virtual());
                all.others.push(Contradicted {
                    pair: *pair,
                    blob: blob.map(|file| file.part(0).0.into()),
                });
            } else if otherwise {
                all.otherwise.push(*pair);
            }
        }
    }
    for list in [&mut all.unknown, &mut all.otherwise] {
        list.sort_unstable();
    }
    all.others.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::{MOST, Merge, Same, tests::file};

    fn generation(snapshots: &[(&str, &[u32])]) -> ShardGeneration {
        ShardGeneration {
            files: vec![file("__a", 1), file("__b", 2), file("__c", 3)],
            snapshots: snapshots
                .iter()
                .map(|(name, all)| ((*name).into(), all.to_vec()))
                .collect(),
        }
    }

    #[test]
    fn a_generation_is_compared_in_both_directions() {
        let mut merge = Merge::new(Same::Description, MOST);
        merge.add(0, vec![file("__b", 2), file("__a", 1)]).unwrap();
        merge.add(1, vec![file("__c", 3)]).unwrap();
        let files = merge.finish();
        let of = |snapshots: &[(&str, &[u32])]| differences(&files, &["x", "y"], &generation(snapshots));
        assert_eq!(
            of(&[("x", &[0, 1]), ("y", &[2]), ("running", &[0])]),
            Differences::default()
        );
        assert_eq!(of(&[("x", &[1, 0])]).unknown, [1]);
        let other = |blob: Option<&str>| {
            let blob = blob.map(Box::from);
            [Contradicted { pair: 0, blob }]
        };
        assert_eq!(of(&[("x", &[0]), ("y", &[2])]).others, other(Some("__a")));
        assert_eq!(of(&[("x", &[2, 1, 0]), ("y", &[2])]).others, other(Some("__a")));
        assert_eq!(of(&[("x", &[]), ("y", &[2])]).others, other(None));
        let mut other = generation(&[("x", &[0, 1]), ("y", &[2])]);
        other.files[2].checksum = 8;
        assert_eq!(differences(&files, &["x", "y"], &other).otherwise, [1]);
        other.files[2].name = "__d".into();
        let others = differences(&files, &["x", "y"], &other).others;
        assert_eq!((others.len(), others[0].pair), (1, 1));
    }
}
