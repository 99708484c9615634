//! The API that clients of Elastic Cloud Enterprise know. Where its description is silent, `docs/ece.md` decides.

pub mod auth;
pub mod clusters;
pub mod keys;
pub mod platform;
pub mod repositories;
pub mod resource;
pub mod unserved;
pub mod user;
pub mod users;

/// An answer without members.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct EmptyResponse {}
