//! Answers as real engines of each family gave them, and what is read from them.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use serde_json::{Value, json};
use support::{Reply, Seen, Server, UUID, elasticsearch, engine_error, json as reply, opensearch, uuid_body};
use tintype_engine::{
    Access, Count, Distribution, Engine, Error, HealthStatus, Lost, SnapshotState, Version,
};

async fn opensearch_engine(then: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (Engine, Server) {
    let server = Server::start(opensearch(then)).await;
    (server.engine(Access::Observe), server)
}

#[tokio::test]
async fn opensearch_says_who_it_is() {
    let (engine, _server) = opensearch_engine(|_| reply(404, "{}")).await;
    let identity = engine.identify().await.unwrap();
    assert_eq!(
        (identity.distribution, identity.version),
        (Distribution::OpenSearch, Version::new(2, 19, 0))
    );
    assert_eq!(
        (identity.cluster_name.as_str(), identity.cluster_uuid.as_str()),
        ("c", UUID)
    );
}

/// Answers `GET /` so, and names 8.17.0 and `other` as the nodes' versions.
async fn identify_by_nodes(main: fn() -> Reply, other: &'static str) -> (Distribution, Version) {
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/" => main(),
        target if target.starts_with("/_nodes?") => {
            let nodes =
                json!({"cluster_name": "c", "nodes": {"a": {"version": other}, "b": {"version": other}}});
            reply(200, nodes.to_string())
        }
        _ => reply(200, uuid_body(UUID)),
    })
    .await;
    let identity = server.engine(Access::Observe).identify().await.unwrap();
    (identity.distribution, identity.version)
}

#[tokio::test]
async fn an_engine_that_does_not_answer_its_root_is_known_by_its_nodes() {
    let wrong_method = || {
        reply(
            405,
            r#"{"error":"Incorrect HTTP method for uri [/] and method [GET], allowed: [DELETE]","status":405}"#,
        )
    };
    assert_eq!(
        identify_by_nodes(wrong_method, "8.17.0").await,
        (Distribution::Elasticsearch, Version::new(8, 17, 0))
    );
    let forbidden = || engine_error(403, "security_exception", "unauthorized");
    assert_eq!(
        identify_by_nodes(forbidden, "3.3.2").await,
        (Distribution::OpenSearch, Version::new(3, 3, 2))
    );
}

#[tokio::test]
async fn opensearch_disguised_as_7_10_is_seen_through() {
    let disguised = || {
        reply(
            200,
            r#"{"cluster_name":"c","version":{"number":"7.10.2"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#,
        )
    };
    assert_eq!(
        identify_by_nodes(disguised, "1.3.0").await,
        (Distribution::OpenSearch, Version::new(1, 3, 0))
    );
}

const FINISHED_8: &str = r#"{"snapshots":[{"snapshot":"s1","uuid":"nwHCZwp4Twu0N--LqQo-FA","repository":"r","version_id":8521000,
"version":"8.17.0","indices":["a",".b"],"data_streams":[],"include_global_state":true,"metadata":{"tintype":"x"},"state":"SUCCESS",
"start_time":"2026-11-23T22:44:34.594Z","start_time_in_millis":1795473874594,"end_time_in_millis":1795473874794,
"duration_in_millis":200,"failures":[],"shards":{"total":5,"failed":0,"successful":5},"feature_states":[]}],"total":1,"remaining":0}"#;

const RUNNING_6: &str = r#"{"snapshots":[{"snapshot":"s1","uuid":"LoQsLpFGR962t4TOk2tf-w","version_id":6082399,"version":"6.8.23",
"indices":["a"],"include_global_state":true,"state":"IN_PROGRESS","start_time":"2026-11-23T22:44:35.770Z",
"start_time_in_millis":1795473875770,"end_time":"1970-01-01T00:00:00.000Z","end_time_in_millis":0,
"duration_in_millis":-1795473875770,"failures":[],"shards":{"total":0,"failed":0,"successful":0}}]}"#;

const PARTIAL: &str = r#"{"snapshots":[{"snapshot":"s1","uuid":"u","version_id":136407827,"version":"2.19.0","indices":["a"],
"state":"PARTIAL","failures":[{"index":"a","index_uuid":"a","shard_id":3,"reason":"node shutdown","node_id":"n",
"status":"INTERNAL_SERVER_ERROR"}],"shards":{"total":5,"failed":1,"successful":4}}]}"#;

