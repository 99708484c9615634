//! Sessions and second factors.

use crate::make::*;
use secrecy::ExposeSecret;
use tintype::model::{Factor, Operator, Session, TotpSecret, UserChange};
use tintype::store::{Conflict, StoreError};

async fn user(store: &TheStore, name: &str) {
    let user = Operator::new(name, "$argon2id$x".into(), vec![], at(0));
    store.create_user(&user).await.unwrap();
}

fn session(id: &str, user: &str, from: i64) -> Session {
    Session {
        id: id.into(),
        secret_hash: [1; 32],
        user: user.into(),
        created_at: at(from),
        expires_at: at(from + 1000),
        elevated_until: None,
    }
}

fn device(id: &str) -> TotpSecret {
    TotpSecret {
        id: id.into(),
        secret: "JBSWY3DPEHPK3PXP".into(),
        confirmed: false,
    }
}

fn step(step: i64) -> Factor {
    Factor::Step {
        device: "d".into(),
        step,
    }
}

/// A user with a session `s` and a confirmed device `d`, whose code of step 10 and no recovery code but `[1]` and `[2]`
/// are used.
async fn enrolled(store: &TheStore, name: &str) {
    user(store, name).await;
    let own = format!("s-{name}");
    store.begin_session(&session(&own, name, 0)).await.unwrap();
    store.enrol_totp(name, &device("d"), at(1)).await.unwrap();
    store
        .confirm_totp(name, "d", 10, &[[1; 32], [2; 32]], at(2))
        .await
        .unwrap();
}

async fn elevate(store: &TheStore, session: &str, factor: &Factor) -> bool {
    store
        .elevate_session(session, factor, at(500), &[7; 32])
        .await
        .unwrap()
}

pub async fn a_session_reads_back_until_it_is_ended(store: TheStore) {
    user(&store, "a").await;
    let one = Session {
        elevated_until: Some(at(5)),
        ..session("s", "a", 1)
    };
    store.begin_session(&one).await.unwrap();
    assert_eq!(store.session("s").await.unwrap().unwrap(), one);
    assert!(store.end_session("s").await.unwrap());
    assert!(!store.end_session("s").await.unwrap());
    assert_eq!(store.session("s").await.unwrap(), None);
    let nobody = store.begin_session(&session("t", "nobody", 0)).await;
    assert!(matches!(nobody, Err(StoreError::NotFound("user"))));
}

pub async fn sessions_that_are_over_are_forgotten_by_the_next_sign_in(store: TheStore) {
    user(&store, "a").await;
    user(&store, "b").await;
    store.begin_session(&session("over", "b", 0)).await.unwrap();
    store.begin_session(&session("on", "b", 1)).await.unwrap();
    store.begin_session(&session("new", "a", 1000)).await.unwrap();
    assert_eq!(store.session("over").await.unwrap(), None);
    assert!(store.session("on").await.unwrap().is_some());
}

pub async fn a_user_has_a_thousand_sessions_at_most(store: TheStore) {
    user(&store, "a").await;
    user(&store, "b").await;
    store.begin_session(&session("b", "b", 0)).await.unwrap();
    for n in 0..=1000 {
        let id = format!("{n:04}");
        store.begin_session(&session(&id, "a", n / 10)).await.unwrap();
    }
    assert_eq!(store.session("0000").await.unwrap(), None, "the oldest");
    for kept in ["0001", "1000", "b"] {
        assert!(store.session(kept).await.unwrap().is_some(), "{kept}");
    }
}

pub async fn another_password_ends_every_session_of_its_user(store: TheStore) {
    for name in ["a", "b"] {
        user(&store, name).await;
        for n in 0..3 {
            let id = format!("{name}{n}");
            store.begin_session(&session(&id, name, n)).await.unwrap();
        }
    }
    let change = UserChange {
        password_hash: Some("$argon2id$y".into()),
        ..UserChange::default()
    };
    store.change_user("a", &change, None, at(9)).await.unwrap();
    for n in 0..3 {
        assert_eq!(store.session(&format!("a{n}")).await.unwrap(), None);
        assert!(store.session(&format!("b{n}")).await.unwrap().is_some());
    }
}

