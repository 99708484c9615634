//! How far restored shards are.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::names::index;
use crate::api::status::Count;
use crate::engine::Engine;
use crate::error::Error;
use crate::wire::client::Call;
use crate::wire::route::Route;

/// Bytes of names in one path: the engines refuse request lines over 4096.
const NAMES: usize = 3600;

/// How far one copy of a shard is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRecovery {
    /// The index.
    pub index: String,
    /// The shard's number.
    pub shard: u32,
    /// A primary, not a replica.
    pub primary: bool,
    /// From what: `SNAPSHOT`, `PEER`, `EMPTY_STORE`, `EXISTING_STORE`, …
    pub kind: String,
    /// `INIT`, `INDEX`, …, `DONE`.
    pub stage: String,
    /// The repository that it comes from.
    pub source_repository: Option<String>,
    /// The snapshot that it comes from.
    pub source_snapshot: Option<String>,
    /// The index in that snapshot.
    pub source_index: Option<String>,
    /// The uuid of the restore, not of the snapshot, which the engines do not give here.
    pub restore_uuid: Option<String>,
    /// Files and bytes to recover, those reused included.
    pub total: Count,
    /// Of them, recovered.
    pub recovered: Count,
    /// Of them, already there.
    pub reused: Count,
}

impl Engine {
    /// The recoveries of these indices; indices that do not exist have none, and a shard appears once it has a node.
    pub async fn recovery(&self, indices: &[String]) -> Result<Vec<ShardRecovery>, Error> {
        let mut found = Vec::new();
        for list in lists(indices)? {
            let route = Route::new(&[&list, "_recovery"]).query("ignore_unavailable", "true");
            let answer = match self.send(Call::get(route).listing()).await {
                Err(error) if error.is_missing_index() => continue,
                other => other?,
            };
            let body: BTreeMap<String, IndexBody> = answer.parse()?;
            for (index, body) in body {
                found.extend(body.shards.into_iter().map(|shard| shard.recovery(index.clone())));
            }
        }
        Ok(found)
    }
}

/// The names in comma-separated lists, each short enough for a path.
fn lists(indices: &[String]) -> Result<Vec<String>, Error> {
    let mut lists: Vec<String> = Vec::new();
    for name in indices {
        let name = index("GET", "/_recovery", name)?;
        match lists.last_mut() {
            // Encoded, a byte takes up to three.
            Some(list) if (list.len() + name.len() + 1) * 3 <= NAMES => {
                list.push(',');
                list.push_str(name);
            }
            _ => lists.push(name.to_owned()),
        }
    }
    Ok(lists)
}

#[derive(Deserialize)]
struct IndexBody {
    #[serde(default)]
    shards: Vec<ShardBody>,
}

#[derive(Deserialize)]
struct ShardBody {
    id: u32,
    #[serde(rename = "type")]
    kind: String,
    stage: String,
    primary: bool,
    #[serde(default)]
    source: SourceBody,
    #[serde(default)]
    index: FilesBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SourceBody {
    repository: Option<String>,
    snapshot: Option<String>,
    index: Option<String>,
    #[serde(rename = "restoreUUID")]
    restore_uuid: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FilesBody {
    size: SizeBody,
    files: FileCountBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SizeBody {
    total_in_bytes: u64,
    reused_in_bytes: u64,
    recovered_in_bytes: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FileCountBody {
    total: u64,
    reused: u64,
    recovered: u64,
}

impl ShardBody {
    fn recovery(self, index: String) -> ShardRecovery {
        let FilesBody { size, files } = self.index;
        ShardRecovery {
            index,
            shard: self.id,
            primary: self.primary,
            kind: self.kind,
            stage: self.stage,
            source_repository: self.source.repository,
            source_snapshot: self.source.snapshot,
            source_index: self.source.index,
            restore_uuid: self.source.restore_uuid,
            total: Count {
                files: files.total,
                bytes: size.total_in_bytes,
            },
            recovered: Count {
                files: files.recovered,
                bytes: size.recovered_in_bytes,
            },
            reused: Count {
                files: files.reused,
                bytes: size.reused_in_bytes,
            },
        }
    }
}