#[tokio::test]
async fn a_finished_snapshot_of_elasticsearch_8() {
    let (engine, server) = opensearch_engine(|_| reply(200, FINISHED_8)).await;
    let info = engine.snapshot("r", "s1").await.unwrap().unwrap();
    assert_eq!(info.state, SnapshotState::Success);
    assert_eq!(info.indices, ["a", ".b"]);
    assert_eq!(
        (info.total_shards, info.successful_shards, info.failed_shards),
        (5, 5, 0)
    );
    assert_eq!(
        (info.start_time_ms, info.end_time_ms),
        (Some(1795473874594), Some(1795473874794))
    );
    assert_eq!(info.metadata, Some(json!({"tintype": "x"})));
    assert_eq!(server.seen()[0].target, "/_snapshot/r/s1");
}

#[tokio::test]
async fn a_running_snapshot_of_6_8_has_no_end_and_no_metadata() {
    let (engine, _server) = opensearch_engine(|_| reply(200, RUNNING_6)).await;
    let info = engine.snapshot("r", "s1").await.unwrap().unwrap();
    assert_eq!(
        (info.state, info.end_time_ms, info.metadata),
        (SnapshotState::InProgress, None, None)
    );
}

#[tokio::test]
async fn the_failures_of_a_partial_snapshot() {
    let (engine, _server) = opensearch_engine(|_| reply(200, PARTIAL)).await;
    let info = engine.snapshot("r", "s1").await.unwrap().unwrap();
    assert_eq!((info.state, info.failed_shards), (SnapshotState::Partial, 1));
    let failure = &info.failures[0];
    assert_eq!(
        (failure.index.as_str(), failure.shard, failure.reason.as_str()),
        ("a", 3, "node shutdown")
    );
}

#[tokio::test]
async fn only_the_engines_own_word_makes_a_snapshot_missing() {
    let (engine, _server) =
        opensearch_engine(|_| engine_error(404, "snapshot_missing_exception", "[r:s1] is missing")).await;
    assert_eq!(engine.snapshot("r", "s1").await.unwrap(), None);
    assert_eq!(engine.snapshot_status("r", "s1").await.unwrap(), None);
    let (engine, _server) =
        opensearch_engine(|_| engine_error(404, "repository_missing_exception", "[r] missing")).await;
    assert!(
        engine
            .snapshot("r", "s1")
            .await
            .unwrap_err()
            .is_missing_repository()
    );
    let (engine, _server) = opensearch_engine(|_| reply(404, "<html>not found</html>")).await;
    assert!(engine.snapshot("r", "s1").await.unwrap_err().is_unknown());
}

