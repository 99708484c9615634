//! Which indices there are.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::api::cluster::HealthStatus;
use crate::engine::Engine;
use crate::error::Error;
use crate::wire::client::Call;
use crate::wire::route::Route;

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSummary {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: Option<String>,
    /// It is closed.
    pub closed: bool,
    /// It is hidden from wildcards by its settings.
    pub hidden: bool,
    /// Its colour; `None` for closed indices of engines that do not replicate them.
    pub health: Option<HealthStatus>,
    /// Its number of primaries.
    pub primaries: u64,
    /// Its number of replicas.
    pub replicas: u64,
}

impl Engine {
    /// All indices, closed and hidden ones included, by name. The cluster state is the one listing that needs no
    /// privilege on the indices (`monitor` is enough), leaves none out, and is asked for alike on every engine.
    pub async fn all_indices(&self) -> Result<Vec<IndexSummary>, Error> {
        let settings = "metadata.indices.*.settings.index";
        let wanted = format!(
            "metadata.indices.*.state,{settings}.uuid,{settings}.hidden,{settings}.number_of_shards,{settings}.number_of_replicas"
        );
        let route = Route::new(&["_cluster", "state", "metadata"]).query("filter_path", wanted);
        let state: StateBody = self.send(Call::get(route).listing()).await?.parse()?;
        let route = Route::new(&["_cluster", "health"])
            .query("level", "indices")
            .query("filter_path", "indices.*.status");
        let health: HealthBody = self.send(Call::get(route).listing()).await?.parse()?;
        let summary = |(name, body): (String, IndexBody)| {
            let colour = health.indices.get(&name).map(|index| index.status);
            body.summary(name, colour)
        };
        Ok(state.metadata.indices.into_iter().map(summary).collect())
    }

    /// The names of all indices, closed and hidden ones included, each with whether it is closed: [`Self::all_indices`]
    /// in one request, and nothing that only people want to see.
    pub async fn index_names(&self) -> Result<BTreeMap<String, bool>, Error> {
        let route =
            Route::new(&["_cluster", "state", "metadata"]).query("filter_path", "metadata.indices.*.state");
        let state: StateBody = self.send(Call::get(route).listing()).await?.parse()?;
        Ok(state
            .metadata
            .indices
            .into_iter()
            .map(|(name, body)| (name, body.state == "close"))
            .collect())
    }

    /// Which of these names are taken by an index, an alias or a data stream. Compared here, not by the engine, so that
    /// no name can expand.
    pub async fn existing(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let wanted = "metadata.indices.*.state,metadata.indices.*.aliases,\
                      metadata.data_stream.data_stream.*.name,metadata.data_stream.data_stream_aliases.*.name";
        let route = Route::new(&["_cluster", "state", "metadata"]).query("filter_path", wanted);
        let state: StateBody = self.send(Call::get(route).listing()).await?.parse()?;
        let taken = state.metadata.taken_names();
        Ok(names
            .iter()
            .filter(|name| taken.contains(name.as_str()))
            .cloned()
            .collect())
    }

    /// Lucene's documents per index, nested ones included; indices whose closed shards the engine does not open are left
    /// out. Needs the privilege `monitor` on the indices.
    pub async fn document_counts(&self) -> Result<BTreeMap<String, u64>, Error> {
        let mut route =
            Route::new(&["_stats", "docs"]).query("filter_path", "indices.*.primaries.docs.count");
        if self.dialect().await?.expands_wildcards() {
            route = route
                .query("expand_wildcards", "all")
                .query("forbid_closed_indices", "false");
        }
        let stats: Value = self.send(Call::get(route).listing()).await?.parse()?;
        let indices = stats
            .get("indices")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let count = |(name, index): (&String, &Value)| {
            Some((name.clone(), index.pointer("/primaries/docs/count")?.as_u64()?))
        };
        Ok(indices.filter_map(count).collect())
    }
}

/// Filtered answers leave out whatever is empty, up to the whole.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StateBody {
    metadata: MetadataBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MetadataBody {
    indices: BTreeMap<String, IndexBody>,
    data_stream: DataStreamsBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DataStreamsBody {
    data_stream: BTreeMap<String, Value>,
    data_stream_aliases: BTreeMap<String, Value>,
}

impl MetadataBody {
    fn taken_names(&self) -> BTreeSet<&str> {
        let indices = self.indices.keys().map(String::as_str);
        let aliases = self
            .indices
            .values()
            .flat_map(|index| index.aliases.iter().map(String::as_str));
        let streams = self
            .data_stream
            .data_stream
            .keys()
            .chain(self.data_stream.data_stream_aliases.keys());
        indices
            .chain(aliases)
            .chain(streams.map(String::as_str))
            .collect()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct IndexBody {
    state: String,
    aliases: Vec<String>,
    settings: SettingsBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SettingsBody {
    index: IndexSettings,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct IndexSettings {
    uuid: Option<String>,
    hidden: Option<String>,
    number_of_shards: Option<String>,
    number_of_replicas: Option<String>,
}

impl IndexBody {
    fn summary(self, name: String, health: Option<HealthStatus>) -> IndexSummary {
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        let settings = self.settings.index;
        IndexSummary {
            name,
            closed: self.state == "close",
            hidden: settings.hidden.as_deref() == Some("true"),
            uuid: settings.uuid,
            health,
            primaries: number(settings.number_of_shards),
            replicas: number(settings.number_of_replicas),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HealthBody {
    indices: BTreeMap<String, IndexHealth>,
}

#[derive(Deserialize)]
struct IndexHealth {
    status: HealthStatus,
}
