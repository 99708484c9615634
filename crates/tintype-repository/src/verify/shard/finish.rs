//! Judges what was read of a shard, and says what it means for each of its snapshots.

use super::data::{Bad, Done, Failure, Open};
use super::piece::{Fault, Head, Where};
use super::{Context, Shard, State, choose, presence, structure};
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::format::file::FileInfo;
use crate::ledger::{BlobKey, Check};
use crate::merge::Commit;
use crate::source::Cause;
use crate::verify::findings::Found;
use crate::verify::outcome::{Effect, Outcome};
use crate::verify::run::Run;
use crate::verify::trouble::{Trouble, source_effect};
use bytes::Bytes;
use std::sync::atomic::Ordering::Relaxed;

/// So many parts of a file are named when any of them may be the damaged one.
const MOST_PARTS: u64 = 100;

/// What is known of a shard at the end.
pub(super) struct Ending {
    pub states: Vec<State>,
    pub outcomes: Vec<Outcome>,
    /// The first bytes of each file that was read and is good so far.
    pub heads: Vec<Head>,
    /// All bytes of small files, good so far, that the structure is read from.
    pub kept: Vec<Option<Bytes>>,
}

impl Ending {
    pub fn lose(&mut self, file: u32, effect: Effect) {
        if let Some(state) = self.states.get_mut(file as usize) {
            state.effect = Some(state.effect.unwrap_or(effect));
        }
    }

    /// Whether nothing is wrong with any file of a commit.
    pub fn is_good(&self, commit: &Commit) -> bool {
        let state = |file: &u32| self.states.get(*file as usize);
        commit
            .files
            .iter()
            .all(|file| state(file).is_some_and(|state| state.effect.is_none()))
    }
}

pub(super) async fn finish(context: &Context, open: &Open, done: Vec<Done>) {
    let (run, shard) = (&context.run, &open.shard);
    let mut ending = Ending {
        states: shard.states.clone(),
        outcomes: shard.outcomes.clone(),
        heads: vec![Head::default(); shard.files.files.len()],
        kept: vec![None; shard.files.files.len()],
    };
    let mut seen = vec![Seen::Not; open.read.len()];
    for done in done {
        if let Some(seen) = seen.get_mut(done.place as usize) {
            *seen = if done.recorded { Seen::Recorded } else { Seen::Read };
        }
        file(context, open, done, &mut ending).await;
    }
    late(run, open, &seen, &mut ending).await;
    if run.options.level >= Level::Fingerprint {
        structure::check(context, shard, &mut ending).await;
    }
    remember(run, open, &ending, &seen).await;
    outcomes(run, shard, &mut ending);
    run.outcomes.add(shard.pairs.iter().copied().zip(ending.outcomes));
    run.progress.shards.fetch_add(1, Relaxed);
}

/// What was done about a file that was to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    Read,
    /// It stands in the ledger already.
    Recorded,
}

/// Files that were not read whole, since time ran out, are as good and as old as the ledger says.
async fn late(run: &Run, open: &Open, seen: &[Seen], ending: &mut Ending) {
    let late = open.read.iter().zip(seen).filter(|(_, seen)| **seen == Seen::Not);
    let late: Vec<_> = late.map(|(file, _)| *file).collect();
    if !late.is_empty() {
        let level = run.options.level.min(Level::Checksum);
        choose::leave_late(run, &mut ending.states, level, &late).await;
    }
}

/// Takes in what is known of a file that was read. Of several pieces that failed the first one counts.
async fn file(context: &Context, open: &Open, done: Done, ending: &mut Ending) {
    let (run, shard) = (&context.run, &open.shard);
    let Some((position, _)) = open.read.get(done.place as usize) else {
        return;
    };
    let position = *position;
    let (Some(file), Some(state)) = (
        shard.files.files.get(position as usize),
        ending.states.get_mut(position as usize),
    ) else {
        return;
    };
    let looked_at = state.effect.is_none() && !matches!(done.read, Err(Bad::Unread(..)));
    if looked_at {
        (state.level, state.at) = (run.options.level.min(Level::Checksum), run.options.now);
        run.blobs.fetch_add(file.parts(), Relaxed);
    }
    match done.read {
        Ok(good) => {
            let position = position as usize;
            if let (Some(head), Some(kept)) = (ending.heads.get_mut(position), ending.kept.get_mut(position))
            {
                (*head, *kept) = (good.head, good.kept);
            }
        }
        Err(Bad::Damaged(fault, place)) => {
            damaged(run, shard, position, &fault, place);
            ending.lose(position, Effect::Lost(fault.kind));
        }
        Err(Bad::Unread(part, failure)) => {
            let effect = failed(context, shard, (position, part), failure).await;
            ending.lose(position, effect);
        }
    }
}

