//! Reads a shard's files: which, in which pieces, and their bytes.

use super::files::{HEAD, TAIL, pieces, spans};
use super::piece::{self, Fault, Good, Piece, Scan, Where};
use super::structure::Owner;
use super::{Context, Shard, choose, finish, presence, structure};
use crate::Level;
use crate::format::file::FileInfo;
use crate::ledger::{BlobKey, Check};
use crate::lucene::check_header;
use crate::source::{Sink, SourceError};
use crate::verify::run::Run;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Files larger than this are read in several pieces, at the same time where threads are free.
const PIECE: u64 = 64 << 20;

/// Pieces are done together up to so many bytes and files, so that other threads get their part of a shard.
const GROUP_BYTES: u64 = 16 << 20;
const GROUP_FILES: usize = 128;
const GROUP_FILES_REMOTE: usize = 8;

/// A file that the structure is read from is read once, and whole, up to this length.
const SMALL: u64 = 16 << 10;

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
    /// Which segment each file belongs to, by its position, as far as the metadata tells: of a shard in several works.
    owners: Vec<Owner>,
    got: Mutex<Got>,
    left: AtomicUsize,
}

/// What was read so far.
#[derive(Default)]
struct Got {
    done: Vec<Done>,
    /// Files of which not all pieces were read, by their places in [`Open::read`].
    begun: HashMap<u32, Vec<Piece>>,
}

/// A file that was read, or could not be.
pub(super) struct Done {
    /// Its place in [`Open::read`].
    pub place: u32,
    pub read: Result<Good, Bad>,
    /// It stands in the ledger already.
    pub recorded: bool,
}

/// Why a file is not known to be good.
pub(super) enum Bad {
    Damaged(Fault, Where),
    /// Of this part.
    Unread(Part, Failure),
}

pub(super) enum Failure {
    Source(SourceError),
    /// The blob ended before its length: so many bytes were expected, so many came.
    Short(u64, u64),
    /// The blob goes on behind its length.
    Long,
}

#[cfg(test)]
impl Work {
    /// Takes away the second half, as if the shard were too large for one work.
    pub fn split(&mut self) -> Self {
        let open = Arc::get_mut(&mut self.open).unwrap();
        open.owners = structure::owners(&open.shard);
        self.open.left.fetch_add(1, Relaxed);
        Self {
            open: self.open.clone(),
            tasks: self.tasks.split_off(self.tasks.len() / 2),
        }
    }

    /// Whether a file of two pieces is still read.
    pub fn begins(&self, is_late: bool) -> bool {
        let task = Task {
            place: 0,
            what: What::Ends(0),
            pieces: 2,
        };
        self.open.begin(&task, || is_late)
    }

    /// Its files: their names in Lucene, and their keys.
    pub fn files(&self) -> Vec<(String, BlobKey)> {
        let file = |task: &Task| {
            let (position, key) = self.open.read[task.place as usize];
            let file = &self.open.shard.files.files[position as usize];
            (file.physical_name.to_string(), key)
        };
        self.tasks.iter().map(file).collect()
    }
}

impl Open {
    fn got(&self) -> MutexGuard<'_, Got> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, place: u32) -> Option<&FileInfo> {
        let (position, _) = self.read.get(place as usize)?;
        self.shard.files.files.get(*position as usize)
    }

    /// Whether a task is still done: one of a file that is begun always, or a file longer than time allows would be begun
    /// anew each time, and never done.
    fn begin(&self, task: &Task, is_late: impl Fn() -> bool) -> bool {
        if task.pieces == 1 {
            return !is_late();
        }
        let mut got = self.got();
        if let Entry::Vacant(begun) = got.begun.entry(task.place) {
            if is_late() {
                return false;
            }
            begun.insert(Vec::new());
        }
        true
    }

    /// All pieces of a file, once the last of them was read.
    fn collect(&self, task: &Task, read: Vec<Piece>) -> Option<Vec<Piece>> {
        if task.pieces == 1 {
            return Some(read);
        }
        let mut got = self.got();
        let begun = got.begun.entry(task.place).or_default();
        begun.extend(read);
        if begun.len() < task.pieces {
            return None;
        }
        let mut all = got.begun.remove(&task.place)?;
        all.sort_unstable_by_key(|piece| piece.at);
        Some(all)
    }
}

/// Something to be read of a file.
struct Task {
    /// The file's place in [`Open::read`].
    place: u32,
    what: What,
    /// How many tasks the file has.
    pieces: usize,
}

enum What {
    /// The file's two ends: so many bytes.
    Ends(u64),
    Piece(Range<u64>),
    /// The whole file of this length, which is kept for the structure.
    Kept(u64),
}

