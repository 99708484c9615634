//! When a failed look or an unsent request is tried again, and when it is given up.

use super::step::{Context, backoff};
use jiff::SignedDuration;
use std::time::Duration;
use tintype_engine::Error;

/// The first pause.
pub const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
pub const MOST: Duration = Duration::from_secs(30);
/// Tries while a caller waits for the first answer: they must fit into its bound.
const TRIES_WAITED_FOR: u32 = 3;
/// Tries of a command that was queued, and whose caller has its 202.
const TRIES_QUEUED: u32 = 60;
/// Looks, at growing pauses, before a lost request that left no trace counts as not carried out.
const SETTLING_LOOKS: u32 = 5;
const SETTLING_PAUSE: Duration = Duration::from_secs(8);
/// How long an engine that cannot be asked is asked again before its operation ends without knowing.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// The pause before trying again what has not reached the engine; `None` to give up.
pub fn pause(error: &Error, attempts: u32, answered: bool) -> Option<Duration> {
    let most = if answered { TRIES_QUEUED } else { TRIES_WAITED_FOR };
    (error.is_transient() && attempts + 1 < most).then(|| backoff(attempts, FIRST, MOST))
}

/// The engine may have done what was asked: it is worth asking for a long time, whatever the error.
pub fn within_patience(error: &Error, context: &Context) -> bool {
    let since = context.now().duration_since(context.operation.created_at);
    let patience = if error.is_transient() {
        PATIENCE
    } else {
        PATIENCE / 4
    };
    since < patience || context.operation.attempts < TRIES_QUEUED
}

/// A request whose answer was lost may still be on its way, or wait for the engine's master, for up to 20 s: the pause
/// until the next look, and `None` once its absence means that it is not carried out (after 1 + 2 + 4 + 8 + 8 s).
pub fn settling(looks: u32) -> Option<Duration> {
    (looks < SETTLING_LOOKS).then(|| backoff(looks, FIRST, SETTLING_PAUSE))
}

/// Whether an engine that fell silent is asked again: about an hour at the longest pause.
pub fn worth_asking(failed: u32) -> bool {
    failed < TRIES_QUEUED
}
