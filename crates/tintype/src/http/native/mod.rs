//! What ECE never had, under `/api/tintype/v1`. Members that are absent are left out; times are RFC 3339.

pub mod audit;
pub mod clusters;
pub mod events;
pub mod operations;
pub mod registrations;
pub mod repositories;
pub mod server;
pub mod snapshots;
pub mod totp;
pub mod webhooks;
