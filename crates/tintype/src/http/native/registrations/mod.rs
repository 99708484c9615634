//! The repositories that an engine knows.

pub mod create;
pub mod list;
