//! Sessions and second factors: what a user proved, and for how long it counts.

use jiff::Timestamp;
use secrecy::SecretString;

/// A session as the store keeps it. Its tokens carry the id and the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The public part, by which the row is found.
    pub id: String,
    /// SHA-256 of the secret part, which has 256 random bits.
    pub secret_hash: [u8; 32],
    /// Whose it is.
    pub user: String,
    /// Signed in at.
    pub created_at: Timestamp,
    /// Ends at, however often its token is refreshed.
    pub expires_at: Timestamp,
    /// The elevation ends at.
    pub elevated_until: Option<Timestamp>,
}

/// A user's TOTP device, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpDevice {
    /// Another one for each enrolment.
    pub id: String,
    /// Enrolled at.
    pub created_at: Timestamp,
    /// The first code was right at; before that the device counts for nothing.
    pub confirmed_at: Option<Timestamp>,
    /// Recovery codes that are left.
    pub recovery_codes: u64,
}

/// A device to enrol, or one whose codes are to be checked.
#[derive(Debug, Clone)]
pub struct TotpSecret {
    /// The device's.
    pub id: String,
    /// In base32.
    pub secret: SecretString,
    /// The first code was right.
    pub confirmed: bool,
}

/// What proves that the caller has the second factor; the store accepts each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Factor {
    /// A right code.
    Step {
        /// The device's id.
        device: String,
        /// The time step whose code it is.
        step: i64,
    },
    /// A recovery code, by its hash.
    Recovery([u8; 32]),
}
