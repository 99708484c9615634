//! `GET /clusters/elasticsearch`.

use super::ElasticsearchClusterInfo;
use crate::http::Http;
use crate::http::extract::{Params, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Problem, Result, ok};
use crate::model::Cluster;
use crate::store::ClusterPage;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

const NOTHING: &str = "Accepted; there is nothing of the kind here to include.";

const QUERY: &[Parameter] = &[
    Parameter::integer("from", "The number of clusters to skip. Default: 0."),
    Parameter::integer(
        "size",
        "At most so many clusters; -1, which cannot go with q, means all. Default: 100.",
    ),
    Parameter::text(
        "q",
        "Only clusters whose id or name contains this text, without regard to case.",
    ),
    Parameter::boolean("show_security", NOTHING),
    Parameter::boolean("show_metadata", NOTHING),
    Parameter::boolean(
        "show_plans",
        "Include the current plan, which names the engine's version. Default: false.",
    ),
    Parameter::boolean("show_plan_defaults", NOTHING),
    Parameter::boolean("convert_legacy_plans", NOTHING),
    Parameter::boolean("enrich_with_template", NOTHING),
    Parameter::integer("show_system_alerts", NOTHING),
    Parameter::boolean("show_hidden", NOTHING),
    Parameter::boolean("show_settings", NOTHING),
];

/// A page of clusters.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ElasticsearchClustersInfo {
    /// The number of clusters in this answer.
    pub return_count: usize,
    /// The number of all clusters that match, when `q` or a query was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_count: Option<u64>,
    /// The clusters, by id unless a search asks for another order.
    pub elasticsearch_clusters: Vec<ElasticsearchClusterInfo>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-es-clusters", "Get clusters")
        .query(QUERY)
        .answer::<ElasticsearchClustersInfo>(200, "The clusters as they were last seen.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, Query(query): Query) -> Result<Response> {
    let page = page(&query)?;
    let (clusters, matches) = http.app.store.clusters(&page).await?;
    let matches = page.contains.is_some().then_some(matches);
    let plans = query.boolean("show_plans").unwrap_or(false);
    let found = ElasticsearchClustersInfo::load(&http, &clusters, matches, plans).await?;
    Ok(ok(&found))
}

impl ElasticsearchClustersInfo {
    /// These clusters as they were last seen.
    pub async fn load(
        http: &Http,
        clusters: &[Cluster],
        match_count: Option<u64>,
        plans: bool,
    ) -> Result<Self> {
        let ids: Vec<_> = clusters.iter().map(|cluster| cluster.id.clone()).collect();
        let seen = http.app.store.observations(&ids).await?;
        let shown: Vec<_> = clusters
            .iter()
            .map(|cluster| ElasticsearchClusterInfo::new(cluster, seen.get(&cluster.id), http, plans))
            .collect();
        Ok(Self {
            return_count: shown.len(),
            match_count,
            elasticsearch_clusters: shown,
        })
    }
}

fn page(query: &Params) -> Result<ClusterPage> {
    let contains = query.text("q").map(str::to_owned);
    let from = query.integer("from", 0..=i32::MAX)?.unwrap_or(0);
    let size = query.integer("size", -1..=i32::MAX)?.unwrap_or(100);
    if size == -1 && contains.is_some() {
        return Err(Problem::invalid(
            "size",
            "the size -1 is not supported together with q",
        ));
    }
    Ok(ClusterPage {
        from: from.unsigned_abs().into(),
        size: u64::try_from(size).ok(),
        contains,
    })
}
