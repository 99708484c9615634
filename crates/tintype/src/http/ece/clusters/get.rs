//! `GET /clusters/elasticsearch/{cluster_id}`: from the last look, so that a dead engine does not hold it up.

use super::{ElasticsearchClusterInfo, NOT_FOUND};
use crate::http::Http;
use crate::http::extract::{AttachedCluster, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

const NOTHING: &str = "Accepted; there is nothing of the kind here to include.";

const QUERY: &[Parameter] = &[
    Parameter::boolean("show_security", NOTHING),
    Parameter::boolean("show_metadata", NOTHING),
    Parameter::boolean(
        "show_plans",
        "Include the current plan, which names the engine's version. Default: true.",
    ),
    Parameter::boolean("show_plan_logs", NOTHING),
    Parameter::boolean("show_plan_defaults", NOTHING),
    Parameter::boolean("convert_legacy_plans", NOTHING),
    Parameter::integer("show_system_alerts", NOTHING),
    Parameter::boolean("show_settings", NOTHING),
    Parameter::boolean("enrich_with_template", NOTHING),
];

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-es-cluster", "Get cluster")
        .query(QUERY)
        .answer::<ElasticsearchClusterInfo>(200, "The cluster as it was last seen.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    Query(query): Query,
) -> Result<Response> {
    let seen = http.app.store.observation(&cluster.id).await?;
    let plans = query.boolean("show_plans").unwrap_or(true);
    Ok(ok(&ElasticsearchClusterInfo::new(
        &cluster,
        seen.as_ref(),
        &http,
        plans,
    )))
}
