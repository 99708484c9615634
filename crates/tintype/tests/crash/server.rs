//! The real binary, and what its clients ask of it.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tintype_testkit::{
    client::{RawClient, basic},
    tintype::{TintypeOptions, TintypeProcess},
};

use crate::bench::{Bench, merge};

const API: &str = "/api/tintype/v1";

/// One `tintype serve` over its kills and restarts.
pub struct Server {
    /// The process.
    pub process: TintypeProcess,
    client: RawClient,
}

impl Server {
    /// Starts it with these environment variables, and waits until it answers.
    pub async fn start(env: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut options = TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"));
        for (name, value) in env {
            options = options.env(name, value);
        }
        let process = TintypeProcess::start(options).await?;
        let client =
            RawClient::new(&process.url(), None)?.authorized(basic("admin", TintypeProcess::ADMIN_PASSWORD));
        Ok(Self { process, client })
    }

    /// The points passed since start number `start`, in order, each once, without those that only a slow engine shows
    /// more often.
    pub fn points(&self, start: usize) -> Vec<String> {
        let text = std::fs::read_to_string(self.log(start)).unwrap_or_default();
        let mut points: Vec<String> = Vec::new();
        for line in text.lines() {
            if !points.iter().any(|known| known == line) {
                points.push(line.to_owned());
            }
        }
        points
    }

    /// The last point passed since start number `start`.
    pub fn last_point(&self, start: usize) -> Option<String> {
        let text = std::fs::read_to_string(self.log(start)).ok()?;
        text.lines().last().map(str::to_owned)
    }

    fn log(&self, start: usize) -> PathBuf {
        self.process.dir().join(format!("points-{start}"))
    }

    /// Starts it again, to be killed at `point` if there is one, without waiting for its answer.
    pub fn relaunch(&self, start: usize, point: Option<&str>) -> anyhow::Result<()> {
        self.process.change(|mut options| {
            options.env.retain(|(name, _)| name != "TINTYPE_FAILPOINT");
            let options = options.env("TINTYPE_FAILPOINT_LOG", &format!("{{dir}}/points-{start}"));
            match point {
                Some(point) => options.env("TINTYPE_FAILPOINT", point),
                None => options,
            }
        });
        self.process.launch()
    }

    /// Asks it.
    pub async fn send(&self, method: &str, path: &str, body: Value) -> anyhow::Result<(u16, Value)> {
        self.client.send(method, path, body).await
    }

    /// Asks its native API, and expects success.
    pub async fn native(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        let (status, answer) = self.send(method, &format!("{API}{path}"), body).await?;
        anyhow::ensure!(status < 300, "{method} {path}: {status} {answer}");
        Ok(answer)
    }

    /// Attaches the bench's engine at `url`; returns the cluster's id.
    pub async fn attach(&self, bench: &Bench, url: &str) -> anyhow::Result<String> {
        let mut body = json!({"url": url, "access": "operate"});
        merge(&mut body, bench.attach.clone());
        let cluster = self.native("POST", "/clusters", body).await?;
        Ok(cluster["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends ECE's snapshot call.
    pub async fn take(&self, cluster: &str, name: &str, repository: &str) -> anyhow::Result<(u16, Value)> {
        let path = format!("/api/v1/clusters/elasticsearch/{cluster}/_snapshot");
        let body = json!({"name": name, "repository_name": repository});
        self.send("POST", &path, body).await
    }

    /// The cluster's operations.
    pub async fn operations(&self, cluster: &str) -> anyhow::Result<Vec<Value>> {
        let answer = self
            .native("GET", &format!("/operations?cluster={cluster}"), Value::Null)
            .await?;
        Ok(answer["operations"].as_array().cloned().unwrap_or_default())
    }

    /// What an operation logged, for a failed test's message.
    pub async fn story(&self, operation: &Value) -> String {
        let id = operation["id"].as_str().unwrap_or_default();
        let events = self
            .native("GET", &format!("/operations/{id}/events?limit=200"), Value::Null)
            .await;
        let lines = events.map(|events| {
            let lines = events["events"].as_array().cloned().unwrap_or_default();
            let line = |event: &Value| format!("  {} {}: {}", event["at"], event["kind"], event["message"]);
            lines.iter().map(line).collect::<Vec<_>>().join("\n")
        });
        format!("{operation}\n{}", lines.unwrap_or_else(|error| error.to_string()))
    }

    /// Asks an operation to stop; it may have ended meanwhile, or the process with it.
    pub async fn cancel(&self, operation: &Value) {
        let id = operation["id"].as_str().unwrap_or_default();
        let path = format!("{API}/operations/{id}/_cancel");
        let _ = self.send("POST", &path, Value::Null).await;
    }

    /// Waits until every operation of the cluster has ended.
    pub async fn wait_terminal(&self, cluster: &str, bound: Duration) -> anyhow::Result<Vec<Value>> {
        tintype_testkit::wait::until("the operations' end", bound, async || {
            let operations = self.operations(cluster).await.ok()?;
            operations.iter().all(is_terminal).then_some(operations)
        })
        .await
    }
}

/// No step will follow.
pub fn is_terminal(operation: &Value) -> bool {
    matches!(
        operation["status"].as_str(),
        Some("succeeded" | "failed" | "cancelled")
    )
}
