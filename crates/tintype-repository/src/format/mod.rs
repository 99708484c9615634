//! The blobs of a snapshot repository, one file for each kind. Pure: bytes in, values out.

pub mod codec;
pub mod file;
pub mod global;
pub mod index;
pub mod root;
pub mod shallow;
pub mod shard;
pub mod shard_path;
pub mod snapshot;
pub mod version;

/// Why bytes are not the blob that they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FormatError {
    /// What is wrong.
    pub problem: Problem,
    /// Where in the blob, in bytes, when known.
    pub offset: Option<u64>,
    /// What was expected there.
    pub expected: Option<String>,
    /// What stands there.
    pub actual: Option<String>,
    /// All of it in one line.
    pub message: String,
}

/// The ways in which a blob can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// Shorter than its header and footer.
    Truncated,
    /// No codec header: encrypted, or no blob of a repository.
    NotACodec,
    /// Another codec name or version than expected.
    WrongCodec,
    /// The footer's checksum is not that of the bytes.
    Checksum,
    /// The footer is not one.
    Footer,
    /// The body cannot be decompressed, or would be larger than the cap.
    Compression,
    /// The body is not SMILE or JSON, or too deep.
    Syntax,
    /// A field is missing, has the wrong type or an impossible value.
    Field,
    /// A form that this version does not know.
    Unsupported,
}
