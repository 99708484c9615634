//! The API as its clients see it: the router driven in process, over a real store.

// Helpers of tests are not marked as tests, but fail as them.
#![allow(clippy::unwrap_used)]

mod audit;
mod authorization;
mod bad_input;
mod clusters;
mod conformance;
mod description;
mod fleet;
mod keys;
mod listener;
mod logs;
mod openapi;
mod operations;
mod repositories;
mod sign_in;
mod support;
