//! The structure of a shard's Lucene files, for Lucene 7 to 10. Pure: bytes in, values out; who reads which file is
//! decided elsewhere.
//!
//! [`Shard::open`] reads the commit (`segments_N`), which names the segments, and each segment's `.si`, which names its
//! files; [`Shard::needs`] says which small files or ranges are still wanted, and [`Shard::check`] judges it all.
//! The formats are those of Lucene's own sources (7.7, 8.11, 9.12, 10.2 to 10.4), named in each file here.

mod codec_util;
mod commit;
mod compound;
mod content;
mod field_infos;
mod input;
mod live_docs;
mod needs;
mod segment;
mod shard;
mod sort;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use codec_util::{check_footer, check_header};
pub use needs::Need;
pub use shard::Shard;

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
    /// All of it in one line, without the file's name.
    pub message: String,
    /// A form that this version does not know, rather than damage.
    pub unsupported: bool,
    /// Lucene opens the shard all the same: a file that is left over.
    pub harmless: bool,
}

impl Fault {
    fn new(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            offset: None,
            expected: None,
            actual: None,
            message: message.into(),
            unsupported: false,
            harmless: false,
        }
    }

    fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    fn differs(mut self, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self.actual = Some(actual.into());
        self
    }

    fn unsupported(mut self) -> Self {
        self.unsupported = true;
        self
    }

    fn harmless(mut self) -> Self {
        self.harmless = true;
        self
    }
}

/// A version of Lucene: major, minor, bugfix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
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
