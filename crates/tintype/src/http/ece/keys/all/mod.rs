//! The API keys of all users.

pub mod delete;
pub mod list;
