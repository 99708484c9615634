//! About this server.

pub mod doctor;
pub mod roles;
pub mod status;
pub mod version;
