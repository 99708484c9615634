//! Signed attestations: what a snapshot was made of when it was looked at, so that a later look can prove that it is still
//! that.
//!
//! An attestation is text in lines. The first is an envelope of DSSE (<https://github.com/secure-systems-lab/dsse>): the
//! exact bytes of a [`Statement`] in base 64, and Ed25519 signatures over `DSSEv1 {length of the type} {type} {length of
//! the statement} {statement}`. Each further line is a blob of the snapshot, sorted by path: see [`Blob`]. The statement holds the
//! number of these lines and the SHA-256 of their bytes, so that the signature covers them too. Their text is kept, since none
//! of them counts before all were digested, and decoded line by line; how long it may be is bounded.
//!
//! Paths are from the repository's base as if no path was hashed, so that a copy elsewhere is checked as well. What a
//! key inside the file says is not believed: [`check`] takes the keys that are trusted.

mod blob;
mod check;
mod create;
mod digest;
mod envelope;
mod extract;
mod key;
mod look;
mod statement;
#[cfg(test)]
mod tests;
mod units;

pub use blob::Blob;
pub use check::{Checked, Depth, check};
pub use create::{Request, create};
pub use envelope::Attestation;
#[cfg(any(test, feature = "testing"))]
pub(crate) use envelope::{LONGEST, LONGEST_LIST};
pub use extract::{Extract, ExtractIndex};
pub use key::{PublicKey, SigningKey};
pub use statement::{Digest, Documents, List, Proof, SCHEMA, Statement, Verified};

use crate::format::FormatError;
use crate::repository::BlobError;
use crate::source::SourceError;

/// Why there is no attestation, or none that can be checked. Its words hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestError {
    /// A key that cannot be used, or a file of one; in words.
    #[error("{0}")]
    Key(String),
    /// The text is no attestation, or a part of it was changed; in words.
    #[error("not a sound attestation: {0}")]
    Malformed(String),
    /// Nobody trusted signed it.
    #[error("{0}")]
    Untrusted(String),
    /// The repository has no such snapshot.
    #[error("the repository has no snapshot {0}")]
    NoSnapshot(String),
    /// The snapshot is not what it says of itself; in words.
    #[error("{0}")]
    Damaged(String),
    /// The attestation would be longer than is read; in words.
    #[error("{0}")]
    TooLarge(String),
    /// A blob of the snapshot cannot be had.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Some other work ended early; in words.
    #[error("{0}")]
    Interrupted(String),
}

impl From<SourceError> for AttestError {
    fn from(error: SourceError) -> Self {
        Self::Blob(error.into())
    }
}

/// A metadata blob that does not decode.
fn undecoded(key: &str, error: FormatError) -> AttestError {
    let key = key.to_owned();
    BlobError::Format { key, error }.into()
}
