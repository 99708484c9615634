//! Reads a shard's files: which, in which pieces, and their bytes.

use super::files::{Decision, decide, pieces, spans};
use super::piece::{Piece, Scan};
use super::{Context, Shard, finish};
use crate::Level;
use crate::format::file::FileInfo;
use crate::ledger::{BlobKey, Check};
use crate::source::{Sink, SourceError};
use crate::verify::run::Run;
use std::ops::Range;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Files larger than this are read in several pieces, at the same time where threads are free.
const PIECE: u64 = 64 << 20;

/// Pieces are done together up to so many bytes and files, so that other threads get their part of a shard.
const GROUP_BYTES: u64 = 16 << 20;
const GROUP_FILES: usize = 128;
const GROUP_FILES_REMOTE: usize = 8;

/// The number of a part of a file.
type Part = u64;

/// A part of what is to be read of a shard.
pub(super) struct Work {
    open: Arc<Open>,
    tasks: Vec<Task>,
}

/// A shard while its files are being read.
pub(super) struct Open {
    pub shard: Shard,
    /// Files that are read, with their keys in the ledger; sorted.
    pub read: Vec<(u32, BlobKey)>,
    got: Mutex<Got>,
    left: AtomicUsize,
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Got {
    /// By file.
    pub pieces: Vec<(u32, Piece)>,
    /// By file, with the part that could not be read.
    pub failures: Vec<(u32, Part, Failure)>,
}

pub(super) enum Failure {
    Source(SourceError),
    /// The blob ended before its length: so many bytes were expected, so many came.
    Short(u64, u64),
}

impl Open {
    fn keep(&self, pieces: Vec<(u32, Piece)>, failures: Vec<(u32, Part, Failure)>) {
        let mut got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        got.pieces.extend(pieces);
        got.failures.extend(failures);
    }

