//! `indices/{id}/meta-{X}.dat`: an index's metadata.

use super::codec::{Body, DEFLATE, INDEX_METADATA, inflate};
use super::lenient::Json;
use super::{FormatError, Limits, Problem, shown};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A decoded `IndexMetadata`.
#[derive(Debug, Clone, Default)]
pub struct IndexMetadata {
    /// The index's name.
    pub name: String,
    /// `index.number_of_shards`.
    pub shards: u32,
    /// `index.uuid`.
    pub uuid: Option<String>,
    /// `index.version.created` as written.
    pub created: Option<i64>,
    /// All settings, flat.
    pub settings: Map<String, Value>,
    /// The mappings, decoded (an engine may write them as DEFLATE-compressed binary).
    pub mappings: Vec<Value>,
    /// The aliases' names.
    pub aliases: Vec<String>,
    /// The snapshot that a searchable-snapshot index is mounted from.
    pub mounted: Option<Mounted>,
    /// How often settings, mapping and aliases were changed: parts of [`Self::identifier`].
    pub versions: Option<[i64; 3]>,
}

/// What `index.store.snapshot.*` (Elasticsearch) or `index.searchable_snapshot.*` (OpenSearch) say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mounted {
    /// The repository's uuid.
    pub repository_uuid: Option<String>,
    /// The repository's name where it is registered.
    pub repository: Option<String>,
    /// The snapshot's name.
    pub snapshot: Option<String>,
    /// The snapshot's uuid.
    pub snapshot_uuid: Option<String>,
    /// The index's name in that snapshot.
    pub index: Option<String>,
    /// The index's directory under `indices/`.
    pub index_id: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    settings: Json,
    #[serde(default)]
    mappings: Json,
    #[serde(default)]
    aliases: Json,
    #[serde(default)]
    settings_version: Option<i64>,
    #[serde(default)]
    mapping_version: Option<i64>,
    #[serde(default)]
    aliases_version: Option<i64>,
}

/// The names of settings together, in bytes: each of an engine's is a line.
const MAX_NAMES: usize = 16 << 20;

/// More shards than this has no index: engines stop at 1024 unless told otherwise.
const MAX_SHARDS: u32 = 1 << 16;

impl IndexMetadata {
    /// Decodes the blob, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::parse_within(bytes, Limits::INDEX)
    }

    /// [`Self::parse`] with other limits.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse_within(bytes: &[u8], limits: Limits) -> Result<Self, FormatError> {
        let mut body: BTreeMap<String, Raw> = Body::open(bytes, INDEX_METADATA, limits)?.decode()?;
        let (Some((name, raw)), None) = (body.pop_first(), body.pop_first()) else {
            return Err(FormatError::new(
                Problem::Field,
                "does not hold exactly one index",
            ));
        };
        let mut settings = Map::new();
        let mut left = MAX_NAMES;
        flatten("", raw.settings.0, &mut settings, &mut left)?;
        let versions = (raw.settings_version, raw.mapping_version, raw.aliases_version);
        Ok(Self {
            shards: shards(&settings)?,
            uuid: text(&settings, "index.uuid"),
            created: text(&settings, "index.version.created").and_then(|id| id.parse().ok()),
            mappings: mappings(raw.mappings.0, limits)?,
            aliases: aliases(raw.aliases.0),
            mounted: mounted(&settings),
            versions: match versions {
                (Some(settings), Some(mapping), Some(aliases)) => Some([settings, mapping, aliases]),
                _ => None,
            },
            name,
            settings,
        })
    }

    /// Whether only the documents' source was stored: `SourceOnlySnapshotRepository` of Elasticsearch 6.5 and later. Restored, such
    /// an index can only be read from to be indexed anew.
    pub fn is_source_only(&self) -> bool {
        match self.settings.get("index.source_only") {
            Some(Value::Bool(only)) => *only,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    /// What the root calls this state of the index, where it is known: `IndexMetaDataGenerations.buildUniqueIdentifier` of
    /// Elasticsearch 7.9 and later, and OpenSearch.
    pub fn identifier(&self) -> Option<String> {
        let uuid = self.uuid.as_ref()?;
        let history = text(&self.settings, "index.history.uuid");
        let history = history.as_deref().unwrap_or("_na_");
        let [settings, mapping, aliases] = self.versions?;
        Some(format!("{uuid}-{history}-{settings}-{mapping}-{aliases}"))
    }
}

/// Settings may be nested; their names are the path, of which `left` bytes may be built.
fn flatten(
    path: &str,
    value: Value,
    flat: &mut Map<String, Value>,
    left: &mut usize,
) -> Result<(), FormatError> {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name
                } else {
                    let length = path.len() + 1 + name.len();
                    *left = left.checked_sub(length).ok_or_else(|| {
                        FormatError::new(Problem::Unsupported, "has longer names of settings than are read")
                    })?;
                    format!("{path}.{name}")
                };
                flatten(&path, value, flat, left)?;
            }
        }
        _ if path.is_empty() => {}
        value => {
            flat.insert(path.to_owned(), value);
        }
    }
    Ok(())
}

