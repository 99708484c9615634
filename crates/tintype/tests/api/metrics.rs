//! `/metrics` by the rules of OpenMetrics, bounded, and as docs/observability.md has it.

use crate::support::{Server, key};
use http::{Method, StatusCode};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tintype::clock::SystemClock;
use tintype::config::Config;
use tintype::model::observation::SnapshotSummary;
use tintype::model::{Observation, Role};

/// One metric family.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    labels: BTreeSet<String>,
    samples: BTreeMap<String, f64>,
}

/// Reads OpenMetrics text strictly: what is not right fails the test.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut present = String::new();
    let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
    for line in body.lines() {
        if let Some(meta) = line.strip_prefix("# ") {
            let mut words = meta.splitn(3, ' ');
            let (what, name, rest) = (
                words.next().unwrap(),
                words.next().unwrap(),
                words.next().unwrap_or_default(),
            );
            assert!(["HELP", "TYPE", "UNIT"].contains(&what), "{line}");
            if name != present {
                assert!(!families.contains_key(name), "{name} comes twice");
                present = name.to_owned();
            }
            let family = families.entry(name.to_owned()).or_default();
            match what {
                "TYPE" => family.kind = rest.to_owned(),
                "UNIT" => assert!(name.ends_with(&format!("_{rest}")), "{line}"),
                _ => assert!(!rest.is_empty() && !rest.ends_with(".."), "{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect(line);
        let value: f64 = value.parse().expect(line);
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').expect(line)),
            None => (series, ""),
        };
        let family = families.get_mut(&present).expect(line);
        let suffix = name.strip_prefix(present.as_str()).expect(line);
        let allowed: &[&str] = match family.kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("{present} is {other:?}"),
        };
        assert!(allowed.contains(&suffix), "{line}: {}", family.kind);
        for label in split_labels(labels) {
            if label != "le" {
                family.labels.insert(label);
            }
        }
        let twice = family.samples.insert(series.to_owned(), value);
        assert!(twice.is_none(), "{series} comes twice");
    }
    families
}

/// The names of `a="x",b="y"`; values may hold escaped quotes and commas.
fn split_labels(text: &str) -> Vec<String> {
    let (mut names, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").expect(text);
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{text}");
        names.push(name.to_owned());
        let (mut end, mut escaped) = (None, false);
        for (index, c) in value.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    end = Some(index);
                    break;
                }
                _ => {}
            }
        }
        rest = value[end.expect(text) + 1..].trim_start_matches(',');
    }
    names
}

async fn scrape(server: &Server) -> BTreeMap<String, Family> {
    let reply = server.get("/metrics").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert_eq!(
        reply.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    parse(reply.body.as_str().unwrap())
}

async fn look(server: &Server, id: &str) {
    let seen = Observation {
        at: Timestamp::now(),
        reachable: true,
        snapshots: SnapshotSummary {
            latest_successful: Some(true),
            latest_successful_end_time: Some(Timestamp::now()),
            ..SnapshotSummary::default()
        },
        ..Observation::default()
    };
    server
        .app
        .store
        .put_observation(&id.parse().unwrap(), &seen)
        .await
        .unwrap();
}

/// A server of which every family has been touched.
async fn used() -> Server {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    look(&server, "a1").await;
    // Nothing listens there: an engine error, and a webhook attempt.
    server.app.operations.refresh(&"a1".parse().unwrap()).await;
    server.app.metrics.delivery("refused");
    let body = r#"{"url":"http://127.0.0.1:9/"}"#;
    let webhook = server.post("/api/tintype/v1/webhooks", body).await;
    let test = format!(
        "/api/tintype/v1/webhooks/{}/_test",
        webhook.body["id"].as_str().unwrap()
    );
    assert_eq!(server.post(&test, "").await.status, StatusCode::ACCEPTED);
    server
}

#[tokio::test]
async fn the_documented_series_are_the_served_ones() {
    let server = used().await;
    scrape(&server).await;
    let mut served: Vec<String> = scrape(&server)
        .await
        .into_iter()
        .map(|(name, family)| {
            let name = match family.kind.as_str() {
                "counter" => format!("{name}_total"),
                "info" => format!("{name}_info"),
                _ => name,
            };
            let labels: Vec<_> = family.labels.iter().map(|label| format!("`{label}`")).collect();
            format!("| `{name}` | {} | {} |", family.kind, labels.join(", "))
        })
        .collect();
    let page = include_str!("../../../../docs/observability.md");
    let mut documented: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with("| `tintype_"))
        .map(|line| line.splitn(5, '|').take(4).collect::<Vec<_>>().join("|") + "|")
        .collect();
    documented.sort();
    served.sort();
    assert_eq!(
        documented, served,
        "the table of docs/observability.md, without its last column"
    );
}

