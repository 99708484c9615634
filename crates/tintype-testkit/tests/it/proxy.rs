//! Every fault does what it says, and the record tells what reached the engine.

use std::time::Duration;

use serde_json::{Value, json};
use tintype_testkit::{
    certs::TestCa,
    client::{RawClient, basic},
    fake::{Dialect, FakeEngine, SnapshotState},
    faults::{Fault, Gate, Rule},
    proxy::{FaultProxy, ProxyOptions},
};

const CREATE: &str = "/_snapshot/r/s?wait_for_completion=false";

struct Bench {
    engine: FakeEngine,
    proxy: FaultProxy,
    client: RawClient,
}

impl Bench {
    fn new() -> Self {
        let engine = FakeEngine::start(Dialect::Es8).unwrap();
        engine.put_repository("r", json!({"type": "fs", "settings": {"location": "/r"}}));
        let proxy = FaultProxy::start(&engine.url()).unwrap();
        let client = RawClient::new(&proxy.url(), None).unwrap();
        Self {
            engine,
            proxy,
            client,
        }
    }

    /// Sends the snapshot request through the proxy while `fault` strikes it.
    async fn create_under(&self, fault: Fault) -> anyhow::Result<(u16, Value)> {
        self.proxy.faults().add(Rule::new("PUT", "/_snapshot/*/*", fault));
        self.client.send("PUT", CREATE, Value::Null).await
    }

    fn carried_out(&self) -> bool {
        !self.engine.snapshots("r").is_empty()
    }
}

#[tokio::test]
async fn passes_requests_on_as_they_are() {
    let bench = Bench::new();
    let (status, answer) = bench
        .client
        .send("PUT", CREATE, json!({"indices": "*"}))
        .await
        .unwrap();
    assert_eq!((status, answer), (200, json!({"accepted": true})));
    let seen = &bench.engine.faults().requests()[0];
    assert_eq!(
        (seen.path.as_str(), seen.query.as_str()),
        ("/_snapshot/r/s", "wait_for_completion=false")
    );
    assert_eq!(seen.json(), json!({"indices": "*"}));
}

#[tokio::test]
async fn a_dropped_request_never_arrives() {
    let bench = Bench::new();
    assert!(bench.create_under(Fault::DropRequest).await.is_err());
    assert!(!bench.carried_out());
    assert!(!bench.proxy.faults().requests()[0].reached);
}

#[tokio::test]
async fn a_dropped_answer_leaves_the_deed_done() {
    let bench = Bench::new();
    assert!(bench.create_under(Fault::DropAnswer).await.is_err());
    assert!(bench.carried_out());
    let seen = &bench.proxy.faults().requests()[0];
    assert_eq!((seen.reached, seen.status), (true, Some(200)));
}

#[tokio::test]
async fn a_cut_body_is_no_answer_though_its_head_came() {
    let bench = Bench::new();
    let error = bench.create_under(Fault::CutBody(5)).await.unwrap_err();
    assert!(format!("{error:#}").contains("the answer of PUT"), "{error:#}");
    assert!(bench.carried_out());
}

#[tokio::test]
async fn a_held_request_is_carried_out_after_its_sender_gave_up() {
    let bench = Bench::new();
    let gate = Gate::default();
    let sent = bench.create_under(Fault::HoldRequest(gate.clone()));
    assert!(
        tokio::time::timeout(Duration::from_millis(100), sent)
            .await
            .is_err()
    );
    assert!(!bench.carried_out());
    gate.open();
    bench
        .proxy
        .faults()
        .wait_for_answer("PUT", "/_snapshot/*/*")
        .await
        .unwrap();
    assert!(bench.carried_out());
}

#[tokio::test]
async fn a_held_answer_comes_when_the_gate_opens() {
    let bench = Bench::new();
    let gate = Gate::default();
    let open = async {
        bench
            .engine
            .faults()
            .wait_for("PUT", "/_snapshot/*/*", 1)
            .await
            .unwrap();
        gate.open();
    };
    let (answer, ()) = tokio::join!(bench.create_under(Fault::HoldAnswer(gate.clone())), open);
    assert_eq!(answer.unwrap().0, 200);
}

#[tokio::test]
async fn delays_are_waited_out() {
    let bench = Bench::new();
    let short = Duration::from_millis(1);
    assert_eq!(
        bench.create_under(Fault::DelayRequest(short)).await.unwrap().0,
        200
    );
    assert_eq!(
        bench.create_under(Fault::DelayAnswer(short)).await.unwrap().0,
        400
    );
}

#[tokio::test]
async fn answers_of_its_own_never_reach_the_engine() {
    let bench = Bench::new();
    let busy = Fault::engine_error(429, "circuit_breaking_exception", "too much");
    let (status, answer) = bench.create_under(busy).await.unwrap();
    assert_eq!(
        (status, &answer["error"]["type"]),
        (429, &json!("circuit_breaking_exception"))
    );
    let (status, answer) = bench.create_under(Fault::Garbage).await.unwrap();
    assert!(status == 200 && answer.as_str().is_some_and(|text| text.starts_with("<html>")));
    assert_eq!(
        bench
            .create_under(Fault::Redirect("http://127.0.0.1:1/".into()))
            .await
            .unwrap()
            .0,
        307
    );
    let (_, blank) = bench.create_under(Fault::Huge(100 << 20)).await.unwrap();
    assert_eq!(blank.as_str().map(str::len), Some(100 << 20));
    assert!(!bench.carried_out() && bench.engine.faults().requests().is_empty());
}

#[tokio::test]
async fn a_stopped_proxy_refuses_and_comes_back_on_its_port() {
    let bench = Bench::new();
    bench.proxy.stop();
    assert!(bench.client.send("GET", "/", Value::Null).await.is_err());
    bench.proxy.resume().unwrap();
    assert_eq!(bench.client.send("GET", "/", Value::Null).await.unwrap().0, 200);
    bench.engine.stop();
    assert!(bench.client.send("GET", "/", Value::Null).await.is_err());
}

#[tokio::test]
async fn serves_tls_with_a_password_and_trusts_a_tls_upstream() {
    let engine = FakeEngine::start(Dialect::Os2).unwrap();
    engine.put_repository("r", json!({"type": "fs", "settings": {"location": "/r"}}));
    engine.add_snapshot("r", "s", SnapshotState::Success);
    let ca = TestCa::new().unwrap();
    let password = basic("kit", "secret");
    let secured = ProxyOptions {
        certificate: Some(ca.server().unwrap()),
        require: Some(password.clone()),
        ..Default::default()
    };
    let secured = FaultProxy::with(&engine.url(), secured).unwrap();
    let faulty = ProxyOptions {
        upstream_ca: Some(ca.pem()),
        ..Default::default()
    };
    let faulty = FaultProxy::with(&secured.url(), faulty).unwrap();

    let client = RawClient::new(&faulty.url(), None).unwrap();
    assert_eq!(client.send("GET", "/", Value::Null).await.unwrap().0, 401);
    let (status, listed) = client
        .authorized(password)
        .send("GET", "/_snapshot/r/_all", Value::Null)
        .await
        .unwrap();
    assert_eq!((status, &listed["snapshots"][0]["snapshot"]), (200, &json!("s")));
    assert!(
        RawClient::new(&secured.url(), None)
            .unwrap()
            .send("GET", "/", Value::Null)
            .await
            .is_err()
    );
}
