//! A fleet that others look after: seen whole, by reads alone.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::{Value, json};
use tintype_testkit::wait;

use crate::{
    api::NATIVE,
    bench::{Bench, Plan},
    door::Level,
    names::unique,
    rig::Rig,
    spare::Spare,
};

on_every_engine!(
    what_is_there_is_shown_at_once_and_only_reads_are_sent,
    a_look_lists_a_repository_again_only_when_it_changed,
    the_printed_roles_are_enough_and_a_lesser_one_is_found,
);

async fn what_is_there_is_shown_at_once_and_only_reads_are_sent(rig: Arc<Rig>) {
    let spare = Spare::of(&rig).await;
    let (covered, bare) = (unique("covered"), unique("bare"));
    for index in [&covered, &bare] {
        spare.rig.make_index(index, 1, json!({})).await;
    }
    // Sorts before the repositories of other tests.
    let theirs = unique("0theirs");
    let location = spare.rig.engine.location(&theirs).unwrap();
    spare.rig.register(&theirs, json!({"location": location})).await;
    spare.rig.snapshot(&theirs, "good", &covered).await;

    let bench = Plan::at(&spare.rig, Level::Observe).watched().start().await;
    let shown = bench.api.get(&bench.native("")).await;
    let inventory = &shown["observation"]["inventory"];
    let mut repositories = inventory["repositories"].as_array().unwrap().iter();
    let seen = repositories.find(|one| one["name"] == theirs.as_str()).unwrap();
    assert_eq!(
        (
            &seen["snapshots"],
            &seen["newest"]["state"],
            &seen["last_good"]["name"]
        ),
        (&json!(1), &json!("SUCCESS"), &json!("good")),
        "{inventory}"
    );
    let uncovered = &inventory["uncovered"];
    assert_eq!(
        (&uncovered["total"], &uncovered["names"]),
        (&json!(1), &json!([bare])),
        "{inventory}"
    );
    assert_eq!(
        inventory["policies"],
        Value::Null,
        "these distributions have no policies"
    );

    let path = bench.native("/snapshots?repository=_all");
    let listed = bench.api.get(&path).await;
    let mut snapshots = listed["snapshots"].as_array().unwrap().iter();
    let listed = snapshots
        .find(|one| one["repository"] == theirs.as_str())
        .unwrap();
    assert_eq!(
        (&listed["name"], &listed["indices"]),
        (&json!("good"), &json!([covered]))
    );

    let status = bench.api.get(&format!("{NATIVE}/status")).await;
    let row = &status["clusters"][0];
    assert_eq!(
        (&row["id"], &row["verdict"]),
        (&json!(bench.cluster), &json!("ok")),
        "{status}"
    );
    assert_eq!(
        (&row["uncovered_indices"], &status["counts"]["ok"]),
        (&json!(1), &json!(1))
    );
    for method in ["GET", "POST"] {
        let found = bench
            .api
            .send(method, &bench.native("/_doctor"), Value::Null)
            .await
            .ok(200);
        let checks = found["findings"].as_array().unwrap().clone();
        let wrong: Vec<&Value> = checks.iter().filter(|one| one["severity"] != "note").collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(
            found.to_string().contains("_verify"),
            "why it was not run: {found}"
        );
    }

    let sent = bench.door.proxy().faults().requests();
    let changes: Vec<_> = sent.iter().filter(|one| one.method != Method::GET).collect();
    assert!(!sent.is_empty() && changes.is_empty(), "{changes:?}");
}

/// How often the repository was listed, snapshot by snapshot; and how often it was only asked whether it changed.
fn listings(bench: &Bench) -> (usize, usize) {
    let path = format!("/_snapshot/{}/_all", bench.repository);
    let all = bench.door.proxy().faults().matching("GET", &path);
    let marks = all
        .iter()
        .filter(|one| one.query.contains("verbose=false"))
        .count();
    (all.len() - marks, marks)
}

async fn counted(bench: &Bench, snapshots: u64) {
    let path = bench.native("");
    let seen = wait::until("the snapshots to be seen", Duration::from_secs(60), async || {
        let shown = bench.api.get(&path).await;
        (shown["observation"]["snapshots"]["count"] == snapshots).then_some(())
    });
    seen.await.unwrap();
}

async fn looked(bench: &Bench, looks: usize) {
    let before = listings(bench).1;
    let seen = wait::until("more looks", Duration::from_secs(60), async || {
        (listings(bench).1 >= before + looks).then_some(())
    });
    seen.await.unwrap();
}

async fn a_look_lists_a_repository_again_only_when_it_changed(rig: Arc<Rig>) {
    let spare = Spare::of(&rig).await;
    spare.rig.make_index(&unique("some"), 1, json!({})).await;
    let plan = Plan::at(&spare.rig, Level::Observe).watched();
    let bench = plan.env("TINTYPE_WATCH__INTERVAL_SECONDS", "1").start().await;
    bench.register_by_hand(json!({})).await;
    spare.rig.snapshot(&bench.repository, "first", "*").await;
    counted(&bench, 1).await;
    looked(&bench, 2).await;
    let (whole, _) = listings(&bench);
    looked(&bench, 2).await;
    assert_eq!(listings(&bench).0, whole, "nothing came, went or ended");

    spare.rig.snapshot(&bench.repository, "second", "*").await;
    counted(&bench, 2).await;
    assert!(listings(&bench).0 > whole);
}

async fn the_printed_roles_are_enough_and_a_lesser_one_is_found(rig: Arc<Rig>) {
    let examined = async |login: Level, access: Level| {
        let bench = Plan::at(&rig, access).logged_in_as(login).start().await;
        let found = bench.api.get(&bench.native("/_doctor")).await;
        let all = found["findings"].as_array().unwrap().clone();
        let privileges = all.into_iter().find(|one| one["check"] == "privileges");
        privileges.unwrap_or_default()
    };
    for level in [Level::Observe, Level::Take, Level::Operate] {
        let found = examined(level, level).await;
        if rig.engine.row().has_security {
            assert_eq!(found, Value::Null);
        } else {
            assert!(
                found["message"].as_str().unwrap().contains("security is off"),
                "{found}"
            );
        }
    }
    if rig.engine.row().has_security {
        let found = examined(Level::Observe, Level::Operate).await;
        assert_eq!(found["severity"], "error");
        let message = found["message"].as_str().unwrap();
        assert!(
            message.starts_with("kit-observe lacks") && message.contains("create_snapshot"),
            "{message}"
        );
        assert_eq!(found["role"]["path"], "/_security/role/tintype-operate");
    }
}
