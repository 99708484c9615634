//! Attaching, seeing, changing and detaching clusters.

pub mod alert;
pub mod attach;
mod body;
pub mod change;
pub mod detach;
pub mod get;
pub mod list;
pub mod set_alert;
mod view;

pub use body::EngineAuthBody;
pub use view::ClusterView;
