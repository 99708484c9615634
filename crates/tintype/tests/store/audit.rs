//! The audit log: a change's row and the change are there together, or neither is.

use crate::make::*;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::Path;
use tintype::model::audit::{AuditEntry, Origin, Refusal};
use tintype::model::{ApiKey, Factor, Operator, Reader, Role, Session, TotpSecret, UserChange};
use tintype::store::audit::{AuditFilter, about, asked, detail};
use tintype::store::{Idempotency, Started};

pub fn origin(request: &str) -> Origin {
    Origin {
        at: at(0),
        principal: Some("admin".into()),
        address: Some("192.0.2.1".into()),
        request: request.into(),
        method: "POST".into(),
        route: "/things/{id}".into(),
        target: "thing".into(),
    }
}

fn refusal(principal: Option<&str>, millis: i64) -> Refusal {
    let mut origin = origin("r");
    origin.principal = principal.map(str::to_owned);
    origin.at = at(millis);
    Refusal {
        origin,
        status: 401,
        code: "root.unauthenticated".into(),
        times: 3,
    }
}

/// All rows, oldest first.
async fn all(store: &TheStore) -> Vec<AuditEntry> {
    let filter = AuditFilter {
        limit: 1000,
        ..AuditFilter::default()
    };
    let mut found = store.audit(&filter).await.unwrap();
    found.reverse();
    found
}

async fn actions(store: &TheStore) -> Vec<String> {
    all(store).await.into_iter().map(|entry| entry.action).collect()
}

fn user(name: &str) -> Operator {
    Operator::new(name, "$argon2id$x".into(), vec![Role::EcePlatformAdmin], at(0))
}

fn key(user: &str) -> ApiKey {
    ApiKey {
        id: format!("key-of-{user}"),
        secret_hash: [1; 32],
        user: user.into(),
        description: "d".into(),
        created_at: at(0),
        elevated: true,
    }
}

/// Every change that the store can make, each once, in an order that works. A new one has its line here.
async fn every_change(store: &TheStore) {
    let reader = Reader {
        url: "file:///backups".into(),
        endpoint: None,
        region: None,
        username: None,
        password: None,
    };
    let main = repository("main").name;
    store
        .put_repository(&repository("main"), None, None)
        .await
        .unwrap();
    store.set_default_repository(Some(&main)).await.unwrap();
    store.put_reader(&main, Some(&reader)).await.unwrap();
    every_change_of_verifications(store).await;
    store.attach_cluster(&cluster("a"), &secrets("a")).await.unwrap();
    store.update_cluster(&cluster("a"), None).await.unwrap();
    store.start_operation(&operation("1", "a")).await.unwrap();
    store.request_cancel("1", at(1)).await.unwrap();
    store.attach_cluster(&cluster("b"), &secrets("b")).await.unwrap();
    store.detach_cluster(&id("b")).await.unwrap();
    store.delete_repository(&main, true).await.unwrap();
    every_change_of_users(store).await;
    every_change_of_webhooks(store).await;
}

async fn every_change_of_users(store: &TheStore) {
    store.create_user(&user("eve")).await.unwrap();
    store
        .change_user("eve", &password("$argon2id$y"), None, at(1))
        .await
        .unwrap();
    store.create_api_key(&key("eve")).await.unwrap();
    let named = [("eve".to_owned(), "key-of-eve".to_owned())];
    store.delete_api_keys(&named).await.unwrap();
    store.create_api_key(&key("eve")).await.unwrap();
    store.delete_api_keys_of("eve").await.unwrap();
    let device = TotpSecret {
        id: "device".into(),
        secret: "JBSWY3DPEHPK3PXP".into(),
        confirmed: false,
    };
    store.enrol_totp("eve", &device, at(1)).await.unwrap();
    store
        .confirm_totp("eve", "device", 1, &[[3; 32]], at(1))
        .await
        .unwrap();
    let session = Session {
        id: "s".into(),
        secret_hash: [2; 32],
        user: "eve".into(),
        created_at: at(1),
        expires_at: at(1000),
        elevated_until: None,
    };
    store.begin_session(&session).await.unwrap();
    let factor = Factor::Step {
        device: "device".into(),
        step: 2,
    };
    assert!(
        store
            .elevate_session("s", &factor, at(9), &[4; 32])
            .await
            .unwrap()
    );
    store.lower_session("s", &[5; 32]).await.unwrap();
    assert!(store.end_session("s").await.unwrap());
    assert!(store.remove_totp("eve", None).await.unwrap());
    // Somebody must stay.
    store.create_user(&user("adam")).await.unwrap();
    store.delete_user("eve").await.unwrap();
}

