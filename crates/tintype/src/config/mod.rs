//! The configuration.

/// The effective configuration.
#[derive(Debug, Clone, Default)]
pub struct Config {}
