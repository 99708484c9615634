//! Judges what was read of a shard, and says what it means for each of its snapshots.

use super::data::{Failure, Got, Open};
use super::files::Commit;
use super::piece::{self, Fault, Piece, Where};
use super::{Context, Shard, State, structure};
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::format::file::FileInfo;
use crate::ledger::Check;
use crate::verify::findings::Found;
use crate::verify::outcome::{Effect, Outcome};
use crate::verify::run::Run;
use crate::verify::trouble::{Trouble, source_effect};
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

/// So many parts of a file are named when any of them may be the damaged one.
const MOST_PARTS: u64 = 100;

/// What is known of a shard at the end.
pub(super) struct Ending {
    pub states: Vec<State>,
    pub outcomes: Vec<Outcome>,
    /// The first bytes of files that are good so far.
    pub heads: HashMap<u32, Vec<u8>>,
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

pub(super) async fn finish(context: &Context, open: &Open, got: Got) {
    let (run, shard) = (&context.run, &open.shard);
    let mut ending = Ending {
        states: shard.states.clone(),
        outcomes: shard.outcomes.clone(),
        heads: HashMap::new(),
    };
    bytes(run, open, got, &mut ending);
    if run.options.level >= Level::Fingerprint {
        structure::check(context, shard, &mut ending).await;
    }
    remember(run, open, &ending).await;
    outcomes(run, shard, &mut ending);
    run.outcomes.add(shard.pairs.iter().copied().zip(ending.outcomes));
    run.progress.shards.fetch_add(1, Relaxed);
}

fn bytes(run: &Run, open: &Open, got: Got, ending: &mut Ending) {
    let shard = &open.shard;
    let level = run.options.level.min(Level::Checksum);
    for (file, part, failure) in got.failures {
        failed(run, shard, (file, part), failure, ending);
    }
    let mut pieces: HashMap<u32, Vec<Piece>> = HashMap::new();
    for (file, piece) in got.pieces {
        pieces.entry(file).or_default().push(piece);
    }
    for (position, _) in &open.read {
        let Some(file) = shard.files.files.get(*position as usize) else {
            continue;
        };
        let mut pieces = pieces.remove(position).unwrap_or_default();
        pieces.sort_unstable_by_key(|piece| piece.at);
        let Some(state) = ending.states.get_mut(*position as usize) else {
            continue;
        };
        if state.effect.is_some() {
            continue;
        }
        (state.level, state.at) = (level, run.options.now);
        run.blobs.fetch_add(file.parts(), Relaxed);
        match piece::judge(file, &pieces, level >= Level::Checksum) {
            Ok(()) => {
                ending.heads.insert(*position, piece::head(&pieces).to_vec());
            }
            Err((fault, place)) => {
                damaged(run, shard, *position, &fault, place);
                ending.lose(*position, Effect::Lost(fault.kind));
            }
        }
    }
}

fn failed(run: &Run, shard: &Shard, (file, part): (u32, u64), failure: Failure, ending: &mut Ending) {
    let Some(info) = shard.files.files.get(file as usize) else {
        return;
    };
    let place = shard.place(&info.part(part).0);
    let (found, effect) = match failure {
        Failure::Source(error) => {
            let effect = source_effect(error.cause);
            (Trouble::Source(error).found(place), effect)
        }
        Failure::Short(expected, read) => {
            let what = format!("ended {} bytes too early while it was read", expected - read);
            let found = Found::new(Severity::Error, Kind::BlobLength, place, &what);
            (found, Effect::Lost(Kind::BlobLength))
        }
    };
    let pairs = shard.files.pairs_of(file);
    shard.found(run, found.hurting(shard.snapshots(run, &pairs)));
    ending.lose(file, effect);
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
async fn remember(run: &Run, open: &Open, ending: &Ending) {
    let good = |file: &u32| {
        ending
            .states
            .get(*file as usize)
            .filter(|state| state.effect.is_none())
    };
    let check = |(file, key): &(u32, crate::ledger::BlobKey)| {
        good(file).map(|state| {
            let State { level, at, .. } = *state;
            (*key, Check { level, at })
        })
    };
    let checks: Vec<_> = open.read.iter().filter_map(check).collect();
    if !checks.is_empty()
        && let Err(error) = run.ledger.record(&checks).await
    {
        tracing::warn!(%error, "the ledger cannot be written: these blobs will be read again");
    }
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
