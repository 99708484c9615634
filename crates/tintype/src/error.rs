//! One error type, by what a client can do about it. `http::problem` maps it to status, code and header.

use crate::model::{Failure, NameError};
use crate::store::{Conflict, StoreError};

/// The product's result.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, by what a client can do about it. `Display` is for the client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong: mend it.
    #[error("{message}")]
    Invalid {
        /// What is wrong, where, and what would be right.
        message: String,
        /// The fields or parameters at fault.
        fields: Vec<String>,
    },
    /// It is not there.
    #[error("{message}")]
    NotFound {
        /// What is not there.
        what: Missing,
        /// Its name, and where to look.
        message: String,
    },
    /// The caller, or Tintype on this cluster, may not.
    #[error("{0}")]
    Forbidden(String),
    /// What an operation, or a look before one, ran into.
    #[error("{}", .0.message)]
    Failed(Failure),
    /// An `Idempotency-Key` came again with another body.
    #[error("this Idempotency-Key was used with another body")]
    KeyReused,
    /// It is in the way of something that is there.
    #[error("{0}")]
    Conflict(String),
    /// It cannot be done in the present state.
    #[error("{0}")]
    Precondition(String),
    /// Too much at once: try later.
    #[error("{0}")]
    Busy(String),
    /// A bug or a broken store: the source is for the log, not for the client.
    #[error("an internal error; its details are in the log")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A cluster.
    Cluster,
    /// A repository.
    Repository,
    /// A snapshot.
    Snapshot,
    /// An operation.
    Operation,
    /// An API key.
    ApiKey,
    /// A user.
    User,
    /// A webhook.
    Webhook,
    /// A schedule of verifications.
    Schedule,
    /// An attestation.
    Attestation,
}

impl Error {
    /// The request is wrong in one field.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
            fields: vec![field.to_owned()],
        }
    }

    /// A name in `field` is not valid.
    pub fn name(field: &str, error: &NameError) -> Self {
        Self::invalid(field, error.to_string())
    }

    /// It is not there.
    pub fn missing(what: Missing, message: impl Into<String>) -> Self {
        Self::NotFound {
            what,
            message: message.into(),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(conflict @ Conflict::OperationRunning(_)) => {
                Self::Precondition(conflict.to_string())
            }
            StoreError::Conflict(conflict) => Self::Conflict(conflict.to_string()),
            other => Self::Internal(Box::new(other)),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A path whose parts are words, as members are: what is none may be a secret in the place of a name, and is `?`.
pub fn member_path(path: &str) -> String {
    let word = |part: &str| {
        let name = part.split('[').next().unwrap_or_default();
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        plain && digits <= 2 && name.len() <= 32
    };
    let parts = path.split('.').map(|part| if word(part) { part } else { "?" });
    parts.collect::<Vec<_>>().join(".")
}
