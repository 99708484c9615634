//! What ECE never had, under `/api/tintype/v1`. Members that are absent are left out; times are RFC 3339.

pub mod attest_keys;
pub mod audit;
pub mod clusters;
pub mod events;
pub mod operations;
pub mod registrations;
pub mod repositories;
pub mod server;
pub mod snapshots;
pub mod totp;
pub mod verification_schedule;
pub mod verifications;
pub mod webhooks;
