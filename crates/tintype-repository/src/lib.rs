//! Reads a snapshot repository straight from its storage: no server, no cluster, no engine.

mod address;
pub mod storage;

pub use address::AddressRule;
