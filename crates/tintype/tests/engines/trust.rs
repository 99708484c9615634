//! Whom Tintype trusts over TLS, and what it says where it does not.

use std::sync::Arc;

use serde_json::{Value, json};
use tintype_testkit::certs::TestCa;

use crate::{
    api::NATIVE,
    bench::{Bench, Plan},
    door::Level,
    rig::Rig,
};

on_every_engine!(
    a_pinned_fingerprint_is_enough,
    a_wrong_authority_is_a_clear_failure_and_nothing_is_attached,
    a_wrong_fingerprint_is_a_clear_failure,
    a_wrong_password_is_told_in_the_engines_words,
);

async fn a_pinned_fingerprint_is_enough(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let change = json!({"ca": null, "fingerprint": bench.door.fingerprint});
    let changed = bench.api.send("PATCH", &bench.native(""), change).await.ok(200);
    assert_eq!(changed["ca_set"], false);
    bench.take_whole("pinned").await;
}

/// An attach that is like the good one but for one member, in a Tintype with nothing attached.
async fn attach_with(rig: &Arc<Rig>, member: &str, value: Value) -> (Bench, String) {
    let bench = Plan::at(rig, Level::Operate).start().await;
    bench
        .api
        .send("DELETE", &bench.native(""), Value::Null)
        .await
        .ok(200);
    let mut body = bench.door.body(Level::Operate);
    body[member] = value;
    let answer = bench.api.send("POST", &format!("{NATIVE}/clusters"), body).await;
    let field = if member == "auth" { "auth" } else { "url" };
    assert_eq!(answer.body["errors"][0]["fields"], json!([field]));
    let message = answer.failed(400, "root.invalid_request");
    let attached = bench.api.get(&format!("{NATIVE}/clusters")).await;
    assert_eq!(attached["total"], 0, "{attached}");
    (bench, message)
}

async fn a_wrong_authority_is_a_clear_failure_and_nothing_is_attached(rig: Arc<Rig>) {
    let strange = TestCa::new().unwrap().pem();
    let (_, message) = attach_with(&rig, "ca", json!(strange)).await;
    assert!(message.contains("TLS: invalid peer certificate"), "{message}");
}

async fn a_wrong_fingerprint_is_a_clear_failure(rig: Arc<Rig>) {
    let (bench, message) = attach_with(&rig, "fingerprint", json!("0".repeat(64))).await;
    for fingerprint in [&bench.door.fingerprint, &"0".repeat(64)] {
        assert!(message.contains(fingerprint), "{message}");
    }
}

async fn a_wrong_password_is_told_in_the_engines_words(rig: Arc<Rig>) {
    let auth = json!({"type": "basic", "username": "nobody", "password": "a-wrong-password"});
    let (bench, message) = attach_with(&rig, "auth", auth).await;
    assert!(
        message.contains("401") && message.contains("security_exception"),
        "{message}"
    );
    let written = bench.tintype.stdout() + &bench.tintype.stderr() + &message;
    assert!(!written.contains("a-wrong-password"), "{written}");
}
