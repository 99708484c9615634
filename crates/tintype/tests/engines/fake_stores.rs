//! Platform repositories on every kind of store, looked at by their readers. The cluster is a fake engine's, since a
//! verification asks no engine.

use std::sync::Mutex;

use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use tintype_repository::testing::{Synthetic, lucene::index};
use tintype_testkit::{
    canary,
    corpus::tree,
    fake::{Dialect, FakeEngine},
    s3::S3Server,
    stores::{Azurite, BUCKET, FakeGcs, Moto},
};

use crate::{
    api::{Answer, NATIVE},
    fakes::{Fakes, quick},
};

/// The attached cluster, and the part of its location that is its own.
const CLUSTER: &str = "c1";

/// Two snapshots, as files below a repository's base.
fn written() -> Vec<(String, Vec<u8>)> {
    let directory = tempfile::tempdir().unwrap();
    let mut repository = Synthetic::new(&directory.path().join("repository"));
    let [mixed, sorted] = ["mixed", "sorted"].map(|name| index(8, name));
    repository.take("one", 1_000, &[("logs", &[&mixed])]);
    repository.take("two", 2_000, &[("logs", &[&mixed]), ("books", &[&sorted])]);
    tree(repository.root()).unwrap()
}

/// A server with a platform repository, and all that it answered.
struct Stage {
    fakes: Fakes,
    engine: FakeEngine,
    repository: &'static str,
    answers: Mutex<Vec<String>>,
}