async fn every_change_of_webhooks(store: &TheStore) {
    store.set_max_age(&id("a"), Some(60)).await.unwrap();
    let webhook = crate::webhooks::webhook("w");
    crate::webhooks::make(store, &webhook).await;
    store.start_test_delivery("w", "admin", at(1)).await.unwrap();
    store.update_webhook(&webhook, None).await.unwrap();
    store.delete_webhook("w").await.unwrap();
}

async fn every_change_of_verifications(store: &TheStore) {
    let main = repository("main").name;
    store
        .put_schedule(&crate::verifications::schedule("main"))
        .await
        .unwrap();
    store.delete_schedule(&main).await.unwrap();
    let (key, seed) = crate::attest::key("k1", 1);
    store.create_attest_key(&key, &seed).await.unwrap();
    let (key, seed) = crate::attest::key("k2", 2);
    store.rotate_attest_key(&key, &seed, at(2)).await.unwrap();
}

fn password(hash: &str) -> UserChange {
    UserChange {
        password_hash: Some(hash.into()),
        ..UserChange::default()
    }
}

pub async fn a_change_that_no_request_asks_for_leaves_no_row(store: TheStore) {
    every_change(&store).await;
    assert_eq!(actions(&store).await, [""; 0]);
}

/// As the code has them: what follows `.write(` in the backend's own files.
fn named_writes() -> BTreeSet<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite");
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(dir).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for call in text.split(".write(").skip(1) {
            if let Some(name) = call.trim_start().strip_prefix('"') {
                names.insert(name.split('"').next().unwrap().to_owned());
            }
        }
    }
    names
}

pub async fn every_change_that_a_request_asks_for_leaves_its_row(store: TheStore) {
    asked(origin("r1"), every_change(&store)).await;
    let found: BTreeSet<_> = actions(&store).await.into_iter().collect();
    assert_eq!(
        found,
        named_writes(),
        "a change without its row, or one that is not in `every_change`"
    );
    let rows = all(&store).await;
    let row = |action: &str| rows.iter().find(|row| row.action == action).unwrap();
    let attached = row("attach_cluster");
    assert_eq!(
        attached.origin,
        Origin {
            target: "a".into(),
            ..origin("r1")
        }
    );
    assert_eq!((attached.status, attached.times), (None, 1));
    assert_eq!(row("start_operation").detail, "take_snapshot 1");
    assert_eq!(row("create_api_key").origin.target, "eve/key-of-eve");
    assert!(rows.is_sorted_by_key(|row| row.sequence));
    let secret = format!("{rows:?}");
    assert!(
        !secret.contains("a-password") && !secret.contains("argon2"),
        "{secret}"
    );
}

pub async fn what_fails_or_changes_nothing_leaves_no_row(store: TheStore) {
    attach(&store, "a").await;
    let idempotency = Some(Idempotency {
        scope: "s".into(),
        key: "k".into(),
        body_mac: [1; 32],
        expires_at: at(1000),
    });
    let new = tintype::store::NewOperation {
        idempotency,
        ..operation("1", "a")
    };
    start(&store, new.clone()).await;
    let nothing = async {
        assert!(store.attach_cluster(&cluster("a"), &secrets("a")).await.is_err());
        assert!(store.detach_cluster(&id("a")).await.is_err());
        assert!(store.detach_cluster(&id("none")).await.is_err());
        let change = password("x");
        assert!(store.change_user("nobody", &change, None, at(1)).await.is_err());
        let nobodys = [("nobody".to_owned(), "x".to_owned())];
        assert_eq!(store.delete_api_keys(&nobodys).await.unwrap(), 0);
        let again = tintype::store::NewOperation {
            id: "2".into(),
            ..new
        };
        let replayed = store.start_operation(&again).await.unwrap();
        assert!(matches!(replayed, Started::Replayed(_)));
    };
    asked(origin("r"), nothing).await;
    assert_eq!(actions(&store).await, [""; 0]);
}

