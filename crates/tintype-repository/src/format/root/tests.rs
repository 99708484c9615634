use super::*;
use crate::format::testing::{self, large_root, uuid};
use serde_json::{Value, json};

fn parse(value: &Value) -> Result<Root, FormatError> {
    Root::parse(value.to_string().as_bytes())
}

fn healthy(value: &Value) -> Root {
    let root = parse(value).unwrap();
    assert_eq!(root.contradictions, [], "{value}");
    assert_eq!(root.unknown, [], "{value}");
    root
}

/// One index in one snapshot, as Elasticsearch 9 writes it.
fn modern() -> Value {
    let identifier = format!("{}-_na_-1-1-1", uuid(5));
    json!({
        "min_version": "7.12.0", "uuid": uuid(3), "cluster_id": uuid(4),
        "snapshots": [{
            "name": "nightly", "uuid": uuid(1), "state": 1, "index_metadata_lookup": {uuid(2): identifier},
            "version": "8.11.0", "index_version": 9_039_001, "start_time_millis": 5, "end_time_millis": 6, "slm_policy": "",
        }],
        "indices": {"logs": {"id": uuid(2), "snapshots": [uuid(1)], "shard_generations": [uuid(6), null, "_new", "7"]}},
        "index_metadata_identifiers": {identifier: &uuid(7)[..20]},
    })
}

#[test]
fn a_modern_root_is_read_whole() {
    let root = healthy(&modern());
    let snapshot = &root.snapshots[0];
    assert_eq!(
        (&*snapshot.name, &*snapshot.uuid, snapshot.state),
        ("nightly", &*uuid(1), Some(1))
    );
    assert_eq!(
        (snapshot.version.as_deref(), snapshot.index_version),
        (Some("8.11.0"), Some(9_039_001))
    );
    assert_eq!(
        (snapshot.started, snapshot.ended, snapshot.policy.as_deref()),
        (Some(5), Some(6), Some(""))
    );
    assert_eq!(snapshot.metadata, Some(vec![(0, 0)]));
    let index = &root.indices[0];
    assert_eq!(
        (&*index.name, &*index.id, &*index.snapshots),
        ("logs", &*uuid(2), &[0][..])
    );
    let generations = index.generations.as_deref().unwrap();
    assert_eq!(
        generations,
        [Some(uuid(6).into()), None, Some("_new".into()), None]
    );
    let identifier = format!("{}-_na_-1-1-1", uuid(5));
    assert_eq!(root.metadata_of(0, 0), Some((&uuid(7)[..20], Some(&*identifier))));
    assert_eq!(
        (root.uuid.as_deref(), root.cluster_id.as_deref()),
        (Some(&*uuid(3)), Some(&*uuid(4)))
    );
}

#[test]
fn roots_of_every_age_are_read() {
    let bare = healthy(&json!({"snapshots": ["old"], "indices": {"a": {"id": "a", "snapshots": ["old"]}}}));
    assert_eq!(
        (&*bare.snapshots[0].name, &*bare.snapshots[0].uuid),
        ("old", "old")
    );
    let five = healthy(&json!({
        "snapshots": [{"name": "a", "uuid": uuid(1)}],
        "indices": {"i": {"id": uuid(2), "snapshots": [{"name": "a", "uuid": uuid(1)}]}},
    }));
    assert_eq!(
        (five.snapshots[0].state, &*five.indices[0].snapshots),
        (None, &[0][..])
    );
    let six = healthy(&json!({
        "snapshots": [{"name": "a", "uuid": uuid(1), "state": 3}],
        "indices": {"i": {"id": uuid(2), "snapshots": [uuid(1)]}},
    }));
    assert_eq!(six.indices[0].generations, None);
    assert_eq!(six.metadata_of(0, 0), Some((&*uuid(1), None)));
    healthy(&json!({
        "snapshots": [{"name": "a", "uuid": uuid(1), "state": 1, "version": "7.6.2"}],
        "indices": {"i": {"id": uuid(2), "snapshots": [uuid(1)], "shard_generations": [uuid(3)]}},
        "min_version": "7.6.0",
    }));
    let hashed = healthy(&json!({
        "snapshots": [{"name": "a", "uuid": uuid(1), "state": 1, "version": "3.3.2", "index_metadata_lookup": {}}],
        "indices": {"i": {"id": uuid(2), "snapshots": [uuid(1)], "shard_generations": [uuid(3)], "shard_path_type": 1}},
    }));
    assert_eq!(
        (hashed.indices[0].path_type, hashed.indices[0].has_path_type),
        (1, true)
    );
    healthy(&json!({"snapshots": [], "indices": {}}));
}

#[test]
fn a_root_is_read_as_it_was_written_in_any_order() {
    let written = large_root(50, 7, 30);
    let bytes = testing::root(&written);
    let read = Root::parse(&bytes).unwrap();
    assert!(format!("{read:?}") == format!("{written:?}"), "another root");
    // `serde_json::Value` orders members by name: `snapshots` comes after what refers to them.
    let sorted: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(healthy(&sorted).snapshots.len(), 50);
    let each = read.indices_by_snapshot();
    assert_eq!(each.iter().map(Vec::len).sum::<usize>(), 350);
}

