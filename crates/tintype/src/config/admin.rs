//! `[admin]`: the first user, made when there is none.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The first user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminConfig {
    /// The first user's name.
    pub name: String,
    /// Holds the first user's password; without it one is made and printed once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            name: "admin".into(),
            password_file: None,
        }
    }
}

impl AdminConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        // A colon would end the name in an `Authorization: Basic` header.
        if self.name.is_empty()
            || self
                .name
                .contains(|c: char| c == ':' || c.is_whitespace() || c.is_control())
        {
            faults.push(format!(
                "admin.name = {:?}: must not be empty nor have spaces or ':'",
                self.name
            ));
        }
    }
}