pub async fn a_device_counts_once_it_is_confirmed(store: TheStore) {
    user(&store, "a").await;
    assert_eq!(store.totp_device("a").await.unwrap(), None);
    store.enrol_totp("a", &device("first"), at(1)).await.unwrap();
    store.enrol_totp("a", &device("d"), at(2)).await.unwrap();
    let found = store.totp_secret("a").await.unwrap().unwrap();
    assert_eq!(
        (found.id.as_str(), found.secret.expose_secret(), found.confirmed),
        ("d", "JBSWY3DPEHPK3PXP", false)
    );
    store.begin_session(&session("s", "a", 0)).await.unwrap();
    assert!(!elevate(&store, "s", &step(10)).await, "not confirmed yet");
    let replaced = store.confirm_totp("a", "first", 10, &[], at(3)).await;
    assert!(matches!(replaced, Err(StoreError::NotFound(_))));
    store
        .confirm_totp("a", "d", 10, &[[1; 32], [2; 32]], at(3))
        .await
        .unwrap();
    let found = store.totp_device("a").await.unwrap().unwrap();
    assert_eq!(
        (found.created_at, found.confirmed_at, found.recovery_codes),
        (at(2), Some(at(3)), 2)
    );
    assert!(store.totp_secret("a").await.unwrap().unwrap().confirmed);
    let again = store.confirm_totp("a", "d", 11, &[], at(4)).await;
    assert!(matches!(again, Err(StoreError::NotFound(_))));
    let other = store.enrol_totp("a", &device("other"), at(4)).await;
    assert!(matches!(other, Err(StoreError::Conflict(Conflict::TotpEnrolled))));
    let nobody = store.enrol_totp("nobody", &device("x"), at(4)).await;
    assert!(matches!(nobody, Err(StoreError::NotFound("user"))));
}

pub async fn a_code_elevates_once_and_gives_the_session_another_secret(store: TheStore) {
    enrolled(&store, "a").await;
    assert!(
        !elevate(&store, "s-a", &step(10)).await,
        "it confirmed the device"
    );
    assert!(!elevate(&store, "s-a", &step(9)).await, "older");
    assert_eq!(
        store.session("s-a").await.unwrap().unwrap(),
        session("s-a", "a", 0)
    );
    assert!(elevate(&store, "s-a", &step(11)).await);
    let elevated = Session {
        elevated_until: Some(at(500)),
        secret_hash: [7; 32],
        ..session("s-a", "a", 0)
    };
    assert_eq!(store.session("s-a").await.unwrap().unwrap(), elevated);
    assert!(!elevate(&store, "s-a", &step(11)).await, "used");
    store.lower_session("s-a", &[8; 32]).await.unwrap();
    let lowered = Session {
        elevated_until: None,
        secret_hash: [8; 32],
        ..elevated
    };
    assert_eq!(store.session("s-a").await.unwrap().unwrap(), lowered);
    let gone = store.lower_session("gone", &[8; 32]).await;
    assert!(matches!(gone, Err(StoreError::NotFound("session"))));
}

pub async fn sixteen_elevations_with_one_code_have_one_winner(store: TheStore) {
    enrolled(&store, "a").await;
    for n in 0..16 {
        store
            .begin_session(&session(&format!("s{n}"), "a", n))
            .await
            .unwrap();
    }
    for factor in [step(11), Factor::Recovery([1; 32])] {
        let tries = (0..16).map(|n| {
            let (store, factor) = (store.clone(), factor.clone());
            tokio::spawn(async move { elevate(&store, &format!("s{n}"), &factor).await })
        });
        let mut won = 0;
        for tried in tries.collect::<Vec<_>>() {
            won += usize::from(tried.await.unwrap());
        }
        assert_eq!(won, 1, "{factor:?}");
    }
}

pub async fn a_factor_is_its_user_s_and_is_not_used_up_for_nothing(store: TheStore) {
    enrolled(&store, "a").await;
    enrolled(&store, "b").await;
    assert!(!elevate(&store, "s-a", &Factor::Recovery([3; 32])).await);
    assert!(elevate(&store, "s-a", &Factor::Recovery([1; 32])).await);
    assert!(!elevate(&store, "s-a", &Factor::Recovery([1; 32])).await, "used");
    assert!(
        elevate(&store, "s-b", &Factor::Recovery([1; 32])).await,
        "b's own"
    );
    let other = Factor::Step {
        device: "an earlier one".into(),
        step: 50,
    };
    assert!(!elevate(&store, "s-a", &other).await);
    for factor in [step(12), Factor::Recovery([2; 32])] {
        let gone = store.elevate_session("gone", &factor, at(500), &[7; 32]).await;
        assert!(matches!(gone, Err(StoreError::NotFound("session"))));
        assert!(elevate(&store, "s-a", &factor).await);
    }
    assert_eq!(store.totp_device("a").await.unwrap().unwrap().recovery_codes, 0);
}

pub async fn a_removed_device_takes_codes_and_elevations_with_it(store: TheStore) {
    enrolled(&store, "a").await;
    assert!(elevate(&store, "s-a", &step(11)).await);
    for wrong in [step(11), Factor::Recovery([9; 32])] {
        assert!(!store.remove_totp("a", Some(&wrong)).await.unwrap());
    }
    assert!(store.totp_device("a").await.unwrap().is_some());
    assert!(store.remove_totp("a", Some(&step(12))).await.unwrap());
    assert_eq!(store.totp_device("a").await.unwrap(), None);
    assert_eq!(store.session("s-a").await.unwrap().unwrap().elevated_until, None);
    assert!(!elevate(&store, "s-a", &Factor::Recovery([2; 32])).await);
    assert!(!store.remove_totp("a", None).await.unwrap());
    store.enrol_totp("a", &device("d"), at(9)).await.unwrap();
    assert!(store.remove_totp("a", None).await.unwrap());
}
