//! A restore brings documents back under other names, and never touches what is there.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{api::Answer, bench::Bench, names::unique, rig::Rig};

on_every_engine!(
    renamed_indices_hold_the_same_documents,
    an_exact_name_wins_over_the_prefix,
    a_restore_never_writes_onto_an_existing_index,
    an_index_that_is_not_in_the_snapshot_is_refused_by_its_place,
);

impl Bench {
    /// Asks for a restore of the snapshot `source`, while nobody asks for a snapshot, and waits for its end.
    async fn restore(&self, body: Value) -> Value {
        let _moving = self.rig.moving().await;
        let started = self.ask_restore(body).await.ok(202);
        self.ended(started["id"].as_str().unwrap()).await
    }

    async fn ask_restore(&self, body: Value) -> Answer {
        let path = self.native(&format!("/snapshots/{}/source/_restore", self.repository));
        self.api.send("POST", &path, body).await
    }
}

async fn renamed_indices_hold_the_same_documents(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("source").await;
    let prefix = unique("back-");

    let ended = bench
        .restore(json!({"indices": ["base-one", "base-t*"], "rename_prefix": prefix}))
        .await;

    assert_eq!(ended["status"], "succeeded", "{ended}");
    for index in ["base-one", "base-two"] {
        let copy = format!("{prefix}{index}");
        assert_eq!(ended["outcome"]["indices"][index], copy.as_str());
        let documents = rig.documents(index).await;
        assert!(!documents.is_empty());
        assert_eq!(rig.documents(&copy).await, documents, "{copy}");
    }
    let made = rig
        .indices()
        .await
        .into_iter()
        .filter(|name| name.starts_with(&prefix))
        .count();
    assert_eq!(made, 2, "nothing else was restored");
}

async fn an_exact_name_wins_over_the_prefix(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("source").await;
    let (prefix, exact) = (unique("pre-"), unique("exact"));
    let body =
        json!({"indices": ["base-one", "base-two"], "rename_prefix": prefix, "rename": {"base-two": exact}});
    let ended = bench.restore(body).await;
    assert_eq!(ended["status"], "succeeded", "{ended}");
    assert_eq!(rig.documents(&exact).await, rig.documents("base-two").await);
    let one = format!("{prefix}base-one");
    assert_eq!(rig.documents(&one).await, rig.documents("base-one").await);
}

async fn a_restore_never_writes_onto_an_existing_index(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("source").await;
    let taken = unique("taken");
    let moving = rig.moving().await;
    rig.make_index(&taken, 1, json!({})).await;
    rig.bulk(&taken, [json!({"mine": true})]).await;
    drop(moving);
    let (before, indices) = (rig.documents(&taken).await, rig.indices().await);

    let free = unique("free");
    let rename = json!({"base-one": free, "base-two": taken});
    let answer = bench
        .ask_restore(json!({"indices": ["base-one", "base-two"], "rename": rename}))
        .await;

    let message = answer.failed(409, "clusters.snapshot.index_conflict");
    assert!(message.contains(&taken), "{message}");
    assert_eq!(rig.documents(&taken).await, before);
    assert!(!rig.indices().await.contains(&free) && indices.contains(&taken));
}

async fn an_index_that_is_not_in_the_snapshot_is_refused_by_its_place(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("source").await;
    let answer = bench
        .ask_restore(json!({"indices": ["base-nine"], "rename_prefix": "x-"}))
        .await;
    assert_eq!(answer.body["errors"][0]["fields"], json!(["indices"]));
    let message = answer.failed(400, "root.invalid_request");
    // By its place: what names nothing is not repeated.
    assert!(
        message.contains("entry 1 of indices") && !message.contains("base-nine"),
        "{message}"
    );
}
