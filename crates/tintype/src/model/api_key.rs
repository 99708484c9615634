//! An API key: a secret of 256 bits of which only a hash is kept.

use jiff::Timestamp;

/// An API key as the store keeps it. The key itself is shown once, when it is made: `tt_{id}_{secret}`.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKey {
    /// The public part, by which the row is found.
    pub id: String,
    /// SHA-256 of the secret part. The secret has 256 random bits, so a fast hash is enough.
    pub secret_hash: [u8; 32],
    /// The user that it stands for.
    pub user: String,
    /// What its owner wrote about it.
    pub description: String,
    /// Made at.
    pub created_at: Timestamp,
    /// Stands in for an elevated session: when it was made, its owner had no second factor or had shown it.
    pub elevated: bool,
}
