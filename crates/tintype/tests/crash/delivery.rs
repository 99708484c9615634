//! Killed once at every point of a delivery to a real receiver: it hears of it at least once, always under the same id,
//! and twice only when the process died between sending and noting that it was accepted.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tintype_testkit::{
    faults::{Fault, Recorded, Rule},
    receiver::Receiver,
    wait,
};

use crate::server::{Server, is_terminal};

const AT_ONCE: usize = 4;
const BOUND: Duration = Duration::from_secs(60);

/// One delivery that is refused once, and what the receiver got.
struct Run {
    receiver: Receiver,
    server: Server,
}

impl Run {
    async fn start(point: Option<&str>) -> anyhow::Result<Self> {
        let receiver = Receiver::start()?;
        receiver
            .faults()
            .add(Rule::new("POST", "/hook", Fault::Status(503, json!({}))));
        let mut env = vec![("TINTYPE_FAILPOINT_LOG", "{dir}/points-0")];
        env.extend(point.map(|point| ("TINTYPE_FAILPOINT", point)));
        let server = Server::start(&env).await?;
        let body = json!({"url": format!("{}/hook", receiver.url())});
        let webhook = server.native("POST", "/webhooks", body).await?;
        let path = format!("/webhooks/{}/_test", webhook["id"].as_str().unwrap_or_default());
        // The answer may be lost with the process; the operation is there all the same.
        let _ = server.native("POST", &path, Value::Null).await;
        Ok(Self { receiver, server })
    }

    /// The only delivery, once it has ended.
    async fn end(&self) -> anyhow::Result<Value> {
        wait::until("the delivery's end", BOUND, async || {
            let listed = self
                .server
                .native("GET", "/operations?kind=deliver_webhook", Value::Null)
                .await
                .ok()?;
            let operations = listed["operations"].as_array()?.clone();
            assert!(operations.len() < 2, "{operations:?}");
            operations.into_iter().next().filter(is_terminal)
        })
        .await
    }

    fn heard(&self) -> Vec<Recorded> {
        self.receiver.faults().matching("POST", "/hook")
    }
}

/// What must not be; empty when all is well.
async fn killed_at(point: &str) -> anyhow::Result<Vec<String>> {
    let run = Run::start(Some(point)).await?;
    let code = run.server.process.wait_for_end(BOUND).await?;
    let mut wrong = Vec::new();
    let passed = point.split('@').next();
    if code != 137 || run.server.last_point(0).as_deref() != passed {
        wrong.push(format!("ended with {code} at {:?}", run.server.last_point(0)));
    }
    run.server.relaunch(1, None)?;
    let operation = run.end().await?;
    let heard = run.heard();
    if operation["status"] != "succeeded" {
        wrong.push(format!("it ended as {operation}"));
    }
    let ids: Vec<_> = heard
        .iter()
        .map(|one| one.headers["webhook-id"].to_str().ok())
        .collect();
    if ids.iter().any(|id| *id != operation["id"].as_str()) {
        wrong.push(format!("ids {ids:?} of {}", operation["id"]));
    }
    if heard.iter().any(|one| one.body != heard[0].body) {
        wrong.push("the repeats are not the same letter".to_owned());
    }
    // One refusal and one receipt; a letter that was accepted without a note of it comes once more.
    let accepted = ["send.call.after@2", "end.commit.before"];
    let expected = 2 + usize::from(accepted.iter().any(|end| point.ends_with(end)));
    if heard.len() != expected {
        wrong.push(format!("heard {} times, not {expected}", heard.len()));
    }
    Ok(wrong
        .into_iter()
        .map(|wrong| format!("{point}: {wrong}"))
        .collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_is_refused_once() {
    let run = Run::start(None).await.unwrap();
    assert_eq!(run.end().await.unwrap()["status"], "succeeded");
    let mut points = run.server.points(0);
    for step in ["intent.commit", "send.call", "wait.commit", "end.commit"] {
        for when in ["before", "after"] {
            let point = format!("deliver_webhook.{step}.{when}");
            assert!(points.contains(&point), "{point} was never passed: {points:?}");
        }
    }
    // The second time it was accepted.
    points.push("deliver_webhook.send.call.after@2".to_owned());
    let judged: Vec<_> = stream::iter(points)
        .map(async |point| {
            killed_at(&point)
                .await
                .unwrap_or_else(|error| vec![format!("{point}: {error:#}")])
        })
        .buffer_unordered(AT_ONCE)
        .concat()
        .await;
    assert!(judged.is_empty(), "{}", judged.join("\n"));
}