#[tokio::test]
async fn a_repository_that_7_17_cannot_read_is_not_an_empty_one() {
    let failed = |kind: &str| {
        let failure = json!({"type": kind, "reason": "[r] broken", "caused_by": {"type": "s3", "reason": "AccessDenied"}});
        json!({"snapshots": [], "failures": {"r": failure}, "total": 0, "remaining": 0}).to_string()
    };
    for kind in ["repository_missing_exception", "repository_exception"] {
        let server = Server::start(elasticsearch("7.17.29", move |_| reply(200, failed(kind)))).await;
        let engine = server.engine(Access::Observe);
        for error in [
            engine.snapshots("r").await.unwrap_err(),
            engine.snapshot("r", "s1").await.unwrap_err(),
        ] {
            assert!(error.is_refused() && error.is_storage_access_denied(), "{error}");
            assert_eq!(
                error.is_missing_repository(),
                kind == "repository_missing_exception"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_about_another_snapshot_is_not_taken_for_the_one_asked_for() {
    let (engine, _server) = opensearch_engine(|_| reply(200, FINISHED_8)).await;
    let error = engine.snapshot("r", "s2").await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unknown {
                why: Lost::Unexpected(_),
                ..
            }
        ),
        "{error}"
    );
    let (engine, _server) = opensearch_engine(|_| reply(200, r#"{"snapshots":[]}"#)).await;
    assert!(engine.snapshot("r", "s1").await.is_err());
}

#[tokio::test]
async fn a_listing_follows_its_pages_where_there_are_any() {
    let page = |name: &str, next: Value| {
        json!({"snapshots": [{"snapshot": name, "uuid": name, "state": "SUCCESS"}], "next": next}).to_string()
    };
    let server = Server::start(elasticsearch("8.17.0", move |seen| {
        match seen.target.contains("after=dG9rZW4%3D") {
            false => reply(200, page("a", json!("dG9rZW4="))),
            true => reply(200, page("b", Value::Null)),
        }
    }))
    .await;
    let names: Vec<_> = server
        .engine(Access::Observe)
        .snapshots("r")
        .await
        .unwrap()
        .into_iter()
        .map(|info| info.name)
        .collect();
    assert_eq!(names, ["a", "b"]);

    let (engine, server) = opensearch_engine(|_| reply(200, FINISHED_8)).await;
    assert_eq!(engine.snapshots("r").await.unwrap().len(), 1);
    assert_eq!(server.seen().last().unwrap().target, "/_snapshot/r/_all");
}

/// A status with one shard, in these stages and with these stats.
fn status(state: &str, shards: Value, stats: Value) -> Reply {
    let shard = json!({"stage": "STARTED", "stats": stats, "node": "n1"});
    let index = json!({"shards_stats": shards, "stats": stats, "shards": {"0": shard}});
    let snapshot = json!({"snapshot": "s1", "repository": "r", "uuid": "u", "state": state, "include_global_state": true,
        "shards_stats": shards, "stats": stats, "indices": {"a": index}});
    reply(200, json!({"snapshots": [snapshot]}).to_string())
}

#[tokio::test]
async fn progress_counts_finished_files_of_the_incremental_total() {
    let (engine, _server) = opensearch_engine(|_| {
        let shards = json!({"initializing": 0, "started": 1, "finalizing": 0, "done": 0, "failed": 0, "total": 1});
        let stats = json!({"incremental": {"file_count": 10, "size_in_bytes": 1000}, "processed": {"file_count": 4,
            "size_in_bytes": 300}, "total": {"file_count": 20, "size_in_bytes": 5000}, "start_time_in_millis": 7, "time_in_millis": 3});
        status("STARTED", shards, stats)
    })
    .await;
    let progress = engine.snapshot_status("r", "s1").await.unwrap().unwrap();
    assert_eq!(progress.state, SnapshotState::InProgress);
    assert!(!progress.is_preparing() && progress.is_total_final());
    assert_eq!(
        progress.files.incremental,
        Count {
            files: 10,
            bytes: 1000
        }
    );
    assert_eq!(progress.files.processed, Count { files: 4, bytes: 300 });
    assert_eq!((progress.start_time_ms, progress.elapsed_ms), (Some(7), Some(3)));
    let shard = &progress.indices["a"].per_shard[&0];
    assert_eq!(
        (shard.stage.as_str(), shard.node.as_deref()),
        ("STARTED", Some("n1"))
    );
}

#[tokio::test]
async fn what_the_engine_leaves_out_as_processed_equals_the_incremental_total() {
    let (engine, _server) = opensearch_engine(|_| {
        let shards = json!({"done": 1, "total": 1});
        status(
            "SUCCESS",
            shards,
            json!({"incremental": {"file_count": 16, "size_in_bytes": 7556}}),
        )
    })
    .await;
    let progress = engine.snapshot_status("r", "s1").await.unwrap().unwrap();
    assert_eq!(
        progress.files.processed,
        Count {
            files: 16,
            bytes: 7556
        }
    );
    assert!(!progress.is_preparing());
}

#[tokio::test]
async fn a_total_of_zero_means_preparing_and_an_unstarted_shard_that_it_may_grow() {
    let (engine, _server) = opensearch_engine(|_| {
        let zero = json!({"file_count": 0, "size_in_bytes": 0});
        status(
            "STARTED",
            json!({"initializing": 1, "total": 1}),
            json!({"incremental": zero, "total": zero}),
        )
    })
    .await;
    assert!(engine.snapshots_running().await.unwrap()[0].is_preparing());
    let (engine, _server) = opensearch_engine(|_| {
        let some = json!({"file_count": 2, "size_in_bytes": 9});
        status(
            "STARTED",
            json!({"initializing": 1, "started": 1, "total": 2}),
            json!({"incremental": some}),
        )
    })
    .await;
    let progress = engine.snapshots_running().await.unwrap().remove(0);
    assert!(!progress.is_preparing() && !progress.is_total_final());
}

#[tokio::test]
async fn registrations_have_the_uuid_that_newer_elasticsearch_shows() {
    let body = r#"{"r":{"type":"fs","uuid":"2Ui1BvBuSt28UTcEi_YHGA","settings":{"location":"/b/r"}},"old":{"type":"s3","settings":{}}}"#;
    let (engine, _server) = opensearch_engine(move |_| reply(200, body)).await;
    let all = engine.repositories().await.unwrap();
    assert_eq!(
        (all[1].name.as_str(), all[1].uuid.as_deref()),
        ("r", Some("2Ui1BvBuSt28UTcEi_YHGA"))
    );
    assert_eq!((all[0].kind.as_str(), all[0].uuid.as_deref()), ("s3", None));
    assert_eq!(
        engine.repository("r").await.unwrap().unwrap().settings["location"],
        "/b/r"
    );
    assert!(engine.repository("missing").await.is_err());
}

const STATE: &str = r#"{"metadata":{"indices":{
"open.index":{"state":"open","aliases":["al"],"settings":{"index":{"uuid":"u1","number_of_shards":"5","number_of_replicas":"1"}}},
"shut":{"state":"close","aliases":[],"settings":{"index":{"uuid":"u2","hidden":"true","number_of_shards":"1","number_of_replicas":"0"}}}},
"data_stream":{"data_stream":{"logs":{"name":"logs"}}}}}"#;

#[tokio::test]
async fn indices_include_closed_and_hidden_ones() {
    let (engine, _server) = opensearch_engine(|seen| match seen.target.starts_with("/_cluster/health") {
        true => reply(200, r#"{"indices":{"open.index":{"status":"yellow"}}}"#),
        false => reply(200, STATE),
    })
    .await;
    let indices = engine.all_indices().await.unwrap();
    assert_eq!(indices.len(), 2);
    assert_eq!(
        (indices[0].name.as_str(), indices[0].health, indices[0].primaries),
        ("open.index", Some(HealthStatus::Yellow), 5)
    );
    assert!(indices[1].closed && indices[1].hidden && indices[1].health.is_none());
    let names: Vec<(String, bool)> = engine.index_names().await.unwrap().into_iter().collect();
    assert_eq!(
        names,
        [("open.index".to_owned(), false), ("shut".to_owned(), true)]
    );
}

#[tokio::test]
async fn names_are_taken_by_indices_aliases_and_data_streams() {
    let (engine, _server) = opensearch_engine(|_| reply(200, STATE)).await;
    let asked: Vec<String> = ["open.index", "al", "logs", "shut", "free", "*"]
        .map(str::to_owned)
        .to_vec();
    assert_eq!(
        engine.existing(&asked).await.unwrap(),
        ["open.index", "al", "logs", "shut"]
    );
    let (engine, _server) = opensearch_engine(|_| reply(200, "{}")).await;
    assert!(engine.existing(&asked).await.unwrap().is_empty());
}

const RECOVERY: &str = r#"{"zz9":{"shards":[{"id":0,"type":"SNAPSHOT","stage":"DONE","primary":true,"source":{"repository":"r",
"snapshot":"s1","version":"8.17.0","index":"idx2","restoreUUID":"Ay6X"},"target":{"id":"n"},"index":{"size":{"total_in_bytes":3504,
"reused_in_bytes":0,"recovered_in_bytes":3500,"percent":"99.9%"},"files":{"total":4,"reused":0,"recovered":3,"percent":"75.0%"}}}]}}"#;

