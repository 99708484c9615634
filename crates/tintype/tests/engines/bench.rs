//! A Tintype of a test's own, with an engine attached and a repository below a location of its own.

use std::{path::PathBuf, sync::Arc, time::Duration};

use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use tintype_testkit::{
    tintype::{TintypeOptions, TintypeProcess},
    wait,
};

use crate::{
    api::{Answer, Api, ECE, NATIVE},
    door::{Door, Level},
    names::unique,
    rig::Rig,
};

const END_BOUND: Duration = Duration::from_secs(90);

/// What a bench is made of.
pub struct Plan {
    rig: Arc<Rig>,
    level: Level,
    login: Level,
    watched: bool,
    throttle: Option<&'static str>,
    options: TintypeOptions,
}

impl Plan {
    /// Attached to the engine at this level.
    pub fn at(rig: &Arc<Rig>, level: Level) -> Self {
        Self {
            rig: rig.clone(),
            level,
            login: level,
            watched: false,
            throttle: None,
            options: TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")),
        }
    }

    /// With the engine's user of another level.
    pub fn logged_in_as(mut self, login: Level) -> Self {
        self.login = login;
        self
    }

    /// Through a proxy that records and breaks.
    pub fn watched(mut self) -> Self {
        self.watched = true;
        self
    }

    /// The repository takes so many bytes a second, such as `1mb`.
    pub fn throttled(mut self, rate: &'static str) -> Self {
        self.throttle = Some(rate);
        self
    }

    /// An environment variable of the server.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.options = self.options.env(name, value);
        self
    }

    pub async fn start(self) -> Bench {
        let tintype = TintypeProcess::start(self.options).await.unwrap();
        let api = Api::of(&tintype).await;
        let repository = unique("platform");
        let base = self.rig.engine.location(&repository).unwrap();
        let mut settings = json!({"location": base});
        if let Some(rate) = self.throttle {
            settings["max_snapshot_bytes_per_sec"] = rate.into();
        }
        let body = json!({"type": "fs", "settings": settings, "default": true});
        let path = format!("{NATIVE}/repositories/{repository}");
        api.send("PUT", &path, body).await.ok(200);
        let door = if self.watched {
            self.rig.watched(self.login)
        } else {
            self.rig.door(self.login)
        };
        let attached = api
            .send("POST", &format!("{NATIVE}/clusters"), door.body(self.level))
            .await
            .ok(201);
        Bench {
            cluster: attached["id"].as_str().unwrap().to_owned(),
            rig: self.rig,
            tintype,
            api,
            door,
            repository,
            base,
        }
    }
}

/// One Tintype with one cluster.
pub struct Bench {
    pub rig: Arc<Rig>,
    pub tintype: TintypeProcess,
    pub api: Api,
    pub door: Door,
    /// The cluster's id.
    pub cluster: String,
    /// The platform's default repository.
    pub repository: String,
    /// Its location, below which clusters have their own.
    pub base: PathBuf,
}

/// A snapshot that was answered 202.
#[derive(Debug)]
pub struct Taken {
    pub name: String,
    pub operation: String,
}

impl Bench {
    /// At level operate, straight to the engine.
    pub async fn operate(rig: &Arc<Rig>) -> Self {
        Plan::at(rig, Level::Operate).start().await
    }

    /// Where this cluster's snapshots lie.
    pub fn location(&self) -> PathBuf {
        self.base.join(&self.cluster)
    }

    /// Registers the platform's repository on the engine, as an operator of the engine would.
    pub async fn register_by_hand(&self, more: Value) {
        let own = format!("{}/{}", self.repository, self.cluster);
        let location = self.rig.engine.location(&own).unwrap();
        let mut settings = more;
        settings["location"] = json!(location);
        self.rig.register(&self.repository, settings).await;
    }

    /// The path of the call.
    pub fn call_path(&self) -> String {
        format!("{}/clusters/elasticsearch/{}/_snapshot", ECE[0], self.cluster)
    }

    /// The call itself, while no index is being made.
    pub async fn call(&self, body: Value) -> Answer {
        let _still = self.rig.still().await;
        self.api.send("POST", &self.call_path(), body).await
    }

    /// The call with an `Idempotency-Key`.
    pub async fn call_with_key(&self, key: &str, body: Value) -> Answer {
        let _still = self.rig.still().await;
        let request = self
            .api
            .bare("POST", &self.call_path())
            .header(AUTHORIZATION, &self.api.key)
            .header("Idempotency-Key", key)
            .json(&body);
        Answer::to(request).await
    }

    /// Starts a snapshot of this name in the default repository.
    pub async fn take(&self, name: &str) -> Taken {
        Taken::of(self.call(json!({"name": name})).await)
    }

    /// Takes a snapshot of this name to its good end.
    pub async fn take_whole(&self, name: &str) -> Taken {
        let taken = self.take(name).await;
        self.succeeded(&taken.operation).await;
        taken
    }

    pub async fn operation(&self, id: &str) -> Value {
        self.api.get(&format!("{NATIVE}/operations/{id}")).await
    }

    /// Asks about an operation until `look` has seen enough of it.
    pub async fn until<T>(&self, what: &str, id: &str, mut look: impl FnMut(&Value) -> Option<T>) -> T {
        let mut last = Value::Null;
        let found = wait::until(what, END_BOUND, async || {
            last = self.operation(id).await;
            look(&last)
        })
        .await;
        found.unwrap_or_else(|error| panic!("{error}: {last}\n{}", self.tintype.stderr()))
    }

    /// The operation once it has ended.
    pub async fn ended(&self, id: &str) -> Value {
        let end = |seen: &Value| (!seen["finished_at"].is_null()).then(|| seen.clone());
        self.until("the operation's end", id, end).await
    }

    /// The outcome of an operation that ends well.
    pub async fn succeeded(&self, id: &str) -> Value {
        let ended = self.ended(id).await;
        assert_eq!(ended["status"], "succeeded", "{ended}");
        ended["outcome"].clone()
    }

    /// The message of an operation that fails in this way.
    pub async fn failed(&self, id: &str, kind: &str) -> String {
        let ended = self.ended(id).await;
        assert_eq!(
            (&ended["status"], &ended["failure"]["kind"]),
            (&json!("failed"), &json!(kind)),
            "{ended}"
        );
        ended["failure"]["message"].as_str().unwrap().to_owned()
    }

    /// Waits until the engine copies files of a snapshot.
    pub async fn copying(&self, id: &str) {
        let running = |seen: &Value| {
            assert!(seen["finished_at"].is_null(), "it ended too early: {seen}");
            (seen["progress"]["phase"] == "running").then_some(())
        };
        self.until("files being copied", id, running).await;
    }

    pub async fn cancel(&self, id: &str) -> Answer {
        let path = format!("{NATIVE}/operations/{id}/_cancel");
        self.api.send("POST", &path, Value::Null).await
    }

    /// The path of the cluster in the native API.
    pub fn native(&self, below: &str) -> String {
        format!("{NATIVE}/clusters/{}{below}", self.cluster)
    }
}

impl Taken {
    /// What a 202 says: the name alone, and where the operation is.
    pub fn of(answer: Answer) -> Self {
        assert_eq!(answer.status, 202, "{}", answer.body);
        let operation = answer.header("x-tintype-operation").to_owned();
        assert_eq!(
            answer.header("location"),
            format!("{NATIVE}/operations/{operation}")
        );
        let name = answer.body["name"].as_str().unwrap().to_owned();
        assert_eq!(answer.body, json!({"name": name}));
        Self { name, operation }
    }
}
