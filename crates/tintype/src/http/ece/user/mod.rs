//! The caller itself.

pub mod change;
pub mod get;
