//! The Lucene structure of a shard's commits: headers by their segment's id, and what is in the files.

use super::files::spans;
use super::finish::{Ending, in_part};
use super::{Context, Shard, content};
use crate::finding::{Kind, Severity};
use crate::format::file::FileInfo;
use crate::lucene::{self, Fault, Listed, Need, check_header};
use crate::merge::Commit;
use crate::source::SourceError;
use crate::verify::findings::Found;
use crate::verify::outcome::Effect;
use crate::verify::trouble::Trouble;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};

/// So many bytes of a shard are kept: of small files from when they were read, and for the next commit of the shard, which
/// mostly has the same segments.
pub(super) const KEPT: u64 = 32 << 20;

/// A file that holds a commit or a segment and is not in the metadata is read up to this length.
const MOST_CONTENT: u64 = 16 << 20;

/// How often a check may want more.
const ROUNDS: usize = 8;

/// What was read of files.
struct Kept {
    /// All of a small file, by position.
    whole: Vec<Option<Bytes>>,
    /// By position, offset and length.
    read: HashMap<(u32, u64, u64), Bytes>,
    bytes: u64,
}

pub(super) async fn check(context: &Context, shard: &Shard, ending: &mut Ending) {
    let whole = std::mem::take(&mut ending.kept);
    let mut kept = Kept {
        bytes: whole.iter().flatten().map(|bytes| bytes.len() as u64).sum(),
        whole,
        read: HashMap::new(),
    };
    for commit in shard
        .files
        .commits
        .iter()
        .filter(|commit| !commit.files.is_empty())
    {
        let contents = match contents(context, shard, commit, &mut kept).await {
            Ok(contents) => contents,
            Err((file, error)) => {
                unread(context, shard, commit, (file, error), ending);
                continue;
            }
        };
        let listed: Vec<Listed<'_>> = shard
            .files
            .of(commit)
            .map(|(position, file)| {
                let read = contents.get(&position).map(|bytes| &**bytes);
                listed(file, read.unwrap_or_else(|| file.content()))
            })
            .collect();
        if !context.run.wants_structure() || is_source_only(context, shard, commit) {
            headers(context, shard, commit, &lucene::Shard::with_ids(&listed), ending);
            continue;
        }
        let (mut lucene, mut faults) = lucene::Shard::open(&listed);
        headers(context, shard, commit, &lucene, ending);
        if !ending.is_good(commit) {
            continue;
        }
        match read(context, shard, commit, &mut lucene, &mut kept).await {
            Ok(read) => {
                let (structure, more) = lucene.check(&read);
                faults.extend(more);
                let told = judge(context, shard, commit, &faults, ending);
                for pair in &commit.pairs {
                    if let Some(outcome) = ending.outcomes.get_mut(*pair as usize) {
                        outcome.documents = told.then_some(structure.live_documents);
                        outcome.lucene = structure.created_major.unwrap_or(0);
                    }
                }
            }
            Err((file, error)) => unread(context, shard, commit, (file, error), ending),
        }
    }
}

/// The files of a source-only index lack what others have.
fn is_source_only(context: &Context, shard: &Shard, commit: &Commit) -> bool {
    let pair = |position: &u32| shard.pairs.get(*position as usize).copied();
    let facts = |pair| context.metadata_of(pair);
    let mut pairs = commit.pairs.iter().filter_map(pair).filter_map(facts);
    pairs.any(|facts| facts.source_only)
}

/// The segment that a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The metadata alone does not tell.
    Unknown,
    /// The segment with this id.
    One([u8; 16]),
    /// Commits contradict each other.
    Several,
}

/// Which segment each file belongs to, as far as the commits tell that stand in the metadata.
pub(super) fn owners(shard: &Shard) -> Vec<Owner> {
    let mut owners = vec![Owner::Unknown; shard.files.files.len()];
    for commit in &shard.files.commits {
        let listed: Vec<Listed<'_>> = shard
            .files
            .of(commit)
            .map(|(_, file)| listed(file, file.content()))
            .collect();
        let lucene = lucene::Shard::with_ids(&listed);
        for (position, file) in shard.files.of(commit) {
            let (Some(owner), Some(id)) = (
                owners.get_mut(position as usize),
                lucene.segment_id(&file.physical_name),
            ) else {
                continue;
            };
            *owner = match *owner {
                Owner::Unknown => Owner::One(id),
                Owner::One(other) if other == id => Owner::One(id),
                _ => Owner::Several,
            };
        }
    }
    owners
}

