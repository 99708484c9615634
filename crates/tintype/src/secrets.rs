//! Sealed secrets.
