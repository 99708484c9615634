//! A process that is stopped past its lease and goes on where it was does no harm.

use std::time::Duration;

use serde_json::Value;
use tintype_testkit::{
    fake::{Dialect, FakeEngine, Progress, SnapshotState},
    faults::{Fault, Gate, Rule},
};

use crate::{bench::Bench, server::Server};

const BOUND: Duration = Duration::from_secs(60);
/// The shortest lease there is, and a pause that outlasts it. Nothing tells of a passed lease but the time.
const LEASE_SECONDS: &str = "3";
const PAUSE: Duration = Duration::from_secs(4);
const SNAPSHOT: &str = "/_snapshot/keep/slow";

struct House {
    server: Server,
    bench: Bench,
    cluster: String,
}

impl House {
    async fn build() -> Self {
        let server = Server::start(&[("TINTYPE_OPERATIONS__LEASE_SECONDS", LEASE_SECONDS)])
            .await
            .unwrap();
        let bench = Bench::fake(Dialect::Es8, Progress::OnCommand);
        let cluster = server.attach(&bench, &bench.url).await.unwrap();
        Self {
            server,
            bench,
            cluster,
        }
    }

    fn fake(&self) -> &FakeEngine {
        self.bench.fake.as_ref().unwrap()
    }

    async fn take(&self) {
        let taken = self.server.take(&self.cluster, "slow", "keep").await.unwrap();
        assert_eq!(taken.0, 202, "{}", taken.1);
    }

    /// Stopped for longer than its lease; `meanwhile` the world goes on.
    async fn pause(&self, meanwhile: impl FnOnce()) {
        self.server.process.freeze().unwrap();
        meanwhile();
        tokio::time::sleep(PAUSE).await;
        self.server.process.signal("CONT").unwrap();
    }

    fn finish(&self) {
        self.fake()
            .finish_snapshot("keep", "slow", SnapshotState::Success);
    }

    /// Its one operation succeeded, with one snapshot, and nothing was deleted.
    async fn ends_well(&self) {
        let ended = self.server.wait_terminal(&self.cluster, BOUND).await.unwrap();
        let asked = self.fake().faults().requests();
        let asked = asked
            .iter()
            .map(|seen| (seen.method.clone(), seen.path.clone(), seen.status));
        let story = format!(
            "{}\n{:#?}",
            self.server.story(&ended[0]).await,
            asked.collect::<Vec<_>>()
        );
        assert_eq!(
            (ended.len(), &ended[0]["status"]),
            (1, &"succeeded".into()),
            "{story}"
        );
        assert_eq!(self.fake().faults().matching("DELETE", "**").len(), 0, "{story}");
        let names: Vec<String> = self
            .fake()
            .snapshots("keep")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["base", "slow"], "{story}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_watches() {
    let house = House::build().await;
    house.take().await;
    house.pause(|| house.finish()).await;
    house.ends_well().await;
    assert_eq!(house.fake().faults().matching("PUT", SNAPSHOT).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_its_request_is_on_its_way() {
    let house = House::build().await;
    let gate = Gate::default();
    house
        .fake()
        .fault(Rule::new("PUT", SNAPSHOT, Fault::HoldRequest(gate.clone())));
    let disturb = async {
        house.fake().faults().wait_for("PUT", SNAPSHOT, 1).await.unwrap();
        house.pause(|| ()).await;
        gate.open();
    };
    tokio::join!(house.take(), disturb);
    house.finish();
    house.ends_well().await;
}

/// The look said that the snapshot still runs; it finishes during the pause. The DELETE would delete a good snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_the_look_and_the_delete_of_a_cancel() {
    let house = House::build().await;
    let status = format!("{SNAPSHOT}/_status");
    let (following, looking) = (Gate::default(), Gate::default());
    for gate in [&following, &looking] {
        house
            .fake()
            .fault(Rule::new("GET", &status, Fault::HoldAnswer(gate.clone())));
    }
    house.take().await;
    house.fake().faults().wait_for("GET", &status, 1).await.unwrap();
    let operations = house.server.operations(&house.cluster).await.unwrap();
    let id = operations[0]["id"].as_str().unwrap();
    let path = format!("/operations/{id}/_cancel");
    house.server.native("POST", &path, Value::Null).await.unwrap();
    following.open();
    house.fake().faults().wait_for("GET", &status, 2).await.unwrap();
    house
        .pause(|| {
            house.finish();
            looking.open();
        })
        .await;
    house.ends_well().await;
}
