//! The server's keys for attestations: the public halves, for everybody who verifies one.

pub mod create;
pub mod list;
pub mod rotate;
mod view;

pub use view::AttestKeyView;
