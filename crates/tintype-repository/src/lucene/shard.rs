//! A shard's commit against its files.

use super::codec_util::{self, FOOTER};
use super::commit::{self, Commit, MOST_DOCUMENTS, Segment};
use super::compound::{self, Entry};
use super::content::{judge, read_commit, read_segment};
use super::field_infos::{self, Fields};
use super::needs::{self, MOST, Need};
use super::segment::SegmentInfo;
use super::{Fault, Listed, Structure, live_docs};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// What a check of a shard's files reads, and their judgement, for one commit.
///
/// Made from `segments_N` and every `.si`, whose whole contents stand in the snapshot's metadata (`FileInfo::hash`).
#[derive(Debug, Default)]
pub struct Shard<'a> {
    /// Name and length of each file listed, sorted.
    files: Vec<(&'a str, u64)>,
    segments: Vec<(Segment, SegmentInfo)>,
    /// The ids of all segments by their names, those whose `.si` is damaged included.
    ids: BTreeMap<String, [u8; 16]>,
    structure: Structure,
    /// The small files that are read whole, in a fixed order: each segment's newest fields behind the first.
    small: Vec<Small>,
    /// Ranges of `.cfs` files, as far as their entries are known.
    inside: Vec<Need>,
    /// The entries of compound segments whose `.cfe` was read, by the segment's place.
    entries: BTreeMap<usize, Result<Vec<Entry>, Fault>>,
    /// So many of all these needs were named to the caller.
    named: usize,
    room: Room,
}

/// A small file that is read whole.
#[derive(Debug)]
struct Small {
    need: Need,
    /// The segment's place.
    at: usize,
    part: Part,
}

/// How much is still read of the shard.
#[derive(Debug)]
struct Room {
    left: u64,
    /// What would be too much.
    faults: Vec<Fault>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            left: MOST,
            faults: Vec::new(),
        }
    }
}

impl Room {
    /// Whether so much is still read; if not, that is a fault.
    fn fits(&mut self, need: &Need) -> bool {
        let fits = need.length <= self.left;
        if fits {
            self.left -= need.length;
        } else {
            let more = need.length - self.left;
            let message = format!("not checked: {more} bytes more than are read of a shard");
            let fault = Fault::new(&need.file, message).at(need.offset);
            self.faults.push(fault.unsupported());
        }
        fits
    }
}

/// Which of them.
#[derive(Debug)]
enum Part {
    /// `.cfe`
    Entries,
    /// `.fnm` as it was first written.
    Fields,
    /// `.fnm` of a later generation, and that.
    NewestFields(String),
    /// `.liv`
    LiveDocs,
}

