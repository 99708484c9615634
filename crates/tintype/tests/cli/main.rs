//! The real binary, against a server that says what each test wants, and against `tintype serve`.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod docs;
mod doctor;
mod errors;
mod first_start;
mod follow;
mod formats;
mod import;
mod journey;
mod many;
mod repository_local;
mod requests;
mod scripted;
mod secrets;
mod sessions;
mod status;
mod users;
mod webhooks;
