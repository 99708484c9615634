//! The stream of changes: from any place, in order, each once, and no longer than the server lives.

use crate::support::{Server, key};
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{Method, Request, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tintype::clock::SystemClock;
use tintype::config::Config;
use tintype::model::Role;
use tower::ServiceExt;

const EVENTS: &str = "/api/tintype/v1/events";

/// An event as it came: id, kind, data.
type Event = (Option<i64>, String, Value);

/// An open stream.
struct Stream {
    body: BodyDataStream,
    text: String,
}

async fn ask(
    server: &Server,
    query: &str,
    last_event_id: Option<&str>,
    user: &str,
) -> axum::response::Response {
    let mut request = Request::get(format!("{EVENTS}{query}"))
        .header("authorization", key(user))
        .header("accept-encoding", "gzip");
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let request = request.body(Body::empty()).unwrap();
    server.router.clone().oneshot(request).await.unwrap()
}

impl Stream {
    async fn open(server: &Server, query: &str) -> Self {
        Self::resume(server, query, None, "admin").await
    }

    async fn resume(server: &Server, query: &str, last: Option<&str>, user: &str) -> Self {
        let response = ask(server, query, last, user).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert!(
            response.headers().get("content-encoding").is_none(),
            "compressed, and so held back"
        );
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event or place; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(parse(&event));
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.body.next());
            let chunk = chunk.await.expect("not even a heartbeat")?.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next so many with data.
    async fn take(&mut self, number: usize) -> Vec<Event> {
        let mut taken = Vec::new();
        while taken.len() < number {
            let event = self.next().await.expect("the stream ended");
            if !event.1.is_empty() {
                taken.push(event);
            }
        }
        taken
    }

    /// All to the end, with data.
    async fn rest(mut self) -> Vec<Event> {
        let mut rest = Vec::new();
        while let Some(event) = self.next().await {
            if !event.1.is_empty() {
                rest.push(event);
            }
        }
        rest
    }
}

fn parse(text: &str) -> Event {
    let field = |name: &str| {
        let prefix = format!("{name}: ");
        text.lines()
            .find_map(|line| line.strip_prefix(&prefix))
            .map(str::to_owned)
    };
    (
        field("id").map(|id| id.parse().unwrap()),
        field("event").unwrap_or_default(),
        field("data").map_or(Value::Null, |data| serde_json::from_str(&data).unwrap()),
    )
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.1.as_str()).collect()
}

#[tokio::test]
async fn a_stream_begins_now_and_tells_where_it_is() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    let mut stream = Stream::open(&server, "").await;
    let begun = stream.next().await.unwrap();
    assert_eq!(
        begun,
        (Some(1), String::new(), Value::Null),
        "the place, without an event"
    );
    server.add_cluster("b2").await;
    let event = stream.next().await.unwrap();
    assert_eq!((event.0, event.1.as_str()), (Some(2), "cluster.attached"));
    assert_eq!(event.2["cluster_id"], "b2");
    assert_eq!(event.2["data"]["name"], "the b2 cluster");
    server.app.stop.cancel();
    assert_eq!(stream.next().await, None, "a stop ends it");
}

/// Streams that break after each few events, while many write at once, see together what one whole stream sees.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_breaks_and_resumes_loses_nothing_and_repeats_nothing() {
    const WRITES: usize = 300;
    let server = Arc::new(Server::start().await);
    let whole = tokio::spawn({
        let server = server.clone();
        async move { Stream::open(&server, "?after=0").await.take(WRITES).await }
    });
    let broken = tokio::spawn({
        let server = server.clone();
        async move {
            let (mut seen, mut last) = (Vec::new(), "0".to_owned());
            while seen.len() < WRITES {
                // `after` is what the page was opened with; the header is where the browser was cut off.
                let mut stream = Stream::resume(&server, "?after=0", Some(&last), "admin").await;
                let number = (seen.len() % 13 + 1).min(WRITES - seen.len());
                seen.extend(stream.take(number).await);
                last = seen.last().and_then(|event: &Event| event.0).unwrap().to_string();
            }
            seen
        }
    });
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let server = server.clone();
        writers.spawn(async move {
            for number in 0..WRITES / 4 {
                server.add_cluster(&format!("w{writer}-{number}")).await;
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let (whole, broken) = (whole.await.unwrap(), broken.await.unwrap());
    let ids: Vec<i64> = whole.iter().map(|event| event.0.unwrap()).collect();
    assert_eq!(ids, (1..=WRITES as i64).collect::<Vec<_>>());
    assert!(broken == whole, "the broken stream saw something else");
}

#[tokio::test]
async fn who_was_away_for_too_long_is_told_so_first() {
    let server = Server::start().await;
    for id in ["a1", "b2", "c3"] {
        server.add_cluster(id).await;
    }
    server
        .app
        .store
        .prune_changes(1, jiff::Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    let late = Stream::resume(&server, "?follow=false", Some("1"), "admin")
        .await
        .rest()
        .await;
    assert_eq!(kinds(&late), ["reset", "cluster.attached"]);
    assert_eq!((late[0].0, late[1].0), (None, Some(3)));
    let current = Stream::resume(&server, "?follow=false", Some("2"), "admin")
        .await
        .rest()
        .await;
    assert_eq!(kinds(&current), ["cluster.attached"]);
    // Another database's place, such as one from before a restore.
    let strange = Stream::resume(&server, "?follow=false", Some("77"), "admin")
        .await
        .rest()
        .await;
    assert_eq!(kinds(&strange), ["reset"]);
}

#[tokio::test]
async fn filters_choose_by_cluster_and_kind_and_permission() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    server.add_cluster("b2").await;
    server.add_repository("main").await;
    let rest = async |query: &str, user: &str| {
        let query = format!("?after=0&follow=false{query}");
        Stream::resume(&server, &query, None, user).await.rest().await
    };
    assert_eq!(
        kinds(&rest("", "admin").await),
        ["cluster.attached", "cluster.attached", "repository.changed"]
    );
    assert_eq!(rest("&cluster=b2", "admin").await[0].0, Some(2));
    assert_eq!(
        kinds(&rest("&kind=repository,operation.failed", "admin").await),
        ["repository.changed"]
    );
    // Who may not read repositories is not told of them either.
    server
        .add_user("viewer", &[Role::EceDeploymentViewer], true)
        .await;
    assert_eq!(
        kinds(&rest("", "viewer").await),
        ["cluster.attached", "cluster.attached"]
    );
    let refused = server
        .send(
            Method::GET,
            &format!("{EVENTS}?kind=repository"),
            &key("viewer"),
            "",
        )
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn bad_places_and_kinds_are_refused_by_name() {
    let server = Server::start().await;
    for (query, field) in [
        ("?after=x", "after"),
        ("?after=-1", "after"),
        ("?kind=nothing", "kind"),
        ("?cluster=%20", "cluster"),
        ("?follow=maybe", "follow"),
    ] {
        let reply = server.get(&format!("{EVENTS}{query}")).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, field),
            "{query}"
        );
    }
    let response = ask(&server, "", Some("latest"), "admin").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn one_stream_too_many_is_told_to_come_back() {
    let server = Server::start_with(Arc::new(SystemClock), |config: &mut Config| {
        config.events.streams = 2;
    })
    .await;
    let (one, _other) = (Stream::open(&server, "").await, Stream::open(&server, "").await);
    let refused = server.get(EVENTS).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::SERVICE_UNAVAILABLE, "root.busy")
    );
    assert_eq!(server.app.metrics.streams().get(), 2);
    drop(one);
    Stream::open(&server, "").await;
}
