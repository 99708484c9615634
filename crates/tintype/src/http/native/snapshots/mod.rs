//! Snapshots on a cluster's engine.

pub mod attestation;
pub mod delete;
pub mod get;
pub mod list;
pub mod restore;
pub mod runbook;
pub mod take;
