//! The path's parameters, percent-decoded one by one: an escaped slash stays inside its parameter.

use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::problem::{Problem, Result};
use crate::model::{Cluster, ClusterId, RepositoryName, SnapshotName};
use axum::extract::{FromRequestParts, RawPathParams};
use http::StatusCode;
use http::request::Parts;

/// The path's parameters. A value that breaks its type's rule can name nothing that exists: 404.
#[derive(Debug, Clone)]
pub struct Path(Vec<(String, String)>);

impl Path {
    /// A parameter's text.
    pub fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// The first parameter with its name, the region aside.
    pub fn first(&self) -> Option<(&str, &str)> {
        let named = self.0.iter().find(|(key, _)| key != "region");
        named.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// All parameters but the region, as `a/b`.
    pub fn target(&self) -> String {
        let values = self.0.iter().filter(|(key, _)| key != "region");
        let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        values.join("/")
    }

    /// The platform's or the engine's repository.
    ///
    /// # Errors
    /// 404 when it breaks the rule.
    pub fn repository(&self) -> Result<RepositoryName> {
        let text = self.text("repository_name");
        text.parse()
            .map_err(|error| Error::missing(Missing::Repository, format!("{error}")).into())
    }

    /// The snapshot.
    ///
    /// # Errors
    /// 404 when it breaks the rule.
    pub fn snapshot(&self) -> Result<SnapshotName> {
        let text = self.text("snapshot_name");
        text.parse()
            .map_err(|error| Error::missing(Missing::Snapshot, format!("{error}")).into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Path {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let malformed = |_| {
            let message = "the path has a parameter that is not UTF-8 after percent-decoding";
            Problem::new(StatusCode::BAD_REQUEST, "root.invalid_request", message).field("path")
        };
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(malformed)?;
        Ok(Self(
            params
                .iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        ))
    }
}

/// The attached cluster that the path's `cluster_id` names; 404 without one.
#[derive(Debug)]
pub struct AttachedCluster(pub Cluster);

impl FromRequestParts<Http> for AttachedCluster {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self> {
        let path = Path::from_request_parts(parts, http).await?;
        let text = path.text("cluster_id");
        let found = match text.parse::<ClusterId>() {
            Ok(id) => http.app.store.cluster(&id).await?,
            Err(_) => None,
        };
        let missing = || Error::missing(Missing::Cluster, "no cluster with this id is attached");
        Ok(Self(found.ok_or_else(missing)?))
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let absent = || Problem::unauthenticated("credentials are needed");
        parts.extensions.get::<Self>().cloned().ok_or_else(absent)
    }
}