impl<'a> Shard<'a> {
    /// Reads the commit and its segments from the metadata, and compares the files that they name with those listed:
    /// none missing, none left over. Where the metadata lacks the content of `segments_N` or a `.si`, the caller reads it;
    /// without it the fault is [`Fault::unsupported`]. A shard with no files at all has no commit, which is a fault here:
    /// indices mounted from another snapshot are told apart before.
    pub fn open(files: &[Listed<'a>]) -> (Self, Vec<Fault>) {
        let (mut shard, mut faults) = (Self::default(), Vec::new());
        shard.files = files.iter().map(|file| (file.name, file.length)).collect();
        shard.files.sort_unstable();
        shard.files.dedup_by(|again, first| {
            let twice = again.0 == first.0;
            if twice {
                faults.push(Fault::new(first.0, "is listed twice"));
            }
            twice
        });
        match read_commit(files) {
            Ok((name, commit)) => shard.fill(name, commit, files, &mut faults),
            Err(fault) => faults.push(fault),
        }
        (shard, faults)
    }

    /// Reads the commit alone, for [`Self::segment_id`]: what is wrong is said by [`Self::open`].
    pub fn with_ids(files: &[Listed<'a>]) -> Self {
        let segments = read_commit(files).map_or_else(|_| Vec::new(), |(_, commit)| commit.segments);
        Self {
            ids: segments
                .into_iter()
                .map(|segment| (segment.name, segment.id))
                .collect(),
            ..Self::default()
        }
    }

    fn fill(&mut self, commit_file: &str, commit: Commit, files: &[Listed<'_>], faults: &mut Vec<Fault>) {
        let contents: BTreeMap<&str, &Listed<'_>> = files.iter().map(|file| (file.name, file)).collect();
        let (oldest, created) = (commit.oldest, commit.created_major);
        self.structure.segments = commit.segments.len() as u32;
        self.structure.created_major = u8::try_from(created).ok();
        self.structure.user_data = commit.user_data;
        for segment in commit.segments {
            if self.ids.insert(segment.name.clone(), segment.id).is_some() {
                let message = format!("segment {} is there twice", segment.name);
                faults.push(Fault::new(commit_file, message));
                continue;
            }
            let info = read_segment(&segment, &contents).and_then(|info| {
                judge(commit_file, &segment, &info, oldest, created)?;
                Ok(info)
            });
            match info {
                Ok(info) => self.segments.push((segment, info)),
                Err(fault) => faults.push(fault),
            }
        }
        self.count(commit_file, faults);
        self.compare(commit_file, faults);
        self.plan();
    }

    fn count(&mut self, commit_file: &str, faults: &mut Vec<Fault>) {
        let (mut all, mut majors) = (0, BTreeSet::new());
        for (segment, info) in &self.segments {
            all += u64::from(info.max_doc);
            self.structure.deleted += u64::from(segment.deleted);
            self.structure.soft_deleted += u64::from(segment.soft_deleted);
            majors.extend(u8::try_from(info.version.0));
        }
        self.structure.live_documents = all - self.structure.deleted - self.structure.soft_deleted;
        self.structure.lucene_majors = majors.into_iter().collect();
        if all > MOST_DOCUMENTS {
            let message = format!("its segments have {all} documents, more than an index can hold");
            faults.push(Fault::new(commit_file, message));
        }
    }

    /// Compares the files that the commit names with those listed.
    fn compare(&self, commit_file: &str, faults: &mut Vec<Fault>) {
        let (mut named, mut missing) = (vec![false; self.files.len()], BTreeSet::new());
        let mut name = |file: &str| match self.place(file) {
            Ok(at) => named[at] = true,
            Err(_) => drop(missing.insert(file.to_owned())),
        };
        name(commit_file);
        for (segment, info) in &self.segments {
            let updates = segment.updates.values().flatten();
            let all = info.files.iter().chain(&segment.fields_files).chain(updates);
            all.for_each(|file| name(file));
            let newest = segment.newest_fields().map(|(file, _)| file);
            segment
                .live_docs()
                .into_iter()
                .chain(newest)
                .for_each(|file| name(&file));
        }
        for file in missing {
            let message = format!("is missing: {commit_file} or a segment of it names it");
            faults.push(Fault::new(&file, message));
        }
        // What a damaged segment names is not known.
        let unread = |file: &str| {
            let segment = commit::segment_name(file);
            self.ids.contains_key(segment) && !self.segments.iter().any(|(known, _)| known.name == segment)
        };
        let left_over = self.files.iter().zip(&named).filter(|(_, named)| !**named);
        for ((file, _), _) in left_over.filter(|((file, _), _)| !unread(file)) {
            faults.push(Fault::new(file, "is left over: no segment of the commit names it").harmless());
        }
    }

    fn place(&self, file: &str) -> Result<usize, usize> {
        self.files.binary_search_by(|(name, _)| (*name).cmp(file))
    }

    /// `None`: it is not listed.
    fn length(&self, file: &str) -> Option<u64> {
        self.files.get(self.place(file).ok()?).map(|(_, length)| *length)
    }

    /// The segment id (16 bytes) that a file's header must show, by the file's name; `None` for files that have none
    /// or belong to no segment.
    pub fn segment_id(&self, file: &str) -> Option<[u8; 16]> {
        if codec_util::has_no_header(file) {
            return None;
        }
        self.ids.get(commit::segment_name(file)).copied()
    }

    /// The ranges that [`Self::check`] wants: `.cfe`, `.liv` and `.fnm` whole, then, once the compound entries are known,
    /// the header and footer of each entry inside its `.cfs` and its `.fnm`: 64 MiB in all. Call again with what was read
    /// until it is empty: each is named once. Who cannot read one says so himself and stops: what is absent from `read` is not
    /// judged.
    pub fn needs(&mut self, read: &BTreeMap<Need, Bytes>) -> Vec<Need> {
        self.learn(read);
        let all = self.small.iter().map(|small| &small.need).chain(&self.inside);
        // More is known of what is inside only once all small files were named.
        let needs: Vec<Need> = all.skip(self.named).cloned().collect();
        self.named += needs.len();
        needs
    }

    /// Judges what was read; what [`Self::open`] found is not said again.
    pub fn check(&mut self, read: &BTreeMap<Need, Bytes>) -> (Structure, Vec<Fault>) {
        self.learn(read);
        let mut faults = self.room.faults.clone();
        let mut fields: BTreeMap<usize, Fields> = BTreeMap::new();
        for small in &self.small {
            let (Some(bytes), Some((segment, info))) = (read.get(&small.need), self.segments.get(small.at))
            else {
                continue;
            };
            let file = &small.need.file;
            let read_fields = match &small.part {
                Part::Entries => match self.entries.get(&small.at) {
                    Some(Ok(entries)) => check_entries(segment, entries, read, &mut faults),
                    Some(Err(fault)) => Err(fault.clone()),
                    None => Ok(None),
                },
                Part::Fields => field_infos::parse(file, bytes, 0, &segment.id, "").map(Some),
                Part::NewestFields(generation) => {
                    field_infos::parse(file, bytes, 0, &segment.id, generation).map(Some)
                }
                Part::LiveDocs => live_docs::check(file, bytes, segment, info).map(|()| None),
            };
            match read_fields {
                Ok(Some(newest)) => drop(fields.insert(small.at, newest)),
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        for (at, fields) in fields {
            let segment = self.segments.get(at);
            faults.extend(segment.and_then(|(segment, _)| judge_updates(segment, &fields)));
        }
        (self.structure.clone(), faults)
    }

    /// What to read whole; what would be too much is a fault.
    fn plan(&mut self) {
        for (at, (segment, info)) in self.segments.iter().enumerate() {
            let first = match info.compound {
                true => (format!("{}.cfe", segment.name), Part::Entries),
                false => (format!("{}.fnm", segment.name), Part::Fields),
            };
            let newest = segment.newest_fields();
            let newest = newest.map(|(file, generation)| (file, Part::NewestFields(generation)));
            let live_docs = segment.live_docs().map(|file| (file, Part::LiveDocs));
            for (file, part) in [Some(first), newest, live_docs].into_iter().flatten() {
                // One that is not listed is a fault already.
                let Some(length) = self.length(&file) else {
                    continue;
                };
                let need = Need::whole(file, length);
                if self.room.fits(&need) {
                    self.small.push(Small { need, at, part });
                }
            }
        }
    }

    /// Takes in the entries of compound segments whose `.cfe` was read, and what is then wanted of their `.cfs`.
    fn learn(&mut self, read: &BTreeMap<Need, Bytes>) {
        for small in &self.small {
            if !matches!(small.part, Part::Entries) || self.entries.contains_key(&small.at) {
                continue;
            }
            let (Some(bytes), Some((segment, _))) = (read.get(&small.need), self.segments.get(small.at))
            else {
                continue;
            };
            let cfs = format!("{}.cfs", segment.name);
            // A `.cfs` that is not listed is a fault already; then its length agrees with anything.
            let length = self.length(&cfs);
            let entries = compound::parse(&small.need.file, bytes, &segment.id, length);
            if let (Ok(entries), Some(_)) = (&entries, length) {
                let inside = needs::in_compound(&cfs, entries).into_iter();
                self.inside.extend(inside.filter(|need| self.room.fits(need)));
            }
            self.entries.insert(small.at, entries);
        }
    }
}

/// Checks the files inside a `.cfs`, and reads the segment's fields among them.
fn check_entries(
    segment: &Segment,
    entries: &[Entry],
    read: &BTreeMap<Need, Bytes>,
    faults: &mut Vec<Fault>,
) -> Result<Option<Fields>, Fault> {
    let cfs = format!("{}.cfs", segment.name);
    let (mut fields, parts) = (None, needs::Parts::of(read, &cfs));
    for entry in entries {
        let inside = |mut fault: Fault| {
            fault.message = format!("{} inside of it: {}", entry.name, fault.message);
            fault
        };
        let footer_at = entry.offset + entry.length - FOOTER as u64;
        let head = parts.head(entry);
        let head = head.map(|head| codec_util::header_at(&cfs, head, entry.offset, Some(segment.id)));
        let tail = parts.tail(entry);
        let tail = tail.map(|tail| codec_util::footer_at(&cfs, tail, footer_at).map(drop));
        let found: Vec<Fault> = [head, tail]
            .into_iter()
            .flatten()
            .filter_map(Result::err)
            .collect();
        let sound = found.is_empty();
        faults.extend(found.into_iter().map(inside));
        if entry.name == ".fnm" && sound {
            let bytes = parts.find(entry.offset, entry.length);
            let parsed = bytes.map(|bytes| field_infos::parse(&cfs, bytes, entry.offset, &segment.id, ""));
            fields = parsed.transpose().map_err(inside)?;
        }
    }
    if !entries.iter().any(|entry| entry.name == ".fnm") {
        return Err(Fault::new(
            &cfs,
            "its entries have no .fnm: the segment's fields are missing",
        ));
    }
    Ok(fields)
}

/// Doc values that were written after the segment must have files in the commit, and no others.
fn judge_updates(segment: &Segment, fields: &Fields) -> Option<Fault> {
    let (file, _) = segment.newest_fields()?;
    let without_files = fields
        .updated
        .iter()
        .find(|field| !segment.updates.contains_key(field));
    if let Some(field) = without_files {
        let message = format!("field {field} has newer doc values, of which the commit names no file");
        return Some(Fault::new(&file, message));
    }
    let unknown = segment
        .updates
        .keys()
        .find(|field| !fields.numbers.contains(field))?;
    let message = format!("the commit names doc values of field {unknown}, which it has not");
    Some(Fault::new(&file, message))
}