fn listed<'a>(file: &'a FileInfo, content: &'a [u8]) -> Listed<'a> {
    Listed {
        name: &file.physical_name,
        length: file.length,
        checksum: file.checksum,
        content,
    }
}

/// Whether the structure is read from a file's bytes, as far as its name tells.
pub(super) fn reads(file: &FileInfo) -> bool {
    let (name, ends) = (&*file.physical_name, [".cfe", ".cfs", ".liv", ".fnm"]);
    (is_first(name) && !file.holds_content()) || ends.iter().any(|end| name.ends_with(end))
}

/// Whether parts of it show the structure rather than the whole, of those files that it is read from.
pub(super) fn reads_inside(file: &FileInfo) -> bool {
    file.physical_name.ends_with(".cfs")
}

/// Whether Lucene needs it before anything else.
fn is_first(name: &str) -> bool {
    name.starts_with("segments_") || name.ends_with(".si")
}

/// The contents of files that Lucene needs first and the metadata has not.
async fn contents(
    context: &Context,
    shard: &Shard,
    commit: &Commit,
    kept: &mut Kept,
) -> Result<HashMap<u32, Bytes>, (u32, SourceError)> {
    let mut contents = HashMap::new();
    for (position, file) in shard.files.of(commit) {
        if is_first(&file.physical_name) && !file.holds_content() && file.length <= MOST_CONTENT {
            let bytes = range(context, shard, (position, file), (0, file.length), kept).await;
            contents.insert(position, bytes.map_err(|error| (position, error))?);
        }
    }
    Ok(contents)
}

/// The header of each file that was read shows what it is, and of which segment.
fn headers(
    context: &Context,
    shard: &Shard,
    commit: &Commit,
    lucene: &lucene::Shard<'_>,
    ending: &mut Ending,
) {
    for (position, file) in shard.files.of(commit) {
        let head = ending.heads.get_mut(position as usize).map(std::mem::take);
        let Some(head) = head.filter(|head| !head.bytes().is_empty()) else {
            continue;
        };
        let name = &*file.physical_name;
        let Err(fault) = check_header(name, head.bytes(), lucene.segment_id(name)) else {
            continue;
        };
        let run = &context.run;
        let (severity, kind) = severity(&fault, Kind::HeaderMismatch);
        let what = format!("it holds {name}, and {}", fault.message);
        let found = Found::new(severity, kind, shard.place(&file.part(0).0), &what);
        let found = found.at(fault.offset).instead(fault.expected, fault.actual);
        let pairs = shard.files.pairs_of(position);
        shard.found(run, found.hurting(shard.snapshots(run, &pairs)));
        if severity == Severity::Error {
            ending.lose(position, Effect::Lost(kind));
        }
    }
}

fn severity(fault: &Fault, kind: Kind) -> (Severity, Kind) {
    match fault {
        fault if fault.unsupported => (Severity::Warning, Kind::Unsupported),
        fault if fault.harmless => (Severity::Warning, kind),
        _ => (Severity::Error, kind),
    }
}

/// Reads all that the check wants.
async fn read(
    context: &Context,
    shard: &Shard,
    commit: &Commit,
    lucene: &mut lucene::Shard<'_>,
    kept: &mut Kept,
) -> Result<BTreeMap<Need, Bytes>, (u32, SourceError)> {
    let files: HashMap<&str, (u32, &FileInfo)> = shard
        .files
        .of(commit)
        .map(|(position, file)| (&*file.physical_name, (position, file)))
        .collect();
    let mut read = BTreeMap::new();
    for _ in 0..ROUNDS {
        let needs = lucene.needs(&read);
        if needs.is_empty() {
            break;
        }
        for need in needs {
            let Some(file) = files.get(&*need.file) else {
                continue;
            };
            let bytes = range(context, shard, *file, (need.offset, need.length), kept).await;
            let bytes = bytes.map_err(|error| (file.0, error))?;
            read.insert(need, bytes);
        }
    }
    Ok(read)
}

