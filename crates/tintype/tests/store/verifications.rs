//! The ledger, reports, proofs and schedules of verifications.

use crate::make::*;
use tintype::model::verify::{VerifyOptions, VerifySchedule};
use tintype::model::{OperationKind, Proof, Status};
use tintype::store::verifications::{NewReport, REPORTS};
use tintype::store::{NewOperation, Step, StoreError};
use tintype_repository::Level;
use tintype_repository::ledger::{BlobKey, Check};
use tintype_repository::verify::verdict::Verdict;

fn blob(number: u8) -> BlobKey {
    BlobKey([number; 16])
}

fn check(level: Level, millis: i64) -> Check {
    Check { level, at: millis }
}

pub fn schedule(repository: &str) -> VerifySchedule {
    VerifySchedule {
        repository: repository.parse().unwrap(),
        every_seconds: 3600,
        after_snapshots: false,
        options: VerifyOptions::default(),
        last_started: None,
        created_at: at(1),
        updated_at: at(2),
    }
}

fn verification(operation: &str, cluster: &str, repository: &str) -> NewOperation {
    NewOperation {
        kind: OperationKind::VerifyRepository,
        parameters: serde_json::json!({ "repository": repository }),
        ..crate::make::operation(operation, cluster)
    }
}

/// A report of cluster `a` at `fs:/a` by the operation `1`, of some of its snapshots.
fn report(proofs: Vec<Proof>) -> NewReport {
    NewReport {
        operation: "1".into(),
        repository: "main".parse().unwrap(),
        cluster: id("a"),
        location: "fs:/a".into(),
        document: "{}".into(),
        proofs,
        whole: false,
        root_lost: None,
    }
}

fn proof(snapshot: &str, verdict: Verdict, level: Level, millis: i64) -> Proof {
    Proof {
        snapshot: snapshot.into(),
        verdict,
        level,
        oldest_check: at(millis),
        checked_at: at(millis + 1),
        operation: "1".into(),
    }
}

async fn ready(store: &TheStore) {
    attach(store, "a").await;
    start(store, verification("1", "a", "main")).await;
}

/// What is known of the snapshot `u`, after a report that says this of it.
async fn after(store: &TheStore, verdict: Verdict, level: Level, millis: i64) -> (Verdict, Level, i64) {
    let proofs = vec![proof("u", verdict, level, millis)];
    store.put_report(&report(proofs)).await.unwrap();
    let found = store.proofs(&id("a"), "fs:/a", &["u"]).await.unwrap();
    let known = &found["u"];
    let oldest = known.oldest_check.as_millisecond() - at(0).as_millisecond();
    (known.verdict, known.level, oldest)
}

pub async fn checks_are_remembered_by_blob_and_level_and_only_become_younger(store: TheStore) {
    let asked = [blob(1), blob(2), blob(3), blob(1)];
    assert_eq!(
        store.last_checks(Level::Fingerprint, &asked).await.unwrap(),
        [None; 4]
    );
    let (fingerprint, checksum) = (check(Level::Fingerprint, 50), check(Level::Checksum, 40));
    store
        .record_checks(&[
            (blob(1), fingerprint),
            (blob(1), checksum),
            (blob(2), check(Level::Fingerprint, 70)),
        ])
        .await
        .unwrap();
    // A shallower check is no deeper one, and a deeper one is a shallower one too.
    assert_eq!(
        store.last_checks(Level::Checksum, &asked).await.unwrap(),
        [Some(checksum), None, None, Some(checksum)]
    );
    assert_eq!(
        store.last_checks(Level::Fingerprint, &asked).await.unwrap(),
        [
            Some(fingerprint),
            Some(check(Level::Fingerprint, 70)),
            None,
            Some(fingerprint)
        ]
    );
    let (older, younger) = (check(Level::Checksum, 10), check(Level::Checksum, 60));
    store.record_checks(&[(blob(1), older)]).await.unwrap();
    assert_eq!(
        store.last_checks(Level::Checksum, &asked[..1]).await.unwrap(),
        [Some(checksum)]
    );
    store
        .record_checks(&[(blob(1), younger), (blob(2), younger)])
        .await
        .unwrap();
    assert_eq!(
        store.last_checks(Level::Fingerprint, &asked[..2]).await.unwrap(),
        [Some(younger), Some(check(Level::Fingerprint, 70))]
    );
}

