//! Every parser of bytes from a repository, as a function from bytes to whether it took them.

use tintype_repository::format::{
    global, index::IndexMetadata, root::Root, shallow::ShallowSnapshot, shard::ShardGeneration,
    shard::ShardSnapshot, shard_path::ShardPaths, snapshot::Snapshot,
};

use super::lucene;
use crate::truth::{Blob, Class};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parser {
    Root,
    Snapshot,
    Global,
    Index,
    ShardSnapshot,
    ShardGeneration,
    ShardPaths,
    /// `segments_N`
    Commit,
    /// `.si`
    SegmentInfo,
    /// `.cfe`
    Entries,
    /// `.fnm`
    Fields,
    /// `.liv`
    LiveDocuments,
}

impl Parser {
    pub const ALL: [Self; 12] = [
        Self::Root,
        Self::Snapshot,
        Self::Global,
        Self::Index,
        Self::ShardSnapshot,
        Self::ShardGeneration,
        Self::ShardPaths,
        Self::Commit,
        Self::SegmentInfo,
        Self::Entries,
        Self::Fields,
        Self::LiveDocuments,
    ];

    /// What reads a shard's Lucene files.
    pub const LUCENE: [Self; 5] = [
        Self::Commit,
        Self::SegmentInfo,
        Self::Entries,
        Self::Fields,
        Self::LiveDocuments,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Snapshot => "snapshot",
            Self::Global => "global",
            Self::Index => "index",
            Self::ShardSnapshot => "shard-snapshot",
            Self::ShardGeneration => "shard-generation",
            Self::ShardPaths => "shard-paths",
            Self::Commit => "commit",
            Self::SegmentInfo => "segment-info",
            Self::Entries => "entries",
            Self::Fields => "fields",
            Self::LiveDocuments => "live-documents",
        }
    }

    /// Those that read such a blob.
    pub fn of(blob: &Blob) -> &'static [Self] {
        match blob.class {
            Class::Root => &[Self::Root],
            Class::Snapshot => &[Self::Snapshot],
            Class::GlobalState => &[Self::Global],
            Class::IndexMetadata => &[Self::Index],
            Class::ShardSnapshot => &[Self::ShardSnapshot],
            Class::ShardGeneration => &[Self::ShardGeneration],
            Class::ShardPaths => &[Self::ShardPaths],
            _ => &[],
        }
    }

    /// What the name of a Lucene file has that it reads.
    pub fn file(self) -> Option<&'static str> {
        match self {
            Self::Commit => Some("segments_"),
            Self::SegmentInfo => Some(".si"),
            Self::Entries => Some(".cfe"),
            Self::Fields => Some(".fnm"),
            Self::LiveDocuments => Some(".liv"),
            _ => None,
        }
    }

    /// The codec's name in the envelope; `None`: there is none.
    pub fn codec(self) -> Option<&'static str> {
        match self {
            Self::Snapshot | Self::ShardSnapshot => Some("snapshot"),
            Self::Global => Some("metadata"),
            Self::Index => Some("index-metadata"),
            Self::ShardGeneration => Some("snapshots"),
            _ => None,
        }
    }

    pub fn parse(self, bytes: &[u8]) -> bool {
        match self {
            Self::Root => Root::parse(bytes).is_ok(),
            // What a repository holds in the place of a shallow copy is read with the same envelope.
            Self::Snapshot => Snapshot::parse(bytes).is_ok() | ShallowSnapshot::parse(bytes).is_ok(),
            Self::Global => global::check(bytes).is_ok(),
            Self::Index => IndexMetadata::parse(bytes).is_ok(),
            Self::ShardSnapshot => ShardSnapshot::parse(bytes).is_ok(),
            Self::ShardGeneration => ShardGeneration::parse(bytes).is_ok(),
            Self::ShardPaths => ShardPaths::parse(bytes).is_ok(),
            Self::Commit | Self::SegmentInfo | Self::Entries | Self::Fields | Self::LiveDocuments => {
                lucene::parse(bytes)
            }
        }
    }
}