#[tokio::test]
async fn a_recovery_names_its_source_and_how_far_it_is() {
    let (engine, server) = opensearch_engine(|_| reply(200, RECOVERY)).await;
    let shard = engine.recovery(&["zz9".into()]).await.unwrap().remove(0);
    assert_eq!(
        (shard.index.as_str(), shard.kind.as_str(), shard.stage.as_str()),
        ("zz9", "SNAPSHOT", "DONE")
    );
    assert_eq!(
        (shard.source_repository.as_deref(), shard.source_index.as_deref()),
        (Some("r"), Some("idx2"))
    );
    assert_eq!(
        (shard.total, shard.recovered),
        (
            Count {
                files: 4,
                bytes: 3504
            },
            Count {
                files: 3,
                bytes: 3500
            }
        )
    );
    assert_eq!(server.seen()[0].target, "/zz9/_recovery?ignore_unavailable=true");
    assert!(engine.recovery(&["*".into()]).await.unwrap_err().is_not_sent());
    assert!(engine.recovery(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn many_names_are_asked_for_in_paths_that_the_engines_accept() {
    let (engine, server) = opensearch_engine(|_| reply(200, "{}")).await;
    let names: Vec<String> = (0..200).map(|n| format!("{}-{n}", "é".repeat(60))).collect();
    engine.recovery(&names).await.unwrap();
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.target.len() < 4000));
    assert_eq!(
        seen.iter()
            .map(|seen| seen.target.matches("%2C").count() + 1)
            .sum::<usize>(),
        200
    );
}
