//! `PATCH /clusters/elasticsearch/{cluster_id}/snapshot/settings`: the repository. Schedules and retention would
//! silently not happen, so they are refused by name.

use super::super::NOT_FOUND;
use super::{ClusterSnapshotRepositoryDefault, ClusterSnapshotSettings, own_repository};
use crate::http::Http;
use crate::http::ece::repositories;
use crate::http::ece::resource::{HEADERS, VERSION, expect_version, of_cluster};
use crate::http::extract::{AttachedCluster, Body, Object, Query, present};
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use crate::model::{Cluster, RepositoryName};
use crate::operations::clusters::{self, ChangeRequest};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What to change; absent members stay. The constant members are taken as they are shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterSnapshotSettingsChange {
    /// The cluster's own repository; null: the platform's default.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub repository_name: Option<Option<RepositoryName>>,
    /// The same; null: the platform's default.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<SnapshotRepositoryChange>)]
    pub repository: Option<Option<Object<SnapshotRepositoryChange>>>,
    /// Only false.
    pub enabled: Option<bool>,
    /// Only false.
    pub slm: Option<bool>,
    /// Only empty.
    pub suspended: Option<Vec<String>>,
    /// Refused.
    #[schema(ignore)]
    pub interval: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub cron_expression: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub pending_interval: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub wait_time_after_snapshotting: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub retention: Option<Value>,
}

/// One of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotRepositoryChange {
    /// The cluster's own.
    #[schema(value_type = Option<RepositoryReferenceChange>)]
    pub reference: Option<Object<RepositoryReferenceChange>>,
    /// The platform's default.
    #[schema(value_type = Option<ClusterSnapshotRepositoryDefault>)]
    pub default: Option<Object<ClusterSnapshotRepositoryDefault>>,
    /// Refused.
    #[serde(rename = "static")]
    #[schema(ignore)]
    pub fixed: Option<Value>,
}

/// A platform repository by its name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryReferenceChange {
    /// The name.
    #[schema(value_type = String)]
    pub repository_name: RepositoryName,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "update-es-cluster-snapshot-settings",
        "Update cluster snapshot settings",
    )
    .query(VERSION)
    .body::<ClusterSnapshotSettingsChange>()
    .answer_with::<ClusterSnapshotSettings>(200, "The settings as they are now.", HEADERS)
    .fails(404, NOT_FOUND)
    .fails(404, repositories::NOT_FOUND)
    .fails(409, &["root.conflict"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    Query(query): Query,
    Body(body): Body<ClusterSnapshotSettingsChange>,
) -> Result<Response> {
    body.check()?;
    let wanted = body.repository()?;
    expect_version(&query, &cluster)?;
    let cluster = match wanted {
        Some(name) => point_to(&http, cluster, name).await?,
        None => cluster,
    };
    let settings = ClusterSnapshotSettings::load(&http, &cluster).await?;
    Ok(of_cluster(ok(&settings), &cluster))
}

/// The cluster with this platform repository, or the platform's default. One that it has already stays, also when only
/// its engine knows it.
async fn point_to(http: &Http, cluster: Cluster, name: Option<RepositoryName>) -> Result<Cluster> {
    if cluster.repository == name {
        return Ok(cluster);
    }
    if let Some(name) = &name {
        if own_repository(http, &cluster).await?.as_deref() == Some(name.as_str()) {
            return Ok(cluster);
        }
        repositories::load(http, name).await?;
    }
    let request = ChangeRequest {
        repository: Some(name),
        ..ChangeRequest::default()
    };
    Ok(clusters::change(&http.app, &cluster, request).await?)
}

impl ClusterSnapshotSettingsChange {
    fn check(&self) -> Result<()> {
        let scheduled = [
            ("enabled", self.enabled == Some(true)),
            ("slm", self.slm == Some(true)),
            (
                "suspended",
                self.suspended.as_ref().is_some_and(|list| !list.is_empty()),
            ),
            ("interval", self.interval.is_some()),
            ("cron_expression", self.cron_expression.is_some()),
            ("pending_interval", self.pending_interval.is_some()),
            (
                "wait_time_after_snapshotting",
                self.wait_time_after_snapshotting.is_some(),
            ),
            ("retention", self.retention.is_some()),
        ];
        match scheduled.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((member, _)) => Err(Problem::invalid(
                member,
                format!(
                    "{member} would not happen: Tintype takes and deletes snapshots only when it is asked to. Leave it \
                     out, and call POST …/_snapshot on a schedule of your own"
                ),
            )),
        }
    }

    /// The repository that is asked for: the inner `None` is the platform's default.
    fn repository(&self) -> Result<Option<Option<RepositoryName>>> {
        let structured = match &self.repository {
            None => None,
            Some(None) => Some(None),
            Some(Some(Object(one))) => one.named()?,
        };
        match (&self.repository_name, structured) {
            (Some(Some(name)), Some(Some(other))) if *name != other => Err(Problem::invalid(
                "repository_name",
                format!("repository_name is {name}, and repository.reference.repository_name is {other}"),
            )),
            (Some(Some(name)), _) => Ok(Some(Some(name.clone()))),
            (Some(None), None) => Ok(Some(None)),
            (_, structured) => Ok(structured),
        }
    }
}

impl SnapshotRepositoryChange {
    fn named(&self) -> Result<Option<Option<RepositoryName>>> {
        if self.fixed.is_some() {
            return Err(Problem::invalid(
                "repository.static",
                "repository.static is not supported: PUT the repository on the platform, and refer to it by name",
            ));
        }
        match (&self.reference, &self.default) {
            (Some(_), Some(_)) => Err(Problem::invalid(
                "repository",
                "repository must be either reference or default, not both",
            )),
            (Some(Object(reference)), None) => Ok(Some(Some(reference.repository_name.clone()))),
            (None, Some(_)) => Ok(Some(None)),
            (None, None) => Ok(None),
        }
    }
}
