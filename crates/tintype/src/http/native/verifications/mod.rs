//! Verifications of platform repositories, and their reports.

mod body;
pub mod get;
pub mod list;
pub mod start;

pub use body::OptionsBody;
