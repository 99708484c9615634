//! `POST /clusters/elasticsearch/_search`: clusters by id, name, version and status.

use super::list::ElasticsearchClustersInfo;
use crate::http::Http;
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

mod body;
mod read;

use body::SearchRequest;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("search-es-clusters", "Search clusters")
        .optional_body::<SearchRequest>()
        .answer::<ElasticsearchClustersInfo>(200, "The clusters that match, as they were last seen.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, Body(body): Body<SearchRequest>) -> Result<Response> {
    let counted = body.query.is_some();
    let (clusters, matches) = http.app.store.search_clusters(&read::search(body)?).await?;
    let found = ElasticsearchClustersInfo::load(&http, &clusters, counted.then_some(matches), true).await?;
    Ok(ok(&found))
}
