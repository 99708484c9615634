//! What is asked of the server.

use crate::scripted::{CLUSTER, Scripted, json, run};
use serde_json::{Value, json as value};

fn accepting() -> Scripted {
    Scripted::start(|_, _| {
        json(
            200,
            value!({"id": "x", "name": "n", "keys": [], "users": [], "repositories": [],
            "operations": [], "verifications": [], "preflight": "ok"}),
        )
    })
}

/// Each command with the one request that it must make.
#[test]
fn each_verb_makes_its_request() {
    let native = "/api/tintype/v1";
    let cluster = format!("{native}/clusters/{CLUSTER}");
    let table = [
        (
            format!("cluster show {CLUSTER}"),
            format!("GET {cluster}"),
            Value::Null,
        ),
        (
            format!("cluster detach {CLUSTER}"),
            format!("DELETE {cluster}"),
            Value::Null,
        ),
        (
            "cluster attach http://e:9200 --id i --name n --repository r".into(),
            format!("POST {native}/clusters"),
            value!({"url": "http://e:9200", "id": "i", "name": "n", "repository": "r", "access": "observe"}),
        ),
        (
            format!("cluster update {CLUSTER} --access take --unset location --repin"),
            format!("PATCH {cluster}"),
            value!({"access": "take", "location": null, "repin": true}),
        ),
        (
            "repository set r --type fs --location /b --require-preflight".into(),
            format!("PUT {native}/repositories/r?preflight=require"),
            value!({"type": "fs", "settings": {"location": "/b"}}),
        ),
        (
            "repository show r".into(),
            format!("GET {native}/repositories/r"),
            Value::Null,
        ),
        (
            "repository list".into(),
            format!("GET {native}/repositories"),
            Value::Null,
        ),
        (
            "repository delete r".into(),
            format!("DELETE {native}/repositories/r"),
            Value::Null,
        ),
        (
            "repository reader set r --reader-url file:///b".into(),
            format!("PUT {native}/repositories/r/reader"),
            value!({"url": "file:///b"}),
        ),
        (
            "repository reader delete r".into(),
            format!("DELETE {native}/repositories/r/reader"),
            Value::Null,
        ),
        (
            "repository set r --type azure --container c --base-path b".into(),
            format!("PUT {native}/repositories/r"),
            value!({"type": "azure", "settings": {"container": "c", "base_path": "b"}}),
        ),
        (
            format!(
                "repository verification start r --cluster {CLUSTER} --level checksum --max-age 24h --attest"
            ),
            format!("POST {native}/repositories/r/verifications"),
            value!({"cluster_id": CLUSTER, "options": {"level": "checksum", "max_age_seconds": 86_400, "attest": true}}),
        ),
        (
            "repository verification list r --limit 3".into(),
            format!("GET {native}/repositories/r/verifications?limit=3"),
            Value::Null,
        ),
        (
            "repository verification show r o".into(),
            format!("GET {native}/repositories/r/verifications/o"),
            Value::Null,
        ),
        (
            "repository verification schedule r --every 24h --budget-time 2h --rate 1000 --no-structure"
                .into(),
            format!("PUT {native}/repositories/r/verification-schedule"),
            value!({"every_seconds": 86_400, "options": {"level": "checksum", "structure": false,
                "budget_seconds": 7200, "bytes_per_second": 1000}}),
        ),
        (
            "repository verification schedule r".into(),
            format!("GET {native}/repositories/r/verification-schedule"),
            Value::Null,
        ),
        (
            "repository verification unschedule r".into(),
            format!("DELETE {native}/repositories/r/verification-schedule"),
            Value::Null,
        ),
        (
            "attest-key show".into(),
            format!("GET {native}/attest-keys"),
            Value::Null,
        ),
        (
            "attest-key create".into(),
            format!("POST {native}/attest-keys"),
            Value::Null,
        ),
        (
            "attest-key rotate --yes".into(),
            format!("POST {native}/attest-keys/_rotate"),
            Value::Null,
        ),
        (
            format!("repository register {CLUSTER} r"),
            format!("POST {cluster}/registrations"),
            value!({"repository": "r"}),
        ),
        (
            format!("snapshot show {CLUSTER} r s"),
            format!("GET {cluster}/snapshots/r/s"),
            Value::Null,
        ),
        (
            format!("snapshot restore {CLUSTER} r/s --index a,b --rename-suffix -2"),
            format!("POST {cluster}/snapshots/r/s/_restore"),
            value!({"indices": ["a", "b"], "rename_suffix": "-2"}),
        ),
        (
            "operation cancel o".into(),
            format!("POST {native}/operations/o/_cancel"),
            Value::Null,
        ),
        (
            "apikey create -d ci".into(),
            "POST /api/v1/users/auth/keys".into(),
            value!({"description": "ci"}),
        ),
        (
            "apikey list".into(),
            "GET /api/v1/users/auth/keys".into(),
            Value::Null,
        ),
        (
            "apikey delete k".into(),
            "DELETE /api/v1/users/auth/keys/k".into(),
            Value::Null,
        ),
        (
            "apikey list --owner jane@x".into(),
            "GET /api/v1/users/jane%40x/auth/keys".into(),
            Value::Null,
        ),
        (
            "apikey list --all".into(),
            "GET /api/v1/users/auth/keys/_all".into(),
            Value::Null,
        ),
        (
            "apikey delete k --owner jane".into(),
            "DELETE /api/v1/users/jane/auth/keys/k".into(),
            Value::Null,
        ),
        (
            "apikey delete --owner jane --all".into(),
            "DELETE /api/v1/users/jane/auth/keys".into(),
            Value::Null,
        ),
        ("user list".into(), "GET /api/v1/users".into(), Value::Null),
        (
            "user list --include-disabled".into(),
            "GET /api/v1/users?include_disabled=true".into(),
            Value::Null,
        ),
        ("user show".into(), "GET /api/v1/user".into(), Value::Null),
        (
            "user show jane".into(),
            "GET /api/v1/users/jane".into(),
            Value::Null,
        ),
        (
            "user update jane --role a,b --role c --disable --email=".into(),
            "PATCH /api/v1/users/jane".into(),
            value!({"email": null, "security": {"roles": ["a", "b", "c"], "enabled": false}}),
        ),
        (
            "user update --full-name Jane".into(),
            "PATCH /api/v1/user".into(),
            value!({"full_name": "Jane"}),
        ),
        (
            "user update jane --no-roles --enable".into(),
            "PATCH /api/v1/users/jane".into(),
            value!({"security": {"roles": [], "enabled": true}}),
        ),
        (
            "user delete jane".into(),
            "DELETE /api/v1/users/jane".into(),
            Value::Null,
        ),
    ];
    for (line, request, body) in table {
        let server = accepting();
        let ran = run(&server.url, &line.replace("-suffix -2", "-suffix=-2"));
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        let received = server.received();
        assert_eq!(received.len(), 1, "{line}");
        assert_eq!(
            (received[0].line.as_str(), &received[0].body),
            (request.as_str(), &body),
            "{line}"
        );
    }
}

