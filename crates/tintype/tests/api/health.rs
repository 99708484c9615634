//! `/healthz` and `/readyz`: what an orchestrator asks.

use crate::support::Server;
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tintype::clock::Clock;
use tintype::operations::pulse::Part;

/// A clock that stands still until it is moved.
#[derive(Debug)]
struct Hand(Mutex<Timestamp>);

impl Hand {
    fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

async fn ready(server: &Server) -> (StatusCode, String) {
    let reply = server.send(Method::GET, "/readyz", "", "").await;
    (reply.status, reply.message().to_owned())
}

#[tokio::test]
async fn ready_is_who_does_its_work() {
    let clock = Arc::new(Hand(Mutex::new(Timestamp::from_second(1_700_000_000).unwrap())));
    let server = Server::start_with(clock.clone(), |_| {}).await;
    let (status, why) = ready(&server).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        why,
        "the part operations has not begun; the part watch has not begun"
    );

    // The real parts, each of which makes its first round at once.
    let (app, stop) = (server.app.clone(), server.app.stop.clone());
    let parts = tokio::spawn(async move {
        tokio::join!(
            app.operations.run(app.stop.clone()),
            tintype::scheduler::run(app.clone(), app.stop.clone())
        )
    });
    while ready(&server).await.0 != StatusCode::OK {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    parts.await.unwrap();
    let (status, why) = ready(&server).await;
    assert_eq!(
        (status, why.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
    );
}

#[tokio::test]
async fn a_part_that_falls_silent_and_a_store_that_fails_are_told() {
    let clock = Arc::new(Hand(Mutex::new(Timestamp::from_second(1_700_000_000).unwrap())));
    let server = Server::start_with(clock.clone(), |_| {}).await;
    for part in Part::ALL {
        server.app.operations.pulse().beat(part, clock.now());
    }
    assert_eq!(ready(&server).await.0, StatusCode::OK);
    clock.forward(30);
    assert_eq!(ready(&server).await.0, StatusCode::OK);
    clock.forward(1);
    let (status, why) = ready(&server).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(why, "the part operations has been silent for 31 s");
    server.app.operations.pulse().beat(Part::Driver, clock.now());
    assert_eq!(ready(&server).await.0, StatusCode::OK);

    server.app.store.close().await;
    assert_eq!(
        ready(&server).await,
        (StatusCode::SERVICE_UNAVAILABLE, "the store fails".to_owned())
    );
    let alive = server.send(Method::GET, "/healthz", "", "").await;
    assert_eq!(
        (alive.status, &alive.body["status"]),
        (StatusCode::OK, &"ok".into())
    );
}