fn text(settings: &Map<String, Value>, name: &str) -> Option<String> {
    match settings.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn shards(settings: &Map<String, Value>) -> Result<u32, FormatError> {
    const NAME: &str = "index.number_of_shards";
    let written = text(settings, NAME);
    let number = written.as_deref().and_then(|number| number.parse().ok());
    number
        .filter(|number| (1..=MAX_SHARDS).contains(number))
        .ok_or_else(|| {
            FormatError::new(Problem::Field, format!("has an impossible {NAME}")).instead(
                format!("1 to {MAX_SHARDS}"),
                shown(written.as_deref().unwrap_or("nothing")),
            )
        })
}

/// A list of objects, or one object by type; each may be binary, which is the mapping's source compressed.
fn mappings(value: Value, limits: Limits) -> Result<Vec<Value>, FormatError> {
    let list = match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list,
        other => vec![other],
    };
    // Together they take no more than one may.
    let count = list.len().max(1);
    let limits = Limits {
        body: limits.body / count,
        memory: limits.memory / count,
        ..limits
    };
    list.into_iter()
        .map(|mapping| unpacked(mapping, limits))
        .collect()
}

fn unpacked(mapping: Value, limits: Limits) -> Result<Value, FormatError> {
    let Value::String(text) = &mapping else {
        return Ok(mapping);
    };
    let bytes = BASE64.decode(text.as_bytes());
    let bytes = bytes.map_err(|_| FormatError::new(Problem::Field, "has a mapping that is text"))?;
    let bytes = match bytes.strip_prefix(DEFLATE) {
        Some(packed) => inflate(packed, limits.body)?,
        None => bytes,
    };
    Body::plain(&bytes, limits)?.decode().map(|Json(mapping)| mapping)
}

fn aliases(value: Value) -> Vec<String> {
    match value {
        Value::Object(members) => members.into_iter().map(|(name, _)| name).collect(),
        Value::Array(members) => members.into_iter().flat_map(aliases).collect(),
        Value::String(name) => vec![name],
        _ => Vec::new(),
    }
}

