//! `segments_N`: the commit, which names the segments. `SegmentInfos` of Lucene 7 to 10; all of it is big-endian.

use super::codec_util::{self, Kind};
use super::input::Input;
use super::{Fault, Version};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Versions 7 (Lucene 7.0) to 10 (Lucene 8.6 and later).
const SEGMENTS: Kind = Kind {
    name: "segments",
    known: &[("segments", FIRST, 10)],
};
const FIRST: u32 = 7;
/// Lucene 7.2: the counter of names is a variable long.
const LONG_COUNTER: u32 = 8;
/// Lucene 7.4: counts of soft deletes.
const SOFT_DELETES: u32 = 9;
/// Lucene 8.6: an id of each segment's state.
const COMMIT_ID: u32 = 10;

/// The fewest bytes of a segment's entry.
const LEAST: usize = 1 + 16 + 1 + 8 + 4 + 8 + 8 + 1 + 4;

/// The most documents of an index: `IndexWriter.MAX_DOCS`.
pub(super) const MOST_DOCUMENTS: u64 = i32::MAX as u64 - 128;

/// A decoded commit.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) created_major: u32,
    /// The oldest Lucene version of a segment; `None` when there is none.
    pub(super) oldest: Option<Version>,
    pub(super) segments: Vec<Segment>,
    pub(super) user_data: BTreeMap<String, String>,
}

/// A segment as the commit describes it.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) id: [u8; 16],
    pub(super) deleted_generation: i64,
    pub(super) deleted: u32,
    pub(super) soft_deleted: u32,
    pub(super) fields_generation: i64,
    /// The `.fnm` of later generations.
    pub(super) fields_files: Vec<String>,
    /// The doc-values files of later generations, by the field's number.
    pub(super) updates: BTreeMap<u32, Vec<String>>,
}

impl Segment {
    /// The name of the live documents' file, when there are deletions in place.
    pub(super) fn live_docs(&self) -> Option<String> {
        let generation = u64::try_from(self.deleted_generation).ok()?;
        Some(format!("{}_{}.liv", self.name, base36(generation)))
    }

    /// The name of the newest `.fnm`, when one was written after the segment.
    pub(super) fn newest_fields(&self) -> Option<(String, String)> {
        let suffix = base36(u64::try_from(self.fields_generation).ok()?);
        Some((format!("{}_{suffix}.fnm", self.name), suffix))
    }
}

/// The name of a file of a segment, as `SegmentInfo.namedForThisSegment` makes it: what the file was called in an index that it
/// was copied from does not count.
pub(super) fn own(segment: &str, file: &str) -> String {
    [segment, &file[segment_name(file).len()..]].concat()
}

/// The part of a file's name that names its segment: `IndexFileNames.parseSegmentName`.
pub(super) fn segment_name(file: &str) -> &str {
    let underscore = file.char_indices().skip(1).find(|(_, c)| *c == '_');
    let end = underscore.map(|(at, _)| at).or_else(|| file.find('.'));
    &file[..end.unwrap_or(file.len())]
}

/// A generation as names and headers write it.
pub(super) fn base36(mut value: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = char::from_digit((value % 36) as u32, 36);
        digits.extend(digit);
        value /= 36;
        if value == 0 {
            return digits.iter().rev().collect();
        }
    }
}

/// Reads `segments_N`.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Commit, Fault> {
    let mut input = codec_util::whole(file, bytes, 0)?;
    let header = codec_util::header(&mut input)?;
    let generation = file.strip_prefix("segments_").unwrap_or("0");
    header.expect(&input, SEGMENTS, None, generation)?;
    let _written_by = version(&mut input)?;
    let created_major = input.variable_int()?;
    let _changes = input.long()?;
    if header.version >= LONG_COUNTER {
        input.variable_long()?;
    } else {
        input.int()?;
    }
    let count = input.unsigned("the number of segments")?;
    let count = input.fits(count, LEAST)?;
    let oldest = if count > 0 {
        Some(version(&mut input)?)
    } else {
        None
    };
    let mut segments = Vec::with_capacity(count);
    for _ in 0..count {
        segments.push(segment(&mut input, header.version)?);
    }
    let user_data = input.map()?;
    input.end()?;
    Ok(Commit {
        created_major,
        oldest,
        segments,
        user_data,
    })
}

fn version(input: &mut Input<'_>) -> Result<Version, Fault> {
    Ok(Version(
        input.variable_int()?,
        input.variable_int()?,
        input.variable_int()?,
    ))
}

fn segment(input: &mut Input<'_>, format: u32) -> Result<Segment, Fault> {
    let name = input.string()?.into_owned();
    if !name.starts_with('_') || name[1..].contains(['_', '.', '/']) || name.len() < 2 {
        return Err(input.fault(format!("{name:?} is no segment's name")));
    }
    let id = input.id()?;
    // Engines and plugins wrap codecs under names of their own, and formats name themselves in their headers.
    let _codec = input.string()?;
    let deleted_generation = input.long()?;
    let deleted = input.unsigned("the number of deleted documents")?;
    let fields_generation = input.long()?;
    let _doc_values_generation = input.long()?;
    let soft_deleted = if format >= SOFT_DELETES {
        input.unsigned("the number of softly deleted documents")?
    } else {
        0
    };
    if format >= COMMIT_ID {
        match input.byte()? {
            0 => {}
            1 => drop(input.id()?),
            marker => return Err(input.fault(format!("{marker} stands where 0 or 1 must"))),
        }
    }
    let own = |files: Vec<Cow<'_, str>>| files.iter().map(|file| own(&name, file)).collect();
    let fields_files = own(input.strings()?);
    let count = input.unsigned("the number of updated fields")?;
    let count = input.fits(count, 5)?;
    let mut updates = BTreeMap::new();
    for _ in 0..count {
        updates.insert(input.unsigned("a field's number")?, own(input.strings()?));
    }
    Ok(Segment {
        name,
        id,
        deleted_generation,
        deleted,
        soft_deleted,
        fields_generation,
        fields_files,
        updates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_written_in_base_36() {
        let written = [0, 35, 36, 46_655, 46_656].map(base36);
        assert_eq!(written, ["0", "z", "10", "zzz", "1000"]);
    }

    #[test]
    fn the_segment_of_a_file_ends_at_its_second_underscore_or_its_dot() {
        for (file, segment) in [
            ("_1z.cfs", "_1z"),
            ("_1z_3.liv", "_1z"),
            ("_1z_Lucene50_0.doc", "_1z"),
            ("write.lock", "write"),
            ("segments_3", "segments"),
            ("", ""),
            ("_", "_"),
            ("é_x", "é"),
        ] {
            assert_eq!(segment_name(file), segment, "{file}");
        }
    }
}
