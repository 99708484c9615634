//! The indices of a corpus and what is written into them.

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use crate::engines::{EngineKind, RealEngine};

/// Nested and softly deleted documents, a force-merge into segments that are not compound.
pub const BOOKS: &str = "books";
/// Documents deleted in place, compound segments, stored fields at their best compression.
pub const EVENTS: &str = "events";
/// More shards than documents: some shards are empty.
pub const SPARSE: &str = "sparse";
/// No node may hold it: a snapshot of it is PARTIAL.
pub const NOWHERE: &str = "nowhere";

/// How many shards each index has.
pub const SHARDS: u32 = 3;

/// The engine as its owner uses it.
pub(super) struct Owner<'a>(pub &'a RealEngine);

impl Owner<'_> {
    fn major(&self) -> u32 {
        let major = self.0.row().version.split('.').next().unwrap_or_default();
        major.parse().unwrap_or_default()
    }

    pub fn is(&self, kind: EngineKind) -> bool {
        self.0.row().kind == kind
    }

    /// Elasticsearch 6.8: mapping types, soft deletes only on request, no clones.
    pub fn is_es6(&self) -> bool {
        self.is(EngineKind::Elasticsearch) && self.major() == 6
    }

    /// Whether an index may be made without soft deletes.
    fn deletes_in_place(&self) -> bool {
        self.major() < if self.is(EngineKind::Elasticsearch) { 8 } else { 2 }
    }

    /// Asks and expects an answer of success.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        let (status, answer) = self.0.http(method, path, body).await?;
        ensure!(
            status < 300,
            "{}: {method} {path}: {status} {answer}",
            self.0.row().name
        );
        Ok(answer)
    }

    /// Makes every index and waits for the shards that can start.
    pub async fn make_indices(&self) -> anyhow::Result<()> {
        // Merged segments are compound or not by this setting; flushed ones are compound always.
        self.make(
            BOOKS,
            json!({"compound_format": false, "soft_deletes.enabled": true}),
        )
        .await?;
        let mut events = json!({"codec": "best_compression", "merge.policy.max_merged_segment": "2mb"});
        if self.deletes_in_place() {
            events["soft_deletes.enabled"] = false.into();
        }
        self.make(EVENTS, events).await?;
        self.make(SPARSE, json!({})).await?;
        self.make(NOWHERE, json!({"routing.allocation.require._name": "nobody"}))
            .await?;
        let ready = format!("/_cluster/health/{BOOKS},{EVENTS},{SPARSE}?wait_for_status=green&timeout=240s");
        let health = self.ask("GET", &ready, Value::Null).await?;
        ensure!(health["timed_out"] == false, "the indices do not start: {health}");
        Ok(())
    }

    async fn make(&self, index: &str, mut settings: Value) -> anyhow::Result<()> {
        settings["number_of_shards"] = SHARDS.into();
        settings["number_of_replicas"] = 0.into();
        // Only what is asked for here refreshes, flushes and merges.
        settings["refresh_interval"] = "-1".into();
        settings["merge.policy.segments_per_tier"] = 50.into();
        let mut mappings = json!({"dynamic": false, "properties": {
            "title": {"type": "text", "term_vector": "with_positions_offsets"},
            "tag": {"type": "keyword"},
            "number": {"type": "long"},
            "ratio": {"type": "double"},
            "at": {"type": "date"},
            "noted": {"type": "keyword", "store": true},
            "whole": {"type": "text", "analyzer": "keyword"},
            "comments": {"type": "nested", "properties": {"by": {"type": "keyword"}, "stars": {"type": "byte"}}},
        }});
        if self.is_es6() {
            mappings = json!({"_doc": mappings});
        }
        let body = json!({"settings": {"index": settings}, "mappings": mappings});
        self.ask("PUT", &format!("/{index}?wait_for_active_shards=0"), body)
            .await?;
        Ok(())
    }

    /// Writes these documents anew, or over those that are there.
    pub async fn put(&self, index: &str, ids: impl Iterator<Item = u32>) -> anyhow::Result<()> {
        let lines: String = ids
            .map(|id| format!("{{\"index\":{{\"_id\":\"{id}\"}}}}\n{}\n", document(index, id)))
            .collect();
        self.bulk(index, lines).await
    }

    /// Deletes these documents.
    pub async fn remove(&self, index: &str, ids: impl Iterator<Item = u32>) -> anyhow::Result<()> {
        let lines = ids
            .map(|id| format!("{{\"delete\":{{\"_id\":\"{id}\"}}}}\n"))
            .collect();
        self.bulk(index, lines).await
    }

    async fn bulk(&self, index: &str, lines: String) -> anyhow::Result<()> {
        let kind = if self.is_es6() { "/_doc" } else { "" };
        let path = format!("/{index}{kind}/_bulk?refresh=true");
        let answer = self.ask("POST", &path, lines.into()).await?;
        ensure!(answer["errors"] == false, "{answer}");
        Ok(())
    }

    /// A term too long for Lucene is noticed while its document is half written, so Lucene deletes it in place: also
    /// where an index has soft deletes.
    pub async fn put_in_vain(&self, index: &str, id: u32) -> anyhow::Result<()> {
        let body = json!({"number": id, "whole": "x".repeat(40_000)});
        let (status, answer) = self
            .0
            .http("PUT", &format!("/{index}/_doc/vain{id}"), body)
            .await?;
        if status != 400 {
            bail!("an immense term was accepted: {status} {answer}");
        }
        Ok(())
    }

    /// So that two snapshots of one index have different metadata.
    pub async fn change_metadata(&self) -> anyhow::Result<()> {
        let add = json!({"actions": [{"add": {"index": BOOKS, "alias": "library"}}]});
        self.ask("POST", "/_aliases", add).await?;
        let kind = if self.is_es6() { "/_doc" } else { "" };
        let mapping = json!({"properties": {"added": {"type": "keyword"}}});
        self.ask("PUT", &format!("/{EVENTS}/_mapping{kind}"), mapping)
            .await?;
        Ok(())
    }

    /// Writes all segments to disk.
    pub async fn flush(&self) -> anyhow::Result<()> {
        let path = format!("/{BOOKS},{EVENTS},{SPARSE}/_flush?force=true&wait_if_ongoing=true");
        self.ask("POST", &path, Value::Null).await?;
        Ok(())
    }

    /// Live documents of an index, nested ones included, after a refresh.
    pub async fn count(&self, index: &str) -> anyhow::Result<Option<u64>> {
        self.ask("POST", &format!("/{index}/_refresh"), Value::Null)
            .await?;
        let path = format!("/{index}/_stats/docs");
        let stats = self.ask("GET", &path, Value::Null).await?;
        Ok(stats["indices"][index]["primaries"]["docs"]["count"].as_u64())
    }
}

/// Differs by its id alone, so that every run writes the same documents.
fn document(index: &str, id: u32) -> Value {
    let words = [
        "storm", "harbour", "lantern", "quiet", "meadow", "signal", "copper",
    ];
    let word = |n: u32| words[(id.wrapping_mul(31).wrapping_add(n * 7) % 7) as usize];
    let mut document = json!({
        "title": format!("{} {} number {id} of the {} {}", word(1), word(2), word(3), word(4)),
        "tag": word(5),
        "number": id,
        "ratio": f64::from(id) / 7.0,
        "at": 1_700_000_000_000_u64 + u64::from(id) * 3_600_000,
        "noted": format!("note-{:08x}", id.wrapping_mul(2_654_435_761)),
    });
    if index == BOOKS {
        document["comments"] = (0..id % 4).map(|n| json!({"by": word(n), "stars": n})).collect();
    }
    document
}