impl Task {
    fn bytes(&self) -> u64 {
        match &self.what {
            What::Ends(bytes) | What::Kept(bytes) => *bytes,
            What::Piece(range) => range.end - range.start,
        }
    }
}

/// Decides what is read of a shard, and cuts it into works: at least one, unless only an estimate is wanted.
pub(super) async fn plan(run: &Run, mut shard: Shard) -> Vec<Work> {
    let level = run.options.level.min(Level::Checksum);
    let read = if level >= Level::Fingerprint {
        choose::files(run, &mut shard, level).await
    } else {
        Vec::new()
    };
    let mut room = if run.wants_structure() { structure::KEPT } else { 0 };
    let mut tasks = Vec::with_capacity(read.len());
    for ((position, _), place) in read.iter().zip(0..) {
        if let Some(file) = shard.files.files.get(*position as usize) {
            add(run, file, place, level, &mut room, &mut tasks);
        }
    }
    let total = tasks.iter().map(Task::bytes).fold(0, u64::saturating_add);
    run.progress.bytes_total.fetch_add(total, Relaxed);
    if run.estimate.is_some() {
        estimate(run, &shard, &read, &tasks, total);
        return Vec::new();
    }
    let most_files = if run.repository.source.is_local() {
        GROUP_FILES
    } else {
        GROUP_FILES_REMOTE
    };
    let groups = groups(tasks, most_files);
    let owners = if groups.len() > 1 && level >= Level::Checksum {
        structure::owners(&shard)
    } else {
        Vec::new()
    };
    let open = Arc::new(Open {
        shard,
        read,
        owners,
        got: Mutex::default(),
        left: AtomicUsize::new(groups.len()),
    });
    let work = |tasks| Work {
        open: open.clone(),
        tasks,
    };
    groups.into_iter().map(work).collect()
}

/// Adds the tasks of a file. `room`: so many bytes are still kept of the shard.
fn add(run: &Run, file: &FileInfo, place: u32, level: Level, room: &mut u64, tasks: &mut Vec<Task>) {
    let one = |what| Task {
        place,
        what,
        pieces: 1,
    };
    if file.length <= SMALL.min(*room) && file.parts() == 1 && structure::reads(file) {
        *room -= file.length;
        return tasks.push(one(What::Kept(file.length)));
    }
    if level < Level::Checksum {
        return tasks.push(one(What::Ends(file.length.min(HEAD + TAIL))));
    }
    // At a low rate a piece takes long, and nothing stops in it.
    let most = run
        .options
        .rate
        .map_or(PIECE, |rate| rate.saturating_mul(2).clamp(1 << 20, PIECE));
    if file.length <= most && file.parts() == 1 {
        return tasks.push(one(What::Piece(0..file.length)));
    }
    let ranges = pieces(file, level, most);
    let pieces = ranges.len();
    tasks.extend(ranges.into_iter().map(|range| Task {
        place,
        what: What::Piece(range),
        pieces,
    }));
}

