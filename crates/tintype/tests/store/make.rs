//! Things to store.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, json};
use std::collections::HashMap;
use std::sync::Arc;
use tintype::model::{
    AccessLevel, Cluster, ClusterId, ClusterSecrets, EngineAuth, Operation, OperationKind,
    PlatformRepository, Status,
};
use tintype::store::{LeaseLimits, Leased, NameKey, NewOperation, Started, Step, Store};

pub type TheStore = Arc<dyn Store>;

/// Milliseconds after the tests' beginning of time.
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + millis).unwrap()
}

pub fn id(text: &str) -> ClusterId {
    text.parse().unwrap()
}

pub fn cluster(name: &str) -> Cluster {
    Cluster {
        id: id(name),
        name: format!("{name}-name"),
        url: format!("https://{name}:9200"),
        access: AccessLevel::Operate,
        auth: EngineAuth::Basic,
        uuid: format!("{name}-uuid"),
        distribution: "opensearch".into(),
        engine_version: "2.19.0".into(),
        ca: Some("a certificate".into()),
        fingerprint: Some("ab".repeat(32)),
        allow_plain_http: true,
        repository: Some("main".parse().unwrap()),
        engine_repository: Some("found-snapshots".parse().unwrap()),
        location: Some("/backups/a".into()),
        created_at: at(1),
        updated_at: at(2),
        version: 1,
    }
}

pub fn secrets(word: &str) -> ClusterSecrets {
    let secret = |kind: &str| Some(SecretString::from(format!("{word}-{kind}")));
    ClusterSecrets {
        username: Some(format!("{word}-user")),
        password: secret("password"),
        api_key: secret("api-key"),
        bearer: secret("bearer"),
        client_certificate: Some(format!("{word}-certificate")),
        client_key: secret("client-key"),
    }
}

pub async fn attach(store: &TheStore, name: &str) -> Cluster {
    let cluster = cluster(name);
    store.attach_cluster(&cluster, &secrets(name)).await.unwrap();
    cluster
}

pub fn repository(name: &str) -> PlatformRepository {
    let mut settings = Map::new();
    settings.insert("location".into(), json!("/backups"));
    settings.insert("chunk".into(), json!({ "size": 1.5, "of": ["a", null] }));
    PlatformRepository {
        name: name.parse().unwrap(),
        kind: "fs".into(),
        settings,
        is_default: false,
        has_reader: false,
        preflight: Some("ok".into()),
        created_at: at(1),
        updated_at: at(2),
        version: 1,
    }
}

/// An operation on a cluster, by ids that sort as they read, begun at the beginning of time.
pub fn operation(operation: &str, cluster: &str) -> NewOperation {
    NewOperation {
        id: operation.into(),
        kind: OperationKind::TakeSnapshot,
        cluster_id: id(cluster),
        requested_by: "admin".into(),
        parameters: json!({ "name": operation }),
        state: json!({ "version": 1, "step": "preparing" }),
        reserve: None,
        idempotency: None,
        now: at(0),
    }
}

pub fn name_key(cluster: &str, name: &str) -> NameKey {
    let repository = "main".parse().unwrap();
    NameKey {
        cluster_uuid: format!("{cluster}-uuid"),
        repository,
        name: name.parse().unwrap(),
    }
}

pub fn naming(new: NewOperation, name: &str) -> NewOperation {
    let reserve = Some(name_key(new.cluster_id.as_str(), name));
    NewOperation { reserve, ..new }
}

pub async fn start(store: &TheStore, new: NewOperation) -> Operation {
    match store.start_operation(&new).await.unwrap() {
        Started::New(operation) => operation,
        other => panic!("{} was not started: {other:?}", new.id),
    }
}

/// Starts these on a cluster.
pub async fn start_all(store: &TheStore, cluster: &str, ids: &[&str]) {
    for id in ids {
        start(store, operation(id, cluster)).await;
    }
}

pub fn limits(overall: u32, per_cluster: u32) -> LeaseLimits {
    LeaseLimits {
        overall,
        per_cluster,
        exceptions: HashMap::new(),
        verifications: 2,
    }
}

/// Leases all that is due at `now` without limits, until 1000 later.
pub async fn lease(store: &TheStore, owner: &str, now: i64) -> Vec<Leased> {
    store
        .lease(owner, &limits(1000, 1000), at(now), at(now + 1000))
        .await
        .unwrap()
}

/// The only operation that is due.
pub async fn lease_one(store: &TheStore, owner: &str, now: i64) -> Leased {
    let mut leased = lease(store, owner, now).await;
    assert_eq!(leased.len(), 1, "{leased:?}");
    leased.remove(0)
}

pub fn ids(leased: &[Leased]) -> Vec<&str> {
    leased.iter().map(|leased| leased.operation.id.as_str()).collect()
}

pub async fn commit(store: &TheStore, leased: &Leased, now: i64, step: Step) -> bool {
    store
        .commit_step(&leased.operation.id, leased.token, &step, at(now))
        .await
        .unwrap()
}

pub async fn get(store: &TheStore, operation: &str) -> Operation {
    store.operation(operation).await.unwrap().unwrap()
}

pub fn ends(status: Status) -> Step {
    Step {
        status: Some(status),
        ..Step::default()
    }
}

pub fn waits(until: i64) -> Step {
    Step {
        wait_until: Some(at(until)),
        ..Step::default()
    }
}

pub async fn event_kinds(store: &TheStore, operation: &str) -> Vec<String> {
    let events = store.events(operation, 0, 1000).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}
