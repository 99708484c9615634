//! The API as its clients see it: the router driven in process, over a real store.

mod authorization;
mod bad_input;
mod clusters;
mod conformance;
mod description;
mod keys;
mod listener;
mod openapi;
mod operations;
mod repositories;
mod sign_in;
mod support;
