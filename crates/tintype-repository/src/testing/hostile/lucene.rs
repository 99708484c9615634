//! A shard's Lucene files as one input: those in the metadata, and the small ones that are read for the structure.

use super::super::lucene::index;
use crate::format::codec::FOOTER_LENGTH;
use crate::format::testing::{reseal, seal_tail};
use crate::lucene::{Listed, Need, Shard, check_footer, check_header};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One of them.
#[derive(Debug, Clone)]
pub struct File {
    /// Its physical name, of at most 255 bytes.
    pub name: String,
    /// Its content stands in the metadata.
    pub in_metadata: bool,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Files packed into one input: name, place and content of each, with its length before it.
pub fn pack(files: &[File]) -> Vec<u8> {
    let mut packed = Vec::new();
    for file in files {
        packed.push(file.name.len() as u8);
        packed.extend(file.name.as_bytes());
        packed.push(u8::from(file.in_metadata));
        packed.extend((file.bytes.len() as u32).to_be_bytes());
        packed.extend(&file.bytes);
    }
    packed
}

/// The files of an input, up to where it is none any more.
pub fn unpack(mut packed: &[u8]) -> Vec<File> {
    std::iter::from_fn(|| {
        let length = take(&mut packed, 1)?[0];
        let name = String::from_utf8(take(&mut packed, usize::from(length))?.to_vec()).ok()?;
        let in_metadata = take(&mut packed, 1)?[0] == 1;
        let length = u32::from_be_bytes(take(&mut packed, 4)?.try_into().ok()?);
        let bytes = take(&mut packed, length as usize)?.to_vec();
        Some(File {
            name,
            in_metadata,
            bytes,
        })
    })
    .collect()
}

fn take<'a>(packed: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = packed.split_at_checked(length)?;
    *packed = rest;
    Some(taken)
}

/// Whether the structure has no fault.
///
/// # Panics
/// When a check never has all that it wants.
pub fn parse(packed: &[u8]) -> bool {
    let files = unpack(packed);
    let listed: Vec<Listed<'_>> = files.iter().map(listed).collect();
    let (mut shard, faults) = Shard::open(&listed);
    let mut whole = faults.is_empty();
    for (file, listed) in files.iter().zip(&listed) {
        let head = &file.bytes[..file.bytes.len().min(64)];
        let tail = &file.bytes[file.bytes.len().saturating_sub(FOOTER_LENGTH)..];
        whole &= check_header(&file.name, head, shard.segment_id(&file.name)).is_ok();
        whole &= check_footer(&file.name, tail, listed.checksum).is_ok();
    }
    let mut read = BTreeMap::new();
    // Entries of compound files are wanted once these are read: more rounds there are not.
    for _ in 0..4 {
        let needs = shard.needs(&read);
        if needs.is_empty() {
            break;
        }
        for need in needs {
            let bytes = range(&files, &need);
            read.insert(need, bytes);
        }
    }
    assert!(shard.needs(&read).is_empty(), "never satisfied");
    let (_, faults) = shard.check(&read);
    whole && faults.is_empty()
}

fn listed(file: &File) -> Listed<'_> {
    let tail = file.bytes.last_chunk::<4>().copied().unwrap_or_default();
    Listed {
        name: &file.name,
        length: file.bytes.len() as u64,
        checksum: u32::from_be_bytes(tail),
        content: if file.in_metadata { &file.bytes } else { &[] },
    }
}

fn range(files: &[File], need: &Need) -> Bytes {
    let file = files.iter().find(|file| file.name == need.file);
    let bytes = file.map(|file| file.bytes.as_slice()).unwrap_or_default();
    let start = bytes.len().min(need.offset as usize);
    let end = bytes.len().min(start.saturating_add(need.length as usize));
    Bytes::copy_from_slice(&bytes[start..end])
}

/// What Lucene 7 to 10 wrote.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    SHARDS.iter().map(|files| pack(files)).collect()
}

static SHARDS: LazyLock<Vec<Vec<File>>> = LazyLock::new(|| {
    let kinds = ["mixed", "updated", "sorted", "empty"];
    let all = (7..=10).flat_map(|major| kinds.map(|kind| index(major, kind)));
    let files = all.map(|files| {
        let files = files.into_iter().map(|(name, bytes)| File {
            in_metadata: name.starts_with("segments_") || name.ends_with(".si"),
            name,
            bytes,
        });
        files.collect()
    });
    files.collect()
});

/// The first of them with this in its name, of each shard that has one.
fn places(part: &str) -> Vec<(&'static [File], usize)> {
    let place = |files: &'static Vec<File>| {
        let at = files.iter().position(|file| file.name.contains(part))?;
        Some((files.as_slice(), at))
    };
    SHARDS.iter().filter_map(place).collect()
}

/// Shards in which a fuzzer's bytes stand for a file with this in its name: the first byte says in which shard, the others are
/// the whole file, and what lies between the header and the footer that it had.
pub(super) fn around(part: &str, bytes: &[u8]) -> Vec<Vec<u8>> {
    let Some((which, bytes)) = bytes.split_first() else {
        return Vec::new();
    };
    let places = places(part);
    let (files, at) = places[usize::from(*which) % places.len()];
    let mut whole = bytes.to_vec();
    reseal(&mut whole);
    let mut within = header(&files[at].bytes).to_vec();
    within.extend(bytes);
    seal_tail(&mut within);
    let with = |bytes| {
        let mut files = files.to_vec();
        files[at].bytes = bytes;
        pack(&files)
    };
    [whole, within].map(with).into()
}

/// What [`around`] gives back as the file that it was.
pub(super) fn beginnings(part: &str) -> Vec<Vec<u8>> {
    let bodies = places(part).into_iter().zip(0_u8..).map(|((files, at), which)| {
        let bytes = &files[at].bytes;
        let body = &bytes[header(bytes).len()..bytes.len() - FOOTER_LENGTH];
        [&[which], body].concat()
    });
    bodies.collect()
}

/// A file's header: magic, codec's name, version, id and suffix (`CodecUtil.writeIndexHeader`).
fn header(bytes: &[u8]) -> &[u8] {
    let suffix = 4 + 1 + usize::from(bytes[4]) + 4 + 16;
    &bytes[..suffix + 1 + usize::from(bytes[suffix])]
}
