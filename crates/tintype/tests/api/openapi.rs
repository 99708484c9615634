//! The committed OpenAPI document.

use serde_json::Value;
use tintype::http::openapi::document;
use tintype::http::router::routes;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");

#[test]
fn the_committed_document_is_the_servers() {
    let mut made = serde_json::to_string_pretty(&document(&routes())).unwrap();
    made.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(COMMITTED, &made).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        committed == made,
        "openapi.json is not the server's; UPDATE=1 rewrites it"
    );
}

#[test]
fn every_reference_leads_somewhere_and_every_id_is_used_once() {
    let document = document(&routes());
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let target = document.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
    let operations = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values());
    let mut ids: Vec<_> = operations
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

fn collect<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| collect(member, into));
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, into)),
        _ => {}
    }
}
