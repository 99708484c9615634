//! Connections to the clusters' engines.

/// One engine client per cluster, made on first use.
#[derive(Debug, Clone, Default)]
pub struct Engines {}
