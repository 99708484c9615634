//! Reads a snapshot repository straight from its storage: no server, no cluster, no engine.

pub mod storage;
