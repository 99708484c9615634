//! The parts of ECE's API that Tintype does not serve: asked for, they say so and why, instead of looking like a typo.

use crate::http::Http;
use crate::http::guard;
use crate::http::problem::Problem;
use crate::http::route::{ECE, REGIONS};
use axum::extract::{Request, State};
use http::StatusCode;

/// Beginnings of paths, segment by segment (`*` is any one), with the reason. The first that fits counts.
/// `docs/ece.md` lists what follows from it for every operation of ECE's description.
const UNSERVED: &[(&str, &str)] = &[
    ("/clusters/elasticsearch/_resync", ONE_STORE),
    (
        "/clusters/elasticsearch/ccs",
        "cross-cluster search is set up on the engines themselves",
    ),
    ("/clusters/elasticsearch/*/_resync", ONE_STORE),
    ("/clusters/elasticsearch/*/_restart", RUNS_NONE),
    ("/clusters/elasticsearch/*/_shutdown", RUNS_NONE),
    (
        "/clusters/elasticsearch/*/curation",
        "indices are curated by the engine's own ILM or ISM",
    ),
    ("/clusters/elasticsearch/*/instances", RUNS_NONE),
    (
        "/clusters/elasticsearch/*/keystore",
        "an engine's keystore is changed on its own hosts",
    ),
    (
        "/clusters/elasticsearch/*/metadata/raw",
        "a cluster is changed by its settings or the native API",
    ),
    (
        "/clusters/elasticsearch/*/monitoring",
        "Tintype ships no engine's metrics to another",
    ),
    ("/clusters/elasticsearch/*/plan", RUNS_NONE),
    (
        "/clusters/elasticsearch/*/proxy",
        "Tintype passes no requests through: ask the engine itself",
    ),
    (
        "/clusters/elasticsearch/*/settings/security",
        "the users of an engine are its own",
    ),
    (
        "/clusters/elasticsearch/*/support",
        "an engine's diagnostics are collected on its own hosts",
    ),
    (
        "/clusters/_search",
        "there is one kind of clusters: POST /clusters/elasticsearch/_search",
    ),
    ("/clusters/apm", ENGINES_ALONE),
    ("/clusters/enterprise_search", ENGINES_ALONE),
    ("/clusters/kibana", ENGINES_ALONE),
    (
        "/deployments",
        "Tintype has clusters, under /clusters/elasticsearch, and no deployments",
    ),
    ("/account", "there are users, and no accounts"),
    ("/billing", "Tintype bills nobody"),
    ("/comments", "Tintype keeps no comments"),
    ("/phone-home", "Tintype sends nothing home"),
    ("/stack", MAKES_NONE),
    ("/platform/configuration/instances", MAKES_NONE),
    ("/platform/configuration/templates", MAKES_NONE),
    (
        "/platform/configuration/trust-relationships",
        "engines trust each other by their own settings",
    ),
    (
        "/platform/configuration/security/realms",
        "users sign in with a password of their own",
    ),
    ("/platform/configuration", "it is set in the configuration file"),
    ("/platform/infrastructure", "Tintype runs no hosts"),
    ("/platform/license", "Tintype needs no licence"),
    ("/users/auth/saml", "there is no single sign-on"),
];

const ENGINES_ALONE: &str = "Tintype looks after Elasticsearch and OpenSearch alone";
const MAKES_NONE: &str = "Tintype makes no engines, so it keeps nothing to make them from";
const ONE_STORE: &str = "clusters are in one place, so nothing falls behind";
const RUNS_NONE: &str = "Tintype runs no engines, it looks after those that are there";

/// The answer to a path that no route has: 501 for a part of ECE's API, else 404.
pub async fn no_such_path(State(http): State<Http>, request: Request) -> Problem {
    let because = reason(request.uri().path(), |_| true);
    let message = "there is nothing at this path";
    let unknown = Problem::new(StatusCode::NOT_FOUND, "root.not_found", message);
    because.map_or(unknown, |because| not_served(&http, &request, because))
}

/// The answer to a method that the path's routes do not have; the router adds `Allow`. 501 for a path of ECE's API that
/// a route takes for one with a parameter, such as `_resync` for a cluster's id, else 405.
pub async fn no_such_method(State(http): State<Http>, request: Request) -> Problem {
    let because = reason(request.uri().path(), |rest| rest == 0);
    let message = "this path does not have this method";
    let unknown = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "root.method_not_allowed", message);
    because.map_or(unknown, |because| not_served(&http, &request, because))
}

fn not_served(http: &Http, request: &Request, because: &str) -> Problem {
    if let Err(elsewhere) = guard::region(request.uri().path(), &http.region) {
        return elsewhere;
    }
    let message = format!("this {} is not served because {because}", request.method());
    Problem::new(StatusCode::NOT_IMPLEMENTED, "root.not_implemented", message)
}

/// Why a path of ECE's API is not served, by the first rule that fits and leaves an acceptable number of segments.
fn reason(path: &str, acceptable: fn(usize) -> bool) -> Option<&'static str> {
    let in_region = path.strip_prefix(REGIONS).and_then(|rest| rest.split_once('/'));
    let below = match in_region {
        // Users and deployments have no region.
        Some((_, rest)) => ["clusters/", "platform/", "stack/", "comments/", "phone-home/"]
            .iter()
            .any(|start| rest.starts_with(start))
            .then_some(rest)?,
        None => path.strip_prefix(ECE)?.strip_prefix('/')?,
    };
    let fits = |(pattern, _): &&(&str, &str)| {
        let mut segments = below.split('/');
        let begins = pattern[1..].split('/').all(|wanted| {
            segments
                .next()
                .is_some_and(|found| wanted == "*" || wanted == found)
        });
        begins && acceptable(segments.count())
    };
    UNSERVED.iter().find(fits).map(|(_, because)| *because)
}

/// The rules, for the test that each is needed.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    UNSERVED.iter().copied()
}
