//! Attaching, seeing, changing and detaching clusters.

pub mod attach;
mod body;
pub mod change;
pub mod detach;
pub mod doctor;
pub mod doctor_verify;
pub mod get;
mod inventory;
pub mod list;
mod view;

pub use body::EngineAuthBody;
pub use inventory::LastGood;
pub use view::ClusterView;
