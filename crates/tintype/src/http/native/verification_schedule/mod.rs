//! When a platform repository is verified by itself.

pub mod delete;
pub mod get;
pub mod put;
mod view;

pub use view::ScheduleView;

/// What a route about a schedule answers when there is none.
pub const NOT_FOUND: &[&str] = &[
    "clusters.snapshot.repository_not_found",
    "repositories.no_schedule",
];
