//! What is served against ECE's description, plus `conformance-extra.toml`: what goes beyond it, each with its reason.

use crate::description::{ECE, resolve};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use tintype::http::openapi::document;
use tintype::http::route::Surface;
use tintype::http::router::routes;

/// The sum's second part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beyond {
    /// Served, though the description does not have it.
    extra: Vec<Entry>,
    /// In the description, and never answered.
    absent: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// `METHOD /path`, or `*`.
    routes: Vec<String>,
    status: u16,
    #[serde(default)]
    codes: Vec<String>,
    reason: String,
}

impl Entry {
    fn covers(&self, route: &str, status: &str, code: Option<&str>) -> bool {
        self.routes.iter().any(|one| one == "*" || one == route)
            && self.status.to_string() == status
            && code.is_none_or(|code| self.codes.iter().any(|one| one == code))
    }
}

impl Beyond {
    /// Served beyond the description: this route's status, and the code if one is given.
    pub fn has(&self, route: &str, status: &str, code: Option<&str>) -> bool {
        self.extra.iter().any(|entry| entry.covers(route, status, code))
    }

    /// In the description, and never answered by this route.
    pub fn lacks(&self, route: &str, status: &str) -> bool {
        self.absent.iter().any(|entry| entry.covers(route, status, None))
    }
}

pub fn beyond() -> Beyond {
    toml::from_str(include_str!("conformance-extra.toml")).unwrap()
}

struct Pair {
    name: String,
    ours: Value,
    theirs: &'static Value,
}

fn pairs() -> Vec<Pair> {
    let document = document(&routes());
    let served = routes()
        .into_iter()
        .filter(|route| matches!(route.surface, Surface::Regional | Surface::Global));
    let pair = |route: tintype::http::route::Route| {
        let method = route.method.as_str().to_lowercase();
        let name = format!("{} {}", route.method, route.path);
        let theirs = &ECE["paths"][route.path][&method];
        assert!(
            theirs["responses"].is_object(),
            "the committed part of the description has no {name}: run scripts/ece-subset"
        );
        Pair {
            name,
            ours: document["paths"][format!("/api/v1{}", route.path)][&method].clone(),
            theirs,
        }
    };
    served.map(pair).collect()
}

#[test]
fn every_served_path_has_its_own_id() {
    for pair in &pairs() {
        assert_eq!(
            pair.ours["operationId"], pair.theirs["operationId"],
            "{}",
            pair.name
        );
    }
}

#[test]
fn parameters_are_the_descriptions() {
    for pair in pairs() {
        let of = |operation: &Value, old: bool| -> BTreeSet<(String, String, String)> {
            let all = operation["parameters"].as_array().unwrap().iter();
            let wanted = all.filter(|one| one["in"] == "query" || one["in"] == "path");
            wanted
                .map(|one| {
                    let kind = if old { &one["type"] } else { &one["schema"]["type"] };
                    let text = |value: &Value| value.as_str().unwrap().to_owned();
                    (text(&one["name"]), text(&one["in"]), text(kind))
                })
                .collect()
        };
        assert_eq!(of(&pair.ours, false), of(pair.theirs, true), "{}", pair.name);
    }
}

#[test]
fn statuses_and_codes_are_the_descriptions_and_the_extra_ones() {
    let beyond = beyond();
    for Pair { name, ours, theirs } in pairs() {
        for (status, response) in ours["responses"].as_object().unwrap() {
            let described = &theirs["responses"][status];
            let extra =
                |code: Option<&str>| beyond.extra.iter().any(|entry| entry.covers(&name, status, code));
            assert!(
                described.is_object() || extra(None),
                "{name} answers {status}, which is nowhere described"
            );
            for code in codes(response) {
                let known = codes(described).contains(&code) || extra(Some(&code));
                assert!(
                    known,
                    "{name} answers {status} {code}, which is nowhere described"
                );
            }
        }
        for (status, response) in theirs["responses"].as_object().unwrap() {
            let absent = |code: Option<&str>| {
                beyond
                    .absent
                    .iter()
                    .any(|entry| entry.covers(&name, status, code))
            };
            let served = &ours["responses"][status];
            assert!(
                served.is_object() || absent(None),
                "{name} never answers {status}, and nothing says why"
            );
            for code in codes(response) {
                let answered = codes(served).contains(&code) || absent(Some(&code));
                assert!(answered, "{name} never answers {status} {code}");
            }
        }
    }
}

#[test]
fn headers_of_a_success_are_the_descriptions_and_our_own() {
    for Pair { name, ours, theirs } in pairs() {
        for (status, response) in theirs["responses"].as_object().unwrap() {
            let of = |response: &Value| -> BTreeSet<String> {
                let names = response["headers"].as_object().into_iter().flatten();
                names.map(|(name, _)| name.clone()).collect()
            };
            let described = of(response);
            assert!(
                ours["responses"][status].is_null() || described.is_subset(&of(&ours["responses"][status])),
                "{name} {status} has the headers {described:?}"
            );
        }
    }
}

#[test]
fn every_extra_entry_is_needed_and_has_a_reason() {
    let beyond = beyond();
    let pairs = pairs();
    for (entry, extra) in beyond
        .extra
        .iter()
        .map(|one| (one, true))
        .chain(beyond.absent.iter().map(|one| (one, false)))
    {
        assert!(entry.reason.len() > 10, "{} has no reason", entry.status);
        for route in &entry.routes {
            let status = entry.status.to_string();
            let used = pairs
                .iter()
                .filter(|pair| route == "*" || *route == pair.name)
                .any(|pair| {
                    let side = if extra { &pair.ours } else { pair.theirs };
                    let response = &side["responses"][&status];
                    response.is_object() && entry.codes.iter().all(|code| codes(response).contains(code))
                });
            assert!(used, "{} {} {:?} is not needed", route, entry.status, entry.codes);
        }
    }
}

#[test]
fn required_members_are_required_here_too() {
    let document = document(&routes());
    for Pair { name, ours, theirs } in pairs() {
        for (status, response) in theirs["responses"].as_object().unwrap() {
            let described = &response["schema"];
            let served = &ours["responses"][status]["content"]["application/json"]["schema"];
            if described.is_object() && served.is_object() {
                compare(&document, served, described, &format!("{name} {status}"));
            }
        }
    }
}

fn compare(document: &Value, ours: &Value, theirs: &'static Value, at: &str) {
    let theirs = resolve(theirs);
    let ours = match ours["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => ours,
    };
    // Lists that are always empty here have an element type of their own.
    if ours["properties"].is_null() && theirs["properties"].is_object() && at.ends_with("[]") {
        return;
    }
    let required = ours["required"].as_array().cloned().unwrap_or_default();
    for member in theirs["required"].as_array().into_iter().flatten() {
        assert!(
            required.contains(member),
            "{at}.{} is required",
            member.as_str().unwrap()
        );
    }
    for (name, schema) in theirs["properties"].as_object().into_iter().flatten() {
        if let Some(served) = ours["properties"]
            .get(name)
            .filter(|_| required.contains(&Value::from(name.as_str())))
        {
            compare(document, served, schema, &format!("{at}.{name}"));
        }
    }
    if theirs["items"].is_object() {
        compare(document, &ours["items"], &theirs["items"], &format!("{at}[]"));
    }
}

pub fn codes(response: &Value) -> Vec<String> {
    let header = &response["headers"]["x-cloud-error-codes"];
    let list = header["enum"]
        .as_array()
        .or_else(|| header["schema"]["enum"].as_array());
    list.into_iter()
        .flatten()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect()
}
