//! What an ECE's answers mean for Tintype: pure, so that it can be tested by the descriptions' shapes.

use crate::cli::cluster::many::Row;
use serde_json::{Map, Value, json};

/// What was read from an ECE.
#[derive(Debug, Default)]
pub struct Found {
    /// `GET /deployments/{id}`, each.
    pub deployments: Vec<Value>,
    /// `configs` of the platform's repositories.
    pub repositories: Vec<Value>,
    /// Why the repositories could not be read.
    pub refused: Option<String>,
}

/// How Tintype will reach the engines.
#[derive(Debug)]
pub struct Reach {
    /// The ECE's own address; `None`: the engines' addresses.
    pub proxy: Option<String>,
    /// Members of every attach.
    pub members: Map<String, Value>,
}

/// A platform repository to make.
#[derive(Debug, PartialEq)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// `type` and `settings`, without secrets.
    pub body: Value,
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan {
    /// Before the clusters, which refer to them.
    pub repositories: Vec<Repository>,
    /// To attach.
    pub clusters: Vec<Row>,
    /// Rows of the report about what cannot be imported.
    pub others: Vec<Value>,
}

/// The plan for what was found.
pub fn of(found: &Found, reach: &Reach, engine_repository: &str) -> Plan {
    let repositories: Vec<Repository> = found.repositories.iter().filter_map(repository).collect();
    let mut plan = Plan {
        repositories,
        clusters: Vec::new(),
        others: Vec::new(),
    };
    if let Some(why) = &found.refused {
        plan.others.push(json!({"kind": "repository", "result": "failed",
            "detail": format!("the platform's repositories cannot be read: {why}")}));
    }
    for deployment in &found.deployments {
        let resources = deployment
            .pointer("/resources/elasticsearch")
            .and_then(Value::as_array);
        let resources = resources.map(Vec::as_slice).unwrap_or_default();
        for resource in resources {
            let name = name(deployment, resource, resources.len() > 1);
            let shown = shown(deployment, resource);
            match cluster(deployment, resource, reach) {
                Ok((id, url)) => {
                    let row = attach(
                        &plan.repositories,
                        resource,
                        reach,
                        engine_repository,
                        (id, name, url),
                    );
                    plan.clusters.push(Row { shown, ..row });
                }
                Err((result, why)) => {
                    let mut other = shown;
                    other.extend([
                        ("id".to_owned(), resource["id"].clone()),
                        ("name".to_owned(), name.into()),
                        ("result".to_owned(), result.into()),
                        ("detail".to_owned(), why.into()),
                    ]);
                    plan.others.push(Value::Object(other));
                }
            }
        }
    }
    plan
}

/// ECE shows `access_key` and no secret; a secret that it shows after all stays behind.
fn repository(config: &Value) -> Option<Repository> {
    let name = config["repository_name"].as_str()?.to_owned();
    let kind = config.pointer("/config/type").cloned().unwrap_or_default();
    let mut settings = config
        .pointer("/config/settings")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    settings.retain(|key, _| {
        !["secret", "password", "token"]
            .iter()
            .any(|word| key.contains(word))
    });
    Some(Repository {
        name,
        body: json!({"type": kind, "settings": settings}),
    })
}

/// The deployment's name is what people know; a deployment with several clusters tells them by their reference.
fn name(deployment: &Value, resource: &Value, several: bool) -> String {
    let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (name, reference) = (of(&deployment["name"]), of(&resource["ref_id"]));
    match several {
        true => format!("{name}/{reference}"),
        false => name,
    }
}

/// The members of the report: where it is in ECE, and its snapshot settings as they were read.
fn shown(deployment: &Value, resource: &Value) -> Map<String, Value> {
    let settings = resource.pointer("/info/settings/snapshot").cloned();
    Map::from_iter([
        ("kind".to_owned(), "cluster".into()),
        ("deployment_id".to_owned(), deployment["id"].clone()),
        ("ref_id".to_owned(), resource["ref_id"].clone()),
        ("region".to_owned(), resource["region"].clone()),
        ("snapshot_settings".to_owned(), settings.unwrap_or_default()),
    ])
}

/// Its id and address; or the result and why there is none.
fn cluster(
    deployment: &Value,
    resource: &Value,
    reach: &Reach,
) -> Result<(String, String), (&'static str, String)> {
    let status = resource.pointer("/info/status").and_then(Value::as_str);
    if matches!(status, Some("stopped" | "stopping")) {
        let why = "it is stopped in ECE; start it there and import again";
        return Err(("skipped", why.to_owned()));
    }
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let unknown = |what: &str| ("failed", format!("the ECE shows no {what} of it"));
    let id = text(&resource["id"]).ok_or_else(|| unknown("id"))?;
    let url = match &reach.proxy {
        Some(ece) => {
            let deployment = text(&deployment["id"]).ok_or_else(|| unknown("deployment"))?;
            let reference = text(&resource["ref_id"]).ok_or_else(|| unknown("ref_id"))?;
            format!("{ece}/api/v1/deployments/{deployment}/elasticsearch/{reference}/proxy")
        }
        None => address(resource).ok_or_else(|| unknown("address"))?,
    };
    Ok((id, url))
}

