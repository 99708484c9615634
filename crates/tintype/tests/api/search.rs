//! `POST /clusters/elasticsearch/_search`.

use crate::support::{Reply, Server};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use tintype::model::Observation;

const SEARCH: &str = "/api/v1/clusters/elasticsearch/_search";
const REGIONAL: &str = "/api/v1/regions/ece-region/clusters/elasticsearch/_search";
const VERSION: &str = "plan_info.current.plan.elasticsearch.version";

/// Four clusters: id, name, version, and whether they were seen reachable.
async fn fleet() -> Server {
    let server = Server::start().await;
    for (id, name, version, reachable) in [
        ("a1", "Prod-EU logs", "7.9.3", Some(true)),
        ("a2", "prod us logs", "7.10.2", Some(false)),
        ("b1", "Test metrics", "8.17.0", Some(true)),
        ("b2", "äpfel", "2.19.0", None),
    ] {
        let mut cluster = server.add_cluster(id).await;
        cluster.name = name.to_owned();
        cluster.engine_version = version.to_owned();
        let cluster = server.app.store.update_cluster(&cluster, None).await.unwrap();
        if let Some(reachable) = reachable {
            let look = Observation {
                at: Timestamp::now(),
                reachable,
                ..Observation::default()
            };
            server
                .app
                .store
                .put_observation(&cluster.id, &look)
                .await
                .unwrap();
        }
    }
    server
}

