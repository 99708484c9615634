//! HTTP, TLS and the rules about what may be sent; nothing of what the calls mean.

pub(crate) mod classify;
pub(crate) mod client;
pub(crate) mod connection;
pub(crate) mod pin;
pub(crate) mod pool;
pub(crate) mod route;
pub(crate) mod setup;
pub(crate) mod text;
pub(crate) mod tls;
