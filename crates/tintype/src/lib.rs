//! Tintype: a snapshot control plane for fleets of Elasticsearch and OpenSearch clusters.
//!
//! The rooms, in the order in which a request flows through them; ARCHITECTURE.md has the arrows between them.

pub mod app;
pub mod cli;
pub mod config;
pub mod metrics;
pub mod telemetry;

pub mod http;
pub mod operations;
pub mod scheduler;

pub mod model;
pub mod store;

pub mod clock;
pub mod error;
pub mod ids;
pub mod secrets;

#[cfg(test)]
mod architecture;
