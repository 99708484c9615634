//! schemathesis over every route of `openapi.json`, with ids of things that are there.

use crate::stage::{CLUSTER, MAIN, Stage, clean, client, run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Operations that never succeed here, and why.
const NEVER: &[(&str, &str)] = &[
    (
        "POST /api/v1/clusters/elasticsearch",
        "always 400: clusters are attached",
    ),
    (
        "POST /api/v1/regions/{region}/clusters/elasticsearch",
        "always 400: clusters are attached",
    ),
    (
        "POST /api/v1/users/auth/_elevate",
        "no case knows the code of a second factor",
    ),
    (
        "POST /api/tintype/v1/user/totp/_confirm",
        "no case knows the code of a second factor",
    ),
    ("DELETE /api/tintype/v1/user/totp", "there is no second factor"),
    (
        "DELETE /api/tintype/v1/users/{user_name}/totp",
        "there is no second factor",
    ),
    (
        "POST /api/tintype/v1/operations/{operation_id}/_cancel",
        "the operation has ended",
    ),
    ("POST /api/tintype/v1/attest-keys", "there is a key already"),
];

#[tokio::test]
async fn every_route_answers_as_it_is_described() {
    let stage = Stage::start().await;
    let operation = stage.snapshot("first").await;
    let verification = stage.proven().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let suite = root.join("tests/clients/schemathesis");
    let description = root.join("../../openapi.json");
    let seen = stage.tintype.dir().join("seen");
    let real = json!({
        "region": "ece-region", "cluster": CLUSTER, "repository": MAIN, "user": "admin", "snapshot": "first",
        "operation": operation, "verification": verification, "spare_engine": stage.engine("spare").url(),
        "other_engine": stage.engine("other").url(), "sink": stage.engine("sink").url(),
    });
    let mut command = clean(client("schemathesis").await);
    command
        .arg("--config-file")
        .arg(suite.join("schemathesis.toml"))
        .arg("run")
        .arg(&description)
        .args(["--no-color", "--warnings=off"])
        .env("PYTHONPATH", &suite)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TINTYPE_URL", stage.tintype.url())
        .env("TINTYPE_AUTHORIZATION", format!("ApiKey {}", stage.key))
        .env("TINTYPE_REAL", real.to_string())
        .env("TINTYPE_SEEN", &seen)
        .current_dir(stage.tintype.dir());
    let output = run(command, String::new()).await;
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{said}{errors}\n{}",
        tail(&stage.tintype.stderr())
    );
    let seen = fs::read_to_string(&seen).unwrap();
    println!("{} requests", seen.lines().count());
    assert_reached(&fs::read_to_string(&description).unwrap(), &seen);
}

/// Every operation was asked, and succeeded at least once unless it is known never to.
fn assert_reached(description: &str, seen: &str) {
    let mut statuses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in seen.lines() {
        let (operation, status) = line.rsplit_once(' ').unwrap();
        statuses.entry(operation).or_default().insert(status);
    }
    let description: Value = serde_json::from_str(description).unwrap();
    let mut wrong = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters")
        {
            let operation = format!("{} {path}", method.to_uppercase());
            let Some(found) = statuses.get(operation.as_str()) else {
                wrong.push(format!("{operation} was not asked"));
                continue;
            };
            let succeeded = found.iter().any(|status| status.starts_with('2'));
            let never = NEVER.iter().any(|(known, _)| *known == operation);
            if succeeded == never {
                wrong.push(format!("{operation} was answered {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The end of the server's log, for a failure.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
