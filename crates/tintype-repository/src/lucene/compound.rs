//! `.cfe`: where each file of a compound segment stands in its `.cfs`. `Lucene50CompoundFormat`, `Lucene90CompoundFormat`.

use super::Fault;
use super::codec_util::{self, FOOTER, Header, Kind};
use super::input::Order;

const ENTRIES: Kind = Kind {
    name: "CompoundEntries",
    known: &[(BIG_ENDIAN, 0, 0), ("Lucene90CompoundEntries", 0, 0)],
};
const BIG_ENDIAN: &str = "Lucene50CompoundEntries";

/// A file in a `.cfs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name without the segment's: `.fnm`, `_Lucene90_0.dvd`.
    pub(super) name: String,
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Reads a `.cfe` and checks that its entries fill a `.cfs` of `length` bytes, when that is known, without overlap. The
/// entries come in the order of their offsets.
pub(super) fn parse(
    file: &str,
    bytes: &[u8],
    id: &[u8; 16],
    length: Option<u64>,
) -> Result<Vec<Entry>, Fault> {
    let mut input = codec_util::whole(file, bytes, 0)?;
    let header = codec_util::header(&mut input)?;
    header.expect(&input, ENTRIES, Some(id), "")?;
    let packed = header.codec == BIG_ENDIAN;
    input.set_order(if packed { Order::Big } else { Order::Little });
    let count = input.count(17)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let name = input.string()?.into_owned();
        let (offset, length) = (input.long()?, input.long()?);
        let (Ok(offset), Ok(length)) = (offset.try_into(), length.try_into()) else {
            return Err(input.fault(format!("{name} has a negative place: {offset}, {length}")));
        };
        entries.push(Entry { name, offset, length });
    }
    input.end()?;
    entries.sort_by_key(|entry| entry.offset);
    place(file, &entries, length, packed)?;
    Ok(entries)
}

/// Checks the places of sorted entries. Lucene 9 aligns them, so gaps may stand between; before it there are none.
fn place(file: &str, entries: &[Entry], length: Option<u64>, packed: bool) -> Result<(), Fault> {
    let mut end = Header::length("Lucene50CompoundData", "") as u64;
    for entry in entries {
        if entry.offset < end || (packed && entry.offset > end) {
            let message = format!("{} does not follow what stands before it", entry.name);
            return Err(Fault::new(file, message).differs(end.to_string(), entry.offset.to_string()));
        }
        let least = (Header::length("", "") + FOOTER) as u64;
        if entry.length < least {
            let message = format!("{} has no room for a header and a footer", entry.name);
            return Err(Fault::new(file, message).differs(least.to_string(), entry.length.to_string()));
        }
        // Both are below 2^63.
        end = entry.offset + entry.length;
    }
    let expected = end + FOOTER as u64;
    if let Some(length) = length.filter(|length| *length != expected) {
        return Err(Fault::new(file, "its entries do not end where the .cfs does")
            .differs(length.to_string(), expected.to_string()));
    }
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Fault::new(file, format!("{} is there twice", pair[0]))),
        None => Ok(()),
    }
}
