//! How to sign in.

pub mod methods;
