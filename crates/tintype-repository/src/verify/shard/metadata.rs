//! Reads what a shard's snapshots say of their files.

use super::content::snapshot_blob as name;
use super::listing::Listing;
use super::{Context, Shard, State};
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::format::shallow::ShallowSnapshot;
use crate::format::shard::ShardSnapshot;
use crate::merge::{MOST, Merge, Same};
use crate::source::{Cause, SourceError};
use crate::verify::differences::words;
use crate::verify::findings::Found;
use crate::verify::outcome::{Effect, Outcome};
use crate::verify::trouble::Trouble;
use futures_util::stream::{self, StreamExt};

/// What is to be read of a shard in a snapshot.
enum Wanted {
    /// Its files.
    Files,
    /// Nothing, and that is all.
    Nothing,
    /// Nothing, since the engine could not write it.
    Failed,
}

/// What a snapshot says of a shard.
enum Said {
    Files(ShardSnapshot),
    /// The data lies in another store.
    Elsewhere(ShallowSnapshot),
}

/// Lists a shard, where what lies in it is not told by reading it, and reads its `snap-*.dat`. `None`: no snapshot has it.
pub(super) async fn read(context: &Context, planned: u32, number: u32) -> Option<Shard> {
    let run = &context.run;
    let planned = run.plan.indices.get(planned as usize)?;
    let index = planned.index;
    let pairs = planned
        .pairs
        .clone()
        .filter(|pair| context.shards_of(index, *pair) > number);
    let pairs: Vec<u32> = pairs.collect();
    let fresh = Outcome {
        shards: 1,
        // The structure is looked at for all files of a shard or for none.
        documents: None,
        ..Outcome::NONE
    };
    let mut shard = Shard {
        index,
        number,
        directory: run.repository.shard_directory(index, number),
        path: format!("indices/{}/{number}", run.repository.index_id(index)),
        outcomes: vec![fresh; pairs.len()],
        pairs,
        listing: None,
        files: super::Files::default(),
        states: Vec::new(),
        contradicted: Vec::new(),
    };
    if shard.pairs.is_empty() {
        return None;
    }
    if run.options.level < Level::Presence || run.reads_all() {
        run.reader.enter(&shard.directory);
    } else if !list(context, &mut shard).await {
        return Some(shard);
    }
    snapshots(context, &mut shard).await;
    Some(shard)
}

/// Lists a shard where that can be done. Whether more of it can be known.
pub(super) async fn list(context: &Context, shard: &mut Shard) -> bool {
    let run = &context.run;
    if shard.listing.is_some() || !run.repository.source.lists() {
        return true;
    }
    match run.reader.directory(&shard.directory).await {
        Ok(entries) => shard.listing = Some(Listing::new(&shard.directory, entries)),
        Err(error) => unlisted(context, shard, &error),
    }
    shard.listing.is_some()
}

/// Nothing is known of a shard that cannot be listed.
fn unlisted(context: &Context, shard: &mut Shard, error: &SourceError) {
    let all: Vec<u32> = (0u32..).take(shard.pairs.len()).collect();
    let place = shard.place("");
    let found = Found::new(Severity::Warning, Kind::BlobUnreadable, place, &error.message);
    shard.found(&context.run, found.hurting(shard.snapshots(&context.run, &all)));
    shard.note(&all, Effect::Unknown(Kind::BlobUnreadable));
}

async fn snapshots(context: &Context, shard: &mut Shard) {
    let run = &context.run;
    let positions: Vec<u32> = (0u32..).take(shard.pairs.len()).collect();
    let (mut failed, mut wanted) = (Vec::new(), Vec::new());
    for position in positions {
        match want(context, shard, position) {
            Wanted::Files => wanted.push(position),
            Wanted::Nothing => {}
            Wanted::Failed => failed.push(position),
        }
    }
    if !failed.is_empty() {
        let what = "the engine could not write this shard, and restores its index only in part";
        let place = shard.place("");
        let found = Found::new(Severity::Note, Kind::ShardNotSnapshotted, place, what);
        shard.found(run, found.hurting(shard.snapshots(run, &failed)));
        shard.note(&failed, Effect::Lost(Kind::ShardNotSnapshotted));
    }
    let (merge, troubles) = gather(context, shard, wanted).await;
    for (position, found, effect) in troubles {
        shard.found(run, found);
        shard.note(&[position], effect);
    }
    shard.files = merge.finish();
    let state = State {
        effect: None,
        level: run.options.level.min(Level::Presence),
        at: run.options.now,
    };
    shard.states = vec![state; shard.files.files.len()];
}

