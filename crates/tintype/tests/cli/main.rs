//! The real binary, against a server that says what each test wants, and against `tintype serve`.

mod docs;
mod errors;
mod first_start;
mod follow;
mod formats;
mod journey;
mod requests;
mod scripted;
mod secrets;
