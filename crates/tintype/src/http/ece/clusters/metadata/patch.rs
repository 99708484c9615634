//! `PATCH /clusters/elasticsearch/{cluster_id}/metadata/settings`: the name. What cannot be kept is refused by name.

use super::super::NOT_FOUND;
use super::ClusterMetadataSettings;
use crate::http::Http;
use crate::http::ece::resource::{HEADERS, VERSION, expect_version, of_cluster};
use crate::http::extract::{AttachedCluster, Body, Query, present};
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use crate::operations::clusters::{self, ChangeRequest};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

/// What to change; absent members stay. The constant members are taken as they are shown.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterMetadataChange {
    /// The name for people; null: the cluster's id.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// Only false.
    pub hidden: Option<bool>,
    /// Only false.
    pub system_owned: Option<bool>,
    /// Refused.
    #[schema(ignore)]
    pub owner_id: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub organization_id: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub subscription_level: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub contact_email: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub resources: Option<Value>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "update-es-cluster-metadata-settings",
        "Update cluster metadata settings",
    )
    .query(VERSION)
    .body::<ClusterMetadataChange>()
    .answer_with::<ClusterMetadataSettings>(200, "The settings as they are now.", HEADERS)
    .fails(404, NOT_FOUND)
    .fails(409, &["root.conflict"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    Query(query): Query,
    Body(body): Body<ClusterMetadataChange>,
) -> Result<Response> {
    body.check()?;
    expect_version(&query, &cluster)?;
    let name = body
        .name
        .map(|name| name.unwrap_or_else(|| cluster.id.to_string()));
    let cluster = match name.filter(|name| *name != cluster.name) {
        None => cluster,
        Some(name) => {
            let request = ChangeRequest {
                name: Some(name),
                ..ChangeRequest::default()
            };
            clusters::change(&http.app, &cluster, request).await?
        }
    };
    Ok(of_cluster(ok(&ClusterMetadataSettings::from(&cluster)), &cluster))
}

impl ClusterMetadataChange {
    fn check(&self) -> Result<()> {
        for (member, given) in [("hidden", self.hidden), ("system_owned", self.system_owned)] {
            if given == Some(true) {
                return Err(Problem::invalid(
                    member,
                    format!("{member} can only be false: Tintype shows every cluster that it was given"),
                ));
            }
        }
        let refused = [
            ("owner_id", &self.owner_id),
            ("organization_id", &self.organization_id),
            ("subscription_level", &self.subscription_level),
            ("contact_email", &self.contact_email),
            ("resources", &self.resources),
        ];
        match refused.into_iter().find(|(_, given)| given.is_some()) {
            None => Ok(()),
            Some((member, _)) => Err(Problem::invalid(
                member,
                format!(
                    "{member} is not kept: Tintype knows no owners, subscriptions or resources of a cluster"
                ),
            )),
        }
    }
}
