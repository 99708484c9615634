//! The real binary, killed at every point of its journal and of its engine calls, and a network that loses what it
//! carries: whatever happens, the end of each operation equals the engine's truth.
//!
//! [`scenario`] says what is asked of Tintype, [`run`] carries it out with kills and restarts, [`truth`] compares the
//! end with the engine. The tests of the crashes are in [`single`], [`double`] and [`planted`]; those of the network
//! and of hostile engines in [`network`], [`hostile`] and [`paused`].

#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod bench;
mod delivery;
mod double;
mod hostile;
mod network;
mod paused;
mod planted;
mod points;
mod run;
mod scenario;
mod server;
mod single;
mod truth;
