//! The API as its clients see it: the router driven in process, over a real store.

// Helpers of tests are not marked as tests, but fail as them.
#![allow(clippy::unwrap_used)]

mod administrators;
mod answers;
mod audit;
mod audit_changes;
mod audit_own;
mod authorization;
mod bad_input;
mod clusters;
mod conformance;
mod constants;
mod description;
mod elevation;
mod events;
mod fleet;
mod health;
mod keys;
mod keys_of_others;
mod listed;
mod listener;
mod lists;
mod logs;
mod metrics;
mod openapi;
mod operations;
mod repositories;
mod search;
mod self_service;
mod sessions;
mod settings;
mod sign_in;
mod status;
mod support;
mod totp;
mod tries;
mod users;
mod verifications;
mod verified;
mod webhooks;
