//! The OpenAPI document, generated from the router's table and committed as `openapi.json`.

use super::auth::Permission;
use super::problem::BasicFailedReply;
use super::route::{Route, Surface};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

mod doc;

pub use doc::{Answer, Doc, Kind, Parameter, Shape};

/// The document of these routes.
pub fn document(routes: &[Route]) -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    collect(&Shape::of::<BasicFailedReply>(), &mut schemas);
    for route in routes {
        for shape in route.doc.shapes() {
            collect(shape, &mut schemas);
        }
        for (index, path) in route.paths().into_iter().enumerate() {
            let method = route.method.as_str().to_lowercase();
            let described = operation(route, &path, index > 0);
            paths.entry(path).or_default().insert(method, described);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tintype",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Snapshots for fleets of Elasticsearch and OpenSearch clusters. Under /api/v1 it is compatible \
                            with the snapshot part of Elastic Cloud Enterprise's API v1.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": { "type": "apiKey", "in": "header", "name": "Authorization",
                            "description": "`ApiKey tt_{id}_{secret}`" },
                "basicAuth": { "type": "http", "scheme": "basic" },
                "session": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" }
            }
        }
    })
}

fn collect(shape: &Shape, schemas: &mut BTreeMap<String, Value>) {
    for (name, schema) in shape.schemas() {
        schemas.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
}

fn operation(route: &Route, path: &str, regional: bool) -> Value {
    let doc = &route.doc;
    let id = if regional {
        format!("{}-in-region", doc.id)
    } else {
        doc.id.to_owned()
    };
    let tag = if matches!(route.surface, Surface::Native | Surface::Root) {
        "Tintype"
    } else {
        "Elastic Cloud Enterprise"
    };
    let mut operation = json!({
        "operationId": id,
        "summary": doc.summary,
        "tags": [tag],
        "parameters": parameters(doc, path),
        "responses": responses(route),
    });
    if let Some(shape) = &doc.body {
        operation["requestBody"] = json!({ "required": doc.body_required, "content": content(shape) });
    }
    if route.permission != Permission::Public {
        operation["security"] = json!([{ "apiKey": [] }, { "basicAuth": [] }, { "session": [] }]);
    }
    operation
}

fn parameters(doc: &Doc, path: &str) -> Vec<Value> {
    let in_path = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = doc.query.iter().map(|parameter| {
        json!({ "name": parameter.name, "in": "query", "required": false, "description": parameter.about,
                "schema": { "type": parameter.kind.word() } })
    });
    let in_header = doc.request_headers.iter().map(|(name, about)| {
        json!({ "name": name, "in": "header", "required": false, "description": about, "schema": { "type": "string" } })
    });
    in_path.chain(in_query).chain(in_header).collect()
}

fn responses(route: &Route) -> Map<String, Value> {
    let mut described = Map::new();
    for answer in route.doc.answers.iter().filter(|answer| answer.status < 400) {
        let mut response = json!({ "description": answer.about });
        if let Some(shape) = &answer.shape {
            response["content"] = content(shape);
        }
        if let Some(media) = answer.media {
            response["content"] = json!({ media: { "schema": { "type": "string" } } });
        }
        for name in answer.headers {
            response["headers"][*name] = json!({ "schema": { "type": "string" } });
        }
        described.insert(answer.status.to_string(), response);
    }
    for (status, codes) in route.error_codes() {
        let header = json!({ "description": "The codes of the errors in the body",
                             "schema": { "type": "string", "enum": codes } });
        let failed = json!({ "description": codes.join(", "), "headers": { "x-cloud-error-codes": header },
                             "content": content(&Shape::of::<BasicFailedReply>()) });
        described.insert(status.to_string(), failed);
    }
    described
}

fn content(shape: &Shape) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{}", shape.name) } } })
}