async fn range(
    context: &Context,
    shard: &Shard,
    (position, file): (u32, &FileInfo),
    (offset, length): (u64, u64),
    kept: &mut Kept,
) -> Result<Bytes, SourceError> {
    let inside = |all: usize| {
        let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(all);
        at(offset)..at(offset.saturating_add(length))
    };
    if file.is_virtual() {
        let bytes = file.hash.get(inside(file.hash.len())).unwrap_or_default();
        return Ok(Bytes::copy_from_slice(bytes));
    }
    if let Some(Some(all)) = kept.whole.get(position as usize) {
        return Ok(all.slice(inside(all.len())));
    }
    let key = (position, offset, length);
    if let Some(bytes) = kept.read.get(&key) {
        return Ok(bytes.clone());
    }
    let mut all = Vec::new();
    for (part, inside) in spans(file, offset..offset.saturating_add(length)) {
        let key = shard.key(&file.part(part).0);
        all.push(context.run.reader.range(&key, inside).await?);
    }
    let bytes = if all.len() == 1 {
        all.remove(0)
    } else {
        Bytes::from(all.concat())
    };
    if kept.bytes.saturating_add(bytes.len() as u64) <= KEPT {
        kept.bytes += bytes.len() as u64;
        kept.read.insert(key, bytes.clone());
    }
    Ok(bytes)
}

/// Tells the faults of a commit. Whether its structure is known, be it good or bad.
fn judge(context: &Context, shard: &Shard, commit: &Commit, faults: &[Fault], ending: &mut Ending) -> bool {
    let run = &context.run;
    let mut known = true;
    for fault in faults {
        let (severity, kind) = severity(fault, Kind::LuceneStructure);
        known &= kind != Kind::Unsupported;
        let file = shard
            .files
            .of(commit)
            .find(|(_, file)| *file.physical_name == *fault.file);
        let blob = match file {
            Some((_, file)) if !file.is_virtual() => {
                let part = fault
                    .offset
                    .and_then(|offset| spans(file, offset..offset.saturating_add(1)).next());
                file.part(part.map_or(0, |(part, _)| part)).0.into_owned()
            }
            // Its content stands in the snapshot's own blob, as does the list that lacks it.
            _ => commit
                .pairs
                .first()
                .map_or_else(String::new, |pair| content::snapshot_blob(context, shard, *pair)),
        };
        let offset = match file {
            Some((_, file)) => fault.offset.map(|offset| {
                let part = spans(file, offset..offset.saturating_add(1))
                    .next()
                    .map_or(0, |(part, _)| part);
                in_part(file, offset, part)
            }),
            None => None,
        };
        let what = format!("{}: {}", fault.file, fault.message);
        let found = Found::new(severity, kind, shard.place(&blob), &what).at(offset);
        let found = found.instead(fault.expected.clone(), fault.actual.clone());
        shard.found(run, found.hurting(shard.snapshots(run, &commit.pairs)));
        if severity == Severity::Error {
            for pair in &commit.pairs {
                if let Some(outcome) = ending.outcomes.get_mut(*pair as usize) {
                    outcome.note(Some(shard.number), Effect::Lost(kind));
                }
            }
        }
    }
    known
}

/// Of a commit whose structure cannot be read, not enough is known.
fn unread(
    context: &Context,
    shard: &Shard,
    commit: &Commit,
    (position, error): (u32, SourceError),
    ending: &mut Ending,
) {
    let run = &context.run;
    let file = shard.files.files.get(position as usize);
    let place = shard.place(&file.map(|file| file.part(0).0).unwrap_or_default());
    let trouble = Trouble::Source(error);
    let found = trouble.found(place);
    shard.found(run, found.hurting(shard.snapshots(run, &commit.pairs)));
    for pair in &commit.pairs {
        if let Some(outcome) = ending.outcomes.get_mut(*pair as usize) {
            outcome.note(Some(shard.number), trouble.effect());
        }
    }
}