fn ids(reply: &Reply) -> Vec<&str> {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let found = reply.body["elasticsearch_clusters"].as_array().unwrap();
    assert_eq!(reply.body["return_count"], found.len());
    found
        .iter()
        .map(|one| one["cluster_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn each_query_finds_its_clusters() {
    let server = fleet().await;
    let cases: Vec<(Value, &[&str])> = vec![
        (json!({"match_all": {}}), &["a1", "a2", "b1", "b2"]),
        (json!({"match_none": {}}), &[]),
        (json!({"match": null, "match_all": {}}), &["a1", "a2", "b1", "b2"]),
        (json!({"term": {"cluster_id": {"value": "a2"}}}), &["a2"]),
        (json!({"term": {"id": {"value": "A2"}}}), &[]),
        (json!({"term": {"name": {"value": "Prod-EU logs"}}}), &["a1"]),
        (json!({"term": {"cluster_name": {"value": "logs"}}}), &[]),
        (json!({"term": {"version": {"value": "8.17.0"}}}), &["b1"]),
        (json!({"term": {"status": {"value": "started"}}}), &["a1", "b1"]),
        (json!({"term": {"status": {"value": "stopped"}}}), &["a2"]),
        (json!({"term": {"status": {"value": "initializing"}}}), &["b2"]),
        (json!({"prefix": {"id": {"value": "b"}}}), &["b1", "b2"]),
        (json!({"prefix": {VERSION: {"value": "7."}}}), &["a1", "a2"]),
        (json!({"prefix": {"name": {"value": "prod"}}}), &["a2"]),
        (json!({"match": {"name": {"query": "PROD"}}}), &["a1", "a2"]),
        (json!({"match": {"name": {"query": "eu metrics"}}}), &["a1", "b1"]),
        (
            json!({"match": {"name": {"query": "logs prod eu", "operator": "AND"}}}),
            &["a1"],
        ),
        (
            json!({"match": {"name": {"query": "prod eu logs x", "minimum_should_match": 3}}}),
            &["a1"],
        ),
        (
            json!({"match": {"name": {"query": "prod us logs", "minimum_should_match": -1}}}),
            &["a1", "a2"],
        ),
        (
            json!({"match": {"name": {"query": "prod us x y", "minimum_should_match": -9}}}),
            &["a1", "a2"],
        ),
        (json!({"match": {"name": {"query": " -- "}}}), &[]),
        (json!({"match": {"name": {"query": "ÄPFEL"}}}), &["b2"]),
        (json!({"match": {"name": {"query": "pro"}}}), &[]),
        (json!({"match": {"version": {"query": "7.9.3"}}}), &["a1"]),
        (json!({"exists": {"field": "status"}}), &["a1", "a2", "b1", "b2"]),
        // 7.10 is after 7.9, though its characters are before.
        (json!({"range": {"version": {"gt": "7.9.3"}}}), &["a2", "b1"]),
        (
            json!({"range": {"version": {"gte": "7.9.3", "lt": 8}}}),
            &["a1", "a2"],
        ),
        (
            json!({"range": {VERSION: {"lte": "7.10.2", "gt": "2.19"}}}),
            &["a1", "a2"],
        ),
        (json!({"range": {"id": {"gte": "a2", "lt": "b2"}}}), &["a2", "b1"]),
        (json!({"range": {"id": {"gt": "b1", "lte": "a1"}}}), &[]),
        (json!({"bool": {}}), &["a1", "a2", "b1", "b2"]),
        (
            json!({"bool": {"must": [{"prefix": {"id": {"value": "a"}}}], "filter": [{"term": {"status": {"value": "started"}}}]}}),
            &["a1"],
        ),
        (
            json!({"bool": {"must_not": [{"prefix": {"id": {"value": "a"}}}, null], "must": null}}),
            &["b1", "b2"],
        ),
        (
            json!({"bool": {"should": [{"term": {"id": {"value": "a1"}}}, {"term": {"id": {"value": "b2"}}}]}}),
            &["a1", "b2"],
        ),
        // Beside `must`, `should` only ranks, unless it is asked for.
        (
            json!({"bool": {"must": [{"match_all": {}}], "should": [{"match_none": {}}]}}),
            &["a1", "a2", "b1", "b2"],
        ),
        (
            json!({"bool": {"must": [{"match_all": {}}], "should": [{"match_none": {}}], "minimum_should_match": 1}}),
            &[],
        ),
        (
            json!({"bool": {"should": [{"prefix": {"id": {"value": "a"}}}, {"match": {"name": {"query": "eu"}}}],
                            "minimum_should_match": 2}}),
            &["a1"],
        ),
        (
            json!({"bool": {"should": [{"bool": {"must_not": [{"term": {"id": {"value": "b1"}}}]}}]}}),
            &["a1", "a2", "b2"],
        ),
    ];
    for (query, expected) in cases {
        for path in [SEARCH, REGIONAL] {
            let reply = server
                .post(path, json!({"query": query, "sort": null}).to_string())
                .await;
            assert_eq!(ids(&reply), expected, "{query}");
            assert_eq!(reply.body["match_count"], expected.len(), "{query}");
        }
    }
}

#[tokio::test]
async fn without_a_query_every_cluster_matches_and_none_is_counted() {
    let server = fleet().await;
    for body in [
        "",
        "{}\n",
        "null",
        r#"{"query":null,"from":null,"size":null,"sort":null}"#,
    ] {
        let reply = server.post(SEARCH, body).await;
        assert_eq!(ids(&reply), ["a1", "a2", "b1", "b2"], "{body:?}");
        assert!(reply.body.get("match_count").is_none(), "{body:?}");
        let first = &reply.body["elasticsearch_clusters"][0];
        assert_eq!(
            first["plan_info"]["current"]["plan"]["elasticsearch"]["version"],
            "7.9.3"
        );
    }
    // What a client sends for an empty struct.
    assert_eq!(ids(&server.post(SEARCH, r#"{"query":{}}"#).await).len(), 4);
}

#[tokio::test]
async fn pages_are_in_the_order_that_is_asked_for() {
    let server = fleet().await;
    for (body, expected) in [
        (
            json!({"sort": [{"version": {"order": "asc"}}]}),
            vec!["b2", "a1", "a2", "b1"],
        ),
        (json!({"sort": [{VERSION: "desc"}]}), vec!["b1", "a2", "a1", "b2"]),
        (
            json!({"sort": [{"cluster_name": "asc"}]}),
            vec!["a1", "b1", "a2", "b2"],
        ),
        (
            json!({"sort": [{"status": "desc"}, {"id": "desc"}]}),
            vec!["a2", "b1", "a1", "b2"],
        ),
        (json!({"sort": [{"status": "asc"}]}), vec!["b2", "a1", "b1", "a2"]),
        (
            json!({"sort": [{"id": "desc"}, {"id": "asc"}], "from": 1, "size": 2}),
            vec!["b1", "a2"],
        ),
        (json!({"from": 3}), vec!["b2"]),
        (json!({"from": 9}), vec![]),
        (json!({"size": 0}), vec![]),
        (json!({"sort": []}), vec!["a1", "a2", "b1", "b2"]),
    ] {
        assert_eq!(
            ids(&server.post(SEARCH, body.to_string()).await),
            expected,
            "{body}"
        );
    }
    let page = json!({"query": {"match_all": {}}, "from": 1, "size": 2});
    let reply = server.post(SEARCH, page.to_string()).await;
    assert_eq!(
        (ids(&reply), &reply.body["match_count"]),
        (vec!["a2", "b1"], &json!(4))
    );
}

#[tokio::test]
async fn what_is_not_supported_is_refused_with_its_path() {
    let server = fleet().await;
    let query = |query: Value| json!({ "query": query });
    let deep = (0..20).fold(
        json!({"match_all": {}}),
        |inner, _| json!({"bool": {"must": [inner]}}),
    );
    assert_eq!(ids(&server.post(SEARCH, query(deep).to_string()).await).len(), 4);
    let many = vec![json!({"match_all": {}}); 1100];
    for (body, field, says) in [
        (json!({"from": -1}), "from", "0 to"),
        (json!({"size": -1}), "size", "0 to 10000"),
        (json!({"size": 10001}), "size", "0 to 10000"),
        (json!({"size": "all"}), "size", "must be"),
        (json!({"cursor": "x"}), "cursor", "not a known member"),
        (json!({"sort": ["name"]}), "sort[0]", "must be"),
        (json!({"sort": [{"name": "up"}]}), "sort[0].name", "\"asc\""),
        (
            json!({"sort": [{"name": {"order": "asc", "mode": "min"}}]}),
            "sort[0].name",
            "\"asc\"",
        ),
        (
            json!({"sort": [{"_score": "asc"}]}),
            "sort[0]._score",
            "cluster_name (name)",
        ),
        (
            json!({"sort": [{"name": "asc", "id": "asc"}]}),
            "sort[0]",
            "one field",
        ),
        (
            query(json!({"match_all": {}, "match_none": {}})),
            "query",
            "match_all, match_none",
        ),
        (
            query(json!({"match_all": {"boost": 1}})),
            "query.match_all.boost",
            "not a known member",
        ),
        (
            query(json!({"query_string": {"query": "x"}})),
            "query.query_string",
            "not supported",
        ),
        (
            query(json!({"simple_query_string": {}})),
            "query.simple_query_string",
            "not supported",
        ),
        (
            query(json!({"nested": {"path": "x", "query": {}}})),
            "query.nested",
            "not supported",
        ),
        (
            query(json!({"wildcard": {}})),
            "query.wildcard",
            "not a known member",
        ),
        (
            query(json!({"term": {"healthy": {"value": true}}})),
            "query.term.healthy",
            "cluster_id (id)",
        ),
        (query(json!({"term": {}})), "query.term", "one field"),
        (
            query(json!({"term": {"id": "a1"}})),
            "query.term.id",
            "a JSON object",
        ),
        (
            query(json!({"term": {"id": {}}})),
            "query.term.id.value",
            "missing",
        ),
        (
            query(json!({"term": {"id": {"value": ["a1"]}}})),
            "query.term.id.value",
            "a string, a number",
        ),
        (
            query(json!({"term": {"id": {"value": "x"}, "name": {"value": "x"}}})),
            "query.term",
            "one field",
        ),
        (
            query(json!({"prefix": {"id": {"value": "a", "boost": 2}}})),
            "query.prefix.id.boost",
            "not ranked",
        ),
        (
            query(json!({"match": {"name": {"query": "a", "analyzer": "x"}}})),
            "query.match.name.analyzer",
            "not supported",
        ),
        (
            query(json!({"match": {"name": {"query": "a", "operator": "xor"}}})),
            "query.match.name.operator",
            "or, or and",
        ),
        (
            query(json!({"match": {"name": {"query": {}}}})),
            "query.match.name.query",
            "a string, a number",
        ),
        (query(json!({"range": {"id": {}}})), "query.range.id", "gt, gte"),
        (
            query(json!({"range": {"id": {"gt": "a", "gte": "a"}}})),
            "query.range.id",
            "both gt and gte",
        ),
        (
            query(json!({"range": {"version": {"lt": "eight"}}})),
            "query.range.version.lt",
            "such as 8.17.0",
        ),
        (
            query(json!({"range": {"id": {"lt": "a", "format": "x"}}})),
            "query.range.id.format",
            "no field is a date",
        ),
        (
            query(json!({"exists": {"field": "x"}})),
            "query.exists.field",
            "cluster_id (id)",
        ),
        (
            query(json!({"bool": {"must": [{}]}})),
            "query.bool.must[0]",
            "has none",
        ),
        (
            query(json!({"bool": {"must": {"match_all": {}}}})),
            "query.bool.must",
            "must be",
        ),
        (
            query(
                json!({"bool": {"filter": [{"match_all": {}}, {"bool": {"should": [{"term": {"x": {"value": 1}}}]}}]}}),
            ),
            "query.bool.filter[1].bool.should[0].term.x",
            "not a field",
        ),
        (
            query(json!({"bool": {"should": many}})),
            "query.bool.should[1023]",
            "1024 queries and words",
        ),
        (query(json!([])), "query", "a JSON object"),
    ] {
        let reply = server.post(SEARCH, body.to_string()).await;
        let shown: String = body.to_string().chars().take(120).collect();
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::BAD_REQUEST, "root.invalid_request"),
            "{shown}"
        );
        assert_eq!(reply.field(), field, "{shown}: {}", reply.message());
        assert!(reply.message().contains(says), "{shown}: {}", reply.message());
    }
}
