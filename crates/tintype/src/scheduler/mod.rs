//! The scheduler: input-less tasks that look at the state and act, safe to run twice.