pub async fn a_blob_that_failed_is_vouched_for_by_nothing(store: TheStore) {
    let passed = check(Level::Checksum, 40);
    store
        .record_checks(&[
            (blob(1), passed),
            (blob(1), check(Level::Fingerprint, 50)),
            (blob(2), passed),
        ])
        .await
        .unwrap();
    store
        .record_checks(&[(blob(1), check(Level::Checksum, 0)), (blob(3), passed)])
        .await
        .unwrap();
    let last = store
        .last_checks(Level::Fingerprint, &[blob(1), blob(2), blob(3)])
        .await;
    assert_eq!(last.unwrap(), [None, Some(passed), Some(passed)]);
    store.record_checks(&[(blob(1), passed)]).await.unwrap();
    let healed = store.last_checks(Level::Checksum, &[blob(1)]).await;
    assert_eq!(healed.unwrap(), [Some(passed)]);
}

pub async fn old_checks_are_forgotten(store: TheStore) {
    let now = at(0).as_millisecond();
    let checks: Vec<_> = (0..10)
        .map(|n| (blob(n), check(Level::Checksum, now + i64::from(n))))
        .collect();
    store.record_checks(&checks).await.unwrap();
    // An old fingerprint does not make a young checksum old.
    store
        .record_checks(&[(blob(9), check(Level::Fingerprint, now - 100))])
        .await
        .unwrap();
    assert_eq!(store.prune_checks(at(9), 5).await.unwrap(), 5);
    assert_eq!(store.prune_checks(at(9), 5).await.unwrap(), 4);
    assert_eq!(store.prune_checks(at(9), 5).await.unwrap(), 0);
    let last = store.last_checks(Level::Checksum, &[blob(8), blob(9)]).await;
    assert_eq!(last.unwrap(), [None, Some(check(Level::Checksum, now + 9))]);
}

