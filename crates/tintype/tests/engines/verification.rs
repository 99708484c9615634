//! What Tintype reads of a repository's storage, against what the engine wrote there, and against damage.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tintype_repository::attest::{Attestation, PublicKey, SigningKey};
use tintype_testkit::wait;

use crate::{api::NATIVE, bench::Bench, rig::Rig};

on_every_engine!(a_snapshot_is_proved_restorable_and_a_flipped_byte_is_blamed_on_its_shard);

async fn a_snapshot_is_proved_restorable_and_a_flipped_byte_is_blamed_on_its_shard(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("proved").await;
    let path = of(&bench, "/verifications");
    let refused = bench.api.send("POST", &path, Value::Null).await;
    let message = refused.failed(412, "root.precondition_failed");
    assert!(message.contains("reader set"), "{message}");
    let reader = json!({"url": format!("file://{}", bench.base.display())});
    let set = bench
        .api
        .send("PUT", &of(&bench, "/reader"), reader)
        .await
        .ok(200);
    assert_eq!(set["preflight"], "readable");

    let keys = format!("{NATIVE}/attest-keys");
    let key = bench.api.send("POST", &keys, Value::Null).await.ok(201);
    let healthy = verified(&bench).await;
    assert_eq!(healthy["outcome"]["attested"], 1, "{healthy}");
    let path = bench.native(&format!("/snapshots/{}/proved/attestation", bench.repository));
    let attestation = bench.api.get(&path).await["document"]
        .as_str()
        .unwrap()
        .to_owned();
    signed_by(&key, &attestation);
    assert_eq!(healthy["outcome"]["state"], "restorable", "{healthy}");
    assert_eq!(
        (&healthy["outcome"]["complete"], &healthy["outcome"]["snapshots"]),
        (&json!(true), &json!(1))
    );
    let report = &healthy["report"];
    let errors = report["findings"].as_array().unwrap();
    let errors: Vec<_> = errors.iter().filter(|one| one["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:?}");
    let documents: BTreeMap<_, _> = report["snapshots"][0]["indices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|index| (index["name"].as_str().unwrap(), &index["documents"]))
        .collect();
    assert_eq!(documents["base-one"], &json!(50));
    assert_eq!(proof(&bench).await, ("restorable".into(), "structure".into()));

    let blob = largest_blob(&bench.location());
    let whole = std::fs::read(&blob).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x01;
    std::fs::write(&blob, flipped).unwrap();
    // The engine sees nothing of it.
    let path = format!("/_snapshot/{}/_verify", bench.repository);
    rig.ask("POST", &path, Value::Null).await;
    let damaged = verified(&bench).await;
    assert_eq!(
        (&damaged["status"], &damaged["outcome"]["state"]),
        (&json!("succeeded"), &json!("in_part")),
        "{damaged}"
    );
    assert_eq!(damaged["outcome"]["good"], false);
    let finding = &damaged["report"]["findings"][0];
    let (index, shard) = owner(&bench.location(), &blob);
    assert_eq!(
        (&finding["kind"], &finding["index"], &finding["shard"]),
        (&json!("checksum_mismatch"), &json!(index), &json!(shard)),
        "{finding}"
    );
    assert_eq!(finding["snapshots"], json!(["proved"]));
    assert_eq!(finding["blob"], unhashed(&bench.location(), &blob));
    assert_eq!(proof(&bench).await, ("in_part".into(), "structure".into()));

    std::fs::write(&blob, whole).unwrap();
    let healed = verified(&bench).await;
    assert_eq!(healed["outcome"]["attested"], 0, "the first attestation stays");
    assert_eq!(healed["outcome"]["state"], "restorable", "{healed}");
    assert_eq!(proof(&bench).await, ("restorable".into(), "structure".into()));
    the_next_is_proved_and_attested_by_itself(&bench, &key).await;
}

async fn the_next_is_proved_and_attested_by_itself(bench: &Bench, key: &Value) {
    let schedule = json!({"every_seconds": 31_536_000, "after_snapshots": true, "options": {"attest": true}});
    let path = of(bench, "/verification-schedule");
    bench.api.send("PUT", &path, schedule).await.ok(200);
    // The first one is due at once, and would look at it too.
    ended_of(bench, "schedule").await;
    bench.take_whole("next").await;
    let ended = ended_of(bench, "snapshot").await;
    let outcome = &ended["outcome"];
    assert_eq!(
        (&outcome["state"], &outcome["snapshots"]),
        (&json!("restorable"), &json!(1)),
        "{ended}"
    );
    let path = bench.native(&format!("/snapshots/{}/next/attestation", bench.repository));
    let attestation = bench.api.get(&path).await;
    assert_eq!(attestation["verification"], ended["id"]);
    signed_by(key, attestation["document"].as_str().unwrap());
}

/// A verification that this asked for, once it has ended.
async fn ended_of(bench: &Bench, requester: &str) -> Value {
    let path = of(bench, "/verifications");
    let ended = wait::until("a verification's end", Duration::from_secs(90), async || {
        let list = bench.api.get(&path).await;
        let mut all = list["verifications"].as_array().unwrap().iter();
        all.find(|one| one["requested_by"] == requester && !one["finished_at"].is_null())
            .cloned()
    });
    ended.await.unwrap()
}

/// By the published key alone.
fn signed_by(key: &Value, attestation: &str) {
    let public = key["public_key"].as_str().unwrap().parse::<PublicKey>().unwrap();
    let read = Attestation::read(attestation.as_bytes()).unwrap();
    let statement = read.verified(&[public]).unwrap();
    assert!(statement.blobs.count > 0 && statement.verified.is_some());
    let stranger = SigningKey::generate().unwrap().public();
    assert!(read.verified(&[stranger]).is_err());
}

fn of(bench: &Bench, below: &str) -> String {
    format!("{NATIVE}/repositories/{}{below}", bench.repository)
}

/// A verification of the bench's cluster, once it has ended.
async fn verified(bench: &Bench) -> Value {
    let path = of(bench, "/verifications");
    let body = json!({"cluster_id": bench.cluster, "options": {"attest": true}});
    let begun = bench.api.send("POST", &path, body).await.ok(202);
    let id = begun["operations"][0]["id"].as_str().unwrap();
    bench.succeeded(id).await;
    bench.api.get(&format!("{path}/{id}")).await
}

/// Verdict and level that are shown beside the snapshot, alone and in the list.
async fn proof(bench: &Bench) -> (String, String) {
    let one = bench.native(&format!("/snapshots/{}/proved", bench.repository));
    let shown = bench.api.get(&one).await["proof"].clone();
    let list = bench.api.get(&bench.native("/snapshots")).await;
    assert_eq!(list["snapshots"][0]["proof"], shown);
    let text = |member: &str| shown[member].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("level"))
}

fn largest_blob(base: &Path) -> PathBuf {
    let mut largest = (0, PathBuf::new());
    let mut directories = vec![base.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.file_name().unwrap().to_str().unwrap().starts_with("__") {
                largest = largest.max((path.metadata().unwrap().len(), path));
            }
        }
    }
    largest.1
}

/// A blob's path from the base; OpenSearch 3 puts a hash before it.
fn unhashed(base: &Path, blob: &Path) -> String {
    let path = blob.strip_prefix(base).unwrap().to_str().unwrap();
    path[path.find("indices/").unwrap()..].to_owned()
}

/// Index and shard of a blob: the engine's root names the directories.
fn owner(base: &Path, blob: &Path) -> (String, u64) {
    let latest = std::fs::read(base.join("index.latest")).unwrap();
    let generation = u64::from_be_bytes(latest.try_into().unwrap());
    let root = std::fs::read(base.join(format!("index-{generation}"))).unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let path = unhashed(base, blob);
    let mut parts = path.split('/').skip(1);
    let (id, shard) = (parts.next().unwrap(), parts.next().unwrap());
    let indices = root["indices"].as_object().unwrap();
    let (name, _) = indices.iter().find(|(_, index)| index["id"] == id).unwrap();
    (name.clone(), shard.parse().unwrap())
}
