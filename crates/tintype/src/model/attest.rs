//! The server's own keys for attestations, and the attestations that it keeps.

use jiff::Timestamp;

/// A key pair's public half. At most one is in use; the others verify what was signed before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestKey {
    /// The first 8 bytes of the public key's SHA-256, in hexadecimal digits.
    pub id: String,
    /// The public key: `ed25519:` and its 32 bytes in base64.
    pub public: String,
    /// Signs from then on.
    pub created_at: Timestamp,
    /// Signs no more since then; `None`: in use.
    pub retired_at: Option<Timestamp>,
}

/// A signed statement of what a snapshot consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The snapshot's uuid.
    pub snapshot: String,
    /// Its name.
    pub name: String,
    /// The verification that made it.
    pub operation: String,
    /// The key that signed it.
    pub key: String,
    /// Signed at.
    pub at: Timestamp,
    /// The signed text: a line with the statement, then one for each blob.
    pub document: String,
}
