//! The structure of a shard's Lucene files, for Lucene 7 to 10. Pure: bytes in, values out; who reads which file is
//! decided elsewhere.
//!
//! The order of reading: [`commit`] (`segments_N`) names the segments; each segment's [`segment`] (`.si`) names its files;
//! then [`needs`] says which small files or ranges a shard's check still wants, and [`check`] judges it all.

use std::collections::BTreeMap;

/// Something that the structure of a shard's files contradicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The Lucene file that is wrong, by its physical name.
    pub file: String,
    /// Where in it, when known.
    pub offset: Option<u64>,
    /// What was expected.
    pub expected: Option<String>,
    /// What stands there.
    pub actual: Option<String>,
    /// All of it in one line.
    pub message: String,
    /// A form that this version does not know, rather than damage.
    pub unsupported: bool,
}

/// A part of a file that the check needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// The file's physical name.
    pub file: String,
    /// From which byte.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

/// What a shard's commit says, once it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Structure {
    /// Documents that a search finds, nested ones included: the sum of maxDoc − deleted − soft-deleted.
    pub live_documents: u64,
    /// Documents deleted in place.
    pub deleted: u64,
    /// Documents deleted softly.
    pub soft_deleted: u64,
    /// How many segments.
    pub segments: u32,
    /// The Lucene major versions of its segments, sorted, each once.
    pub lucene_majors: Vec<u8>,
    /// The major version of Lucene that made the index, deciding which engines can open it.
    pub created_major: Option<u8>,
    /// The commit's user data (`max_seq_no`, `history_uuid`, …).
    pub user_data: BTreeMap<String, String>,
}

/// What a check of a shard's files reads, and their judgement, for one commit.
///
/// Made from `segments_N` and every `.si`, whose whole contents stand in the snapshot's metadata (`FileInfo::hash`).
#[derive(Debug)]
pub struct Shard;

/// A file of the commit as the snapshot's metadata tells it.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// The physical name.
    pub name: &'a str,
    /// In bytes.
    pub length: u64,
    /// The recorded checksum.
    pub checksum: u32,
    /// The whole content where the metadata holds it; empty otherwise.
    pub content: &'a [u8],
}

impl Shard {
    /// Reads the commit and its segments from the metadata, and compares the files that they name with those listed:
    /// none missing, none left over.
    pub fn open(_files: &[Listed<'_>]) -> (Self, Vec<Fault>) {
        unimplemented!()
    }
    /// The segment id (16 bytes) that a file's header must show, by the file's name; `None` for files that have none
    /// or belong to no segment.
    pub fn segment_id(&self, _file: &str) -> Option<[u8; 16]> {
        unimplemented!()
    }
    /// The ranges that [`Self::check`] wants: `.cfe`, `.liv` and `.fnm` whole (bounded by a cap), then, once the compound
    /// entries are known, the header and footer of each entry inside its `.cfs`. Call again with what was read until it
    /// is empty.
    pub fn needs(&self, _read: &BTreeMap<Need, bytes::Bytes>) -> Vec<Need> {
        unimplemented!()
    }
    /// Judges all of it.
    pub fn check(&self, _read: &BTreeMap<Need, bytes::Bytes>) -> (Structure, Vec<Fault>) {
        unimplemented!()
    }
}

/// Checks the header of a Lucene file: magic, a codec name, and the segment id when one is expected. `head` is the file's
/// first 64 bytes, or all of it when it is shorter.
///
/// # Errors
/// What is wrong.
pub fn check_header(_file: &str, _head: &[u8], _id: Option<[u8; 16]>) -> Result<(), Fault> {
    unimplemented!()
}

/// Checks the footer of a Lucene file, its last 16 bytes: magic, algorithm, and the checksum in it.
///
/// # Errors
/// What is wrong; offsets are from the footer's start.
pub fn check_footer(_file: &str, _tail: &[u8], _checksum: u32) -> Result<(), Fault> {
    unimplemented!()
}
