//! An engine that redirects, speaks garbage or sends 100 MB: that operation fails, clearly and soon, and nothing else.

use std::time::Duration;

use serde_json::{Value, json};
use tintype_testkit::{
    fake::{Dialect, Progress},
    faults::{Fault, Rule},
};

use crate::{bench::Bench, server::Server};

const BOUND: Duration = Duration::from_secs(90);

/// A fault, and the words that the failure must hold.
fn hostilities() -> [(Fault, &'static str); 3] {
    [
        (
            Fault::Redirect("http://127.0.0.1:9/elsewhere".to_owned()),
            "http://127.0.0.1:9/elsewhere",
        ),
        (Fault::Garbage, "not JSON"),
        (Fault::Huge(100 << 20), "larger than"),
    ]
}

struct House {
    server: Server,
    healthy: Bench,
    healthy_id: String,
}

impl House {
    async fn build() -> Self {
        let server = Server::start(&[]).await.unwrap();
        let healthy = Bench::fake(Dialect::Es8, Progress::Looks(2));
        let healthy_id = server.attach(&healthy, &healthy.url).await.unwrap();
        Self {
            server,
            healthy,
            healthy_id,
        }
    }

    async fn another(&self) -> (Bench, String) {
        let bench = Bench::fake(Dialect::Os2, Progress::Looks(2));
        let id = self.server.attach(&bench, &bench.url).await.unwrap();
        (bench, id)
    }

    /// The other cluster is served as ever.
    async fn stays_healthy(&self, name: &str) {
        let taken = self.server.take(&self.healthy_id, name, "keep").await.unwrap();
        assert_eq!(taken, (202, json!({"name": name})));
        let ended = self.server.wait_terminal(&self.healthy_id, BOUND).await.unwrap();
        assert_eq!(ended[0]["status"], "succeeded", "{}", ended[0]);
        let fake = self.healthy.fake.as_ref().unwrap();
        assert!(fake.snapshots("keep").iter().any(|(there, _)| there == name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_looks_cannot_be_read() {
    let house = House::build().await;
    for (number, (fault, words)) in hostilities().into_iter().enumerate() {
        let (bench, id) = house.another().await;
        let fake = bench.fake.as_ref().unwrap();
        let repository = format!("platform-{number}");
        let body = json!({"type": "fs", "settings": {"location": "/fake/base"}});
        let path = format!("/repositories/{repository}");
        house.server.native("PUT", &path, body).await.unwrap();
        fake.fault(Rule::new("*", "**", fault).always());

        let (status, answer) = house.server.take(&id, "never", &repository).await.unwrap();
        assert_eq!(
            (status, &answer["errors"][0]["code"]),
            (500, &json!("clusters.snapshot.failed")),
            "{answer}"
        );
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{message}");
        house.stays_healthy(&format!("beside-{number}")).await;

        // Nothing was sent, so the name is free.
        fake.faults().clear();
        let taken = house.server.take(&id, "never", "keep").await.unwrap();
        assert_eq!(taken.0, 202, "{}", taken.1);
        house.server.wait_terminal(&id, BOUND).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_answer_to_the_create_request_cannot_be_read() {
    let house = House::build().await;
    let all = hostilities().into_iter().map(async |(fault, words)| {
        let (bench, id) = house.another().await;
        let fake = bench.fake.as_ref().unwrap();
        fake.fault(Rule::new("PUT", "/_snapshot/*/*", fault).always());
        // The bound of the caller's wait passes: the outcome is not known, and not success.
        let taken = house.server.take(&id, "lost", "keep").await.unwrap();
        assert_eq!(taken.0, 202, "{}", taken.1);
        let ended = house.server.wait_terminal(&id, BOUND).await.unwrap();
        let story = house.server.story(&ended[0]).await;
        assert_eq!(ended[0]["failure"]["kind"], "outcome_unknown", "{story}");
        assert!(story.contains(words), "{story}");
        assert!(!fake.snapshots("keep").iter().any(|(name, _)| name == "lost"));
        assert_eq!(
            fake.faults().matching("PUT", "/_snapshot/*/*").len(),
            2,
            "{story}"
        );
        // It may have existed: the name is burned.
        let again = house.server.take(&id, "lost", "keep").await.unwrap();
        assert_eq!(
            (again.0, &again.1["errors"][0]["code"]),
            (409, &json!("clusters.snapshot.name_conflict"))
        );
    });
    futures_util::future::join_all(all).await;
    house.stays_healthy("beside").await;
    let (status, _) = house
        .server
        .send("GET", "/api/tintype/v1/version", Value::Null)
        .await
        .unwrap();
    assert_eq!(status, 200);
}
