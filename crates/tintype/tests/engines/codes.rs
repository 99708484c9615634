//! Each way that the call fails, before a real engine.

use std::{path::Path, sync::Arc};

use serde_json::{Value, json};

use crate::{
    api::ECE,
    bench::{Bench, Plan, Taken},
    door::Level,
    modes::set_mode,
    names::unique,
    rig::Rig,
};

const FAILED: &str = "clusters.snapshot.failed";
const NO_REPOSITORY: &str = "clusters.snapshot.repository_not_found";
const NAME_CONFLICT: &str = "clusters.snapshot.name_conflict";

on_every_engine!(
    an_unknown_cluster_is_404,
    a_repository_that_nobody_knows_is_404,
    a_repository_that_only_the_engine_knows_is_used_as_it_is,
    the_name_of_a_foreign_snapshot_is_409,
    the_name_of_a_running_snapshot_is_409,
    a_name_that_the_engine_has_forgotten_is_409_for_ever,
    a_readonly_registration_is_500,
    a_registration_of_that_name_elsewhere_is_500_and_stays,
    a_read_only_location_is_202_and_then_failed_with_its_cause,
    a_new_location_that_cannot_be_written_is_500_with_the_engines_words,
);

async fn an_unknown_cluster_is_404(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    for prefix in ECE {
        let path = format!("{prefix}/clusters/elasticsearch/{}/_snapshot", "0".repeat(32));
        let answer = bench.api.send("POST", &path, Value::Null).await;
        let message = answer.failed(404, "clusters.cluster_not_found");
        // What names nothing may be a secret in the wrong place: it is not repeated.
        assert!(
            message.contains("no cluster with this id") && !message.contains("000"),
            "{message}"
        );
    }
}

async fn a_repository_that_nobody_knows_is_404(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let answer = bench.call(json!({"repository_name": "nobodys"})).await;
    let message = answer.failed(404, NO_REPOSITORY);
    assert!(
        message.contains("nobodys") && message.contains(&bench.cluster),
        "{message}"
    );
    assert_eq!(rig.registration("nobodys").await, Value::Null);
}

async fn a_repository_that_only_the_engine_knows_is_used_as_it_is(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let (name, location) = engine_side(&rig, json!({"compress": "false"})).await;
    let before = rig.registration(&name).await;

    let taken = Taken::of(
        bench
            .call(json!({"name": "there", "repository_name": name}))
            .await,
    );
    bench.succeeded(&taken.operation).await;

    assert_eq!(rig.only_snapshot(&name).await["snapshot"], "there");
    assert_eq!(unstamped(rig.registration(&name).await), unstamped(before));
    assert!(Path::new(&location).join("index-0").exists());
}

async fn the_name_of_a_foreign_snapshot_is_409(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.register_by_hand(json!({})).await;
    rig.snapshot(&bench.repository, "foreign", "base-two").await;
    let before = rig.only_snapshot(&bench.repository).await;

    let message = bench
        .call(json!({"name": "foreign"}))
        .await
        .failed(409, NAME_CONFLICT);

    assert!(message.contains("exists in"), "{message}");
    assert_eq!(rig.only_snapshot(&bench.repository).await, before);
}

async fn the_name_of_a_running_snapshot_is_409(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).throttled("1mb").start().await;
    let first = bench.take("same").await;
    bench.copying(&first.operation).await;

    let message = bench
        .call(json!({"name": "same"}))
        .await
        .failed(409, NAME_CONFLICT);

    assert!(message.contains(&first.operation), "{message}");
    bench.succeeded(&first.operation).await;
    rig.only_snapshot(&bench.repository).await;
}

async fn a_name_that_the_engine_has_forgotten_is_409_for_ever(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("burned").await;
    let path = format!("/_snapshot/{}/burned", bench.repository);
    rig.ask("DELETE", &path, Value::Null).await;

    let message = bench
        .call(json!({"name": "burned"}))
        .await
        .failed(409, NAME_CONFLICT);

    assert!(message.contains("never used again"), "{message}");
    assert_eq!(rig.snapshot_names(&bench.repository).await, [""; 0]);
}

async fn a_readonly_registration_is_500(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.register_by_hand(json!({"readonly": true})).await;

    let message = bench.call(json!({"name": "refused"})).await.failed(500, FAILED);

    assert!(
        message.contains("readonly"),
        "the engine's own words are missing: {message}"
    );
    // What the engine refused never existed: its name is free again.
    bench.register_by_hand(json!({"readonly": false})).await;
    bench.take_whole("refused").await;
}

async fn a_registration_of_that_name_elsewhere_is_500_and_stays(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let elsewhere = rig.engine.location(&unique("elsewhere")).unwrap();
    rig.register(&bench.repository, json!({"location": elsewhere}))
        .await;
    rig.snapshot(&bench.repository, "theirs", "base-two").await;
    let before = (
        rig.registration(&bench.repository).await,
        rig.snapshots(&bench.repository).await,
    );

    let message = bench
        .call(json!({"name": "mine"}))
        .await
        .failed(500, NO_REPOSITORY);

    for location in [elsewhere, bench.location()] {
        assert!(message.contains(location.to_str().unwrap()), "{message}");
    }
    let after = (
        rig.registration(&bench.repository).await,
        rig.snapshots(&bench.repository).await,
    );
    assert_eq!(after, before);
}

async fn a_read_only_location_is_202_and_then_failed_with_its_cause(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("before").await;
    let before = rig.only_snapshot(&bench.repository).await;
    set_mode(&bench.location(), 0o555);

    if !rig.facts().accepts_unwritable {
        // Elasticsearch 6.8 cannot even read such a location, so that nothing is sent and the name stays free.
        let message = bench.call(json!({"name": "lost"})).await.failed(500, FAILED);
        assert!(message.contains("access_denied_exception"), "{message}");
        set_mode(&bench.location(), 0o777);
        assert_eq!(rig.only_snapshot(&bench.repository).await, before);
        bench.take_whole("lost").await;
        return;
    }
    let lost = bench.take("lost").await;
    let message = bench.failed(&lost.operation, "vanished").await;

    let cause = message
        .split_once("_verify")
        .or_else(|| message.split_once("verify the repository"));
    let cause = cause.unwrap_or_else(|| panic!("no cause: {message}")).1;
    assert!(cause.contains("repository_verification_exception"), "{message}");
    assert_eq!(rig.only_snapshot(&bench.repository).await, before);
    set_mode(&bench.location(), 0o777);
}

async fn a_new_location_that_cannot_be_written_is_500_with_the_engines_words(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let own = format!("{}/{}", bench.repository, bench.cluster);
    let location = rig.engine.location(&own).unwrap();
    set_mode(&location, 0o555);

    let message = bench.call(json!({"name": "early"})).await.failed(500, FAILED);

    assert!(
        message.contains("nodes cannot use it") && message.contains("access_denied_exception"),
        "{message}"
    );
    // Nothing was sent under the name, and the registration is there.
    set_mode(&location, 0o777);
    bench.take_whole("early").await;
}

/// A repository that the platform does not know: its name and location.
async fn engine_side(rig: &Rig, mut settings: Value) -> (String, String) {
    let name = unique("engine-side");
    let location = rig.engine.location(&name).unwrap().display().to_string();
    settings["location"] = json!(location);
    rig.register(&name, settings).await;
    (name, location)
}

/// A registration without the uuid that the engine adds at the first snapshot.
fn unstamped(mut registration: Value) -> Value {
    registration.as_object_mut().unwrap().remove("uuid");
    registration
}
