//! The audit log: who changed what, and who was refused.

use jiff::Timestamp;

/// Where a request came from and what it was about. No secret, and nothing of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// When it came.
    pub at: Timestamp,
    /// Who asked; `None` when that was not proven, or when nobody has to be.
    pub principal: Option<String>,
    /// The address at the other end of the connection.
    pub address: Option<String>,
    /// The request's id, which its answer and its log lines carry too.
    pub request: String,
    /// The method.
    pub method: String,
    /// The route's path, with its parameters' names and not their values.
    pub route: String,
    /// What it was about: the names in the path, when they name something.
    pub target: String,
}

/// A refused request, or several of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who, and what about.
    pub origin: Origin,
    /// The answer's status.
    pub status: u16,
    /// The answer's code.
    pub code: String,
    /// How many of this kind it stands for: those since the row before.
    pub times: u32,
}

/// One row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counts over the whole log, in the order of the commits.
    pub sequence: i64,
    /// The store's name for the change; [`AuditEntry::REFUSED`] for a refusal.
    pub action: String,
    /// Who, and what about.
    pub origin: Origin,
    /// What the target and the action do not say, for people.
    pub detail: String,
    /// A refusal's status.
    pub status: Option<u16>,
    /// A refusal's code.
    pub code: Option<String>,
    /// How many refusals of one kind the row stands for; 1 for a change.
    pub times: u32,
}

impl AuditEntry {
    /// The action of a refusal.
    pub const REFUSED: &'static str = "refused";
}
