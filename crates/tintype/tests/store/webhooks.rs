//! Webhooks, their deliveries, and that these take no place from anybody.

use crate::make::*;
use secrecy::{ExposeSecret, SecretString};
use tintype::model::webhook::{DeliveryParameters, Webhook};
use tintype::model::{Failure, FailureKind, OperationKind, Status, WebhookEvent};
use tintype::store::webhooks::{DELIVERIES, DELIVERIES_PER_WEBHOOK};
use tintype::store::{Conflict, OperationFilter, Step, StoreError};

pub fn webhook(name: &str) -> Webhook {
    Webhook {
        id: name.into(),
        url: format!("https://{name}.example/hook"),
        events: Vec::new(),
        clusters: Vec::new(),
        enabled: true,
        disabled_because: None,
        created_at: at(1),
        updated_at: at(2),
        version: 1,
    }
}

pub async fn make(store: &TheStore, webhook: &Webhook) {
    let secret = SecretString::from(format!("secret of {}", webhook.id));
    assert_eq!(store.create_webhook(webhook, &secret).await.unwrap(), *webhook);
}

/// The deliveries, oldest first.
pub async fn deliveries(store: &TheStore) -> Vec<DeliveryParameters> {
    let filter = OperationFilter {
        kinds: vec![OperationKind::DeliverWebhook],
        limit: 1000,
        ..OperationFilter::default()
    };
    let mut found = store.operations(&filter).await.unwrap();
    found.reverse();
    let parameters = found.into_iter().map(|one| one.parameters);
    parameters
        .map(|one| serde_json::from_value(one).unwrap())
        .collect()
}

pub async fn webhooks_read_back_and_secrets_apart(store: TheStore) {
    let chosen = Webhook {
        events: vec![WebhookEvent::ClusterLate, WebhookEvent::OperationFailed],
        clusters: vec![id("a")],
        enabled: false,
        disabled_because: Some("gone".into()),
        ..webhook("1")
    };
    make(&store, &chosen).await;
    make(&store, &webhook("2")).await;
    assert_eq!(store.webhook("1").await.unwrap(), Some(chosen.clone()));
    assert_eq!(store.webhooks().await.unwrap(), [chosen, webhook("2")]);
    let secret = store.webhook_secret("2").await.unwrap();
    assert_eq!(secret.expose_secret(), "secret of 2");

    let changed = Webhook {
        url: "http://other/".into(),
        ..webhook("2")
    };
    let now = store.update_webhook(&changed, None).await.unwrap();
    assert_eq!((now.version, now.url.as_str()), (2, "http://other/"));
    assert_eq!(
        store.webhook_secret("2").await.unwrap().expose_secret(),
        "secret of 2"
    );
    let stale = store
        .update_webhook(&changed, Some(&"new".into()))
        .await
        .unwrap_err();
    assert!(matches!(
        stale,
        StoreError::Conflict(Conflict::Version {
            expected: 1,
            found: 2
        })
    ));
    store.update_webhook(&now, Some(&"new".into())).await.unwrap();
    assert_eq!(store.webhook_secret("2").await.unwrap().expose_secret(), "new");

    store.disable_webhook("2", "410", at(9)).await.unwrap();
    let disabled = store.webhook("2").await.unwrap().unwrap();
    assert_eq!(
        (disabled.enabled, disabled.disabled_because.as_deref()),
        (false, Some("410"))
    );
    store.delete_webhook("2").await.unwrap();
    store.disable_webhook("2", "410", at(9)).await.unwrap();
    assert_eq!(store.webhook("2").await.unwrap(), None);
    let missing = [
        store.delete_webhook("2").await,
        store.webhook_secret("2").await.map(drop),
        store.update_webhook(&webhook("2"), None).await.map(drop),
        store.start_test_delivery("2", "admin", at(9)).await.map(drop),
    ];
    for result in missing {
        assert!(
            matches!(result, Err(StoreError::NotFound("webhook"))),
            "{result:?}"
        );
    }
}

