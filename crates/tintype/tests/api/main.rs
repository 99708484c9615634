//! The API as its clients see it: the router driven in process, over a real store.

// Helpers of tests are not marked as tests, but fail as them.
#![allow(clippy::unwrap_used)]

mod answers;
mod authorization;
mod bad_input;
mod clusters;
mod conformance;
mod constants;
mod description;
mod fleet;
mod keys;
mod listed;
mod listener;
mod logs;
mod openapi;
mod operations;
mod repositories;
mod search;
mod settings;
mod sign_in;
mod support;
