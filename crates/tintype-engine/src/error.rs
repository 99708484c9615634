//! What became of a request that failed.

use std::fmt;
use std::time::Duration;

use crate::config::Access;

/// Where a failure happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSite {
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the engine's base URL, without the query.
    pub path: String,
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.path.chars().take(200).collect();
        write!(f, "{} {shown}", self.method)
    }
}

/// A failed call, by what is known of its effect. The texts hold the engine's own words and no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing of the call reached the engine.
    #[error("{at} was not sent: {why}")]
    NotSent {
        /// The call.
        at: CallSite,
        /// Why it stayed here.
        why: NotSent,
    },
    /// The engine answered no, and has not done what was asked.
    #[error("{at}: {answer}")]
    Refused {
        /// The call.
        at: CallSite,
        /// The engine's answer.
        answer: Refusal,
    },
    /// The call was sent, or may have been, and its effect is not known.
    #[error("{at}: the outcome is not known: {why}")]
    Unknown {
        /// The call.
        at: CallSite,
        /// How the answer was lost.
        why: Lost,
    },
}

/// Why a call never left this process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The name did not resolve, or nobody accepted the connection.
    #[error("cannot connect: {0}")]
    Unreachable(String),
    /// The name leads only to addresses that nothing is sent to.
    #[error("{0}")]
    Address(String),
    /// No connection within the connect timeout.
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    /// The TLS handshake failed.
    #[error("TLS: {0}")]
    Tls(String),
    /// The engine closed the connection before the request was written.
    #[error("the connection was closed before anything was written")]
    Closed,
    /// The access level does not allow the call.
    #[error("it needs the access level {needs}, and the cluster is attached with {has}")]
    Forbidden {
        /// The level that the call needs.
        needs: Access,
        /// The level that was configured.
        has: Access,
    },
    /// The cluster has not formed yet: it has no uuid.
    #[error("the cluster is not ready: it has no uuid yet")]
    NotReady,
    /// Another cluster answers at this address.
    #[error("another cluster answers here: its uuid is {found}, expected {expected}")]
    UuidMismatch {
        /// The pinned uuid.
        expected: String,
        /// The uuid that the engine reported.
        found: String,
    },
    /// The look that allowed the change had grown too old when it was to be written.
    #[error("what allows it was looked at too long ago")]
    Late,
    /// A name that would address something else, or several things.
    #[error("{name:?} cannot be used as the name of {what}")]
    InvalidName {
        /// What the name is of: "a snapshot", "a repository", "an index".
        what: &'static str,
        /// The name, cut to 200 characters.
        name: String,
    },
    /// Reading what had to be known first failed (the uuid, or the engine's version).
    #[error("what had to be read before it could not be: {0}")]
    Precheck(Box<Error>),
}

/// How an answer was lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// No whole answer within the request timeout.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
    /// The connection broke, or spoke something other than HTTP, before the answer was complete.
    #[error("the answer was cut off: {0}")]
    Cut(String),
    /// The answer is larger than this many bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer is not JSON.
    #[error("the answer is not JSON: {0}")]
    NotJson(String),
    /// JSON, but not what this call is answered with.
    #[error("the answer is not what was expected: {0}")]
    Unexpected(String),
    /// A redirect, which is never followed.
    #[error("redirected with {status} to {location:?}, which is never followed; give the engine's own URL")]
    Redirect {
        /// The HTTP status.
        status: u16,
        /// The target as sent, cleaned and cut; empty if there was none.
        location: String,
    },
    /// A status without an engine's error: something in between answered.
    #[error("answered {status} without an engine's error: {excerpt:?}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer, cleaned.
        excerpt: String,
    },
    /// An engine's error after which the change may still have been carried out.
    #[error("{0}")]
    Engine(Refusal),
    /// The cluster has not formed yet: it has no uuid.
    #[error("the cluster is not ready: it has no uuid yet")]
    NotReady,
}

/// An engine's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The error's type, such as `snapshot_missing_exception`; `http_<status>` when the engine gave none.
    pub kind: String,
    /// The engine's words with the deepest cause, cleaned and at most 2 KiB.
    pub reason: String,
    /// Whether any cause says that the storage denied access.
    pub storage_denied: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the engine answered {} {}: {}",
            self.status, self.kind, self.reason
        )
    }
}

impl Error {
    /// The failure that decided: of a call that was not sent because an earlier one failed, that earlier one.
    fn root(&self) -> &Self {
        match self {
            Self::NotSent {
                why: NotSent::Precheck(inner),
                ..
            } => inner.root(),
            other => other,
        }
    }