    fn take(&self) -> Got {
        std::mem::take(&mut *self.got.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Task {
    file: u32,
    /// A piece of it; `None`: its two ends.
    range: Option<Range<u64>>,
}

/// Decides what is read of a shard, and cuts it into works: at least one, unless only an estimate is wanted.
pub(super) async fn plan(run: &Run, mut shard: Shard) -> Vec<Work> {
    let level = run.options.level.min(Level::Checksum);
    let read = if level >= Level::Fingerprint {
        decisions(run, &mut shard, level).await
    } else {
        Vec::new()
    };
    let tasks: Vec<Task> = read
        .iter()
        .flat_map(|(file, _)| tasks(run, &shard, *file, level))
        .collect();
    let total = tasks.iter().map(|task| bytes(&shard, task)).sum::<u64>();
    run.progress.bytes_total.fetch_add(total, Relaxed);
    if run.estimate.is_some() {
        estimate(run, &shard, &read, &tasks, total);
        return Vec::new();
    }
    let groups = groups(
        &shard,
        tasks,
        if run.repository.source.is_local() {
            GROUP_FILES
        } else {
            GROUP_FILES_REMOTE
        },
    );
    let open = Arc::new(Open {
        shard,
        read,
        got: Mutex::default(),
        left: AtomicUsize::new(groups.len()),
    });
    let work = |tasks| Work {
        open: open.clone(),
        tasks,
    };
    groups.into_iter().map(work).collect()
}

/// Which files are read, with their keys in the ledger. Of the others the ledger's word is noted.
async fn decisions(run: &Run, shard: &mut Shard, level: Level) -> Vec<(u32, BlobKey)> {
    let location = run.repository.source.location();
    let readable = |(position, file): (usize, &FileInfo)| {
        let good = shard
            .states
            .get(position)
            .is_some_and(|state| state.effect.is_none());
        (good && !file.is_virtual()).then(|| {
            let blob = format!("{}/{}", shard.path, file.name);
            (position, BlobKey::of(location, &blob, file.length, file.checksum))
        })
    };
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
            _ => file.length.min(super::files::HEAD + super::files::TAIL),
        };
        match decision {
            Decision::Read if run.budget.take(costs, Instant::now()) => {
                read.push((u32::try_from(position).unwrap_or(u32::MAX), key));
            }
            Decision::Vouched(check) => {
                run.blobs_by_ledger.fetch_add(file.parts(), Relaxed);
                state(shard, position, level, check.at);
            }
            Decision::Read | Decision::Left(_) => left.push((position, key, last)),
        }
    }
    leave(run, shard, level, left).await;
    read
}

/// What is not read is as good and as old as the ledger says.
async fn leave(run: &Run, shard: &mut Shard, level: Level, left: Vec<(usize, BlobKey, Option<Check>)>) {
    run.blobs_left.fetch_add(left.len() as u64, Relaxed);
    let keys: Vec<BlobKey> = left
        .iter()
        .filter(|(.., last)| last.is_none())
        .map(|(_, key, _)| *key)
        .collect();
    let mut lesser = last(run, Level::Fingerprint, &keys).await.into_iter();
    for (position, _, last) in left {
        match last {
            Some(check) => state(shard, position, level, check.at),
            None => {
                if let Some(check) = lesser.next().flatten() {
                    state(shard, position, check.level.min(level), check.at);
                }
            }
        }
    }
}

fn state(shard: &mut Shard, position: usize, level: Level, at: i64) {
    if let Some(state) = shard.states.get_mut(position) {
        (state.level, state.at) = (level, at);
    }
}

/// A ledger that cannot be read vouches for nothing.
async fn last(run: &Run, level: Level, keys: &[BlobKey]) -> Vec<Option<Check>> {
    if keys.is_empty() {
        return Vec::new();
    }
    match run.ledger.last(level, keys).await {
        Ok(last) if last.len() == keys.len() => last,
        Ok(_) => vec![None; keys.len()],
        Err(error) => {
            tracing::warn!(%error, "the ledger cannot be read: everything is read again");
            vec![None; keys.len()]
        }
    }
}

fn tasks(run: &Run, shard: &Shard, position: u32, level: Level) -> Vec<Task> {
    let Some(file) = shard.files.files.get(position as usize) else {
        return Vec::new();
    };
    if level < Level::Checksum {
        return vec![Task {
            file: position,
            range: None,
        }];
    }
    // At a low rate a piece takes long, and nothing stops in it.
    let most = run
        .options
        .rate
        .map_or(PIECE, |rate| rate.saturating_mul(2).clamp(1 << 20, PIECE));
    let task = |range| Task {
        file: position,
        range: Some(range),
    };
    pieces(file, level, most).into_iter().map(task).collect()
}

fn bytes(shard: &Shard, task: &Task) -> u64 {
    match &task.range {
        Some(range) => range.end - range.start,
        None => {
            let file = shard.files.files.get(task.file as usize);
            file.map_or(0, |file| file.length.min(super::files::HEAD + super::files::TAIL))
        }
    }
}

/// At least one group, which may be empty.
fn groups(shard: &Shard, tasks: Vec<Task>, most_files: usize) -> Vec<Vec<Task>> {
    let mut groups = Vec::new();
    let (mut group, mut size) = (Vec::new(), 0);
    for task in tasks {
        size += bytes(shard, &task);
        group.push(task);
        if size >= GROUP_BYTES || group.len() >= most_files {
            groups.push(std::mem::take(&mut group));
            size = 0;
        }
    }
    if groups.is_empty() || !group.is_empty() {
        groups.push(group);
    }
    groups
}

fn estimate(run: &Run, shard: &Shard, read: &[(u32, BlobKey)], tasks: &[Task], total: u64) {
    let parts = |(position, _): &(u32, BlobKey)| {
        shard
            .files
            .files
            .get(*position as usize)
            .map_or(0, FileInfo::parts)
    };
    let blobs = read.iter().map(parts).sum::<u64>();
    let small = |file: &&FileInfo| {
        let name = &*file.physical_name;
        [".cfe", ".cfs", ".liv", ".fnm"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let structure = if run.wants_structure() {
        shard.files.files.iter().filter(small).count()
    } else {
        0
    };
    run.estimated(|estimate| {
        estimate.data_requests += tasks.len() as u64 + structure as u64;
        estimate.data_bytes += total;
        estimate.blobs += blobs;
    });
}

/// Reads, and finishes the shard when nothing is left of it.
pub(super) async fn work(context: &Context, work: Work) {
    let run = &context.run;
    let (mut pieces, mut failures) = (Vec::new(), Vec::new());
    for task in &work.tasks {
        // What was begun is then not finished, and so not reported as looked at.
        if run.progress.stop.load(Relaxed) {
            return;
        }
        let Some(file) = work.open.shard.files.files.get(task.file as usize) else {
            continue;
        };
        let result = match &task.range {
            Some(range) => piece(run, &work.open.shard, file, range.clone())
                .await
                .map(|piece| vec![piece]),
            None => ends(run, &work.open.shard, file).await,
        };
        match result {
            Ok(read) => pieces.extend(read.into_iter().map(|piece| (task.file, piece))),
            Err((part, failure)) => failures.push((task.file, part, failure)),
        }
    }
    work.open.keep(pieces, failures);
    if work.open.left.fetch_sub(1, AcqRel) == 1 {
        let got = work.open.take();
        finish::finish(context, &work.open, got).await;
    }
}

async fn piece(
    run: &Run,
    shard: &Shard,
    file: &FileInfo,
    range: Range<u64>,
) -> Result<Piece, (Part, Failure)> {
    let mut scan = Scan::new(file, &range, run.reader.meter());
    for (part, inside) in spans(file, range) {
        let expected = inside.end - inside.start;
        let key = shard.place(&file.part(part).0).key;
        let (taken, read) = run
            .reader
            .scan(&key, inside, scan)
            .await
            .map_err(|error| (part, Failure::Source(error)))?;
        if read < expected {
            return Err((part, Failure::Short(expected, read)));
        }
        scan = taken;
    }
    Ok(scan.finish())
}

/// The file's two ends, with one opening of the blob where it is one.
async fn ends(run: &Run, shard: &Shard, file: &FileInfo) -> Result<Vec<Piece>, (Part, Failure)> {
    let ranges = pieces(file, Level::Fingerprint, u64::MAX);
    let mut read = Vec::new();
    if file.parts() == 1 {
        let key = shard.place(&file.name).key;
        let all = run
            .reader
            .ranges(&key, &ranges)
            .await
            .map_err(|error| (0, Failure::Source(error)))?;
        for (range, bytes) in ranges.iter().zip(all) {
            read.push(sunk(file, range, [bytes]).map_err(|failure| (0, failure))?);
        }
        return Ok(read);
    }
    for range in ranges {
        let mut all = Vec::new();
        for (part, inside) in spans(file, range.clone()) {
            let key = shard.place(&file.part(part).0).key;
            all.push(
                run.reader
                    .range(&key, inside)
                    .await
                    .map_err(|error| (part, Failure::Source(error)))?,
            );
        }
        let part = spans(file, range.clone()).last().map_or(0, |(part, _)| part);
        read.push(sunk(file, &range, all).map_err(|failure| (part, failure))?);
    }
    Ok(read)
}

fn sunk(
    file: &FileInfo,
    range: &Range<u64>,
    all: impl IntoIterator<Item = bytes::Bytes>,
) -> Result<Piece, Failure> {
    // They were counted when they were read.
    let mut scan = Scan::new(file, range, Arc::default());
    let mut length = 0;
    for bytes in all {
        length += bytes.len() as u64;
        if !bytes.is_empty() {
            scan.take(&bytes);
        }
    }
    match range.end - range.start {
        expected if length < expected => Err(Failure::Short(expected, length)),
        _ => Ok(scan.finish()),
    }
}