impl Stage {
    async fn new(repository: &'static str) -> Self {
        Self {
            fakes: Fakes::start(&[("TINTYPE_LOG__LEVEL", "trace")]).await,
            engine: quick(Dialect::Os2),
            repository,
            answers: Mutex::default(),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let answer = self
            .fakes
            .api
            .send(method, &format!("{NATIVE}{path}"), body)
            .await;
        let text = format!("{:?} {}", answer.headers, answer.body);
        self.answers.lock().unwrap().push(text);
        answer
    }

    /// Of the repository, which is named after its type.
    fn path(&self, below: &str) -> String {
        format!("/repositories/{}{below}", self.repository)
    }

    async fn set_up(&self, settings: Value, reader: &Value) {
        let body = json!({"type": self.repository, "settings": settings});
        self.ask("PUT", &self.path(""), body).await.ok(200);
        let mut cluster = json!({"id": CLUSTER, "url": self.engine.url(), "access": "operate"});
        // What is only read is no cluster's own repository.
        if self.repository != "url" {
            cluster["repository"] = self.repository.into();
        }
        self.ask("POST", "/clusters", cluster).await.ok(201);
        let set = self
            .ask("PUT", &self.path("/reader"), reader.clone())
            .await
            .ok(200);
        assert_eq!(set["preflight"], "readable", "{}", self.repository);
    }

    /// Verifies every byte, and gives the operation, ended.
    async fn verified(&self) -> Value {
        let options = json!({"level": "checksum", "structure": true});
        let body = json!({"cluster_id": CLUSTER, "options": options});
        let path = self.path("/verifications");
        let begun = self.ask("POST", &path, body).await.ok(202);
        let operation = &begun["operations"][0];
        assert_eq!(operation["kind"], "verify_repository");
        let id = operation["id"].as_str().unwrap();
        self.fakes.ended(id).await;
        self.ask("GET", &format!("/operations/{id}"), Value::Null).await;
        self.ask("GET", &format!("{path}/{id}"), Value::Null)
            .await
            .ok(200)
    }

    async fn assert_proved(&self) {
        let ended = self.verified().await;
        let (outcome, report) = (&ended["outcome"], &ended["report"]);
        assert_eq!(ended["status"], "succeeded", "{ended}");
        assert_eq!(
            (&outcome["state"], &outcome["good"], &outcome["complete"]),
            (&json!("restorable"), &json!(true), &json!(true)),
            "{ended}"
        );
        assert_eq!(
            (&report["verdict"], &report["findings"]),
            (&json!("restorable"), &json!([])),
            "{report}"
        );
        let snapshots = report["snapshots"].as_array().unwrap();
        let levels: Vec<_> = snapshots
            .iter()
            .map(|one| (&one["name"], &one["level"]))
            .collect();
        let checksum = json!("checksum");
        assert_eq!(levels, [(&json!("one"), &checksum), (&json!("two"), &checksum)]);
        assert!(report["read"]["blobs"].as_u64() > Some(0), "{report}");
    }

    /// With another secret the store lets nobody in, and nothing is said of the snapshots.
    async fn assert_refused(&self, reader: &Value) {
        let set = self
            .ask("PUT", &self.path("/reader"), reader.clone())
            .await
            .ok(200);
        let preflight = set["preflight"].as_str().unwrap();
        assert!(preflight.starts_with("not readable: "), "{preflight}");
        let ended = self.verified().await;
        assert_eq!(ended["status"], "failed", "{ended}");
        assert!(ended.get("report").is_none(), "{ended}");
    }

    /// That no secret is in an answer, in what the engine was sent, in the log of everything, or in the data.
    async fn assert_kept(&self, secrets: &[&str]) {
        for path in [
            self.path(""),
            "/repositories".into(),
            "/audit".into(),
            format!("/clusters/{CLUSTER}"),
        ] {
            self.ask("GET", &path, Value::Null).await.ok(200);
        }
        let requests = self.engine.faults().requests();
        let requests = requests.iter().map(|one| format!("{one:?} {}", one.json()));
        let answers = self.answers.lock().unwrap().clone();
        for text in requests.chain(answers) {
            for secret in secrets {
                assert_eq!(canary::find(text.as_bytes(), secret), None, "{text}");
            }
        }
        let log = self.fakes.tintype.stderr();
        assert!(log.contains(" TRACE ") && log.contains("/verifications"), "{log}");
        secrets
            .iter()
            .for_each(|secret| self.fakes.tintype.keep_secret(secret));
        assert_eq!(self.fakes.tintype.leaks(), [""; 0]);
    }
}

/// The same reader with another secret.
fn with(reader: &Value, password: &str) -> Value {
    let mut reader = reader.clone();
    reader["password"] = password.into();
    reader
}

#[tokio::test]
async fn a_repository_on_s3_is_proved_through_its_reader() {
    let server = S3Server::start().await.unwrap();
    for (path, bytes) in written() {
        let file = server
            .data()
            .join(S3Server::BUCKET)
            .join("fleet")
            .join(CLUSTER)
            .join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    let reader = json!({"url": format!("s3://{}/fleet", S3Server::BUCKET), "endpoint": server.endpoint(),
        "region": S3Server::REGION, "username": S3Server::ACCESS_KEY, "password": S3Server::SECRET_KEY});
    let settings = json!({"bucket": S3Server::BUCKET, "base_path": "fleet"});
    let stage = Stage::new("s3").await;
    stage.set_up(settings, &reader).await;
    stage.assert_proved().await;
    let wrong = "another-secret-key-of-the-storage";
    stage.assert_refused(&with(&reader, wrong)).await;
    stage
        .assert_kept(&[S3Server::SECRET_KEY, S3Server::ACCESS_KEY, wrong])
        .await;
}

#[tokio::test]
async fn a_repository_on_azure_is_proved_through_its_reader() {
    let server = Azurite::start().await.unwrap();
    for (path, bytes) in written() {
        server
            .put(&format!("fleet/{CLUSTER}/{path}"), &bytes)
            .await
            .unwrap();
    }
    let reader = json!({"url": format!("az://{BUCKET}/fleet"), "endpoint": server.endpoint(),
        "username": Azurite::ACCOUNT, "password": Azurite::KEY});
    let settings = json!({"container": BUCKET, "base_path": "fleet"});
    let stage = Stage::new("azure").await;
    stage.set_up(settings, &reader).await;
    stage.assert_proved().await;
    let wrong = "YW5vdGhlci1rZXktb2YtdGhlLWFjY291bnQ=";
    stage.assert_refused(&with(&reader, wrong)).await;
    stage.assert_kept(&[Azurite::KEY, wrong]).await;
}

/// This server lets everybody in; the key is one that Google's would take.
#[tokio::test]
async fn a_repository_on_gcs_is_proved_through_its_reader() {
    let server = FakeGcs::start().await.unwrap();
    for (path, bytes) in written() {
        server
            .put(&format!("fleet/{CLUSTER}/{path}"), &bytes)
            .await
            .unwrap();
    }
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem();
    let reader = json!({"url": format!("gs://{BUCKET}/fleet"), "endpoint": server.endpoint(),
        "username": "reader@testkit.example", "password": key});
    let settings = json!({"bucket": BUCKET, "base_path": "fleet"});
    let stage = Stage::new("gcs").await;
    stage.set_up(settings, &reader).await;
    stage.assert_proved().await;
    // A line of the key, behind those that all keys begin with.
    stage.assert_kept(&[key.lines().nth(3).unwrap()]).await;
}

/// moto serves its objects to anybody, as a web server does; and the same behind a mounted path.
#[tokio::test]
async fn a_repository_behind_a_url_is_proved_through_its_reader() {
    let server = Moto::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    for (path, bytes) in written() {
        server
            .put(&format!("old/{path}"), &bytes, "STANDARD")
            .await
            .unwrap();
        let file = directory.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    let url = format!("{}/{BUCKET}/old", server.endpoint());
    let stage = Stage::new("url").await;
    stage.set_up(json!({ "url": url }), &json!({ "url": url })).await;
    stage.assert_proved().await;
    let mounted = json!({"url": format!("file://{}", directory.path().display())});
    stage.ask("PUT", &stage.path("/reader"), mounted).await.ok(200);
    stage.assert_proved().await;
    stage.assert_kept(&[]).await;
}
