//! The API as its clients see it: the router driven in process, over a real store.

// Helpers of tests are not marked as tests, but fail as them.
#![allow(clippy::unwrap_used)]

mod administrators;
mod authorization;
mod bad_input;
mod clusters;
mod conformance;
mod description;
mod elevation;
mod fleet;
mod keys;
mod keys_of_others;
mod listener;
mod lists;
mod logs;
mod openapi;
mod operations;
mod repositories;
mod self_service;
mod sessions;
mod sign_in;
mod support;
mod totp;
mod tries;
mod users;
