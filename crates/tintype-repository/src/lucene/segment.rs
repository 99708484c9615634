//! `.si`: what a segment is, and which files it has. `Lucene62SegmentInfoFormat` to `Lucene99SegmentInfoFormat`.

use super::codec_util::{self, Kind};
use super::commit::{MOST_DOCUMENTS, Segment, own};
use super::input::{Input, Order};
use super::sort;
use super::{Fault, Version};

const SEGMENT_INFO: Kind = Kind {
    name: "SegmentInfo",
    known: &[
        (OLDEST, 0, 1),
        ("Lucene70SegmentInfo", 0, 0),
        ("Lucene86SegmentInfo", 0, 0),
        (LITTLE_ENDIAN, 0, 0),
    ],
};
/// Lucene 6.2, which an index of Lucene 7 may still hold.
const OLDEST: &str = "Lucene62SegmentInfo";
/// Lucene 9 and later. From the codec `Lucene99` on, a byte more stands in it under the same name and version.
const LITTLE_ENDIAN: &str = "Lucene90SegmentInfo";
/// Since when Lucene itself writes that byte.
const BLOCKS_BYTE: Version = Version(9, 9, 0);

const YES: u8 = 1;
const NO: u8 = 0xff;

/// A decoded `.si`.
#[derive(Debug, Clone)]
pub(super) struct SegmentInfo {
    pub(super) version: Version,
    /// The oldest version that gave documents to it; since Lucene 7.
    pub(super) oldest: Option<Version>,
    pub(super) max_doc: u32,
    pub(super) compound: bool,
    /// Its files, itself included; those of later generations are not among them.
    pub(super) files: Vec<String>,
}

/// Reads the `.si` of a segment.
pub(super) fn parse(file: &str, bytes: &[u8], segment: &Segment) -> Result<SegmentInfo, Fault> {
    let mut input = codec_util::whole(file, bytes, 0)?;
    let header = codec_util::header(&mut input)?;
    header.expect(&input, SEGMENT_INFO, Some(&segment.id), "")?;
    if header.codec != LITTLE_ENDIAN {
        let has_oldest = header.codec != OLDEST;
        let inline = header.codec != "Lucene86SegmentInfo";
        return body(
            input,
            segment,
            Form {
                has_oldest,
                inline,
                blocks: false,
            },
        );
    }
    input.set_order(Order::Little);
    let peeked = version(&mut input.clone())?;
    // The codec decides whether the byte is there, and its name may be a plugin's own. Either form ends at the footer
    // only where it is the right one; what the segment's version suggests is tried first and gives the fault.
    let blocks = peeked >= BLOCKS_BYTE;
    let form = |blocks| Form {
        has_oldest: true,
        inline: false,
        blocks,
    };
    body(input.clone(), segment, form(blocks))
        .or_else(|fault| body(input, segment, form(!blocks)).map_err(|_| fault))
}

/// What differs between the formats.
#[derive(Debug, Clone, Copy)]
struct Form {
    /// The oldest contributing version is there.
    has_oldest: bool,
    /// Sort fields are written in place rather than by a named provider.
    inline: bool,
    /// A byte says whether documents were added in blocks.
    blocks: bool,
}

fn body(mut input: Input<'_>, segment: &Segment, form: Form) -> Result<SegmentInfo, Fault> {
    let written_by = version(&mut input)?;
    let oldest = match form.has_oldest {
        true => match input.byte()? {
            0 => None,
            1 => Some(version(&mut input)?),
            flag => return Err(input.fault(format!("{flag} stands where 0 or 1 must"))),
        },
        false => None,
    };
    let max_doc = input.unsigned("the number of documents")?;
    if u64::from(max_doc) > MOST_DOCUMENTS {
        return Err(input.fault(format!("{max_doc} documents are more than an index can hold")));
    }
    let compound = flag(&mut input)?;
    if form.blocks {
        flag(&mut input)?;
    }
    // Diagnostics before the files, attributes behind.
    input.skip_map()?;
    let files = input.strings()?;
    input.skip_map()?;
    sort::skip(&mut input, form.inline)?;
    Ok(SegmentInfo {
        version: written_by,
        oldest,
        max_doc,
        compound,
        files: files.iter().map(|file| own(&segment.name, file)).collect(),
    })
}

fn version(input: &mut Input<'_>) -> Result<Version, Fault> {
    Ok(Version(
        input.unsigned("a version")?,
        input.unsigned("a version")?,
        input.unsigned("a version")?,
    ))
}

fn flag(input: &mut Input<'_>) -> Result<bool, Fault> {
    match input.byte()? {
        YES => Ok(true),
        NO => Ok(false),
        flag => Err(input.fault(format!("{flag} stands where 1 (yes) or 255 (no) must"))),
    }
}