pub async fn a_report_reads_back_and_only_so_many_are_kept(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    let name = |number: u32| format!("{number:04}");
    for number in 0..REPORTS + 2 {
        start(&store, verification(&name(number), "a", "main")).await;
        let one = NewReport {
            operation: name(number),
            document: format!("{{\"number\":{number}}}"),
            ..report(Vec::new())
        };
        store.put_report(&one).await.unwrap();
    }
    assert_eq!(store.report(&name(0)).await.unwrap(), None);
    assert_eq!(store.report(&name(1)).await.unwrap(), None);
    assert_eq!(
        store.report(&name(2)).await.unwrap().as_deref(),
        Some(r#"{"number":2}"#)
    );
    // Those of another cluster are counted apart, and one that is made again takes its own place.
    start(&store, verification("b", "b", "main")).await;
    for document in ["first", "second"] {
        let other = NewReport {
            operation: "b".into(),
            cluster: id("b"),
            document: document.into(),
            ..report(Vec::new())
        };
        store.put_report(&other).await.unwrap();
    }
    assert_eq!(store.report("b").await.unwrap().as_deref(), Some("second"));
    assert!(store.report(&name(2)).await.unwrap().is_some());
}

pub async fn a_proof_takes_the_place_of_those_that_did_not_look_deeper(store: TheStore) {
    use Level::{Checksum, Presence, Structure};
    use Verdict::{Restorable, Unknown};
    ready(&store).await;
    assert!(store.proofs(&id("a"), "fs:/a", &["u"]).await.unwrap().is_empty());
    // What is unknown is all that is known, until more is.
    assert_eq!(after(&store, Unknown, Checksum, 1).await, (Unknown, Checksum, 1));
    assert_eq!(
        after(&store, Restorable, Presence, 2).await,
        (Restorable, Presence, 2)
    );
    assert_eq!(
        after(&store, Restorable, Structure, 3).await,
        (Restorable, Structure, 3)
    );
    assert_eq!(
        after(&store, Restorable, Presence, 4).await,
        (Restorable, Structure, 3)
    );
    assert_eq!(
        after(&store, Unknown, Structure, 5).await,
        (Restorable, Structure, 3)
    );
    assert_eq!(
        after(&store, Restorable, Structure, 6).await,
        (Restorable, Structure, 6)
    );
    for (cluster, location) in [("a", "fs:/b"), ("b", "fs:/a")] {
        let elsewhere = store.proofs(&id(cluster), location, &["u"]).await.unwrap();
        assert!(elsewhere.is_empty());
    }
}

pub async fn damage_stays_until_a_look_as_deep_finds_none(store: TheStore) {
    use Level::{Checksum, Presence, Structure};
    use Verdict::{InPart, NotRestorable, Restorable};
    ready(&store).await;
    after(&store, Restorable, Structure, 1).await;
    // Shallower than what said that all is well, and true all the same.
    assert_eq!(after(&store, InPart, Checksum, 2).await, (InPart, Checksum, 2));
    assert_eq!(
        after(&store, Restorable, Presence, 3).await,
        (InPart, Checksum, 2)
    );
    assert_eq!(
        after(&store, NotRestorable, Presence, 4).await,
        (NotRestorable, Presence, 4)
    );
    assert_eq!(
        after(&store, Restorable, Checksum, 5).await,
        (Restorable, Checksum, 5)
    );
}

pub async fn without_a_root_nothing_that_was_proved_can_be_restored(store: TheStore) {
    use Level::{Checksum, Metadata, Root, Structure};
    use Verdict::{NotRestorable, Restorable};
    ready(&store).await;
    after(&store, Restorable, Structure, 1).await;
    after(&store, Restorable, Checksum, 2).await;
    let elsewhere = NewReport {
        location: "fs:/b".into(),
        ..report(vec![proof("u", Restorable, Checksum, 3)])
    };
    store.put_report(&elsewhere).await.unwrap();
    let lost = NewReport {
        root_lost: Some(at(5)),
        ..report(Vec::new())
    };
    store.put_report(&lost).await.unwrap();
    let known = async |location: &str| {
        let found = store.proofs(&id("a"), location, &["u", "v"]).await.unwrap();
        assert_eq!(found.len(), 1);
        let proof = &found["u"];
        (proof.verdict, proof.level, proof.oldest_check)
    };
    assert_eq!(known("fs:/a").await, (NotRestorable, Root, at(5)));
    assert_eq!(known("fs:/b").await, (Restorable, Checksum, at(3)));
    // Put back, it is what the next look finds.
    assert_eq!(
        after(&store, Restorable, Metadata, 6).await,
        (Restorable, Metadata, 6)
    );
}

pub async fn proofs_of_snapshots_that_are_gone_are_forgotten(store: TheStore) {
    ready(&store).await;
    let of = |name| proof(name, Verdict::Restorable, Level::Checksum, 1);
    store.put_report(&report(vec![of("u1"), of("u2")])).await.unwrap();
    store.put_report(&report(vec![of("u1")])).await.unwrap();
    let known = async || {
        store
            .proofs(&id("a"), "fs:/a", &["u1", "u2"])
            .await
            .unwrap()
            .len()
    };
    assert_eq!(known().await, 2, "a part says nothing of the rest");
    let whole = NewReport {
        whole: true,
        ..report(vec![of("u1")])
    };
    store.put_report(&whole).await.unwrap();
    assert_eq!(known().await, 1);
    let leased = lease_one(&store, "me", 0).await;
    commit(&store, &leased, 1, ends(Status::Succeeded)).await;
    store.detach_cluster(&id("a")).await.unwrap();
    assert_eq!(known().await, 0);
}

pub async fn verifications_are_listed_by_repository_and_the_open_one_is_found(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    for (name, cluster, repository) in [
        ("1", "a", "main"),
        ("2", "b", "main"),
        ("3", "a", "other"),
        ("4", "a", "main"),
    ] {
        start(&store, verification(name, cluster, repository)).await;
    }
    // A take into a repository of that name is no verification.
    let take = NewOperation {
        parameters: serde_json::json!({ "repository": "main" }),
        ..operation("5", "a")
    };
    start(&store, take).await;
    let main = "main".parse().unwrap();
    let page = async |cluster: Option<&str>, before, limit| {
        let cluster = cluster.map(id);
        let found = store.verifications(&main, cluster.as_ref(), before, limit).await;
        let ids = found.unwrap().into_iter().map(|one| one.id);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(page(None, None, 100).await, ["4", "2", "1"]);
    assert_eq!(page(None, Some("4"), 1).await, ["2"]);
    assert_eq!(page(Some("a"), None, 100).await, ["4", "1"]);
    let open = async |cluster| store.open_verification(&id(cluster), &main).await.unwrap();
    assert_eq!(open("a").await.as_deref(), Some("1"));
    let leased = lease(&store, "me", 0).await;
    let first = leased.iter().find(|one| one.operation.id == "1").unwrap();
    commit(&store, first, 1, ends(Status::Succeeded)).await;
    assert_eq!(open("a").await.as_deref(), Some("4"));
    assert_eq!(open("none").await, None);
}

pub async fn verifications_take_no_place_of_engines_and_have_their_own(store: TheStore) {
    attach(&store, "a").await;
    for name in ["1", "2", "3"] {
        start(&store, verification(name, "a", "main")).await;
    }
    start_all(&store, "a", &["4", "5"]).await;
    let two = tintype::store::LeaseLimits {
        verifications: 2,
        ..limits(1, 1)
    };
    let due = async |now| {
        let leased = store.lease("me", &two, at(now), at(now + 1000)).await;
        leased.unwrap()
    };
    let first = due(0).await;
    assert_eq!(ids(&first), ["4", "1", "2"]);
    assert!(due(1).await.is_empty());
    let positions = store.queue_positions(&["3", "5"]).await.unwrap();
    assert_eq!((positions["3"], positions["5"]), (0, 0), "each waits for its own");
    let figures = store.figures(100, at(1)).await.unwrap();
    assert_eq!(figures.queued, 1);
    // One that was asked to stop needs no place: it only has to end.
    store.request_cancel("3", at(2)).await.unwrap();
    assert_eq!(ids(&due(2).await), ["3"]);
    // One that was begun comes before one that was not, whatever its age.
    start(&store, verification("0", "a", "main")).await;
    for leased in &first[1..] {
        commit(&store, leased, 3, waits(3)).await;
    }
    let third = store.operation("3").await.unwrap().unwrap();
    assert_eq!(third.status, Status::Running);
    assert_eq!(ids(&due(4).await), ["1"], "one place is taken by the third");
}

/// A take of the cluster `a` that has ended with a snapshot.
async fn taken(store: &TheStore, operation: &str, repository: &str, outcome: serde_json::Value) {
    let take = NewOperation {
        parameters: serde_json::json!({ "name": operation, "repository": "r", "platform_repository": repository }),
        ..crate::make::operation(operation, "a")
    };
    let operation = start(store, take).await.id;
    let leased = lease_one(store, "one", 1).await;
    assert_eq!(leased.operation.id, operation);
    let step = Step {
        status: Some(Status::Succeeded),
        outcome: Some(outcome),
        ..Step::default()
    };
    assert!(commit(store, &leased, 2, step).await);
}

pub async fn a_snapshot_is_to_be_verified_from_the_end_of_its_take_on_where_its_schedule_says_so(
    store: TheStore,
) {
    attach(&store, "a").await;
    for name in ["main", "other"] {
        store.put_repository(&repository(name), None, None).await.unwrap();
    }
    let each = VerifySchedule {
        after_snapshots: true,
        ..schedule("main")
    };
    let uuid = |uuid: &str| serde_json::json!({ "uuid": uuid, "state": "SUCCESS" });
    taken(&store, "1", "main", uuid("before the schedule")).await;
    assert_eq!(store.put_schedule(&each).await.unwrap(), each);
    store.put_schedule(&schedule("other")).await.unwrap();
    taken(&store, "2", "main", uuid("u2")).await;
    taken(&store, "3", "other", uuid("of another")).await;
    taken(
        &store,
        "4",
        "main",
        serde_json::json!({ "uuid": null, "state": "SUCCESS" }),
    )
    .await;
    taken(
        &store,
        "6",
        "main",
        serde_json::json!({ "uuid": "u6", "state": "FAILED" }),
    )
    .await;
    taken(&store, "5", "main", uuid("u5")).await;
    let waiting = async || -> Vec<(String, String)> {
        let all = store.taken_to_verify(10).await.unwrap().into_iter();
        all.map(|one| (one.operation, one.snapshot)).collect()
    };
    let pair = |operation: &str, uuid: &str| (operation.to_owned(), uuid.to_owned());
    assert_eq!(waiting().await, [pair("2", "u2"), pair("5", "u5")]);
    assert_eq!(store.taken_to_verify(1).await.unwrap().len(), 1);
    store.forget_taken("2").await.unwrap();
    assert_eq!(waiting().await, [pair("5", "u5")]);
    store.delete_schedule(&each.repository).await.unwrap();
    assert_eq!(waiting().await, []);
}

pub async fn a_schedule_is_set_started_once_and_removed(store: TheStore) {
    let (main, other) = (repository("main"), repository("other"));
    let missing = store.put_schedule(&schedule("main")).await;
    assert!(
        matches!(missing, Err(StoreError::NotFound("repository"))),
        "{missing:?}"
    );
    for repository in [&main, &other] {
        store.put_repository(repository, None, None).await.unwrap();
    }
    assert_eq!(store.schedule(&main.name).await.unwrap(), None);
    let made = store.put_schedule(&schedule("main")).await.unwrap();
    assert_eq!(made, schedule("main"));
    assert!(store.note_start(&main.name, None, at(5)).await.unwrap());
    assert!(
        !store.note_start(&main.name, None, at(6)).await.unwrap(),
        "somebody else was first"
    );
    let changed = VerifySchedule {
        every_seconds: 60,
        options: VerifyOptions {
            level: Level::Presence,
            ..VerifyOptions::default()
        },
        created_at: at(8),
        updated_at: at(9),
        ..schedule("main")
    };
    let kept = VerifySchedule {
        created_at: at(1),
        last_started: Some(at(5)),
        ..changed.clone()
    };
    assert_eq!(store.put_schedule(&changed).await.unwrap(), kept);
    store.put_schedule(&schedule("other")).await.unwrap();
    assert_eq!(store.schedules().await.unwrap(), [kept, schedule("other")]);
    assert!(
        store
            .note_start(&main.name, Some(at(5)), at(60_005))
            .await
            .unwrap()
    );
    let next = store.schedule(&main.name).await.unwrap().unwrap().due_at();
    assert_eq!(next, Some(at(120_005)));

    // A repository that is replaced keeps it, one that is forgotten takes it along.
    store.put_repository(&main, None, None).await.unwrap();
    assert!(store.schedule(&main.name).await.unwrap().is_some());
    store.delete_repository(&main.name, false).await.unwrap();
    assert!(store.schedule(&main.name).await.unwrap().is_none());
    store.delete_schedule(&other.name).await.unwrap();
    let gone = store.delete_schedule(&other.name).await;
    assert!(matches!(gone, Err(StoreError::NotFound("schedule"))));
}
