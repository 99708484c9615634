//! Secrets at rest: sealed when they must be read again, hashed when they only must be recognised.

mod key_file;
mod password;
mod seal;
mod totp;

pub use password::{api_key_hash, api_key_matches, hash_password, verify_password};
pub use seal::Sealer;
pub use totp::{RECOVERY_CODES, recovery_code, recovery_text, totp_code, totp_secret, totp_step, totp_uri};

use std::path::PathBuf;

/// Why a secret cannot be sealed, opened or checked. Never carries one.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// There is a database but not its key.
    #[error(
        "the key {} is not there, but the database is: put the key file back, or name it with secrets.key_file. \
         What is sealed in the database cannot be opened without it",
        .0.display()
    )]
    KeyMissing(PathBuf),
    /// Others may read the key.
    #[error("the key {} may be read by others (mode {mode:04o}): run chmod 600 on it", path.display())]
    KeyReadable {
        /// The key's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("the key {} must hold 32 bytes as 64 hexadecimal digits or as base64, and lines that begin with '#'", .0.display())]
    KeyMalformed(PathBuf),
    /// The key's file cannot be read or made.
    #[error("the key {} cannot be {action}: {source}", path.display())]
    KeyFile {
        /// The key's file.
        path: PathBuf,
        /// `read` or `made`.
        action: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// It was sealed with another key.
    #[error("it was sealed with another key")]
    OtherKey,
    /// It was changed, cut, or belongs to another row.
    #[error("a sealed value is damaged or was moved to another row")]
    Damaged,
    /// A password that cannot be hashed, or a hash that is none.
    #[error("the password cannot be hashed or checked: {0}")]
    Password(String),
}
