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
