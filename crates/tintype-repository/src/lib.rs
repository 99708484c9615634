//! tintype-repository
