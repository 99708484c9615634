//! The testkit tested: what it starts really starts, what it fakes answers like the real thing, what it breaks is
//! really broken.

mod fake;
mod processes;
mod proxy;
mod real_engines;