pub async fn what_is_said_belongs_to_the_next_change_of_its_request(store: TheStore) {
    detail("said by nobody");
    let request = async {
        detail("one");
        detail("two");
        attach(&store, "a").await;
        about("another");
        store
            .put_repository(&repository("main"), None, None)
            .await
            .unwrap();
    };
    asked(origin("r"), request).await;
    let rows = all(&store).await;
    let said: Vec<_> = rows
        .iter()
        .map(|row| (row.origin.target.as_str(), row.detail.as_str()))
        .collect();
    assert_eq!(said, [("a", "one; two"), ("another", "")]);
}

pub async fn refusals_are_appended_and_rows_are_found_by_what_they_say(store: TheStore) {
    asked(origin("r1"), attach(&store, "a")).await;
    store
        .record_refusals(&[refusal(Some("eve"), 5), refusal(None, 6)])
        .await
        .unwrap();
    asked(origin("r2"), attach(&store, "b")).await;
    let find = async |change: fn(&mut AuditFilter)| {
        let mut filter = AuditFilter {
            limit: 10,
            ..AuditFilter::default()
        };
        change(&mut filter);
        let found = store.audit(&filter).await.unwrap();
        found.into_iter().map(|row| row.sequence).collect::<Vec<_>>()
    };
    assert_eq!(find(|_| {}).await, [4, 3, 2, 1]);
    assert_eq!(find(|filter| filter.limit = 2).await, [4, 3]);
    assert_eq!(find(|filter| filter.before = Some(3)).await, [2, 1]);
    assert_eq!(find(|filter| filter.refused = Some(true)).await, [3, 2]);
    assert_eq!(find(|filter| filter.refused = Some(false)).await, [4, 1]);
    assert_eq!(find(|filter| filter.principal = Some("eve".into())).await, [2]);
    assert_eq!(
        find(|filter| filter.action = Some("refused".into())).await,
        [3, 2]
    );
    assert_eq!(find(|filter| filter.target = Some("b".into())).await, [4]);
    assert_eq!(find(|filter| filter.since = Some(at(6))).await, [3]);
    let rows = all(&store).await;
    assert_eq!((rows[1].status, rows[1].times), (Some(401), 3));
    assert_eq!(rows[1].code.as_deref(), Some("root.unauthenticated"));
    assert_eq!(rows[2].origin, refusal(None, 6).origin);
}

pub async fn old_rows_are_forgotten_and_those_of_strangers_earlier(store: TheStore) {
    asked(origin("r"), attach(&store, "a")).await;
    let refusals = [0, 10, 20].map(|millis| refusal(None, millis));
    store.record_refusals(&refusals).await.unwrap();
    store.record_refusals(&[refusal(Some("eve"), 0)]).await.unwrap();
    assert_eq!(store.prune_audit(at(0), at(15), 1).await.unwrap(), 1);
    assert_eq!(store.prune_audit(at(0), at(15), 9).await.unwrap(), 1);
    let left: Vec<_> = all(&store).await.iter().map(|row| row.sequence).collect();
    assert_eq!(left, [1, 4, 5]);
    assert_eq!(store.prune_audit(at(1), at(15), 9).await.unwrap(), 2);
    // Numbers are never used again.
    store.record_refusals(&[refusal(None, 0)]).await.unwrap();
    let left: Vec<_> = all(&store).await.iter().map(|row| row.sequence).collect();
    assert_eq!(left, [4, 6]);
}

pub async fn young_rows_stay_whatever_is_asked(store: TheStore) {
    let mut young = refusal(None, 0);
    young.origin.at = Timestamp::now();
    store.record_refusals(&[young]).await.unwrap();
    let far = Timestamp::now() + jiff::SignedDuration::from_hours(1);
    assert!(store.prune_audit(far, far, 9).await.is_err());
    assert_eq!(all(&store).await.len(), 1);
}