#[tokio::test]
async fn a_name_cannot_break_out_of_its_label() {
    let server = Server::start().await;
    let mut cluster = server.add_cluster("a1").await;
    cluster.name = "a\"} 1\n# EOF\\".to_owned();
    server.app.store.update_cluster(&cluster, None).await.unwrap();
    look(&server, "a1").await;
    let families = scrape(&server).await;
    let late = &families["tintype_cluster_late"];
    assert_eq!(
        late.samples.keys().collect::<Vec<_>>(),
        [r#"tintype_cluster_late{cluster="a1",name="a\"} 1\n# EOF\\"}"#]
    );
}

#[tokio::test]
async fn series_stay_few_with_many_clusters_and_strange_paths() {
    let server = Server::start_with(Arc::new(SystemClock), |config: &mut Config| {
        config.metrics.per_cluster = 1_500;
    })
    .await;
    for number in 0..2_000 {
        server.add_cluster(&format!("c{number}")).await;
        look(&server, &format!("c{number}")).await;
        let path = format!("/api/tintype/v1/clusters/c{number}/alert");
        if number % 50 == 0 {
            server.get(&path).await;
            server.get(&format!("/nowhere/{number}")).await;
            let odd = Method::from_bytes(format!("ODD{number}").as_bytes()).unwrap();
            server.send(odd, &path, &key("admin"), "").await;
        }
    }
    let families = scrape(&server).await;
    let series: usize = families.values().map(|family| family.samples.len()).sum();
    assert!(series < 150, "{series} series");
    assert!(!families.keys().any(|name| name.starts_with("tintype_cluster_")));
    assert_eq!(
        families["tintype_clusters"].samples[r#"tintype_clusters{verdict="good"}"#],
        2_000.0
    );
    let within = r#"tintype_clusters_good_within_hours{hours="1"}"#;
    assert_eq!(
        families["tintype_clusters_good_within_hours"].samples[within],
        2_000.0
    );
}

#[tokio::test]
async fn answers_are_counted_by_template_and_status() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    server.get("/api/tintype/v1/clusters/a1").await;
    server.get("/api/tintype/v1/clusters/b2").await;
    server.get("/api/tintype/v1/nothing").await;
    let families = scrape(&server).await;
    let requests = &families["tintype_http_requests"].samples;
    let count = |route: &str, status: u16| {
        let series =
            format!(r#"tintype_http_requests_total{{method="GET",route="{route}",status="{status}"}}"#);
        requests.get(&series).copied()
    };
    let template = "/api/tintype/v1/clusters/{cluster_id}";
    assert_eq!(
        (count(template, 200), count(template, 404)),
        (Some(1.0), Some(1.0))
    );
    assert_eq!(count("none", 404), Some(1.0));
    let durations = &families["tintype_http_request_duration_seconds"].samples;
    let both = format!(r#"tintype_http_request_duration_seconds_count{{method="GET",route="{template}"}}"#);
    assert_eq!(durations[&both], 2.0);
}

#[tokio::test]
async fn figures_need_credentials_unless_they_are_public() {
    let server = Server::start().await;
    let ask = async |server: &Server| server.send(Method::GET, "/metrics", "", "").await.status;
    assert_eq!(ask(&server).await, StatusCode::UNAUTHORIZED);
    server.add_user("eye", &[Role::EceDeploymentViewer], true).await;
    let seen = server.send(Method::GET, "/metrics", &key("eye"), "").await;
    assert_eq!(seen.status, StatusCode::OK);
    let public = Server::start_with(Arc::new(SystemClock), |config: &mut Config| {
        config.metrics.public = true;
    })
    .await;
    assert_eq!(ask(&public).await, StatusCode::OK);
}
