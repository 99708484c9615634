//! The storage's credentials in a request, checked against a server that enforces them. The engines of the suite have
//! no plugin for s3, so that an s3 snapshot's 202 is shown on the fake engine.

use std::sync::Arc;

use serde_json::{Value, json};
use tintype_testkit::{
    fake::{Dialect, FakeEngine, Index},
    s3::S3Server,
    tintype::{TintypeOptions, TintypeProcess},
};
use tokio::sync::OnceCell;

use crate::{
    api::{Answer, Api, NATIVE},
    bench::Bench,
    rig::Rig,
};

const REFUSED: &str = "clusters.snapshot.invalid_credentials";
const WRONG: &str = "not-the-secret-key-of-the-storage";

on_every_engine!(
    wrong_storage_keys_are_401_and_right_ones_reach_the_engine,
    a_repository_that_takes_no_keys_is_401,
    keys_for_a_repository_that_only_the_engine_knows_are_401,
);

async fn storage() -> &'static S3Server {
    static SERVER: OnceCell<S3Server> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async { S3Server::start().await.unwrap() })
        .await
}

/// A platform repository `s3` whose reader may not be used: requests bring their own keys.
async fn with_s3(api: &Api) {
    let server = storage().await;
    let body = json!({"type": "s3", "settings": {"bucket": S3Server::BUCKET, "base_path": "fleet"}});
    api.send("PUT", &format!("{NATIVE}/repositories/s3"), body)
        .await
        .ok(200);
    let reader = json!({"url": format!("s3://{}/fleet", S3Server::BUCKET), "endpoint": server.endpoint(),
        "region": S3Server::REGION, "username": S3Server::ACCESS_KEY, "password": WRONG});
    api.send("PUT", &format!("{NATIVE}/repositories/s3/reader"), reader)
        .await
        .ok(200);
}

fn with_keys(name: &str, username: Option<&str>, password: &str) -> Value {
    json!({"name": name, "repository_name": "s3", "username": username, "password": password})
}

async fn wrong_storage_keys_are_401_and_right_ones_reach_the_engine(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    with_s3(&bench.api).await;
    let wrong = [
        with_keys("one", Some(S3Server::ACCESS_KEY), WRONG),
        with_keys("one", Some("AKIANOBODY0000000000"), S3Server::SECRET_KEY),
        // The reader's own secret is wrong, and half a pair does not make it right.
        json!({"name": "one", "repository_name": "s3", "username": S3Server::ACCESS_KEY}),
    ];
    for body in wrong {
        let message = bench.call(body).await.failed(401, REFUSED);
        assert!(
            !message.contains(WRONG) && !message.contains(S3Server::SECRET_KEY),
            "{message}"
        );
    }
    // Half a pair overrides its own half alone.
    let right = with_keys("one", None, S3Server::SECRET_KEY);
    let message = bench.call(right).await.failed(500, "clusters.snapshot.failed");
    assert!(
        message.contains("repository type [s3] does not exist"),
        "{message}"
    );
    assert_eq!(rig.registration("s3").await, Value::Null);
}

async fn a_repository_that_takes_no_keys_is_401(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    for given in [json!({"username": "somebody"}), json!({"password": "something"})] {
        let message = bench.call(given).await.failed(401, REFUSED);
        assert!(
            message.contains("type fs takes no username and password"),
            "{message}"
        );
    }
    assert_eq!(rig.registration(&bench.repository).await, Value::Null);
}

async fn keys_for_a_repository_that_only_the_engine_knows_are_401(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let name = crate::names::unique("unread");
    let location = rig.engine.location(&name).unwrap();
    rig.register(&name, json!({"location": location})).await;
    let body = json!({"repository_name": name, "username": "somebody", "password": "something"});
    let message = bench.call(body).await.failed(401, REFUSED);
    assert!(message.contains("cannot be checked"), "{message}");
    assert_eq!(rig.snapshots(&name).await, [Value::Null; 0]);
}

#[tokio::test]
async fn on_the_fake_engine_an_s3_snapshot_with_the_right_keys_is_202_and_the_engine_never_sees_them() {
    for dialect in [Dialect::Os2, Dialect::Es8] {
        let engine = FakeEngine::start(dialect).unwrap();
        engine.add_index("flights", Index::default());
        let tintype = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")))
            .await
            .unwrap();
        let api = Api::of(&tintype).await;
        with_s3(&api).await;
        let attach = json!({"url": engine.url(), "access": "operate", "repository": "s3"});
        let cluster = api
            .send("POST", &format!("{NATIVE}/clusters"), attach)
            .await
            .ok(201);
        let path = format!(
            "/api/v1/clusters/elasticsearch/{}/_snapshot",
            cluster["id"].as_str().unwrap()
        );

        let wrong = api
            .send(
                "POST",
                &path,
                with_keys("flights", Some(S3Server::ACCESS_KEY), WRONG),
            )
            .await;
        wrong.failed(401, REFUSED);
        let right = with_keys("flights", Some(S3Server::ACCESS_KEY), S3Server::SECRET_KEY);
        let answer: Answer = api.send("POST", &path, right).await;
        assert_eq!(answer.ok(202), json!({"name": "flights"}));

        let settings = &engine.repository("s3")["settings"];
        let own = format!("fleet/{}", cluster["id"].as_str().unwrap());
        assert_eq!(settings, &json!({"bucket": S3Server::BUCKET, "base_path": own}));
        for request in engine.faults().requests() {
            let text = format!("{} {:?} {:?}", request.path, request.headers, request.body);
            assert!(
                !text.contains(S3Server::SECRET_KEY) && !text.contains(S3Server::ACCESS_KEY),
                "{text}"
            );
        }
        let written = tintype.stdout() + &tintype.stderr();
        assert!(
            !written.contains(S3Server::SECRET_KEY) && !written.contains(WRONG),
            "{written}"
        );
    }
}
