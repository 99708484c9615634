//! Attaching, seeing, changing and detaching clusters.

pub mod alert;
pub mod attach;
mod body;
pub mod change;
pub mod detach;
pub mod doctor;
pub mod doctor_verify;
pub mod get;
mod inventory;
pub mod list;
pub mod set_alert;
mod view;

pub use body::EngineAuthBody;
pub use inventory::LastGood;
pub use view::ClusterView;