    /// The engine's error, if the engine gave one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self.root() {
            Self::Refused { answer, .. }
            | Self::Unknown {
                why: Lost::Engine(answer),
                ..
            } => Some(answer),
            _ => None,
        }
    }

    /// What kind of failure it was, as one of few words: for counting.
    pub fn kind(&self) -> &'static str {
        match self.root() {
            Self::NotSent { why, .. } => match why {
                NotSent::Unreachable(_) | NotSent::Closed | NotSent::Precheck(_) => "unreachable",
                NotSent::ConnectTimeout(_) => "connect_timeout",
                NotSent::Late => "timeout",
                NotSent::Tls(_) => "tls",
                NotSent::NotReady => "not_ready",
                NotSent::UuidMismatch { .. } => "uuid_mismatch",
                _ => "not_allowed",
            },
            _ if self.is_auth() => "auth",
            Self::Refused { .. } => "refused",
            Self::Unknown { why, .. } => match why {
                Lost::Timeout(_) => "timeout",
                Lost::Cut(_) => "cut",
                Lost::Redirect { .. } => "redirect",
                Lost::NotReady => "not_ready",
                Lost::Engine(_) => "engine",
                _ => "unexpected",
            },
        }
    }

    /// The call that failed.
    pub fn at(&self) -> &CallSite {
        match self {
            Self::NotSent { at, .. } | Self::Refused { at, .. } | Self::Unknown { at, .. } => at,
        }
    }

    /// Nothing reached the engine.
    pub fn is_not_sent(&self) -> bool {
        matches!(self, Self::NotSent { .. })
    }

    /// The engine refused, and nothing was done.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// The call may have been carried out.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// A time bound passed.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.root(),
            Self::NotSent {
                why: NotSent::ConnectTimeout(_),
                ..
            } | Self::Unknown {
                why: Lost::Timeout(_),
                ..
            }
        )
    }

    /// The engine, or what stands before it, did not accept the credentials or what they may do.
    pub fn is_auth(&self) -> bool {
        self.refusal().is_some_and(|r| {
            r.status == 401
                || (r.status == 403 && matches!(r.kind.as_str(), "security_exception" | "http_403"))
        })
    }

    /// The snapshot does not exist.
    pub fn is_missing_snapshot(&self) -> bool {
        self.has_kind("snapshot_missing_exception")
    }

    /// The repository is not registered.
    pub fn is_missing_repository(&self) -> bool {
        self.has_kind("repository_missing_exception")
    }

    /// The index does not exist.
    pub fn is_missing_index(&self) -> bool {
        self.has_kind("index_not_found_exception")
    }

    /// A snapshot of this name exists or is being taken.
    pub fn is_name_taken(&self) -> bool {
        self.has_kind("snapshot_name_already_in_use_exception")
            || self.refusal().is_some_and(|r| {
                r.kind == "invalid_snapshot_name_exception" && r.reason.contains("with the same name")
            })
    }

    /// The engine takes one snapshot, or before 7.0 one restore, at a time and is busy with another.
    pub fn is_concurrent_snapshot(&self) -> bool {
        self.has_kind("concurrent_snapshot_execution_exception")
    }

    /// The storage denied the engine access, by the engine's own words.
    pub fn is_storage_access_denied(&self) -> bool {
        self.refusal().is_some_and(|r| r.storage_denied)
    }

    /// Trying the same *read* again later may work: nobody there, an answer lost, overload.
    pub fn is_transient(&self) -> bool {
        match self.root() {
            Self::NotSent { why, .. } => matches!(
                why,
                NotSent::Unreachable(_)
                    | NotSent::ConnectTimeout(_)
                    | NotSent::Closed
                    | NotSent::NotReady
                    | NotSent::Late
            ),
            Self::Refused { answer, .. } => matches!(answer.status, 429 | 503),
            Self::Unknown { why, .. } => match why {
                Lost::Timeout(_) | Lost::Cut(_) | Lost::NotReady => true,
                Lost::Status { status, .. } => matches!(status, 429 | 502..=504),
                Lost::Engine(answer) => matches!(answer.status, 429 | 503 | 504),
                _ => false,
            },
        }
    }

    fn has_kind(&self, kind: &str) -> bool {
        self.refusal().is_some_and(|r| r.kind == kind)
    }
}

/// Whether an engine's words (an error's reason, a shard's failure) say that object storage denied access. A plain
/// file system's `AccessDeniedException` is not meant: that is a matter of file modes, not of credentials.
pub fn storage_denied(words: &str) -> bool {
    const SIGNS: [&str; 9] = [
        "AccessDenied",
        "Access Denied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "Status Code: 403",
        "403 Forbidden",
        "AuthenticationFailed",
        "AuthorizationFailure",
        "does not have storage.",
    ];
    let words = words.replace("AccessDeniedException", "");
    SIGNS.iter().any(|sign| words.contains(sign))
}
