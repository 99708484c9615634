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
pub struct Shard {
    /// The length of each file listed.
    lengths: BTreeMap<String, u64>,
    segments: Vec<(Segment, SegmentInfo)>,
    /// The ids of all segments by their names, those whose `.si` is damaged included.
    ids: BTreeMap<String, [u8; 16]>,
    structure: Structure,
}

/// A small file that is read whole.
struct Small<'a> {
    file: String,
    need: Need,
    of: &'a (Segment, SegmentInfo),
    part: Part,
}

/// What a check reads.
#[derive(Default)]
struct Plan<'a> {
    small: Vec<Small<'a>>,
    /// Ranges of `.cfs` files.
    inside: Vec<Need>,
    /// What it would, were it not too much.
    faults: Vec<Fault>,
}

/// Which of them.
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

impl Shard {
    /// Reads the commit and its segments from the metadata, and compares the files that they name with those listed:
    /// none missing, none left over. Where the metadata lacks the content of `segments_N` or a `.si`, the caller reads it;
    /// without it the fault is [`Fault::unsupported`]. A shard with no files at all has no commit, which is a fault here:
    /// indices mounted from another snapshot are told apart before.
    pub fn open(files: &[Listed<'_>]) -> (Self, Vec<Fault>) {
        let (mut shard, mut faults) = (Self::default(), Vec::new());
        for file in files {
            if shard.lengths.insert(file.name.to_owned(), file.length).is_some() {
                faults.push(Fault::new(file.name, "is listed twice"));
            }
        }
        match read_commit(files) {
            Ok((name, commit)) => shard.fill(name, commit, files, &mut faults),
            Err(fault) => faults.push(fault),
        }
        (shard, faults)
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
        let mut named = BTreeSet::from([commit_file.to_owned()]);
        for (segment, info) in &self.segments {
            named.extend(info.files.iter().cloned());
            named.extend(segment.live_docs());
            named.extend(segment.fields_files.iter().cloned());
            named.extend(segment.updates.values().flatten().cloned());
            named.extend(segment.newest_fields().map(|(file, _)| file));
        }
        for file in named.iter().filter(|file| !self.lengths.contains_key(*file)) {
            faults.push(Fault::new(
                file,
                format!("is missing: {commit_file} or a segment of it names it"),
            ));
        }
        // What a damaged segment names is not known.
        let unread = |file: &str| {
            let segment = commit::segment_name(file);
            self.ids.contains_key(segment) && !self.segments.iter().any(|(known, _)| known.name == segment)
        };
        for file in self
            .lengths
            .keys()
            .filter(|file| !named.contains(*file) && !unread(file))
        {
            faults.push(Fault::new(file, "is left over: no segment of the commit names it").harmless());
        }
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
    /// until it is empty. Who cannot read one says so himself and stops: what is absent from `read` is not judged.
    pub fn needs(&self, read: &BTreeMap<Need, Bytes>) -> Vec<Need> {
        let plan = self.plan(read);
        let small = plan.small.into_iter().map(|small| small.need);
        let mut needs: Vec<Need> = small.chain(plan.inside).collect();
        needs.retain(|need| !read.contains_key(need));
        needs
    }

    /// Judges what was read; what [`Self::open`] found is not said again.
    pub fn check(&self, read: &BTreeMap<Need, Bytes>) -> (Structure, Vec<Fault>) {
        let Plan {
            small, mut faults, ..
        } = self.plan(read);
        let mut fields: BTreeMap<&str, Fields> = BTreeMap::new();
        for small in &small {
            let Some(bytes) = read.get(&small.need) else {
                continue;
            };
            let (segment, info) = small.of;
            let read_fields = match &small.part {
                Part::Entries => match self.entries(small, bytes) {
                    Ok(entries) => check_entries(segment, &entries, read, &mut faults),
                    Err(fault) => Err(fault),
                },
                Part::Fields => field_infos::parse(&small.file, bytes, 0, &segment.id, "").map(Some),
                Part::NewestFields(generation) => {
                    field_infos::parse(&small.file, bytes, 0, &segment.id, generation).map(Some)
                }
                Part::LiveDocs => live_docs::check(&small.file, bytes, segment, info).map(|()| None),
            };
            match read_fields {
                Ok(Some(newest)) => drop(fields.insert(&segment.name, newest)),
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        for (segment, _) in &self.segments {
            if let Some(fields) = fields.get(segment.name.as_str()) {
                faults.extend(judge_updates(segment, fields));
            }
        }
        (self.structure.clone(), faults)
    }

    /// What to read, in a fixed order, each segment's newest fields behind the first; what would be too much is a fault.
    fn plan(&self, read: &BTreeMap<Need, Bytes>) -> Plan<'_> {
        let (mut plan, mut left) = (Plan::default(), MOST);
        for of @ (segment, info) in &self.segments {
            let first = match info.compound {
                true => (format!("{}.cfe", segment.name), Part::Entries),
                false => (format!("{}.fnm", segment.name), Part::Fields),
            };
            let newest = segment.newest_fields();
            let newest = newest.map(|(file, generation)| (file, Part::NewestFields(generation)));
            let live_docs = segment.live_docs().map(|file| (file, Part::LiveDocs));
            for (file, part) in [Some(first), newest, live_docs].into_iter().flatten() {
                // One that is not listed is a fault already.
                let Some(length) = self.lengths.get(&file).copied() else {
                    continue;
                };
                let need = Need::whole(&file, length);
                if fits(&need, &mut left, &mut plan.faults) {
                    plan.small.push(Small { file, need, of, part });
                }
            }
        }
        for small in &plan.small {
            if let (Part::Entries, Some(bytes)) = (&small.part, read.get(&small.need)) {
                let entries = self.entries(small, bytes).unwrap_or_default();
                let cfs = format!("{}.cfs", small.of.0.name);
                if !self.lengths.contains_key(&cfs) {
                    continue;
                }
                let inside = needs::in_compound(&cfs, &entries);
                let inside = inside
                    .into_iter()
                    .filter(|need| fits(need, &mut left, &mut plan.faults));
                plan.inside.extend(inside);
            }
        }
        plan
    }

    /// The entries of a compound segment.
    fn entries(&self, small: &Small<'_>, bytes: &[u8]) -> Result<Vec<Entry>, Fault> {
        let (segment, _) = small.of;
        let cfs = format!("{}.cfs", segment.name);
        // A `.cfs` that is not listed is a fault already; then its length agrees with anything.
        compound::parse(&small.file, bytes, &segment.id, self.lengths.get(&cfs).copied())
    }
}

/// Whether so much is still read of the shard.
fn fits(need: &Need, left: &mut u64, faults: &mut Vec<Fault>) -> bool {
    let fits = need.length <= *left;
    if fits {
        *left -= need.length;
    } else {
        let message = format!(
            "not checked: {} bytes more than are read of a shard",
            need.length - *left
        );
        faults.push(Fault::new(&need.file, message).at(need.offset).unsupported());
    }
    fits
}

/// Checks the files inside a `.cfs`, and reads the segment's fields among them.
fn check_entries(
    segment: &Segment,
    entries: &[Entry],
    read: &BTreeMap<Need, Bytes>,
    faults: &mut Vec<Fault>,
) -> Result<Option<Fields>, Fault> {
    let cfs = format!("{}.cfs", segment.name);
    let mut fields = None;
    for entry in entries {
        let inside = |mut fault: Fault| {
            fault.message = format!("{} inside of it: {}", entry.name, fault.message);
            fault
        };
        let footer_at = entry.offset + entry.length - FOOTER as u64;
        let head = needs::head(read, &cfs, entry);
        let head = head.map(|head| codec_util::header_at(&cfs, head, entry.offset, Some(segment.id)));
        let tail = needs::tail(read, &cfs, entry);
        let tail = tail.map(|tail| codec_util::footer_at(&cfs, tail, footer_at).map(drop));
        let found: Vec<Fault> = [head, tail]
            .into_iter()
            .flatten()
            .filter_map(Result::err)
            .collect();
        let sound = found.is_empty();
        faults.extend(found.into_iter().map(inside));
        if entry.name == ".fnm" && sound {
            let bytes = needs::find(read, &cfs, entry.offset, entry.length);
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
