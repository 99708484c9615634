//! About this server.

pub mod roles;
pub mod version;
