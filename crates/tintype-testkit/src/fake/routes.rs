//! Which request is answered where.

use std::collections::HashMap;

use hyper::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    cluster, filter::filter, indices, policies, repositories, restore, snapshots, state::Cluster, status,
};
use crate::{
    faults::{Recorded, engine_error},
    server::{Answer, json_answer, text_answer},
};

/// Status and JSON body.
pub(super) type Reply = (u16, Value);

pub(super) fn error(status: u16, kind: &str, reason: &str) -> Reply {
    (status, engine_error(status, kind, reason))
}

/// The parts of a request that handlers look at.
pub(super) struct Ask {
    pub query: HashMap<String, String>,
    pub body: Value,
}

impl Ask {
    /// Whether a boolean parameter is there and not `false`.
    pub fn flag(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| value != "false")
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn query(text: &str) -> HashMap<String, String> {
    let pairs = text
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (decode(name), decode(&value.replace('+', " "))))
        .collect()
}

pub(super) fn answer(cluster: &mut Cluster, path: &str, request: &Recorded) -> Answer {
    if let Some(wanted) = &cluster.authorization {
        let shown = request.headers.get(AUTHORIZATION);
        if shown.is_none_or(|shown| shown.as_bytes() != wanted.as_bytes()) {
            let (status, body) = error(
                401,
                "security_exception",
                "missing or invalid authentication credentials",
            );
            let mut answer = json_answer(status, &body);
            answer.headers_mut().insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"security\""),
            );
            return answer;
        }
    }
    let segments: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(decode)
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ask = Ask {
        query: query(&request.query),
        body: request.json(),
    };
    let (status, body) = if !request.body.is_empty() && ask.body.is_null() && !segments.contains(&"_bulk") {
        error(400, "parse_exception", "request body is not valid JSON")
    } else {
        route(cluster, request.method.as_str(), &segments, &ask).unwrap_or_else(|| unknown(request))
    };
    let body = match ask.query.get("filter_path") {
        Some(paths) if status < 400 => filter(&body, paths),
        _ => body,
    };
    let mut answer = match &body {
        Value::String(text) => text_answer(status, "text/plain; charset=UTF-8", text),
        _ => json_answer(status, &body),
    };
    // Elasticsearch 7.14 and later; clients use it to tell the product.
    if cluster.dialect.pages() {
        answer
            .headers_mut()
            .insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    }
    answer
}

fn unknown(request: &Recorded) -> Reply {
    let text = format!(
        "no handler found for uri [{}] and method [{}]",
        request.path, request.method
    );
    (400, json!({"error": text}))
}

/// `None`: no such handler.
fn route(cluster: &mut Cluster, method: &str, path: &[&str], ask: &Ask) -> Option<Reply> {
    let reply = match (method, path) {
        ("GET", []) => cluster::root(cluster),
        ("HEAD", []) => (200, Value::Null),
        ("GET", ["_nodes", ..]) => cluster::nodes(cluster),
        ("GET", ["_cluster", "health", ..]) => cluster::health(cluster, ask),
        ("GET", ["_cluster", "state", ..]) => cluster::state(cluster),
        ("GET", ["_cluster", "settings"]) => (200, json!({"persistent": {}, "transient": {}})),
        ("GET", ["_cluster", "stats"]) => cluster::stats(cluster),
        ("GET", ["_tasks", ..]) => (200, json!({"nodes": {}})),
        ("GET", ["_security", "_authenticate"]) if !cluster.dialect.is_opensearch() => {
            cluster::authenticate()
        }
        ("GET" | "POST", ["_security", "user", "_has_privileges"]) if !cluster.dialect.is_opensearch() => {
            cluster::has_privileges(cluster, ask)
        }
        ("GET", ["_slm", "policy"]) => return policies::slm(cluster),
        ("GET", ["_plugins", "_sm", "policies"]) => return policies::sm(cluster),
        ("GET", ["_plugins", "_sm", "policies", _, "_explain"]) => return policies::sm_explain(cluster),
        ("GET", ["_cat", "indices"]) => indices::cat(cluster, "*"),
        ("GET", ["_cat", "indices", names]) => indices::cat(cluster, names),
        ("GET", ["_cat", "shards"]) => indices::cat_shards(cluster),
        ("GET", ["_stats"] | ["_stats", _]) => indices::stats(cluster),
        ("GET", ["_recovery"]) => restore::recovery(cluster, "*"),
        ("GET", [names, "_recovery"]) => restore::recovery(cluster, names),
        ("GET", ["_settings"]) => indices::settings(cluster, "_all"),
        ("GET", ["_resolve", "index", names]) => indices::resolve_index(cluster, names),
        ("GET", ["_data_stream", ..]) => (200, json!({"data_streams": []})),
        ("GET", ["_alias" | "_aliases"]) => indices::aliases(cluster),
        (_, ["_snapshot", rest @ ..]) => return snapshot_route(cluster, method, rest, ask),
        ("GET", [names, "_settings"]) => indices::settings(cluster, names),
        ("GET", [names, "_count"]) => indices::count(cluster, names),
        ("GET" | "HEAD", [names]) if !names.starts_with('_') || *names == "_all" => {
            indices::show(cluster, names)
        }
        ("PUT", [name]) if !name.starts_with('_') => indices::create(cluster, name, ask),
        ("DELETE", [names]) if !names.starts_with('_') => indices::delete(cluster, names),
        ("POST", [names, action @ ("_close" | "_open")]) => {
            indices::set_closed(cluster, names, *action == "_close")
        }
        _ => return None,
    };
    Some(reply)
}

fn snapshot_route(cluster: &mut Cluster, method: &str, path: &[&str], ask: &Ask) -> Option<Reply> {
    let reply = match (method, path) {
        ("GET", []) => repositories::show(cluster, "_all"),
        ("GET", ["_status"]) => status::running(cluster, None),
        ("GET", [names]) => repositories::show(cluster, names),
        ("PUT" | "POST", [name]) => repositories::put(cluster, name, ask),
        ("DELETE", [names]) => repositories::delete(cluster, names),
        ("POST", [name, "_verify"]) => repositories::verify(cluster, name),
        ("POST", [name, "_cleanup"]) if cluster.dialect != super::Dialect::Es6 => {
            repositories::cleanup(cluster, name)
        }
        ("GET", [repository, "_status"]) => status::running(cluster, Some(repository)),
        ("GET", [repository, names]) => snapshots::list(cluster, repository, names, ask),
        ("PUT" | "POST", [repository, name]) => snapshots::create(cluster, repository, name, ask),
        ("DELETE", [repository, names]) => snapshots::delete(cluster, repository, names),
        ("GET", [repository, names, "_status"]) => status::of(cluster, repository, names, ask),
        ("POST", [repository, name, "_restore"]) => restore::start(cluster, repository, name, ask),
        _ => return None,
    };
    Some(reply)
}
