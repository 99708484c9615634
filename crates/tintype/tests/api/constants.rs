//! `docs/ece.md` lists every member that is always the same: those that do not differ between different clusters.

use crate::listed::compare;
use crate::support::Server;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tintype::clock::SystemClock;
use tintype::model::Observation;
use tintype::model::observation::{ObservedNode, SnapshotSummary};

const HEAD: &str = "| answer | member | always |\n|---|---|---|\n";

/// Each leaf of an answer: its path, and the values that it was seen with.
type Leaves = BTreeMap<String, BTreeSet<String>>;

fn collect(value: &Value, at: &str, into: &mut Leaves) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let at = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                collect(member, &at, into);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            // A list that is empty elsewhere is not the same here.
            into.entry(at.to_owned())
                .or_default()
                .extend(["filled".to_owned(), "[]".to_owned()]);
            elements
                .iter()
                .for_each(|element| collect(element, &format!("{at}[]"), into));
        }
        leaf => {
            into.entry(at.to_owned()).or_default().insert(leaf.to_string());
        }
    }
}

fn node(word: &str, master: bool) -> ObservedNode {
    ObservedNode {
        id: format!("{word}-id"),
        name: format!("{word}-name"),
        version: format!("{}.0.0", word.len()),
        roles: vec![word.to_owned()],
        master,
    }
}

/// Clusters that differ in everything that a look can see.
fn looks() -> [Observation; 5] {
    let now = Timestamp::now();
    let snapshots = |count, status: &str, good: bool, ago: i64| SnapshotSummary {
        count,
        latest_status: Some(status.to_owned()),
        latest_successful: Some(good),
        latest_end_time: Some(now - ago.hours()),
        latest_successful_end_time: Some(now - ago.hours()),
        latest_successful_name: None,
    };
    let well = |word: &str, count| Observation {
        at: now,
        reachable: true,
        health: Some("green".to_owned()),
        nodes: vec![node(word, true)],
        snapshots: snapshots(count, "SUCCESS", true, 1),
        ..Observation::default()
    };
    let gone = |word: &str| Observation {
        problem: Some(word.to_owned()),
        reachable: false,
        ..well(word, 3)
    };
    let ill = Observation {
        health: Some("red".to_owned()),
        nodes: vec![node("a", false), node("bb", false)],
        snapshots: snapshots(5, "FAILED", false, 100),
        ..well("x", 0)
    };
    [
        well("one", 1),
        well("three", 2),
        gone("refused"),
        gone("no route"),
        ill,
    ]
}

async fn clusters(server: &Server) {
    for (index, look) in looks().iter().enumerate() {
        let mut cluster = server.add_cluster(&format!("c{index}")).await;
        server.app.store.put_observation(&cluster.id, look).await.unwrap();
        cluster.engine_version = format!("8.{index}.0");
        cluster.url = format!("http://127.0.0.1:{index}");
        cluster.updated_at = Timestamp::now() + (i64::try_from(index).unwrap()).seconds();
        if index == 1 {
            cluster.repository = Some(server.add_repository("main").await.name);
        }
        if index == 2 {
            cluster.repository = Some(server.add_repository("other").await.name);
        }
        server.app.store.update_cluster(&cluster, None).await.unwrap();
    }
    server.add_cluster("new").await;
}

#[tokio::test]
async fn every_constant_member_is_listed() {
    let mut answers: BTreeMap<&str, Leaves> = BTreeMap::new();
    for region in ["ece-region", "eu"] {
        let server = Server::start_with(Arc::new(SystemClock), |config| {
            config.server.region = region.to_owned();
        })
        .await;
        clusters(&server).await;
        let list = server
            .post("/api/v1/clusters/elasticsearch/_search", "{}")
            .await
            .body;
        assert_eq!(list["return_count"], json!(6));
        for cluster in list["elasticsearch_clusters"].as_array().unwrap() {
            collect(cluster, "", answers.entry("cluster").or_default());
            let id = cluster["cluster_id"].as_str().unwrap();
            let settings = format!("/api/v1/clusters/elasticsearch/{id}");
            for (name, path) in [
                ("metadata settings", "metadata/settings"),
                ("snapshot settings", "snapshot/settings"),
            ] {
                let body = server.get(&format!("{settings}/{path}")).await.body;
                collect(&body, "", answers.entry(name).or_default());
            }
        }
        for (name, path) in [
            ("platform", "platform"),
            ("sign-in methods", "users/auth/methods"),
        ] {
            let body = server.get(&format!("/api/v1/{path}")).await.body;
            collect(&body, "", answers.entry(name).or_default());
        }
    }
    let rows = answers.iter().flat_map(|(answer, leaves)| {
        let constant = leaves.iter().filter(|(_, values)| values.len() == 1);
        constant.map(move |(member, values)| {
            let value = values.first().unwrap();
            format!("| {answer} | `{member}` | `{value}` |")
        })
    });
    compare(HEAD, &rows.collect::<Vec<_>>());
}
