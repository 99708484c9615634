//! A Tintype of a test's own before scripted fake engines: for what no real engine can be made to do at will.

use std::time::Duration;

use serde_json::{Value, json};
use tintype_testkit::{
    client::RawClient,
    fake::{Dialect, FakeEngine, Index, Progress},
    tintype::{TintypeOptions, TintypeProcess},
    wait,
};

use crate::{
    api::{Answer, Api, ECE, NATIVE},
    bench::Taken,
};

const BOUND: Duration = Duration::from_secs(90);

/// The platform's default repository, of type `fs` at [`BASE`].
pub const MAIN: &str = "main";
/// Below it every cluster has a location of its own.
pub const BASE: &str = "/backups";

/// One Tintype, to which fake engines are attached.
pub struct Fakes {
    pub tintype: TintypeProcess,
    pub api: Api,
}

/// A fake engine with one index, `flights`, whose snapshots end only on command.
pub fn slow(dialect: Dialect) -> FakeEngine {
    let engine = quick(dialect);
    engine.set_progress(Progress::OnCommand);
    engine
}

/// The same, whose snapshots end at the second look.
pub fn quick(dialect: Dialect) -> FakeEngine {
    let engine = FakeEngine::start(dialect).unwrap();
    engine.add_index("flights", Index::default());
    engine
}

/// What a client of the fake engine itself is answered.
pub async fn ask(engine: &FakeEngine, method: &str, path: &str, body: Value) -> (u16, Value) {
    let client = RawClient::new(&engine.url(), None).unwrap();
    client.send(method, path, body).await.unwrap()
}

impl Fakes {
    /// With these environment variables.
    pub async fn start(env: &[(&str, &str)]) -> Self {
        let serve = TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"));
        let options = env
            .iter()
            .fold(serve, |options, (name, value)| options.env(name, value));
        let tintype = TintypeProcess::start(options).await.unwrap();
        let api = Api::of(&tintype).await;
        let body = json!({"type": "fs", "settings": {"location": BASE}, "default": true});
        api.send("PUT", &format!("{NATIVE}/repositories/{MAIN}"), body)
            .await
            .ok(200);
        Self { tintype, api }
    }

    /// Attaches a fake engine at level operate under this id.
    pub async fn attach(&self, id: &str, engine: &FakeEngine) -> Value {
        self.attach_with(id, engine, json!({})).await
    }

    /// The same, with more members in the request.
    pub async fn attach_with(&self, id: &str, engine: &FakeEngine, more: Value) -> Value {
        let mut body = more;
        body["id"] = id.into();
        body["url"] = engine.url().into();
        body["access"] = "operate".into();
        let path = format!("{NATIVE}/clusters");
        self.api.send("POST", &path, body).await.ok(201)
    }

    /// The call, for the default repository.
    pub async fn call(&self, id: &str, name: &str) -> Answer {
        let path = format!("{}/clusters/elasticsearch/{id}/_snapshot", ECE[0]);
        self.api.send("POST", &path, json!({"name": name})).await
    }

    /// A call that is answered 202.
    pub async fn take(&self, id: &str, name: &str) -> Taken {
        Taken::of(self.call(id, name).await)
    }

    pub async fn cluster(&self, id: &str) -> Value {
        self.api.get(&format!("{NATIVE}/clusters/{id}")).await
    }

    pub async fn operation(&self, id: &str) -> Value {
        self.api.get(&format!("{NATIVE}/operations/{id}")).await
    }

    /// Looks at a path of the API until `enough` has seen what it waits for.
    pub async fn until(&self, path: &str, enough: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = wait::until(path, BOUND, async || {
            last = self.api.get(&format!("{NATIVE}{path}")).await;
            enough(&last).then(|| last.clone())
        })
        .await;
        found.unwrap_or_else(|error| panic!("{error}: {last}\n{}", self.tintype.stderr()))
    }

    /// The operation once it has ended.
    pub async fn ended(&self, id: &str) -> Value {
        let ended = |seen: &Value| !seen["finished_at"].is_null();
        self.until(&format!("/operations/{id}"), ended).await
    }

    /// Waits for an operation's good end.
    pub async fn succeeded(&self, id: &str) {
        let ended = self.ended(id).await;
        assert_eq!(ended["status"], "succeeded", "{ended}");
    }
}
