//! Lists show what GET allows: for every list and every role, no item or member that the GET of the item would hide.

use crate::fleet::fleet;
use crate::support::{Server, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tintype::http::router::routes;
use tintype::model::Role;

/// Lists whose path is not the beginning of their items'.
const ELSEWHERE: &[(&str, &str)] = &[(
    "/api/v1/users/auth/keys/_all",
    "/api/v1/users/{user_id}/auth/keys/{api_key_id}",
)];

/// Every list with the path of one of its items, found among the routes.
fn lists() -> Vec<(String, String)> {
    let paths: Vec<String> = routes()
        .into_iter()
        .filter(|route| route.method == Method::GET)
        .flat_map(|route| route.paths())
        .collect();
    let mut found: Vec<_> = ELSEWHERE
        .iter()
        .map(|(list, item)| ((*list).to_owned(), (*item).to_owned()))
        .collect();
    for list in &paths {
        let items = paths.iter().filter(|item| {
            let rest = item
                .strip_prefix(list.as_str())
                .and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| rest.split('/').all(|part| part.starts_with('{')))
        });
        found.extend(items.map(|item| (list.clone(), item.clone())));
    }
    found
}

/// The path with each parameter replaced.
fn fill(path: &str, value: impl Fn(&str) -> String) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix('{') {
        Some(name) => value(name.trim_end_matches('}')),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// What the parameters of the lists themselves stand for.
fn fixed(parameter: &str) -> Option<String> {
    let value = match parameter {
        "region" => "ece-region",
        "cluster_id" => "f1",
        "user_id" => "admin",
        "repository_name" => "main",
        _ => return None,
    };
    Some(value.to_owned())
}

/// The path of an item of a list, by the members that name it.
fn path_of(list: &str, item: &str, row: &Value) -> String {
    fill(item, |parameter| {
        if list.contains(&format!("{{{parameter}}}"))
            && let Some(value) = fixed(parameter)
        {
            return value;
        }
        let members = match parameter.strip_suffix("_name") {
            Some(stem) => vec![parameter, stem, "name"],
            None => vec![parameter, "id"],
        };
        let found = members.iter().find_map(|member| row.get(*member)?.as_str());
        found
            .unwrap_or_else(|| panic!("{list} has no {parameter}: {row}"))
            .to_owned()
    })
}

async fn ask(server: &Server, path: &str, who: &str) -> (StatusCode, Value) {
    let reply = server.send(Method::GET, path, &key(who), "").await;
    (reply.status, reply.body)
}

/// The items of the only list in an answer, each with its path.
fn items(list: &str, item: &str, body: &Value) -> Vec<(String, Value)> {
    let members: Vec<_> = body
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_array)
        .collect();
    let [rows] = members[..] else {
        panic!("{list} is not one list: {body}")
    };
    rows.iter()
        .map(|row| (path_of(list, item, row), row.clone()))
        .collect()
}

/// Each member of the one is a member of the other, all the way down.
fn within(shown: &Value, allowed: &Value, at: &str) {
    match (shown, allowed) {
        (Value::Object(members), Value::Object(allowed)) => {
            for (name, value) in members {
                let other = allowed
                    .get(name)
                    .unwrap_or_else(|| panic!("{at}: GET hides {name}"));
                within(value, other, &format!("{at}.{name}"));
            }
        }
        (Value::Array(shown), Value::Array(allowed)) => {
            assert!(shown.len() <= allowed.len(), "{at}: GET shows fewer");
            for (index, (one, other)) in shown.iter().zip(allowed).enumerate() {
                within(one, other, &format!("{at}[{index}]"));
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_list_shows_no_item_and_no_member_that_get_hides_and_every_item_that_it_shows() {
    let fleet = fleet("operate").await;
    let server = &fleet.server;
    let taken = server
        .post(
            "/api/v1/clusters/elasticsearch/f1/_snapshot",
            r#"{"name":"first"}"#,
        )
        .await;
    fleet.ended(&taken).await;
    fleet.seen(1).await;
    let webhook = r#"{"url":"https://hooks.example/tintype"}"#;
    let made = server.post("/api/tintype/v1/webhooks", webhook).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let directory = tempfile::tempdir().unwrap();
    let reader = json!({"url": format!("file://{}", directory.path().display())}).to_string();
    for (method, path, body) in [
        (
            Method::PUT,
            "/api/tintype/v1/repositories/main/reader",
            reader.as_str(),
        ),
        (
            Method::POST,
            "/api/tintype/v1/repositories/main/verifications",
            "",
        ),
    ] {
        let done = server.send(method, path, &key("admin"), body.to_owned()).await;
        assert!(done.status.is_success(), "{path}: {}", done.body);
    }
    let mut callers = vec!["admin", "nothing"];
    server.add_user("nothing", &[], true).await;
    for role in Role::ALL {
        server.add_user(role.as_str(), &[role], true).await;
        callers.push(role.as_str());
    }
    for (list, item) in lists() {
        let path = fill(&list, |parameter| {
            fixed(parameter).unwrap_or_else(|| panic!("{list}: what is {parameter}? Say it in `fixed`"))
        });
        let (status, body) = ask(server, &path, "admin").await;
        assert_eq!(status, StatusCode::OK, "{list}: {body}");
        let everything = items(&list, &item, &body);
        assert!(!everything.is_empty(), "{list}: nothing to look at");
        for caller in &callers {
            let (status, body) = ask(server, &path, caller).await;
            let shown = match status {
                StatusCode::OK => items(&list, &item, &body),
                StatusCode::FORBIDDEN => Vec::new(),
                other => panic!("{list} as {caller}: {other} {body}"),
            };
            for (path, row) in &shown {
                let (status, whole) = ask(server, path, caller).await;
                assert_eq!(status, StatusCode::OK, "{list} shows {caller} what {path} hides");
                within(row, &whole, &format!("{list} as {caller}"));
            }
            for (path, _) in &everything {
                let (status, _) = ask(server, path, caller).await;
                let listed = shown.iter().any(|(shown, _)| shown == path);
                assert_eq!(
                    status == StatusCode::OK,
                    listed,
                    "{list} as {caller}: {path} is {status}"
                );
            }
        }
    }
}

#[tokio::test]
async fn where_a_platform_repository_is_stays_with_those_who_may_see_its_contents() {
    let fleet = fleet("operate").await;
    let server = &fleet.server;
    let taken = server
        .post(
            "/api/v1/clusters/elasticsearch/f1/_snapshot",
            r#"{"name":"first"}"#,
        )
        .await;
    fleet.ended(&taken).await;
    for (role, sees) in [
        (Role::EcePlatformAdmin, true),
        (Role::EcePlatformViewer, true),
        (Role::EceDeploymentManager, false),
        (Role::EceDeploymentViewer, false),
    ] {
        server.add_user(role.as_str(), &[role], true).await;
        let (_, body) = ask(server, "/api/tintype/v1/clusters/f1/registrations", role.as_str()).await;
        let registration = &body["registrations"][0];
        assert_eq!(registration["platform_repository"], "main", "{body}");
        assert_eq!(
            registration.get("location").is_some(),
            sees,
            "{}: {body}",
            role.as_str()
        );
    }
}
