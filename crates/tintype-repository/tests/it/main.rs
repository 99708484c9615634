//! The reader before repositories that real engines wrote (healthy, while they are written, damaged in every way), and
//! before real stores.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod being_written;
mod contents;
mod corpora;
mod faults;
mod healthy;
mod hostile;
mod looking;
mod made_up;
mod restores;
mod stores;
mod surveyed;
mod truth;
