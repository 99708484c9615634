//! Snapshots on a cluster's engine.

pub mod get;
pub mod list;
pub mod restore;
pub mod take;
