//! Chooses which files of a shard are read now, and takes the ledger's word for the others.

use super::files::{Decision, HEAD, TAIL, decide};
use super::{Shard, State};
use crate::Level;
use crate::format::file::FileInfo;
use crate::ledger::{BlobKey, Check};
use crate::source::keys;
use crate::verify::outcome::Effect;
use crate::verify::run::Run;
use std::sync::atomic::Ordering::Relaxed;

/// Which files are read, with their keys in the ledger. Of the others the ledger's word is noted.
pub(super) async fn files(run: &Run, shard: &mut Shard, level: Level) -> Vec<(u32, BlobKey)> {
    let location = run.repository.source.location();
    let key = |file: &FileInfo| {
        let blob = keys::join(&shard.path, &file.name);
        BlobKey::of(location, &blob, file.length, file.checksum)
    };
    let effect = |position: usize| shard.states.get(position).map(|state| state.effect);
    let readable = |(position, file): (usize, &FileInfo)| {
        let good = effect(position) == Some(None) && !file.is_virtual();
        good.then(|| (position, key(file)))
    };
    let lost = |(position, file): (usize, &FileInfo)| {
        matches!(effect(position), Some(Some(Effect::Lost(_)))).then(|| (key(file), Check::FAILED))
    };
    let failures: Vec<_> = shard.files.files.iter().enumerate().filter_map(lost).collect();
    record(run, &failures).await;
    let candidates: Vec<(usize, BlobKey)> = shard
        .files
        .files
        .iter()
        .enumerate()
        .filter_map(readable)
        .collect();
    let keys: Vec<BlobKey> = candidates.iter().map(|(_, key)| *key).collect();
    let last = last(run, level, &keys).await;
    let (mut read, mut left) = (Vec::new(), Vec::new());
    for ((position, key), last) in candidates.into_iter().zip(last) {
        let Some(file) = shard.files.files.get(position) else {
            continue;
        };
        let decision = decide(&file.name, last, run.options.since, run.options.subset);
        let costs = match level {
            Level::Checksum => file.length,
            _ => file.length.min(HEAD + TAIL),
        };
        match decision {
            Decision::Read if run.budget.take(costs) => {
                read.push((u32::try_from(position).unwrap_or(u32::MAX), key));
            }
            Decision::Vouched(check) => {
                run.blobs_by_ledger.fetch_add(file.parts(), Relaxed);
                state(&mut shard.states, position, level, check.at);
            }
            Decision::Read | Decision::Left(_) => left.push((position, key, last)),
        }
    }
    leave(run, &mut shard.states, level, left).await;
    read
}

/// As [`files`] does with what is not read, of files that were to be read and for which no time was left.
pub(super) async fn leave_late(run: &Run, states: &mut [State], level: Level, late: &[(u32, BlobKey)]) {
    let keys: Vec<BlobKey> = late.iter().map(|(_, key)| *key).collect();
    let last = last(run, level, &keys).await;
    let left = late.iter().zip(last);
    let left = left.map(|((position, key), last)| (*position as usize, *key, last));
    leave(run, states, level, left.collect()).await;
}

/// What is not read is as good and as old as the ledger says.
async fn leave(run: &Run, states: &mut [State], level: Level, left: Vec<(usize, BlobKey, Option<Check>)>) {
    run.blobs_left.fetch_add(left.len() as u64, Relaxed);
    let keys: Vec<BlobKey> = left
        .iter()
        .filter(|(.., last)| last.is_none())
        .map(|(_, key, _)| *key)
        .collect();
    let mut lesser = last(run, Level::Fingerprint, &keys).await.into_iter();
    for (position, _, last) in left {
        match last {
            Some(check) => state(states, position, level, check.at),
            None => {
                if let Some(check) = lesser.next().flatten() {
                    state(states, position, check.level.min(level), check.at);
                }
            }
        }
    }
}

fn state(states: &mut [State], position: usize, level: Level, at: i64) {
    if let Some(state) = states.get_mut(position) {
        (state.level, state.at) = (level, at);
    }
}

pub(super) async fn record(run: &Run, checks: &[(BlobKey, Check)]) {
    if !checks.is_empty()
        && let Err(error) = run.ledger.record(checks).await
    {
        tracing::warn!(%error, "the ledger cannot be written: these blobs will be read again");
    }
}

/// A ledger that cannot be read vouches for nothing, and so does a check from the future, which a wrong clock left.
async fn last(run: &Run, level: Level, keys: &[BlobKey]) -> Vec<Option<Check>> {
    if keys.is_empty() {
        return Vec::new();
    }
    match run.ledger.last(level, keys).await {
        Ok(last) if last.len() == keys.len() => {
            let now = run.options.now;
            let past = last.into_iter().map(|last| last.filter(|check| check.at <= now));
            past.collect()
        }
        Ok(_) => vec![None; keys.len()],
        Err(error) => {
            tracing::warn!(%error, "the ledger cannot be read: everything is read again");
            vec![None; keys.len()]
        }
    }
}
