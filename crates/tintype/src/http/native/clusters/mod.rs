//! Attaching, seeing, changing and detaching clusters.

pub mod attach;
mod body;
pub mod change;
pub mod detach;
pub mod get;
pub mod list;
mod view;

pub use body::EngineAuthBody;
pub use view::ClusterView;
