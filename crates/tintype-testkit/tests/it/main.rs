//! The testkit tested: what it starts really starts, what it fakes answers like the real thing, what it breaks is
//! really broken.
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers as well")]

mod corpus;
mod fake;
mod processes;
mod proxy;
mod real_engines;
