//! tintype-testkit
