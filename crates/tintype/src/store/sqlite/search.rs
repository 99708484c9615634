//! Searches: one pass over what they look at, then the page by its ids, in one transaction.

use super::super::{Result, Search};
use super::{SqliteStore, Tx, clusters, rows};
use crate::model::Cluster;
use crate::model::search::{Candidate, ClusterSearch, Field};
use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::Row;
use std::collections::HashMap;

#[async_trait]
impl Search for SqliteStore {
    async fn search_clusters(&self, search: &ClusterSearch) -> Result<(Vec<Cluster>, u64)> {
        let mut tx = self.readers.begin().await?;
        let found = found(&mut tx, search).await?;
        let (ids, total) = search.page(found);
        let page = by_ids(&mut tx, &ids).await?;
        Ok((page, u64::try_from(total).unwrap_or(u64::MAX)))
    }
}

/// Rows are looked at as they come: what is not found is not kept.
async fn found(tx: &mut Tx, search: &ClusterSearch) -> Result<Vec<Candidate>> {
    // The last looks are large; they are opened only for a search that depends on them.
    let mut scan = sqlx::query(
        "SELECT id, name, engine_version, \
         CASE WHEN ? THEN (SELECT document ->> 'reachable' FROM observations WHERE cluster_id = id) END AS reachable \
         FROM clusters",
    )
    .bind(search.asks(Field::Status))
    .fetch(tx);
    let mut found = Vec::new();
    while let Some(row) = scan.try_next().await? {
        let cluster = Candidate::new(
            row.try_get("id")?,
            row.try_get("name")?,
            row.try_get("engine_version")?,
            row.try_get("reachable")?,
        );
        if search.query.finds(&cluster) {
            found.push(cluster);
        }
    }
    Ok(found)
}

async fn by_ids(tx: &mut Tx, ids: &[String]) -> Result<Vec<Cluster>> {
    let found = sqlx::query("SELECT * FROM clusters WHERE id IN (SELECT value FROM json_each(?))")
        .bind(rows::to_json(&ids)?)
        .fetch_all(tx)
        .await?;
    let mut clusters = HashMap::with_capacity(found.len());
    for row in &found {
        let cluster = clusters::from_row(row)?;
        clusters.insert(cluster.id.to_string(), cluster);
    }
    Ok(ids.iter().filter_map(|id| clusters.remove(id)).collect())
}
