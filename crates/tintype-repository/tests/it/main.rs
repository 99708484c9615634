//! The reader before real stores.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod stores;
