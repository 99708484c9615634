//! A key as the API shows it.

use crate::model::AttestKey;
use serde::Serialize;

/// A public key that attestations are verified with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AttestKey)]
pub struct AttestKeyView {
    /// The first 8 bytes of the public key's SHA-256, in hexadecimal digits.
    pub id: String,
    /// `Ed25519`.
    pub algorithm: &'static str,
    /// `ed25519:` and the public key's 32 bytes in base64, as `--trusted-key` takes it.
    pub public_key: String,
    /// It signs.
    pub in_use: bool,
    /// It has signed since.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// It has signed nothing since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub retired_at: Option<String>,
}

impl From<AttestKey> for AttestKeyView {
    fn from(key: AttestKey) -> Self {
        Self {
            id: key.id,
            algorithm: "Ed25519",
            public_key: key.public,
            in_use: key.retired_at.is_none(),
            created_at: key.created_at.to_string(),
            retired_at: key.retired_at.map(|at| at.to_string()),
        }
    }
}
