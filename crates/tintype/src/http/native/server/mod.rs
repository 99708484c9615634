//! About this server.

pub mod healthz;
pub mod metrics;
pub mod readyz;
pub mod roles;
pub mod version;