/// At least one group, which may be empty.
fn groups(tasks: Vec<Task>, most_files: usize) -> Vec<Vec<Task>> {
    let mut groups = Vec::new();
    let (mut group, mut size) = (Vec::new(), 0);
    for task in tasks {
        size = task.bytes().saturating_add(size);
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
    let (mut requests, mut structure) = (tasks.len() as u64, 0);
    if run.wants_structure() {
        let kept = tasks.iter().filter(|task| matches!(task.what, What::Kept(_)));
        let kept: HashSet<u32> = kept
            .filter_map(|task| read.get(task.place as usize))
            .map(|(position, _)| *position)
            .collect();
        let files = shard.files.files.iter().zip(0..);
        let files = files.filter(|(file, at)| structure::reads(file) && !kept.contains(at));
        for (file, _) in files {
            requests += 1;
            if !structure::reads_inside(file) {
                structure = file.length.saturating_add(structure);
            }
        }
    }
    run.estimated(|estimate| {
        estimate.data_requests += requests;
        estimate.data_bytes += total;
        estimate.structure_bytes = estimate.structure_bytes.saturating_add(structure);
        estimate.blobs += blobs;
    });
}

/// Reads, and finishes the shard when nothing is left of it.
pub(super) async fn work(context: &Context, work: Work) {
    let (run, open) = (&context.run, &work.open);
    let mut done = Vec::with_capacity(work.tasks.len());
    for task in &work.tasks {
        // What was begun is then not finished, and so not reported as looked at.
        if run.progress.stop.load(Relaxed) {
            return;
        }
        // What is not begun is left as the ledger knows it.
        if !open.begin(task, || run.budget.is_late()) {
            continue;
        }
        let Some(file) = open.file(task.place) else {
            continue;
        };
        let read = match read(run, &open.shard, file, &task.what).await {
            Ok(pieces) => match open.collect(task, pieces) {
                Some(all) => {
                    let whole = !matches!(task.what, What::Ends(_));
                    piece::judge(file, all, whole).map_err(|(fault, place)| Bad::Damaged(fault, place))
                }
                None => continue,
            },
            Err((part, failure)) => Err(Bad::Unread(part, failure)),
        };
        done.push(Done {
            place: task.place,
            read,
            recorded: false,
        });
    }
    if open.left.load(Relaxed) > 1 {
        record(run, open, &mut done).await;
    }
    open.got().done.extend(done);
    if open.left.fetch_sub(1, AcqRel) == 1 {
        let done = std::mem::take(&mut open.got().done);
        finish::finish(context, open, done).await;
    }
}

/// Remembers files of a large shard as soon as they were read, so that a kill does not lose them: those whose headers can be
/// judged already. Not those of which only the ends were read, which is soon done again.
async fn record(run: &Run, open: &Open, done: &mut [Done]) {
    if run.options.level < Level::Checksum {
        return;
    }
    let check = Check {
        level: Level::Checksum,
        at: run.options.now,
    };
    let mut checks = Vec::new();
    for done in done {
        let (Ok(good), Some((position, key))) = (&done.read, open.read.get(done.place as usize)) else {
            continue;
        };
        let owner = open.owners.get(*position as usize);
        let file = open.shard.files.files.get(*position as usize);
        if let (Some(Owner::One(id)), Some(file)) = (owner, file)
            && check_header(&file.physical_name, good.head.bytes(), Some(*id)).is_ok()
        {
            checks.push((*key, check));
            done.recorded = true;
        }
    }
    choose::record(run, &checks).await;
}

async fn read(run: &Run, shard: &Shard, file: &FileInfo, what: &What) -> Result<Vec<Piece>, (Part, Failure)> {
    let scan = |range: &Range<u64>| Scan::new(file, range, Some(run.reader.meter()));
    match what {
        What::Ends(_) => ends(run, shard, file).await,
        What::Piece(range) => piece(run, shard, file, range.clone(), scan(range)).await,
        What::Kept(length) => piece(run, shard, file, 0..*length, scan(&(0..*length)).keeping()).await,
    }
}

async fn piece(
    run: &Run,
    shard: &Shard,
    file: &FileInfo,
    range: Range<u64>,
    mut scan: Scan,
) -> Result<Vec<Piece>, (Part, Failure)> {
    for (part, inside) in spans(file, range) {
        let expected = inside.end - inside.start;
        let key = shard.key(&file.part(part).0);
        let (taken, read) = run
            .reader
            .scan(&key, behind(run, file, inside), scan)
            .await
            .map_err(|error| (part, Failure::Source(error)))?;
        is_of(expected, read).map_err(|failure| (part, failure))?;
        scan = taken;
    }
    Ok(vec![scan.finish()])
}

/// The file's two ends, with one opening of the blob where it is one.
async fn ends(run: &Run, shard: &Shard, file: &FileInfo) -> Result<Vec<Piece>, (Part, Failure)> {
    let ranges = pieces(file, Level::Fingerprint, u64::MAX);
    let mut read = Vec::new();
    if file.parts() == 1 {
        let key = shard.key(&file.name);
        let asked: Vec<_> = ranges
            .iter()
            .map(|range| behind(run, file, range.clone()))
            .collect();
        let all = run
            .reader
            .ranges(&key, &asked)
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
            let key = shard.key(&file.part(part).0);
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
    let mut scan = Scan::new(file, range, None);
    let mut length = 0;
    for bytes in all {
        length += bytes.len() as u64;
        if !bytes.is_empty() {
            scan.take(&bytes);
        }
    }
    is_of(range.end - range.start, length)?;
    Ok(scan.finish())
}

/// What to ask for to read a range: one byte behind the file's end too, where that tells its length.
fn behind(run: &Run, file: &FileInfo, range: Range<u64>) -> Range<u64> {
    let tells = range.end == file.length && run.reads_all() && presence::told_by_reading(file);
    range.start..range.end + u64::from(tells)
}

fn is_of(expected: u64, read: u64) -> Result<(), Failure> {
    match read {
        _ if read < expected => Err(Failure::Short(expected, read)),
        _ if read > expected => Err(Failure::Long),
        _ => Ok(()),
    }
}
