//! That every blob is there, has its length, and can be read now.

use super::{Context, Shard, content, metadata};
use crate::finding::{Kind, Severity};
use crate::format::file::FileInfo;
use crate::merge::Commit;
use crate::source::Cause;
use crate::verify::findings::Found;
use crate::verify::outcome::Effect;
use crate::verify::trouble::{Trouble, source_effect};

/// So many missing parts of one file are told.
const MOST_PARTS: usize = 100;

/// Larger files may be read in several pieces, and a look at one costs nothing beside that.
const SMALL: u64 = 1 << 20;

/// Something about a blob that makes its file unreadable.
struct Wrong {
    effect: Effect,
    found: Found,
}

pub(super) async fn check(context: &Context, shard: &mut Shard) {
    // Which shard's files these are is told by all that is here.
    if !shard.contradicted.is_empty() && !metadata::list(context, shard).await {
        return;
    }
    let strangers = strangers(context, shard);
    let read = context.run.reads_all() && shard.listing.is_none();
    for position in 0..shard.files.files.len() {
        let number = u32::try_from(position).unwrap_or(u32::MAX);
        let Some(file) = shard.files.files.get(position).filter(|file| !file.is_virtual()) else {
            continue;
        };
        if read && told_by_reading(file) {
            continue;
        }
        let mut commits = strangers.iter().filter_map(|at| shard.files.commits.get(*at));
        if commits.any(|commit| commit.files.binary_search(&number).is_ok()) {
            lose(shard, position, Effect::Lost(Kind::MetadataContradiction));
            continue;
        }
        if let Some(effect) = look(context, shard, number).await {
            lose(shard, position, effect);
        }
    }
}

/// Whether all there is to know of a file's blobs is known when its bytes were read.
pub(super) fn told_by_reading(file: &FileInfo) -> bool {
    file.parts() == 1 && (1..=SMALL).contains(&file.length)
}

/// Looks at a file's blobs, and tells what is wrong with them. `None`: nothing.
pub(super) async fn look(context: &Context, shard: &Shard, number: u32) -> Option<Effect> {
    let file = shard.files.files.get(number as usize)?;
    let wrong = file_blobs(context, shard, file).await;
    let effect = wrong.first().map(|wrong| wrong.effect)?;
    let run = &context.run;
    let pairs = shard.files.pairs_of(number);
    for wrong in wrong {
        shard.found(run, wrong.found.hurting(shard.snapshots(run, &pairs)));
    }
    Some(effect)
}

fn lose(shard: &mut Shard, position: usize, effect: Effect) {
    if let Some(state) = shard.states.get_mut(position) {
        state.effect = Some(state.effect.unwrap_or(effect));
    }
}

/// Commits that are those of another shard: none of their blobs is here, if they have any, while those are here, if any, that
/// their snapshots have by the word of the shard's generation. Of two shards without blobs none can be told from the other.
fn strangers(context: &Context, shard: &mut Shard) -> Vec<usize> {
    let Some(listing) = shard.listing.as_ref().filter(|_| !shard.contradicted.is_empty()) else {
        return Vec::new();
    };
    let is_listed = |blob: &str| listing.find(blob).is_some();
    let said = |pair: &u32| {
        let found = shard
            .contradicted
            .binary_search_by_key(pair, |other| other.pair)
            .ok()?;
        Some(shard.contradicted.get(found)?.blob.as_deref())
    };
    let is_stranger = |commit: &Commit| {
        let files = shard.files.of(commit).map(|(_, file)| file);
        let mut blobs = files.filter(|file| !file.is_virtual()).peekable();
        let has_none = blobs.peek().is_none();
        blobs.all(|file| !is_listed(&file.part(0).0))
            && commit.pairs.iter().all(|pair| match said(pair) {
                Some(Some(blob)) => is_listed(blob),
                Some(None) => !has_none,
                None => false,
            })
    };
    let commits = shard.files.commits.iter().enumerate();
    let strangers: Vec<(usize, Vec<u32>)> = commits
        .filter(|(_, commit)| is_stranger(commit))
        .map(|(at, commit)| (at, commit.pairs.clone()))
        .collect();
    for (at, pairs) in &strangers {
        let commit = shard.files.commits.get(*at);
        let has_none = commit.is_some_and(|commit| shard.files.of(commit).all(|(_, file)| file.is_virtual()));
        let what = match has_none {
            true => "names no blob, while the blobs of its snapshot are here: it is that of another shard",
            false => "names blobs of which none is here: it is that of another shard",
        };
        for position in pairs {
            let place = shard.place(&content::snapshot_blob(context, shard, *position));
            let found = Found::new(Severity::Error, Kind::MetadataContradiction, place, what);
            shard.found(
                &context.run,
                found.hurting(shard.snapshots(&context.run, &[*position])),
            );
        }
        shard.note(pairs, Effect::Lost(Kind::MetadataContradiction));
    }
    strangers.into_iter().map(|(at, _)| at).collect()
}

async fn file_blobs(context: &Context, shard: &Shard, file: &FileInfo) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for part in 0..file.parts() {
        if wrong.len() >= MOST_PARTS {
            break;
        }
        wrong.extend(blob(context, shard, file, part).await);
    }
    wrong
}

async fn blob(context: &Context, shard: &Shard, file: &FileInfo, part: u64) -> Option<Wrong> {
    let (name, length) = file.part(part);
    let (there, archived) = match shard.listing.as_ref().map(|listing| listing.find(&name)) {
        Some(Some(entry)) => (entry.length, entry.archived),
        // A directory's listing passes over a link that leads out of it, which is there and cannot be read.
        Some(None) if !context.run.repository.source.is_local() => {
            return Some(missing(shard, file, &name));
        }
        _ => match context.run.reader.head(&shard.key(&name)).await {
            Ok(entry) => (entry.length, entry.archived),
            Err(error) if error.cause == Cause::Missing => return Some(missing(shard, file, &name)),
            Err(error) => {
                let effect = source_effect(error.cause);
                let found = Trouble::Source(error).found(shard.place(&name));
                return Some(Wrong { effect, found });
            }
        },
    };
    let (kind, found) = if there != length {
        let what = format!("has another length than recorded for {}", file.physical_name);
        let found = Found::new(Severity::Error, Kind::BlobLength, shard.place(&name), &what);
        (Kind::BlobLength, found.differs(length, there))
    } else if archived {
        let what = "is archived: it cannot be read before it is restored from the archive";
        (
            Kind::BlobArchived,
            Found::new(Severity::Error, Kind::BlobArchived, shard.place(&name), what),
        )
    } else {
        return None;
    };
    let effect = Effect::Lost(kind);
    Some(Wrong { effect, found })
}

fn missing(shard: &Shard, file: &FileInfo, name: &str) -> Wrong {
    let what = format!("is not there; it holds {}", file.physical_name);
    Wrong {
        effect: Effect::Lost(Kind::BlobMissing),
        found: Found::new(Severity::Error, Kind::BlobMissing, shard.place(name), &what),
    }
}
