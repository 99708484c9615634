//! Verdicts: what a restore with `include_global_state: false` into the writing engine would do.

use serde::{Deserialize, Serialize};

/// Whether a snapshot, or an index of it, can be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All of it, as far as the level looked.
    Restorable,
    /// Some indices, not others.
    InPart,
    /// Nothing of it.
    NotRestorable,
    /// Something could not be read or is not supported.
    Unknown,
}
