//! The platform's repositories, with what ECE's view has no place for.

pub mod delete;
pub mod delete_reader;
pub mod get;
pub mod list;
pub mod put;
pub mod put_reader;
mod view;

pub use view::RepositoryView;
