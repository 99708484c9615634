//! Secrets planted wherever one can be put, and looked for wherever something can be read: logs at TRACE, metrics,
//! answers, process arguments and the database's files, in raw, base64, hexadecimal and URL form.

#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod audit;
mod command_line;
mod given;
mod plants;

use data_encoding::{BASE64, HEXLOWER};
use plants::{FIELDS, HEADERS, MALFORMED, MISPLACED, Plant};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tintype_testkit::{
    canary,
    client::basic,
    fake::{Dialect, FakeEngine, Index},
    tintype::{TintypeOptions, TintypeProcess},
};

/// A server at TRACE with an attached fake engine.
struct Fleet {
    server: TintypeProcess,
    engine: FakeEngine,
    cluster: String,
    session: String,
    client: Client,
}

impl Fleet {
    async fn start() -> Self {
        let engine = FakeEngine::start(Dialect::Os2).unwrap();
        engine.add_index("flights", Index::default());
        engine.put_repository(
            "backups",
            json!({"type": "fs", "settings": {"location": "/backups"}}),
        );
        let options = TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")).env("TINTYPE_LOG__LEVEL", "trace");
        let mut fleet = Self {
            server: TintypeProcess::start(options).await.unwrap(),
            engine,
            cluster: "0123456789abcdef0123456789abcdef".to_owned(),
            session: String::new(),
            client: Client::builder().no_proxy().build().unwrap(),
        };
        let attach = json!({"id": fleet.cluster, "url": fleet.engine.url(), "access": "operate"});
        let (status, answer) = fleet
            .call(Method::POST, "/api/tintype/v1/clusters", &attach)
            .await;
        assert_eq!(status, 201, "{answer}");
        fleet.cluster = answer["id"].as_str().unwrap().to_owned();
        let who = json!({"username": "admin", "password": TintypeProcess::ADMIN_PASSWORD});
        let (status, answer) = fleet.call(Method::POST, "/api/v1/users/auth/_login", &who).await;
        assert_eq!(status, 200, "{answer}");
        fleet.session = answer["token"].as_str().unwrap().to_owned();
        fleet.server.keep_secret(&fleet.session);
        fleet
    }

    fn admin() -> String {
        basic("admin", TintypeProcess::ADMIN_PASSWORD)
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = self
            .client
            .request(method, format!("{}{path}", self.server.url()));
        let request = request.header("authorization", Self::admin());
        let request = if body.is_null() {
            request
        } else {
            request.body(body.to_string())
        };
        let reply = request.send().await.unwrap();
        (reply.status().as_u16(), reply.json().await.unwrap())
    }

    /// Sends it and returns its status and all that came back.
    async fn send(&self, plant: &Plant, canary: &str) -> (u16, String) {
        let fill = |text: &str| {
            text.replace("{cluster}", &self.cluster)
                .replace("{session}", &self.session)
                .replace("{whsec}", &format!("whsec_{}", BASE64.encode(canary.as_bytes())))
                .replace("{b64}", &BASE64.encode(canary.as_bytes()))
                .replace(
                    "{b64:admin:}",
                    &BASE64.encode(format!("admin:{canary}").as_bytes()),
                )
                .replace("{}", canary)
        };
        let method = plant.method.parse().unwrap();
        let mut request = self
            .client
            .request(method, format!("{}{}", self.server.url(), fill(plant.path)));
        if plant.headers.iter().all(|(name, _)| *name != "authorization") {
            request = request.header("authorization", Self::admin());
        }
        for (name, value) in plant.headers {
            request = request.header(*name, fill(value));
        }
        let reply = request.body(fill(plant.body)).send().await.unwrap();
        let (status, headers) = (reply.status().as_u16(), format!("{:?}", reply.headers()));
        (status, headers + &reply.text().await.unwrap())
    }
}

/// The same in each run, so that a failure can be looked for; like no other text.
fn canary(number: usize) -> String {
    let tail = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &number.to_be_bytes());
    format!("Canary-{number:02}-{}", HEXLOWER.encode(&tail.as_ref()[..8]))
}

#[tokio::test]
async fn no_canary_is_found_anywhere() {
    let fleet = Fleet::start().await;
    let repository = json!({"type": "s3", "settings": {"bucket": "b"}});
    let (status, answer) = fleet
        .call(Method::PUT, "/api/tintype/v1/repositories/canaries", &repository)
        .await;
    assert_eq!(status, 200, "{answer}");
    let tables = [FIELDS, MALFORMED, MISPLACED, HEADERS];
    let plants: Vec<&Plant> = tables.into_iter().flatten().collect();
    assert!(plants.len() >= 60, "{} canaries", plants.len());
    let mut faults = Vec::new();
    for (number, plant) in plants.iter().enumerate() {
        let canary = canary(number);
        fleet.server.keep_secret(&canary);
        let (status, answer) = fleet.send(plant, &canary).await;
        let what = format!(
            "{} {} {:?} {}",
            plant.method, plant.path, plant.headers, plant.body
        );
        if status != plant.status {
            faults.push(format!("{what}: {status}, not {}: {answer}", plant.status));
        }
        if let Some(form) = canary::find(answer.as_bytes(), &canary) {
            faults.push(format!("{what}: the answer has {form}: {answer}"));
        }
    }
    let everything = all_that_can_be_read(&fleet).await;
    for (number, plant) in plants.iter().enumerate() {
        if let Some(form) = canary::find(everything.as_bytes(), &canary(number)) {
            faults.push(format!(
                "{} {} {}: a later answer has {form}",
                plant.method, plant.path, plant.body
            ));
        }
    }
    faults.extend(fleet.server.leaks());
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(
        fleet.server.stderr().contains("TRACE"),
        "the log was not at TRACE"
    );
    // The search finds what is no secret, so it would find what is.
    let log = fleet.server.stderr();
    assert!(canary::find(log.as_bytes(), "/api/v1/users/auth/keys").is_some());
    let written = std::fs::read(fleet.server.data_dir().join("tintype.db-wal")).unwrap();
    assert!(canary::find(&written, &fleet.cluster).is_some());
    // What has ended is in the files whole.
    fleet
        .server
        .terminate(std::time::Duration::from_secs(60))
        .await
        .unwrap();
    let leaks = fleet.server.leaks();
    assert!(leaks.is_empty(), "{leaks:?}");
}

/// What the API shows of all that was planted.
async fn all_that_can_be_read(fleet: &Fleet) -> String {
    let mut all = String::new();
    for path in [
        "/metrics",
        "/api/v1/clusters/elasticsearch",
        "/api/v1/platform/configuration/snapshots/repositories",
        "/api/tintype/v1/clusters",
        "/api/tintype/v1/repositories",
        "/api/tintype/v1/operations?limit=1000",
        "/api/tintype/v1/audit?limit=1000",
        "/api/tintype/v1/status",
        "/api/tintype/v1/doctor",
        "/api/tintype/v1/webhooks",
        "/api/v1/users",
        "/api/v1/users/auth/keys/_all",
        "/api/v1/users/auth",
    ] {
        let request = fleet.client.get(format!("{}{path}", fleet.server.url()));
        let reply = request
            .header("authorization", Fleet::admin())
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        all += &format!(
            "{path} {:?} {}\n",
            reply.headers().clone(),
            reply.text().await.unwrap()
        );
    }
    all
}
