//! About this server.

pub mod doctor;
pub mod healthz;
pub mod metrics;
pub mod readyz;
pub mod roles;
pub mod status;
pub mod version;
