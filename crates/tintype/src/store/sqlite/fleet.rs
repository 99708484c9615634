//! The fleet as a whole, from the columns beside the documents.

use super::super::Result;
use super::super::fleet::{Fleet, FleetCluster, FleetPage, FleetQuery};
use super::rows::{self, millis};
use super::{SqliteStore, Tx, clusters};
use crate::model::{ClusterId, Observation, Standing, Verdict};
use async_trait::async_trait;
use sqlx::Row;
use std::collections::{BTreeMap, HashMap};

/// A query on the fleet with [`Standing::verdict`] in SQL, as its place among [`Verdict::ALL`]; a test compares the two.
macro_rules! judged {
    ($query:literal) => {
        concat!(
            "WITH judged AS (SELECT c.id, c.name, s.last_good, CASE \
             WHEN coalesce(s.reachable, 0) = 0 THEN 0 \
             WHEN s.failing = 1 OR c.id IN (SELECT value FROM json_each(?1)) THEN 1 \
             WHEN s.last_good IS NULL THEN 2 \
             WHEN s.last_good < ?2 THEN 3 \
             ELSE 4 END AS verdict \
             FROM clusters c LEFT JOIN standings s ON s.cluster_id = c.id) ",
            $query
        )
    };
}

#[async_trait]
impl Fleet for SqliteStore {
    async fn fleet(&self, query: &FleetQuery) -> Result<FleetPage> {
        fleet(&mut *self.readers.begin().await?, query).await
    }
}

/// Keeps the standing of the look that was just kept.
pub(super) async fn put_standing(tx: &mut Tx, id: &ClusterId, standing: Standing) -> Result<()> {
    sqlx::query(
        "INSERT INTO standings (cluster_id, reachable, failing, last_good) VALUES (?, ?, ?, ?) \
         ON CONFLICT (cluster_id) DO UPDATE SET reachable = excluded.reachable, failing = excluded.failing, \
         last_good = excluded.last_good",
    )
    .bind(id.as_str())
    .bind(standing.reachable)
    .bind(standing.failing)
    .bind(standing.last_good.map(millis))
    .execute(tx)
    .await?;
    Ok(())
}

async fn fleet(tx: &mut Tx, query: &FleetQuery) -> Result<FleetPage> {
    let shared = rows::to_json(&query.shared)?;
    let counts = counts(tx, query, &shared).await?;
    let places: Vec<usize> = Verdict::ALL
        .iter()
        .enumerate()
        .filter(|(_, verdict)| query.only.is_empty() || query.only.contains(verdict))
        .map(|(place, _)| place)
        .collect();
    let found = sqlx::query(judged!(
        "SELECT id, verdict FROM judged WHERE verdict IN (SELECT value FROM json_each(?3)) \
         ORDER BY verdict, last_good, name, id LIMIT ?4 OFFSET ?5"
    ))
    .bind(&shared)
    .bind(millis(query.since))
    .bind(rows::to_json(&places)?)
    .bind(rows::signed(query.size))
    .bind(rows::signed(query.from))
    .fetch_all(&mut *tx)
    .await?;
    let mut ids: Vec<(ClusterId, Verdict)> = Vec::with_capacity(found.len());
    for row in &found {
        ids.push((rows::name(row.try_get("id")?)?, verdict(row.try_get("verdict")?)?));
    }
    let names: Vec<ClusterId> = ids.iter().map(|(id, _)| id.clone()).collect();
    let mut attached = clusters::by_ids(tx, &names).await?;
    let mut seen: HashMap<ClusterId, Observation> = clusters::observations(tx, &names).await?;
    let whole = |(id, verdict): (ClusterId, Verdict)| {
        Some(FleetCluster {
            cluster: attached.remove(&id)?,
            observation: seen.remove(&id),
            verdict,
        })
    };
    Ok(FleetPage {
        clusters: ids.into_iter().filter_map(whole).collect(),
        counts,
    })
}

async fn counts(tx: &mut Tx, query: &FleetQuery, shared: &str) -> Result<BTreeMap<Verdict, u64>> {
    let found = sqlx::query(judged!(
        "SELECT verdict, count(*) AS clusters FROM judged GROUP BY verdict"
    ))
    .bind(shared)
    .bind(millis(query.since))
    .fetch_all(tx)
    .await?;
    let mut counts: BTreeMap<Verdict, u64> = Verdict::ALL.into_iter().map(|verdict| (verdict, 0)).collect();
    for row in &found {
        let clusters = rows::count(row.try_get("clusters")?);
        counts.insert(verdict(row.try_get("verdict")?)?, clusters);
    }
    Ok(counts)
}

fn verdict(place: i64) -> Result<Verdict> {
    let found = usize::try_from(place)
        .ok()
        .and_then(|place| Verdict::ALL.get(place));
    found
        .copied()
        .ok_or_else(|| rows::unreadable(format_args!("verdict {place}")))
}