/// Reads what snapshots say; several at once where the store takes its time.
async fn gather(context: &Context, of: &Shard, wanted: Vec<u32>) -> (Merge, Vec<(u32, Found, Effect)>) {
    let run = &context.run;
    let (mut merge, mut troubles) = (Merge::new(Same::Description, MOST), Vec::new());
    let reads =
        stream::iter(wanted).map(|position| async move { (position, one(context, of, position).await) });
    let mut reads = std::pin::pin!(reads.buffered(run.reader.width()));
    while let Some((position, said)) = reads.next().await {
        match said {
            Ok(Said::Files(snapshot)) => match wrong_name(context, of, position, &snapshot.name) {
                None => {
                    if merge.add(position, snapshot.files).is_err() {
                        let found = too_much(context, of, position);
                        troubles.push((position, found, Effect::Unknown(Kind::Unsupported)));
                    }
                }
                Some(found) => troubles.push((position, found, Effect::Lost(Kind::MetadataContradiction))),
            },
            Ok(Said::Elsewhere(shallow)) => {
                let found = elsewhere(context, of, position, &shallow);
                troubles.push((position, found, Effect::Unknown(Kind::OtherStore)));
            }
            Err(trouble) => {
                let place = of.place(&name(context, of, position));
                let (found, effect) = match trouble.is_missing() && may_have_failed(context, of, position) {
                    true => (trouble.warning(place), Effect::Unknown(Kind::BlobMissing)),
                    false => (trouble.found(place), trouble.effect()),
                };
                let found = found.hurting(of.snapshots(run, &[position]));
                troubles.push((position, found, effect));
            }
        }
    }
    (merge, troubles)
}

fn want(context: &Context, shard: &Shard, position: u32) -> Wanted {
    let pair = shard.pairs.get(position as usize).copied().unwrap_or_default();
    let Some(facts) = context.snapshot(context.run.plan.snapshot(pair)) else {
        return Wanted::Files;
    };
    match facts.effect {
        // Of what was not finished, failed or is a shallow copy throughout, no shard need be there.
        Some(Effect::Lost(Kind::ShardNotSnapshotted) | Effect::Unknown(Kind::ShardNotSnapshotted)) => {
            Wanted::Nothing
        }
        Some(Effect::Unknown(Kind::OtherStore)) => Wanted::Nothing,
        _ if facts.failed(shard.index, shard.number) => Wanted::Failed,
        _ => Wanted::Files,
    }
}

/// Whether the engine may have failed to write the shard: of a snapshot that may be PARTIAL, the shards that are not there
/// stand in its own blob alone, which was not read.
fn may_have_failed(context: &Context, shard: &Shard, position: u32) -> bool {
    let pair = shard.pairs.get(position as usize).copied().unwrap_or_default();
    let snapshot = context.run.plan.snapshot(pair);
    let by_root = context.run.repository.root.snapshots.get(snapshot as usize);
    let state = by_root.and_then(|snapshot| snapshot.state);
    let is_success = state.and_then(words) == Some("SUCCESS");
    !is_success && context.snapshot(snapshot).is_none_or(|facts| !facts.read)
}

async fn one(context: &Context, shard: &Shard, position: u32) -> Result<Said, Trouble> {
    let run = &context.run;
    let name = name(context, shard, position);
    let pair = shard.pairs.get(position as usize).copied().unwrap_or_default();
    let shallow = context
        .snapshot(run.plan.snapshot(pair))
        .is_some_and(|facts| facts.shallow);
    let read = match listed(shard, &name) {
        Ok(()) => run.metadata(&shard.key(&name), ShardSnapshot::parse).await,
        Err(error) => Err(Trouble::Source(error)),
    };
    match read {
        // A shallow copy has the whole files of indices that have no remote store.
        Err(trouble) if shallow && trouble.is_missing() => {
            let key = shard.key(&format!("shallow-{name}"));
            run.metadata(&key, ShallowSnapshot::parse)
                .await
                .map(Said::Elsewhere)
        }
        read => read.map(Said::Files),
    }
}

/// What the listing says already.
fn listed(shard: &Shard, name: &str) -> Result<(), SourceError> {
    let Some(listing) = &shard.listing else {
        return Ok(());
    };
    match listing.find(name) {
        None => Err(SourceError {
            cause: Cause::Missing,
            message: format!("{name}: it is not listed"),
        }),
        Some(entry) if entry.archived => Err(SourceError {
            cause: Cause::Archived,
            message: "is archived: it cannot be read before it is restored from the archive".to_owned(),
        }),
        Some(_) => Ok(()),
    }
}

/// The blob names its snapshot, by name and not by uuid.
fn wrong_name(context: &Context, shard: &Shard, position: u32, said: &str) -> Option<Found> {
    let run = &context.run;
    let pair = shard.pairs.get(position as usize).copied()?;
    let snapshot = run.plan.snapshot(pair);
    let expected = context.snapshot_name(snapshot);
    if said == expected {
        return None;
    }
    let place = shard.place(&name(context, shard, position));
    let what = "is the blob of another snapshot";
    let found = Found::new(Severity::Error, Kind::MetadataContradiction, place, what);
    Some(found.differs(expected, said).hurting([snapshot]))
}

fn too_much(context: &Context, shard: &Shard, position: u32) -> Found {
    let place = shard.place(&name(context, shard, position));
    let what = "is not looked at: the snapshots chosen have more files of this shard than are kept at once: choose fewer";
    let found = Found::new(Severity::Warning, Kind::Unsupported, place, what);
    found.hurting(shard.snapshots(&context.run, &[position]))
}

fn elsewhere(context: &Context, shard: &Shard, position: u32, shallow: &ShallowSnapshot) -> Found {
    let place = shard.place(&format!("shallow-{}", name(context, shard, position)));
    let what = format!(
        "is a shallow copy: its data lies in the remote store {} under {:?}, which is not looked at",
        shallow.remote_repository, shallow.remote_base_path
    );
    let found = Found::new(Severity::Warning, Kind::OtherStore, place, &what);
    found.hurting(shard.snapshots(&context.run, &[position]))
}