async fn failed(context: &Context, shard: &Shard, (file, part): (u32, u64), failure: Failure) -> Effect {
    let run = &context.run;
    let length = |what: &str, place| {
        let found = Found::new(Severity::Error, Kind::BlobLength, place, what);
        (found, Effect::Lost(Kind::BlobLength))
    };
    let blob = |info: &FileInfo| info.part(part).0.into_owned();
    let place = shard.place(&shard.files.files.get(file as usize).map(blob).unwrap_or_default());
    let (found, effect) = match failure {
        Failure::Source(error) if error.cause != Cause::Missing => {
            let effect = source_effect(error.cause);
            (Trouble::Source(error).found(place), effect)
        }
        // What is there instead tells more than what was not read.
        failure => match (presence::look(context, shard, file).await, failure) {
            (Some(effect), _) => return effect,
            (None, Failure::Short(expected, read)) => {
                let what = format!("ended {} bytes too early while it was read", expected - read);
                length(&what, place)
            }
            (None, Failure::Long) => length("went on behind its length while it was read", place),
            (None, Failure::Source(error)) => {
                let effect = source_effect(error.cause);
                (Trouble::Source(error).found(place), effect)
            }
        },
    };
    let pairs = shard.files.pairs_of(file);
    shard.found(run, found.hurting(shard.snapshots(run, &pairs)));
    effect
}

/// Blames the part that is wrong, and all of them where that cannot be told.
fn damaged(run: &Run, shard: &Shard, position: u32, fault: &Fault, place: Where) {
    let Some(file) = shard.files.files.get(position as usize) else {
        return;
    };
    let (parts, pairs) = (file.parts(), shard.files.pairs_of(position));
    let blamed = match place {
        Where::Last => parts - 1..parts,
        Where::Anywhere => 0..parts.min(MOST_PARTS),
    };
    let any = if blamed.end - blamed.start > 1 {
        format!(" (in one of its {parts} parts, of which this is one)")
    } else {
        String::new()
    };
    for part in blamed {
        let what = format!("it holds {}, and {}{any}", file.physical_name, fault.what);
        let found = Found::new(
            Severity::Error,
            fault.kind,
            shard.place(&file.part(part).0),
            &what,
        );
        let found = found.at(fault.offset.map(|offset| in_part(file, offset, part)));
        let found = found.differs(&fault.expected, &fault.actual);
        shard.found(run, found.hurting(shard.snapshots(run, &pairs)));
    }
}

/// An offset in a file as one in a part of it; where the file's lies before the part, the part's begin.
pub(super) fn in_part(file: &FileInfo, offset: u64, part: u64) -> u64 {
    let begin = file
        .part_size
        .filter(|_| file.parts() > 1)
        .unwrap_or(0)
        .saturating_mul(part);
    offset.saturating_sub(begin)
}

/// What was read and is good is remembered; the rest is read again each time.
async fn remember(run: &Run, open: &Open, ending: &Ending, seen: &[Seen]) {
    let check = |((file, key), seen): (&(u32, BlobKey), &Seen)| {
        let state = ending.states.get(*file as usize)?;
        let check = match state.effect {
            None if *seen != Seen::Read => return None,
            None => Check {
                level: state.level,
                at: state.at,
            },
            Some(Effect::Lost(_)) => Check::FAILED,
            Some(_) => return None,
        };
        Some((*key, check))
    };
    let checks: Vec<_> = open.read.iter().zip(seen).filter_map(check).collect();
    choose::record(run, &checks).await;
}

fn outcomes(run: &Run, shard: &Shard, ending: &mut Ending) {
    for commit in &shard.files.commits {
        let (all, whole) = files(shard, commit, ending);
        for pair in &commit.pairs {
            let Some(outcome) = ending.outcomes.get_mut(*pair as usize) else {
                continue;
            };
            let mut all = all;
            // With every byte read and the structure checked too, there is nothing deeper.
            if whole && outcome.documents.is_some() && run.options.level == Level::Structure {
                all.level = Level::Structure;
            }
            outcome.add(&all);
        }
    }
    for outcome in &mut ending.outcomes {
        let level = match outcome.unknown {
            Some(_) => Level::Metadata,
            None => run.options.level,
        };
        outcome.checked(level, run.options.now);
    }
}

/// What the files of a commit say together, and whether every byte of them was read.
fn files(shard: &Shard, commit: &Commit, ending: &Ending) -> (Outcome, bool) {
    let (mut all, mut whole) = (Outcome::NONE, true);
    for (position, file) in shard.files.of(commit) {
        all.bytes = all.bytes.saturating_add(file.length);
        let Some(state) = ending.states.get(position as usize) else {
            continue;
        };
        if let Some(effect) = state.effect {
            all.note(Some(shard.number), effect);
        }
        // A virtual file was read with the metadata.
        if !file.is_virtual() {
            whole &= state.level >= Level::Checksum;
            all.checked(state.level, state.at);
        }
    }
    (all, whole)
}
