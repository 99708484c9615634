//! A platform repository as the native API shows it: no secrets, and contents only for those who may see them.

use crate::http::auth::{Permission, Principal};
use crate::http::native::verification_schedule::ScheduleView;
use crate::model::PlatformRepository;
use serde::Serialize;
use serde_json::{Map, Value};

/// A platform repository.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Repository)]
pub struct RepositoryView {
    /// Its name.
    pub name: String,
    /// `fs`, `s3`, `gcs`, `azure` or `url`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The settings without secrets; absent for callers who may not see contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub settings: Option<Map<String, Value>>,
    /// The platform's default.
    pub default: bool,
    /// A reader is set.
    pub has_reader: bool,
    /// The last preflight's result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preflight: Option<String>,
    /// When it is verified by itself; absent when it is not, and in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_schedule: Option<ScheduleView>,
    /// Made at.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Changed at.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Counts changes, from 1.
    pub version: i64,
}

impl RepositoryView {
    /// What this caller may see of it.
    pub fn new(repository: PlatformRepository, principal: &Principal) -> Self {
        let contents = principal.may(Permission::ReadRepositoryContents);
        Self {
            name: repository.name.into(),
            kind: repository.kind,
            settings: contents.then_some(repository.settings),
            default: repository.is_default,
            has_reader: repository.has_reader,
            preflight: repository.preflight.filter(|_| contents),
            verification_schedule: None,
            created_at: repository.created_at.to_string(),
            updated_at: repository.updated_at.to_string(),
            version: repository.version,
        }
    }
}