#[test]
fn what_an_engine_refuses_is_refused() {
    for (path, value) in [
        ("/snapshots", json!(null)),
        ("/snapshots/0/state", json!(9)),
        ("/snapshots/0/state", json!("1")),
        ("/snapshots/0/version", json!("8.11")),
        ("/snapshots/0/name", json!(null)),
        ("/snapshots/0/uuid", json!("../../etc")),
        ("/snapshots/0/uuid", json!(uuid(99))),
        ("/indices/logs/id", json!("../x")),
        ("/indices/logs/snapshots", json!([uuid(98)])),
        ("/indices/logs/shard_generations", json!(["a/b"])),
        ("/indices/logs/shard_path_type", json!(1000)),
    ] {
        let mut root = modern();
        *root.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
        if path.ends_with("path_type") {
            root["indices"]["logs"]["shard_path_type"] = value.clone();
        }
        let error = parse(&root).expect_err(path);
        assert_eq!(error.problem, Problem::Field, "{path}: {value}");
    }
    let twice = br#"{"snapshots":[],"snapshots":[],"indices":{}}"#;
    assert_eq!(Root::parse(twice).unwrap_err().problem, Problem::Field);
    let twice =
        br#"{"snapshots":[],"indices":{"a":{"id":"a","snapshots":[]},"a":{"id":"b","snapshots":[]}}}"#;
    assert_eq!(Root::parse(twice).unwrap_err().problem, Problem::Field);
}

#[test]
fn broken_json_is_told_with_its_place() {
    let error = Root::parse(b"{\n\"snapshots\":[!").unwrap_err();
    assert_eq!((error.problem, error.offset), (Problem::Syntax, Some(15)));
    for text in [
        &b""[..],
        b"{",
        b"[]",
        b"{} x",
        b"\xff\xfe",
        b"{\"snapshots\":[],\"indices\":{}} x",
    ] {
        assert!(Root::parse(text).is_err());
    }
}

#[test]
fn a_time_that_is_not_known_is_no_contradiction() {
    let mut root = modern();
    root["snapshots"][0]["start_time_millis"] = json!(-1);
    root["snapshots"][0]["end_time_millis"] = json!(-1);
    assert_eq!(healthy(&root).snapshots[0].started, None);
}

#[test]
fn contradictions_are_told_and_the_root_is_opened() {
    let identifier = format!("{}-_na_-1-1-1", uuid(5));
    for (path, value, word) in [
        ("/min_version", json!("7.9.0"), "min_version"),
        ("/uuid", json!("x"), "uuid"),
        ("/snapshots/0/name", json!("Nightly"), "name"),
        ("/snapshots/0/version", json!("8.12.0"), "index version"),
        ("/snapshots/0/end_time_millis", json!(1), "ends before"),
        ("/snapshots/0/end_time_millis", json!(-2), "time that is none"),
        (
            "/snapshots/0/index_metadata_lookup",
            json!({uuid(8): identifier}),
            "looks up an index",
        ),
        (
            "/snapshots/0/index_metadata_lookup",
            json!({uuid(2): "x"}),
            "looks up index metadata",
        ),
        ("/snapshots/0/index_metadata_lookup", json!({}), "no snapshot has"),
        ("/indices/logs/snapshots", json!([]), "in no snapshot"),
        ("/indices/logs/snapshots", json!([uuid(1), uuid(1)]), "twice"),
        ("/indices/logs/id", json!("short"), "id"),
        ("/indices/logs/shard_generations", json!(["_neu"]), "generation"),
        (
            "/index_metadata_identifiers",
            json!({identifier.clone(): "x"}),
            "metadata blob",
        ),
        (
            "/index_metadata_identifiers",
            json!({}),
            "looks up index metadata",
        ),
    ] {
        let mut root = modern();
        *root.pointer_mut(path).unwrap() = value;
        let read = parse(&root).expect(path);
        assert!(
            read.contradictions
                .iter()
                .any(|error| error.message.contains(word)),
            "{path} {word}: {:?}",
            read.contradictions
        );
    }
}

#[test]
fn unknown_members_are_named_and_bounded() {
    let mut root = modern();
    root["flavour"] = json!({"deep": [1, 2]});
    root["snapshots"][0]["colour"] = json!(1);
    root["indices"]["logs"]["weight"] = json!(1);
    assert_eq!(
        parse(&root).unwrap().unknown,
        [
            "flavour".into(),
            "indices.*.weight".into(),
            "snapshots[].colour".into()
        ]
    );
    for number in 0..1000 {
        root[format!("member {number}")] = json!(null);
    }
    assert_eq!(parse(&root).unwrap().unknown.len(), MAX_UNKNOWN);
}

#[test]
fn contradictions_are_bounded() {
    let mut root = modern();
    for number in 0..1000 {
        root["index_metadata_identifiers"][format!("bad {number}")] = json!("bad");
    }
    assert_eq!(parse(&root).unwrap().contradictions.len(), MAX_CONTRADICTIONS);
}

/// The rest is for who compares the root with the blobs that it names.
#[test]
fn most_flipped_bits_are_told_by_the_root_alone() {
    let bytes = testing::root(&large_root(5, 3, 5));
    let told = |at: usize| {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        Root::parse(&damaged).map_or(true, |root| {
            !root.contradictions.is_empty() || !root.unknown.is_empty()
        })
    };
    let found = (0..bytes.len()).filter(|at| told(*at)).count();
    assert!(found * 100 > bytes.len() * 90, "{found} of {}", bytes.len());
}

#[test]
fn an_index_that_is_twice_in_a_snapshot_is_there_once() {
    let mut value = modern();
    value["indices"]["logs"]["snapshots"] = json!([uuid(1), uuid(1), uuid(1)]);
    let root = parse(&value).unwrap();
    assert_eq!(root.indices[0].snapshots, [0]);
    assert!(!root.contradictions.is_empty());
}

#[test]
fn more_snapshots_than_any_repository_has_are_refused() {
    let root = |count: usize| {
        format!(
            r#"{{"snapshots":[{}"a"],"indices":{{}}}}"#,
            r#""a","#.repeat(count)
        )
    };
    assert!(Root::parse(root(10).as_bytes()).is_ok());
    assert!(Root::parse(root(MAX_SNAPSHOTS).as_bytes()).is_err());
}