fn mounted(settings: &Map<String, Value>) -> Option<Mounted> {
    let text = |name: &str| text(settings, name);
    match text("index.store.type")?.as_str() {
        // `SearchableSnapshots` of Elasticsearch 7.10 and later.
        "snapshot" => Some(Mounted {
            repository_uuid: text("index.store.snapshot.repository_uuid"),
            repository: text("index.store.snapshot.repository_name"),
            snapshot: text("index.store.snapshot.snapshot_name"),
            snapshot_uuid: text("index.store.snapshot.snapshot_uuid"),
            index: text("index.store.snapshot.index_name"),
            index_id: text("index.store.snapshot.index_uuid"),
        }),
        // `IndexSettings.SEARCHABLE_SNAPSHOT_*` of OpenSearch 2.4 and later.
        "remote_snapshot" => Some(Mounted {
            repository_uuid: None,
            repository: text("index.searchable_snapshot.repository"),
            snapshot: text("index.searchable_snapshot.snapshot_id.name"),
            snapshot_uuid: text("index.searchable_snapshot.snapshot_id.uuid"),
            index: None,
            index_id: text("index.searchable_snapshot.index.id"),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Packing, binary, blob, deflate, smile};
    use super::*;
    use serde_json::json;

    fn parse(value: &Value) -> Result<IndexMetadata, FormatError> {
        IndexMetadata::parse(&blob(INDEX_METADATA, Packing::Deflate, &json!({ "logs": value })))
    }

    fn minimal(mappings: Value) -> Value {
        json!({"settings": {"index.number_of_shards": "2"}, "mappings": mappings})
    }

    #[test]
    fn everything_written_is_read() {
        let read = parse(&json!({
            "version": 5, "mapping_version": 3, "settings_version": 2, "aliases_version": 1, "state": "open",
            "settings": {"index.number_of_shards": "3", "index.uuid": "u-_-1", "index.version.created": "8500003"},
            "mappings": [{"_doc": {"properties": {}}}], "aliases": {"a": {}, "b": {"filter": {}}},
            "primary_terms": [1, 1, 1], "in_sync_allocations": {"0": ["x"]},
        }))
        .unwrap();
        assert_eq!(
            (&*read.name, read.shards, read.created),
            ("logs", 3, Some(8_500_003))
        );
        assert_eq!(read.identifier().as_deref(), Some("u-_-1-_na_-2-3-1"));
        assert_eq!(read.mappings, [json!({"_doc": {"properties": {}}})]);
        assert_eq!(read.aliases, ["a", "b"]);
        assert_eq!(read.mounted, None);
    }

    #[test]
    fn nested_settings_are_made_flat() {
        let read =
            parse(&json!({"settings": {"index": {"number_of_shards": 4, "a": {"b": ["x"]}}}})).unwrap();
        assert_eq!(
            (read.shards, read.uuid.clone(), read.identifier()),
            (4, None, None)
        );
        assert_eq!(read.settings.get("index.a.b"), Some(&json!(["x"])));
    }

    #[test]
    fn mappings_are_read_in_every_form() {
        let mapping = json!({"_doc": {"dynamic": "false"}});
        let packed = [DEFLATE, &deflate(mapping.to_string().as_bytes())].concat();
        for form in [
            mapping.clone(),
            json!([mapping]),
            json!([binary(&packed)]),
            binary(&packed),
            binary(&smile(&mapping)),
            json!([BASE64.encode(&packed)]),
        ] {
            let read = parse(&minimal(form.clone())).unwrap().mappings;
            assert_eq!((read.len(), read.first()), (1, Some(&mapping)), "{form}");
        }
        assert_eq!(parse(&minimal(json!([]))).unwrap().mappings, Vec::<Value>::new());
        assert!(parse(&minimal(json!(["text"]))).is_err());
    }

    #[test]
    fn a_mapping_that_grows_without_bound_is_refused() {
        let packed = [DEFLATE, &deflate(&vec![b' '; 1 << 20])].concat();
        let blob = blob(
            INDEX_METADATA,
            Packing::Plain,
            &json!({"a": minimal(binary(&packed))}),
        );
        let limits = Limits {
            body: 1 << 16,
            ..Limits::INDEX
        };
        let error = IndexMetadata::parse_within(&blob, limits).unwrap_err();
        assert_eq!(error.problem, Problem::Unsupported);
    }

    #[test]
    fn mappings_grow_no_further_together_than_one_may() {
        let packed = [DEFLATE, &deflate(&smile(&json!({"a": "b".repeat(1 << 14)})))].concat();
        let limits = Limits {
            body: 1 << 16,
            ..Limits::INDEX
        };
        let read = |count: usize| {
            let mappings = Value::Array(vec![binary(&packed); count]);
            let blob = blob(INDEX_METADATA, Packing::Plain, &json!({"a": minimal(mappings)}));
            IndexMetadata::parse_within(&blob, limits)
        };
        assert!(read(3).is_ok());
        assert_eq!(read(8).unwrap_err().problem, Problem::Unsupported);
    }

    #[test]
    fn a_long_name_over_many_settings_is_refused_before_it_is_repeated() {
        let many: Map<String, Value> = (0..100).map(|number| (number.to_string(), Value::Null)).collect();
        let long = "a".repeat(MAX_NAMES / 50);
        let settings = json!({"index.number_of_shards": "1", long: many});
        let error = parse(&json!({ "settings": settings })).unwrap_err();
        assert_eq!(error.problem, Problem::Unsupported);
    }

    #[test]
    fn mounted_snapshots_of_both_products_are_named() {
        let read = parse(&json!({"settings": {
            "index.number_of_shards": "1", "index.store.type": "snapshot",
            "index.store.snapshot.repository_uuid": "r", "index.store.snapshot.repository_name": "repo",
            "index.store.snapshot.snapshot_name": "s", "index.store.snapshot.snapshot_uuid": "su",
            "index.store.snapshot.index_name": "i", "index.store.snapshot.index_uuid": "iu",
        }}));
        let mounted = read.unwrap().mounted.unwrap();
        let all = [
            mounted.repository_uuid,
            mounted.repository,
            mounted.snapshot,
            mounted.snapshot_uuid,
            mounted.index,
            mounted.index_id,
        ];
        assert_eq!(all.map(Option::unwrap), ["r", "repo", "s", "su", "i", "iu"]);
        let read = parse(&json!({"settings": {
            "index.number_of_shards": "1", "index.store.type": "remote_snapshot",
            "index.searchable_snapshot.repository": "repo", "index.searchable_snapshot.snapshot_id.name": "s",
            "index.searchable_snapshot.snapshot_id.uuid": "su", "index.searchable_snapshot.index.id": "iu",
        }}));
        let mounted = read.unwrap().mounted.unwrap();
        assert_eq!(mounted.snapshot_uuid.as_deref(), Some("su"));
        assert_eq!(mounted.index_id.as_deref(), Some("iu"));
    }

    #[test]
    fn source_only_is_told_in_every_form() {
        for (settings, only) in [
            (json!({"index.source_only": "true"}), true),
            (json!({"index.source_only": true}), true),
            (json!({"index": {"source_only": "true"}}), true),
            (json!({"index.source_only": "false"}), false),
            (json!({"index.source_only": false}), false),
            (json!({}), false),
        ] {
            let mut settings = settings;
            settings["index.number_of_shards"] = "1".into();
            let read = parse(&json!({ "settings": settings })).unwrap();
            assert_eq!(read.is_source_only(), only, "{settings}");
        }
    }

    #[test]
    fn an_impossible_number_of_shards_is_refused() {
        for number in [
            json!("0"),
            json!("-1"),
            json!("4000000000"),
            json!(null),
            json!([1]),
        ] {
            assert!(parse(&json!({"settings": {"index.number_of_shards": number}})).is_err());
        }
        assert!(parse(&json!({"settings": {}})).is_err());
    }

    #[test]
    fn two_indices_in_one_blob_are_refused() {
        let two = json!({"a": minimal(json!([])), "b": minimal(json!([]))});
        assert!(IndexMetadata::parse(&blob(INDEX_METADATA, Packing::Plain, &two)).is_err());
        assert!(IndexMetadata::parse(&blob(INDEX_METADATA, Packing::Plain, &json!({}))).is_err());
    }
}
