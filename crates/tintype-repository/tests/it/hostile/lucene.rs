//! A shard's Lucene files as one input: those in the metadata, and the small ones that are read for the structure.

use std::collections::BTreeMap;
use std::fs;

use bytes::Bytes;
use tintype_repository::format::shard::ShardSnapshot;
use tintype_repository::format::testing::reseal;
use tintype_repository::lucene::{Listed, Need, Shard, check_footer, check_header};
use tintype_testkit::corpus::Written;
use tintype_testkit::noise::Noise;

use super::mutate::change;
use crate::truth::Blob;

struct File {
    name: String,
    /// Its content stands in the metadata.
    in_metadata: bool,
    bytes: Vec<u8>,
}

/// All files of a shard in a snapshot, packed: name, place and content, each with its length before it.
pub fn pack_shard(written: &Written, blob: &Blob) -> Vec<u8> {
    let path = written.root.join(&blob.file);
    let snapshot = ShardSnapshot::parse(&fs::read(&path).unwrap()).unwrap();
    let mut packed = Vec::new();
    for file in &snapshot.files {
        let mut bytes = file.hash.to_vec();
        if bytes.is_empty() {
            for part in 0..file.parts() {
                bytes.extend(fs::read(path.with_file_name(&*file.part(part).0)).unwrap());
            }
        }
        let name = file.physical_name.as_bytes();
        packed.push(name.len() as u8);
        packed.extend(name);
        packed.push(u8::from(!file.hash.is_empty()));
        packed.extend((bytes.len() as u32).to_be_bytes());
        packed.extend(bytes);
    }
    packed
}

fn unpack(mut packed: &[u8]) -> Vec<File> {
    let mut files = Vec::new();
    let mut take = |length: usize| {
        let (taken, rest) = packed.split_at_checked(length)?;
        packed = rest;
        Some(taken.to_vec())
    };
    while let Some(length) = take(1) {
        let name = String::from_utf8(take(usize::from(length[0])).unwrap()).unwrap();
        let in_metadata = take(1).unwrap()[0] == 1;
        let length = u32::from_be_bytes(take(4).unwrap().try_into().unwrap());
        files.push(File {
            name,
            in_metadata,
            bytes: take(length as usize).unwrap(),
        });
    }
    files
}

/// The shard with one of its files of this ending changed and sealed again.
pub fn mutated(ending: &str, seed: &[u8], other: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut files = unpack(seed);
    let matching = |file: &&mut File| file.name.contains(ending);
    let count = files.iter_mut().filter(matching).count();
    if let Some(file) = files.iter_mut().filter(matching).nth(noise.below(count.max(1))) {
        file.bytes = change(&file.bytes, other, noise);
        reseal(&mut file.bytes);
    }
    let mut packed = Vec::new();
    for file in files {
        packed.push(file.name.len() as u8);
        packed.extend(file.name.as_bytes());
        packed.push(u8::from(file.in_metadata));
        packed.extend((file.bytes.len() as u32).to_be_bytes());
        packed.extend(file.bytes);
    }
    packed
}

/// Whether the structure has no fault.
pub fn parse(packed: &[u8]) -> bool {
    let files = unpack(packed);
    let mut whole = true;
    let listed: Vec<Listed<'_>> = files.iter().map(listed).collect();
    let (mut shard, faults) = Shard::open(&listed);
    whole &= faults.is_empty();
    for (file, listed) in files.iter().zip(&listed) {
        let head = &file.bytes[..file.bytes.len().min(64)];
        let tail = &file.bytes[file.bytes.len().saturating_sub(16)..];
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