/// The engine's own address: 3.x newer, older, and composed of its endpoint.
fn address(resource: &Value) -> Option<String> {
    let metadata = resource.pointer("/info/metadata")?;
    let services = metadata["services_urls"].as_array().map(Vec::as_slice);
    let service = services
        .unwrap_or_default()
        .iter()
        .find(|one| one["service"] == "elasticsearch")
        .and_then(|one| one["url"].as_str());
    let url = service.or_else(|| metadata["service_url"].as_str());
    url.filter(|url| !url.is_empty()).map(str::to_owned).or_else(|| {
        let port = metadata
            .pointer("/ports/https")
            .and_then(Value::as_u64)
            .unwrap_or(9243);
        Some(format!("https://{}:{port}", metadata["endpoint"].as_str()?))
    })
}

/// The attach: with the repository that the cluster's settings name, or the only one, at the location that the engine
/// has. When there is nothing to adopt it is attached all the same, with the engine's registration alone.
fn attach(
    repositories: &[Repository],
    resource: &Value,
    reach: &Reach,
    engine_repository: &str,
    (id, name, url): (String, String, String),
) -> Row {
    let mut body = reach.members.clone();
    body.extend([
        ("id".to_owned(), id.into()),
        ("name".to_owned(), name.into()),
        ("url".to_owned(), url.into()),
        ("access".to_owned(), "observe".into()),
        ("engine_repository".to_owned(), engine_repository.into()),
    ]);
    let named = resource
        .pointer("/info/settings/snapshot/repository/reference/repository_name")
        .and_then(Value::as_str);
    let repository = match (named, repositories) {
        (Some(named), all) => all.iter().find(|one| one.name == named),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let Some(repository) = repository else {
        return Row {
            body,
            ..Row::default()
        };
    };
    let fallback = Some(body.clone());
    body.insert("repository".to_owned(), repository.name.as_str().into());
    body.insert("adopt".to_owned(), true.into());
    Row {
        body,
        fallback,
        ..Row::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        let elasticsearch = |status: &str| {
            json!({"ref_id": "main-elasticsearch", "id": "0123456789abcdef0123456789abcdef", "region": "ece-region",
                "info": {"status": status,
                    "metadata": {"endpoint": "a.ece.example", "ports": {"http": 9200, "https": 9243}},
                    "settings": {"snapshot": {"enabled": true, "interval": "1 hour",
                        "repository": {"reference": {"repository_name": "nightly"}}}}}})
        };
        Found {
            deployments: vec![
                json!({"id": "d1", "name": "logs", "resources": {"elasticsearch": [elasticsearch("started")]}}),
                json!({"id": "d2", "name": "old", "resources": {"elasticsearch": [elasticsearch("stopped")]}}),
                json!({"id": "d3", "name": "kibana alone", "resources": {"kibana": [{}]}}),
            ],
            repositories: vec![json!({"repository_name": "nightly", "config": {"type": "s3",
                "settings": {"bucket": "b", "access_key": "AK", "secret_key": "SK"}}})],
            refused: None,
        }
    }

    #[test]
    fn a_cluster_keeps_its_id_and_is_reached_through_the_proxy_with_the_location_that_it_has() {
        let reach = Reach {
            proxy: Some("https://ece:12443".to_owned()),
            members: Map::from_iter([("ca".to_owned(), "PEM".into())]),
        };
        let plan = of(&found(), &reach, "found-snapshots");
        let [row] = plan.clusters.as_slice() else {
            panic!("{plan:?}")
        };
        let expected = json!({"id": "0123456789abcdef0123456789abcdef", "name": "logs", "access": "observe", "ca": "PEM",
            "url": "https://ece:12443/api/v1/deployments/d1/elasticsearch/main-elasticsearch/proxy",
            "repository": "nightly", "engine_repository": "found-snapshots", "adopt": true});
        assert_eq!(Value::Object(row.body.clone()), expected);
        assert_eq!(row.fallback.as_ref().unwrap().get("adopt"), None);
        assert_eq!(row.shown["snapshot_settings"]["interval"], "1 hour");
        assert_eq!(plan.others.len(), 1, "{plan:?}");
        assert_eq!(plan.others[0]["result"], "skipped");
        let settings = json!({"bucket": "b", "access_key": "AK"});
        assert_eq!(
            plan.repositories[0].body,
            json!({"type": "s3", "settings": settings})
        );
    }

    #[test]
    fn an_engines_own_address_is_taken_from_what_the_version_shows() {
        let at = |metadata: Value| address(&json!({"info": {"metadata": metadata}}));
        let services = json!([{"service": "elasticsearch", "url": "https://x:9243"}]);
        for (metadata, expected) in [
            (
                json!({"services_urls": services, "service_url": "https://y"}),
                Some("https://x:9243"),
            ),
            (json!({"service_url": "https://y:9243"}), Some("https://y:9243")),
            (
                json!({"endpoint": "z", "ports": {"https": 443}}),
                Some("https://z:443"),
            ),
            (json!({}), None),
        ] {
            assert_eq!(at(metadata).as_deref(), expected);
        }
    }
}
