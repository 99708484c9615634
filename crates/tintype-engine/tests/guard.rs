//! What never leaves the process: forbidden changes, changes to another cluster, names that mean something else.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use support::{Reply, Seen, Server, UUID, elasticsearch, json, opensearch, uuid_body};
use tintype_engine::{
    Access, Auth, ConfigError, CreateSnapshot, Engine, EngineConfig, Error, Lost, NotSent, Restore,
};

fn accept(seen: &Seen) -> Reply {
    match seen.target.as_str() {
        target if target.ends_with("_verify") => json(200, r#"{"nodes":{"a":{"name":"n"}}}"#),
        target if target.starts_with("/_snapshot/r?") || seen.method == "DELETE" => {
            json(200, r#"{"acknowledged":true}"#)
        }
        _ => json(200, r#"{"accepted":true}"#),
    }
}

fn restore() -> Restore {
    Restore::renaming([("a", "b")]).unwrap().remove(0)
}

/// Time enough for what is to be sent.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// What each change comes to, in the order: create snapshot, delete, restore, register, verify.
async fn all_changes(engine: &Engine) -> [Result<(), Error>; 5] {
    [
        engine
            .create_snapshot("r", "s", &CreateSnapshot::default())
            .await
            .map(drop),
        engine.delete_snapshot("r", "s", soon()).await,
        engine.restore_snapshot("r", "s", &restore()).await.map(drop),
        engine.create_repository("r", "fs", &Map::new()).await,
        engine.verify_repository("r").await.map(drop),
    ]
}

#[tokio::test]
async fn each_level_sends_only_what_it_allows() {
    for (access, allowed) in [(Access::Observe, 0), (Access::Take, 1), (Access::Operate, 5)] {
        let server = Server::start(opensearch(accept)).await;
        let results = all_changes(&server.engine(access)).await;
        for (n, result) in results.iter().enumerate() {
            match result {
                Ok(()) => assert!(n < allowed, "{access}: change {n} went out"),
                Err(Error::NotSent {
                    why: NotSent::Forbidden { has, .. },
                    ..
                }) => assert_eq!(*has, access),
                Err(other) => panic!("{access}: change {n}: {other}"),
            }
        }
        assert_eq!(server.changes().len(), allowed, "{access}");
    }
}

#[tokio::test]
async fn every_read_is_a_get() {
    let server = Server::start(opensearch(|_| json(200, "{}"))).await;
    let engine = server.engine(Access::Observe);
    let _ = engine.identify().await;
    let _ = engine.health().await;
    let _ = engine.nodes().await;
    let _ = engine.shards().await;
    let _ = engine.repositories().await;
    let _ = engine.repository("r").await;
    let _ = engine.snapshots("r").await;
    let _ = engine.snapshot("r", "s").await;
    let _ = engine.snapshot_status("r", "s").await;
    let _ = engine.snapshots_running().await;
    let _ = engine.all_indices().await;
    let _ = engine.existing(&["a".into()]).await;
    let _ = engine.document_counts().await;
    let _ = engine.recovery(&["a".into()]).await;
    assert!(server.seen().len() >= 14);
    assert!(
        server
            .seen()
            .iter()
            .all(|seen| seen.method == "GET" && seen.body.is_empty())
    );
}

#[tokio::test]
async fn the_uuid_is_read_right_before_a_change_on_the_same_connection() {
    let server = Server::start(opensearch(accept)).await;
    let mut config = server.config(Access::Operate);
    config.expected_uuid = Some(UUID.into());
    for result in all_changes(&Engine::new(config).unwrap()).await {
        result.unwrap();
    }
    let seen = server.seen();
    for (n, change) in seen.iter().enumerate().filter(|(_, seen)| seen.method != "GET") {
        let before = &seen[n - 1];
        assert!(
            before.target.starts_with("/_cluster/state/version"),
            "{}",
            before.target
        );
        assert_eq!(before.connection, change.connection);
    }
    assert_eq!(server.changes().len(), 5);
}

/// The uuid's reads answer `first`, then `second` for ever.
async fn changing_uuid(first: &'static str, second: &'static str) -> Server {
    let reads = std::sync::atomic::AtomicUsize::new(0);
    let rest = opensearch(accept);
    Server::start(move |seen| {
        if seen.target.starts_with("/_cluster/state/version") {
            let read = reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return json(200, uuid_body(if read == 0 { first } else { second }));
        }
        rest(seen)
    })
    .await
}

#[tokio::test]
async fn nothing_is_sent_to_another_cluster() {
    let server = changing_uuid(UUID, "other").await;
    let mut config = server.config(Access::Operate);
    config.expected_uuid = Some(UUID.into());
    let engine = Engine::new(config).unwrap();
    engine.dialect().await.unwrap();
    for result in all_changes(&engine).await {
        let Err(Error::NotSent {
            why: NotSent::UuidMismatch { expected, found },
            ..
        }) = result
        else {
            panic!("{result:?}");
        };
        assert_eq!((expected.as_str(), found.as_str()), (UUID, "other"));
    }
    assert!(server.changes().is_empty());
}

#[tokio::test]
async fn an_engine_apart_keeps_its_connections_to_itself() {
    let server = Server::start(opensearch(accept)).await;
    let engine = server.engine(Access::Operate);
    let ask = async |engine: &Engine| {
        engine.identify().await.unwrap();
        server.seen().last().unwrap().connection
    };
    assert_eq!(ask(&engine).await, 0);
    let apart = engine.apart();
    assert_eq!([ask(&apart).await, ask(&apart.clone()).await], [1, 1]);
    drop(apart);
    assert_eq!([ask(&engine).await, ask(&engine.apart()).await], [0, 2]);
}

#[tokio::test]
async fn a_delete_is_not_written_when_the_reads_before_it_took_too_long() {
    let server = Server::start(opensearch(accept)).await;
    let engine = server.engine(Access::Operate);
    let now = Instant::now();
    let late = engine.delete_snapshot("r", "s", now).await.unwrap_err();
    assert!(
        matches!(
            late,
            Error::NotSent {
                why: NotSent::Late,
                ..
            }
        ),
        "{late}"
    );
    assert!(late.is_transient());
    let last = server.seen().pop().unwrap();
    assert!(
        last.target.starts_with("/_cluster/state/version"),
        "{}",
        last.target
    );
    // Looked at again, it goes out, on the connection that was kept.
    engine.delete_snapshot("r", "s", soon()).await.unwrap();
    assert_eq!(server.changes().len(), 1);
    assert_eq!(server.changes()[0].connection, last.connection);
}

#[tokio::test]
async fn nothing_is_sent_to_a_cluster_that_has_not_formed() {
    let server = changing_uuid(UUID, "_na_").await;
    let engine = server.engine(Access::Operate);
    engine.dialect().await.unwrap();
    for result in all_changes(&engine).await {
        assert!(
            matches!(
                result,
                Err(Error::NotSent {
                    why: NotSent::NotReady,
                    ..
                })
            ),
            "{result:?}"
        );
    }
    assert!(server.changes().is_empty());
    let error = engine.cluster_uuid().await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unknown {
                why: Lost::NotReady,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_change_whose_uuid_cannot_be_read_is_not_sent() {
    let server = Server::start(opensearch(accept)).await;
    let engine = server.engine(Access::Take);
    let dialect = engine.dialect().await;
    dialect.unwrap();
    let broken = Server::start(|_| Reply::Close).await;
    let error = broken
        .engine(Access::Take)
        .create_snapshot("r", "s", &CreateSnapshot::default())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotSent {
                why: NotSent::Precheck(_),
                ..
            }
        ),
        "{error}"
    );
    assert!(broken.changes().is_empty());
}

#[tokio::test]
async fn names_that_could_mean_something_else_are_not_sent() {
    let server = Server::start(opensearch(accept)).await;
    let engine = server.engine(Access::Operate);
    for name in [
        ".",
        "..",
        "",
        "*",
        "a,b",
        "_all",
        "_current",
        "-x",
        "<s-{now/d}>",
        "a/b",
        "%2e/..",
    ] {
        let results = [
            engine.snapshot("r", name).await.map(drop),
            engine.snapshot_status("r", name).await.map(drop),
            engine.delete_snapshot("r", name, soon()).await,
            engine
                .create_snapshot("r", name, &CreateSnapshot::default())
                .await
                .map(drop),
            engine.restore_snapshot("r", name, &restore()).await.map(drop),
        ];
        for result in results {
            assert!(
                matches!(
                    result,
                    Err(Error::NotSent {
                        why: NotSent::InvalidName { .. },
                        ..
                    })
                ),
                "{name}: {result:?}"
            );
        }
    }
    for name in [".", "..", "", "*", "a,b", "_all"] {
        assert!(engine.repository(name).await.unwrap_err().is_not_sent(), "{name}");
        assert!(
            engine
                .create_repository(name, "fs", &Map::new())
                .await
                .unwrap_err()
                .is_not_sent(),
            "{name}"
        );
    }
    let everything = Restore::default();
    assert!(
        engine
            .restore_snapshot("r", "s", &everything)
            .await
            .unwrap_err()
            .is_not_sent()
    );
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_snapshots_body_follows_the_dialect() {
    let what = CreateSnapshot {
        metadata: Map::from_iter([("tintype".to_owned(), Value::from("op-1"))]),
        ..CreateSnapshot::default()
    };
    let new = Server::start(elasticsearch("8.17.0", accept)).await;
    new.engine(Access::Take)
        .create_snapshot("r", "s", &what)
        .await
        .unwrap();
    let sent = new.changes().remove(0);
    assert_eq!(
        sent.target,
        "/_snapshot/r/s?wait_for_completion=false&master_timeout=20s"
    );
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    let meant = r#"{"include_global_state":true,"partial":false,"expand_wildcards":"all","metadata":{"tintype":"op-1"}}"#;
    assert_eq!(body, serde_json::from_str::<Value>(meant).unwrap());

    let old = Server::start(elasticsearch("6.8.23", accept)).await;
    old.engine(Access::Take)
        .create_snapshot("r", "s", &what)
        .await
        .unwrap();
    let body: Value = serde_json::from_str(&old.changes()[0].body).unwrap();
    assert_eq!(
        body,
        serde_json::from_str::<Value>(r#"{"include_global_state":true,"partial":false}"#).unwrap()
    );
}

#[test]
fn credentials_stay_off_plain_http_and_out_of_urls() {
    let with_auth = |url: &str, allow| EngineConfig {
        auth: Auth::ApiKey("c2VjcmV0".to_owned().into()),
        allow_plain_http: allow,
        ..EngineConfig::new(url)
    };
    let refused = Engine::new(with_auth("http://es.example:9200", false)).unwrap_err();
    assert_eq!(refused, ConfigError::PlainHttpCredentials("es.example".into()));
    for url in [
        "http://localhost:9200",
        "http://127.0.0.1:9200",
        "http://[::1]:9200",
        "https://es.example",
    ] {
        assert!(Engine::new(with_auth(url, false)).is_ok(), "{url}");
    }
    assert!(Engine::new(with_auth("http://es.example:9200", true)).is_ok());
    assert_eq!(
        Engine::new(EngineConfig::new("http://u:p@localhost")).unwrap_err(),
        ConfigError::CredentialsInUrl
    );
    for url in ["ftp://x", "localhost:9200", "http://x/?a=b", "http://x/#a"] {
        assert!(
            matches!(Engine::new(EngineConfig::new(url)), Err(ConfigError::Url(_))),
            "{url}"
        );
    }
}

#[tokio::test]
async fn each_kind_of_credential_has_its_header() {
    for (auth, header) in [
        (Auth::ApiKey("aWQ6a2V5".to_owned().into()), "ApiKey aWQ6a2V5"),
        (Auth::Bearer("token".to_owned().into()), "Bearer token"),
        (
            Auth::Basic {
                user: "me".into(),
                password: "pw".to_owned().into(),
            },
            "Basic bWU6cHc=",
        ),
    ] {
        let server = Server::start(|_| json(200, uuid_body("u"))).await;
        let config = EngineConfig {
            auth,
            ..server.config(Access::Observe)
        };
        Engine::new(config).unwrap().cluster_uuid().await.unwrap();
        assert!(
            server.seen()[0]
                .head
                .contains(&format!("authorization: {header}\r\n"))
        );
    }
}
