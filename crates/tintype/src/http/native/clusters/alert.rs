//! `GET /clusters/{cluster_id}/alert`: how a cluster stands against its limit.

use crate::http::Http;
use crate::http::ece::clusters::NOT_FOUND;
use crate::http::extract::AttachedCluster;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::model::{Alert, Cluster};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// How a cluster stands against its limit, and since when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Alert)]
pub struct AlertView {
    /// The age from which the newest good snapshot is too old, seconds.
    pub max_age_seconds: i64,
    /// It is the configuration's, since the cluster has no limit of its own.
    pub default: bool,
    /// When the newest good snapshot ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub latest_successful_end_time: Option<String>,
    /// Since when the cluster has been late; absent when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub late_since: Option<String>,
    /// Since when the newest attempt has not been good; absent when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub failing_since: Option<String>,
}

impl AlertView {
    /// As it stands now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(cluster: &Cluster, http: &Http) -> Result<Self> {
        let found = http.app.store.alert(&cluster.id).await?;
        let default = i64::try_from(http.app.config.alerts.max_age_seconds).unwrap_or(i64::MAX);
        let alert = found.unwrap_or(Alert {
            max_age_seconds: None,
            good_at: None,
            late_since: None,
            failing_since: None,
        });
        Ok(Self {
            max_age_seconds: alert.max_age_seconds.unwrap_or(default),
            default: alert.max_age_seconds.is_none(),
            latest_successful_end_time: alert.good_at.map(|at| at.to_string()),
            late_since: alert.late_since.map(|at| at.to_string()),
            failing_since: alert.failing_since.map(|at| at.to_string()),
        })
    }
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-cluster-alert", "How a cluster stands against its limit")
        .answer::<AlertView>(200, "The limit, and what was told of the cluster.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, AttachedCluster(cluster): AttachedCluster) -> Result<Response> {
    Ok(ok(&AlertView::load(&cluster, &http).await?))
}
