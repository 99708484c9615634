//! `.liv`: a bit for each document that is not deleted in place. `Lucene50LiveDocsFormat`, `Lucene90LiveDocsFormat`.

use super::Fault;
use super::codec_util::{self, Kind};
use super::commit::{Segment, base36};
use super::segment::SegmentInfo;

const LIVE_DOCS: Kind = Kind {
    name: "LiveDocs",
    known: &[("Lucene50LiveDocs", 0, 0), ("Lucene90LiveDocs", 0, 0)],
};

/// How many bytes of bits there are for so many documents: whole longs.
pub(super) fn length(max_doc: u32) -> u64 {
    u64::from(max_doc).div_ceil(64) * 8
}

/// Checks that as many documents are live as the commit counts, and that no bit stands behind the last document.
pub(super) fn check(file: &str, bytes: &[u8], segment: &Segment, info: &SegmentInfo) -> Result<(), Fault> {
    let (max_doc, deleted) = (info.max_doc, segment.deleted);
    let generation = base36(segment.deleted_generation.unsigned_abs());
    let mut input = codec_util::whole(file, bytes, 0)?;
    let header = codec_util::header(&mut input)?;
    header.expect(&input, LIVE_DOCS, Some(&segment.id), &generation)?;
    let expected = length(max_doc);
    if input.remaining() as u64 != expected {
        return Err(input
            .fault(format!("its bits are not those of {max_doc} documents"))
            .differs(expected.to_string(), input.remaining().to_string()));
    }
    let bits = input.take(input.remaining())?;
    let (words, _) = bits.as_chunks::<8>();
    // Either order of bytes gives the same number of bits, but in the last word.
    let live: u64 = words
        .iter()
        .map(|word| u64::from(u64::from_ne_bytes(*word).count_ones()))
        .sum();
    if let Some(last) = words.last() {
        let last = match &*header.codec {
            "Lucene50LiveDocs" => u64::from_be_bytes(*last),
            _ => u64::from_le_bytes(*last),
        };
        let used = max_doc % 64;
        if used > 0 && last >> used != 0 {
            return Err(Fault::new(file, "bits are set behind the last document"));
        }
    }
    let counted = u64::from(max_doc.saturating_sub(deleted));
    if live != counted {
        return Err(Fault::new(
            file,
            "as many documents are live in it as the commit does not count",
        )
        .differs(counted.to_string(), live.to_string()));
    }
    Ok(())
}
