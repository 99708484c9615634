//! What tests of Tintype stand on: real engines and servers started as processes ([`engines`], [`s3`],
//! [`stores`], [`tintype`]), an in-process fake engine ([`fake`]) and a proxy that breaks the network on purpose ([`proxy`]),
//! both scripted with the rules of [`faults`].
//!
//! Processes started here die with the test process; servers in this process run on a runtime of their own, so
//! they outlive the `#[tokio::test]` that made them and end when their handle is dropped.

pub mod canary;
pub mod certs;
pub mod client;
pub mod corpus;
pub mod ece;
pub mod engines;
pub mod fake;
pub mod faults;
pub mod figures;
pub mod noise;
pub mod ports;
pub mod process;
pub mod proxy;
pub mod receiver;
pub mod s3;
pub mod schema;
mod server;
mod service;
pub mod stores;
pub mod synthetic;
pub mod tintype;
pub mod wait;
pub mod workdir;
