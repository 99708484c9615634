//! The real binary, against a server that says what each test wants, and against `tintype serve`.

mod errors;
mod follow;
mod formats;
mod requests;
mod scripted;
mod secrets;
