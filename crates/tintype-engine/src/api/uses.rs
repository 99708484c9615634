//! What is done with snapshots right now, and what is mounted from them: looked at before one is deleted.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::engine::Engine;
use crate::error::Error;
use crate::wire::client::Call;
use crate::wire::route::Route;

/// What a cluster does with snapshots at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotUses {
    /// Restores that run: repository and snapshot.
    pub restoring: Vec<(String, String)>,
    /// Deletions that run: repository and snapshot.
    pub deleting: Vec<(String, String)>,
    /// Indices whose data stays in a snapshot.
    pub mounts: Vec<Mount>,
}

/// An index that is mounted from a snapshot (a searchable snapshot).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The index.
    pub index: String,
    /// The snapshot's name.
    pub snapshot: String,
    /// The snapshot's uuid.
    pub uuid: String,
}

impl Engine {
    /// Restores and deletions that run, whoever began them, and indices that are mounted. Needs `monitor` alone.
    pub async fn snapshot_uses(&self) -> Result<SnapshotUses, Error> {
        let settings = "metadata.indices.*.settings.index";
        let wanted = format!(
            "restore.snapshots.snapshot,restore.snapshots.repository,snapshot_deletions.snapshot_deletions,\
             {settings}.store.snapshot,{settings}.searchable_snapshot"
        );
        let route = Route::new(&["_cluster", "state", "metadata,customs"]).query("filter_path", wanted);
        let body: Body = self.send(Call::get(route).listing()).await?.parse()?;
        let deleting = body.snapshot_deletions.snapshot_deletions.into_iter();
        let mounts = body.metadata.indices.into_iter();
        Ok(SnapshotUses {
            restoring: body
                .restore
                .snapshots
                .into_iter()
                .map(|entry| (entry.repository, entry.snapshot))
                .collect(),
            deleting: deleting.flat_map(Deletion::pairs).collect(),
            mounts: mounts
                .filter_map(|(index, body)| body.settings.index.mount(index))
                .collect(),
        })
    }
}

/// Filtered answers leave out whatever is empty, up to the whole.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    restore: Restores,
    snapshot_deletions: Deletions,
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Restores {
    snapshots: Vec<RestoreEntry>,
}

#[derive(Deserialize)]
struct RestoreEntry {
    repository: String,
    snapshot: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Deletions {
    snapshot_deletions: Vec<Deletion>,
}

/// Elasticsearch before 7.8 names one snapshot, later engines a list.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Deletion {
    repository: String,
    snapshot: Option<String>,
    snapshots: Vec<String>,
}

impl Deletion {
    fn pairs(self) -> impl Iterator<Item = (String, String)> {
        let repository = self.repository;
        self.snapshots
            .into_iter()
            .chain(self.snapshot)
            .map(move |name| (repository.clone(), name))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    indices: BTreeMap<String, IndexBody>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct IndexBody {
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
    store: Store,
    searchable_snapshot: Option<OpenSearchMount>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Store {
    snapshot: Option<ElasticsearchMount>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ElasticsearchMount {
    snapshot_name: String,
    snapshot_uuid: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OpenSearchMount {
    snapshot_id: SnapshotId,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SnapshotId {
    name: String,
    uuid: String,
}

impl IndexSettings {
    fn mount(self, index: String) -> Option<Mount> {
        let elasticsearch = self
            .store
            .snapshot
            .map(|one| (one.snapshot_name, one.snapshot_uuid));
        let opensearch = self
            .searchable_snapshot
            .map(|one| (one.snapshot_id.name, one.snapshot_id.uuid));
        let (snapshot, uuid) = elasticsearch.or(opensearch)?;
        Some(Mount {
            index,
            snapshot,
            uuid,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_families_tell_what_an_index_is_mounted_from() {
        let settings = |body: serde_json::Value| serde_json::from_value::<IndexSettings>(body).unwrap();
        let expected = |index: &str| Mount {
            index: index.to_owned(),
            snapshot: "s".to_owned(),
            uuid: "u".to_owned(),
        };
        let elasticsearch = json!({"store": {"type": "snapshot", "snapshot": {
            "repository_name": "r", "snapshot_name": "s", "snapshot_uuid": "u", "index_name": "i"}}});
        assert_eq!(settings(elasticsearch).mount("a".into()), Some(expected("a")));
        let opensearch =
            json!({"searchable_snapshot": {"repository": "r", "snapshot_id": {"name": "s", "uuid": "u"}}});
        assert_eq!(settings(opensearch).mount("b".into()), Some(expected("b")));
        assert_eq!(settings(json!({"store": {"type": "fs"}})).mount("c".into()), None);
    }

    #[test]
    fn deletions_of_old_and_new_engines_are_read() {
        let body =
            json!([{"repository": "r", "snapshot": "old"}, {"repository": "r", "snapshots": ["a", "b"]}]);
        let deletions: Vec<Deletion> = serde_json::from_value(body).unwrap();
        let names: Vec<String> = deletions
            .into_iter()
            .flat_map(Deletion::pairs)
            .map(|(_, name)| name)
            .collect();
        assert_eq!(names, ["old", "a", "b"]);
    }
}
