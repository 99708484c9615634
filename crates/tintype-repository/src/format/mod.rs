//! The blobs of a snapshot repository, one file for each kind. Pure: bytes in, values out.

mod bounded;
pub mod codec;
pub mod file;
pub mod global;
pub mod index;
mod lenient;
pub mod root;
pub mod shallow;
pub mod shard;
pub mod shard_path;
pub mod snapshot;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod version;

pub use bounded::Limits;

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
    /// The body cannot be decompressed.
    Compression,
    /// The body is not SMILE or JSON, or too deep.
    Syntax,
    /// A field is missing, has the wrong type or an impossible value.
    Field,
    /// A form that this version does not know, or more than it takes in.
    Unsupported,
}

impl FormatError {
    pub(crate) fn new(problem: Problem, message: impl Into<String>) -> Self {
        Self {
            problem,
            offset: None,
            expected: None,
            actual: None,
            message: message.into(),
        }
    }

    pub(crate) fn at(mut self, offset: usize) -> Self {
        self.offset = Some(offset as u64);
        self
    }

    /// Notes what was expected and what is there, and says so in the message.
    pub(crate) fn instead(mut self, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        let (expected, actual) = (expected.into(), actual.into());
        self.message = format!("{}: expected {expected}, found {actual}", self.message);
        self.expected = Some(expected);
        self.actual = Some(actual);
        self
    }
}

/// Bytes that are not ours in at most `SHOWN` characters, so that no message grows with a hostile blob.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut short: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}