#[test]
fn take_is_ece_s_call_with_a_key_that_makes_it_repeatable() {
    let server = Scripted::start(|_, _| {
        let headers = vec![("x-tintype-operation", "op-1".to_owned())];
        crate::scripted::Reply::Answer(202, headers, r#"{"name":"nightly"}"#.into())
    });
    let ran = run(
        &server.url,
        &format!("snapshot take {CLUSTER} --name nightly --repository r -o json"),
    );
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(shown, value!({"name": "nightly", "operation": "op-1"}));
    let first = server.received().remove(0);
    assert_eq!(
        first.line,
        format!("POST /api/v1/clusters/elasticsearch/{CLUSTER}/_snapshot")
    );
    assert_eq!(first.body, value!({"name": "nightly", "repository_name": "r"}));
    assert!(first.headers["idempotency-key"].len() >= 32);

    run(
        &server.url,
        &format!("snapshot take {CLUSTER} --region ece-region --idempotency-key mine"),
    );
    let second = server.received().remove(1);
    assert_eq!(
        second.line,
        format!("POST /api/v1/regions/ece-region/clusters/elasticsearch/{CLUSTER}/_snapshot")
    );
    assert_eq!(
        (second.headers["idempotency-key"].as_str(), second.body),
        ("mine", value!({}))
    );
}

#[test]
fn a_lost_answer_of_a_take_tells_the_key() {
    let server = Scripted::start(|_, _| crate::scripted::Reply::Drop);
    let ran = run(
        &server.url,
        &format!("snapshot take {CLUSTER} --idempotency-key mine"),
    );
    assert_eq!(ran.code, 7);
    assert!(ran.stderr.contains("--idempotency-key mine"), "{}", ran.stderr);
}

#[test]
fn a_cluster_may_be_named_by_its_name() {
    let server = Scripted::start(|request, _| match request.line.as_str() {
        "GET /api/tintype/v1/clusters?from=0&size=500&q=logs" => json(
            200,
            value!({"total": 2, "clusters": [{"id": "l2", "name": "logs2"}, {"id": "l1", "name": "logs"}]}),
        ),
        "DELETE /api/tintype/v1/clusters/l1" => json(200, value!({})),
        _ => json(
            404,
            value!({"errors": [{"code": "clusters.cluster_not_found", "message": "no"}]}),
        ),
    });
    assert_eq!(run(&server.url, "cluster detach logs").code, 0);
    let ran = run(&server.url, "cluster detach nothing");
    assert_eq!(ran.code, 4, "{ran:?}");
}

#[test]
fn long_lists_are_read_to_their_end() {
    let server = Scripted::start(|request, _| {
        let next = (!request.line.contains("before=")).then_some("o2");
        let ids = if next.is_some() {
            ["o1", "o2"]
        } else {
            ["o3", "o4"]
        };
        json(
            200,
            value!({"operations": ids.map(|id| value!({"id": id})), "next": next}),
        )
    });
    let ran = run(&server.url, "operation list --status running -o name");
    assert_eq!(ran.stdout, "o1\no2\no3\no4\n");
    assert_eq!(
        server.lines(),
        [
            "GET /api/tintype/v1/operations?status=running&limit=50",
            "GET /api/tintype/v1/operations?status=running&limit=48&before=o2",
        ]
    );
}
