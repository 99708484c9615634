//! How to sign in, and what became of it.

pub mod elevate;
pub mod info;
pub mod login;
pub mod logout;
pub mod lower;
pub mod methods;
pub mod reauthenticate;
pub mod refresh;

/// The codes of routes that are about a session.
const UNAUTHORIZED: &[&str] = &["root.unauthorized"];