pub async fn a_failure_is_told_to_those_who_want_to_hear_of_it(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    make(&store, &webhook("all")).await;
    let others = [
        Webhook {
            clusters: vec![id("b")],
            ..webhook("of-b")
        },
        Webhook {
            events: vec![WebhookEvent::ClusterLate],
            ..webhook("of-late")
        },
        Webhook {
            enabled: false,
            ..webhook("off")
        },
    ];
    for other in &others {
        make(&store, other).await;
    }
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    let failed = Step {
        failure: Some(Failure::new(FailureKind::Vanished, "it is gone")),
        ..ends(Status::Failed)
    };
    assert!(commit(&store, &leased, 1, failed.clone()).await);
    assert!(!commit(&store, &leased, 2, failed.clone()).await, "it has ended");
    let told = deliveries(&store).await;
    let [one] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(
        (one.webhook_id.as_str(), one.event),
        ("all", WebhookEvent::OperationFailed)
    );
    let payload = &one.payload;
    assert_eq!(payload["type"], "operation.failed");
    assert_eq!(payload["data"]["cluster"]["name"], "a-name");
    assert_eq!(payload["data"]["operation"]["id"], "1");
    assert_eq!(payload["data"]["failure"]["message"], "it is gone");

    // A delivery that fails is told to nobody.
    let delivery = lease_one(&store, "me", 3000).await;
    commit(&store, &delivery, 3001, failed).await;
    assert_eq!(deliveries(&store).await.len(), 1);
}

pub async fn damage_that_a_verification_finds_is_told(store: TheStore) {
    attach(&store, "a").await;
    make(&store, &webhook("all")).await;
    for (name, state) in [("1", "restorable"), ("2", "in_part"), ("3", "unknown")] {
        let new = tintype::store::NewOperation {
            kind: OperationKind::VerifyRepository,
            ..operation(name, "a")
        };
        start(&store, new).await;
        let leased = lease_one(&store, "me", 0).await;
        let found = Step {
            outcome: Some(serde_json::json!({"state": state, "notes": ["a blob is gone"], "bytes": 1})),
            ..ends(Status::Succeeded)
        };
        assert!(commit(&store, &leased, 1, found).await);
    }
    let told = deliveries(&store).await;
    let [one] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(one.event, WebhookEvent::VerificationDamage);
    let verification = &one.payload["data"]["verification"];
    assert_eq!(
        (&verification["state"], &verification["notes"][0]),
        (&"in_part".into(), &"a blob is gone".into())
    );
}

pub async fn deliveries_take_no_place_and_stand_in_nobody_s_way(store: TheStore) {
    attach(&store, "a").await;
    let hooks = ["w1", "w2", "w3", "w4", "w5"];
    for name in hooks {
        make(&store, &webhook(name)).await;
        for _ in 0..6 {
            store.start_test_delivery(name, "admin", at(0)).await.unwrap();
        }
    }
    start_all(&store, "a", &["1", "2"]).await;
    assert_eq!(store.queue_positions(&["2"]).await.unwrap()["2"], 1);
    let leased = store.lease("me", &limits(1, 1), at(1), at(1000)).await.unwrap();
    let (given, rest): (Vec<_>, Vec<_>) = leased
        .into_iter()
        .partition(|one| one.operation.kind == OperationKind::DeliverWebhook);
    assert_eq!(ids(&rest), ["1"], "the one place is for what works on clusters");
    assert_eq!(given.len() as u64, DELIVERIES);
    for name in hooks {
        let of_one = given
            .iter()
            .filter(|one| one.operation.parameters["webhook_id"] == name)
            .count();
        assert!(of_one as u64 <= DELIVERIES_PER_WEBHOOK, "{name}: {of_one}");
    }
    let more = store.lease("me", &limits(9, 9), at(2), at(1000)).await.unwrap();
    assert_eq!(ids(&more), ["2"], "every place of the deliveries is taken");
    for leased in rest.iter().chain(&more) {
        commit(&store, leased, 3, ends(Status::Succeeded)).await;
    }
    // A failure's delivery is about the cluster, and it may go all the same.
    start_all(&store, "a", &["3"]).await;
    let leased = store.lease("me", &limits(9, 9), at(4), at(1000)).await.unwrap();
    let failed = Step {
        failure: Some(Failure::new(FailureKind::Vanished, "gone")),
        ..ends(Status::Failed)
    };
    commit(&store, &leased[0], 5, failed).await;
    let about_a = deliveries(&store).await;
    assert!(
        about_a
            .iter()
            .any(|one| one.payload["data"]["cluster"]["id"] == "a")
    );
    store.detach_cluster(&id("a")).await.unwrap();
}
