//! Reading the commit and its segments out of the snapshot's metadata, and judging them as Lucene does when it opens them.

use super::codec_util::{self, FOOTER};
use super::commit::{self, Commit, Segment};
use super::segment::{self, SegmentInfo};
use super::{Fault, Listed, Version};
use std::collections::BTreeMap;

/// The oldest and newest Lucene versions whose segments are checked.
const MAJORS: std::ops::RangeInclusive<u32> = 6..=10;

/// Reads the one `segments_N`.
pub(super) fn read_commit<'a>(files: &[Listed<'a>]) -> Result<(&'a str, Commit), Fault> {
    let mut commits = files.iter().filter(|file| {
        let generation = file.name.strip_prefix("segments");
        generation.is_some_and(|generation| generation.is_empty() || generation.starts_with('_'))
    });
    let Some(file) = commits.next() else {
        return Err(Fault::new(
            "segments_N",
            "is missing: no commit is among the files",
        ));
    };
    if let Some(other) = commits.next() {
        let message = format!("a second commit beside {}", file.name);
        return Err(Fault::new(other.name, message));
    }
    let commit = commit::parse(file.name, content(file)?)?;
    let created = commit.created_major;
    if !MAJORS.contains(&created) {
        let message = format!("made by Lucene {created}, which is not known");
        return Err(Fault::new(file.name, message).unsupported());
    }
    Ok((file.name, commit))
}

/// The content of a file that the metadata holds whole, as it was recorded.
fn content<'a>(file: &Listed<'a>) -> Result<&'a [u8], Fault> {
    if file.content.is_empty() {
        return Err(Fault::new(file.name, "its content is not in the metadata").unsupported());
    }
    if file.content.len() as u64 != file.length {
        return Err(Fault::new(file.name, "the metadata holds another length of it")
            .differs(file.length.to_string(), file.content.len().to_string()));
    }
    let tail = file.content.len().saturating_sub(FOOTER);
    codec_util::check_footer(file.name, &file.content[tail..], file.checksum).map_err(|mut fault| {
        fault.offset = fault.offset.map(|offset| offset + tail as u64);
        fault
    })?;
    Ok(file.content)
}

pub(super) fn read_segment(
    segment: &Segment,
    contents: &BTreeMap<&str, &Listed<'_>>,
) -> Result<SegmentInfo, Fault> {
    let file = format!("{}.si", segment.name);
    let Some(listed) = contents.get(file.as_str()) else {
        return Err(Fault::new(&file, "is missing: the commit names its segment"));
    };
    segment::parse(&file, content(listed)?, segment)
}

/// What Lucene requires of a segment in a commit, in `SegmentInfos.parseSegmentInfos`.
pub(super) fn judge(
    commit_file: &str,
    segment: &Segment,
    info: &SegmentInfo,
    oldest: Option<Version>,
    created: u32,
) -> Result<(), Fault> {
    let name = &segment.name;
    let gone = u64::from(segment.deleted) + u64::from(segment.soft_deleted);
    if gone > u64::from(info.max_doc) {
        let message = format!("segment {name} has more deleted documents than documents");
        return Err(Fault::new(commit_file, message).differs(info.max_doc.to_string(), gone.to_string()));
    }
    if segment.deleted_generation < 0 && segment.deleted > 0 {
        let message = format!("segment {name} has deleted documents and no .liv");
        return Err(Fault::new(commit_file, message));
    }
    if !MAJORS.contains(&info.version.0) {
        let message = format!("written by Lucene {}, which is not known", info.version);
        return Err(Fault::new(&format!("{name}.si"), message).unsupported());
    }
    if oldest.is_some_and(|oldest| info.version < oldest) || (created >= 7 && info.version.0 < created) {
        let message = format!("segment {name} is older than the commit says of all");
        let oldest = oldest.map_or(String::new(), |oldest| oldest.to_string());
        return Err(Fault::new(commit_file, message).differs(oldest, info.version.to_string()));
    }
    if created >= 7 && info.oldest.is_none() {
        let message = "does not tell the oldest version of its documents";
        return Err(Fault::new(&format!("{name}.si"), message));
    }
    Ok(())
}
