//! tintype
