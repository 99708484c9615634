//! Keys for attestations, and attestations.

use crate::make::*;
use secrecy::{ExposeSecret, SecretString};
use tintype::model::{AttestKey, Attestation};
use tintype::store::{Conflict, StoreError};

pub fn key(id: &str, byte: u8) -> (AttestKey, SecretString) {
    let key = AttestKey {
        id: id.into(),
        public: format!("ed25519:{byte}"),
        created_at: at(byte.into()),
        retired_at: None,
    };
    (key, format!("the private half of {id}").into())
}

pub async fn one_key_is_in_use_and_the_others_stay(store: TheStore) {
    assert!(store.attest_secret().await.unwrap().is_none());
    let ((first, seed), (second, other)) = (key("a", 1), key("b", 2));
    let none = store.rotate_attest_key(&first, &seed, at(1)).await;
    assert!(matches!(none, Err(StoreError::NotFound(_))), "{none:?}");
    store.create_attest_key(&first, &seed).await.unwrap();
    let taken = store.create_attest_key(&second, &other).await.unwrap_err();
    assert!(matches!(taken, StoreError::Conflict(Conflict::AttestKeyInUse)));
    let in_use = async || {
        let (key, secret) = store.attest_secret().await.unwrap().unwrap();
        (key, secret.expose_secret().to_owned())
    };
    assert_eq!(in_use().await, (first.clone(), "the private half of a".into()));

    store.rotate_attest_key(&second, &other, at(9)).await.unwrap();
    let retired = AttestKey {
        retired_at: Some(at(9)),
        ..first
    };
    assert_eq!(store.attest_keys().await.unwrap(), [second.clone(), retired]);
    assert_eq!(in_use().await, (second, "the private half of b".into()));
}

pub async fn an_attestation_is_found_by_name_and_outlives_its_cluster(store: TheStore) {
    attach(&store, "a").await;
    let (signer, seed) = key("k", 1);
    store.create_attest_key(&signer, &seed).await.unwrap();
    let attestation = |snapshot: &str, millis| Attestation {
        snapshot: snapshot.into(),
        name: "nightly".into(),
        operation: "1".into(),
        key: "k".into(),
        at: at(millis),
        document: format!("{{\"of\":\"{snapshot}\"}}"),
    };
    for (snapshot, millis) in [("u1", 1), ("u2", 5), ("u1", 3)] {
        store
            .put_attestation(&id("a"), "fs:/a", &attestation(snapshot, millis))
            .await
            .unwrap();
    }
    store.detach_cluster(&id("a")).await.unwrap();
    let found = store.attestation(&id("a"), "fs:/a", "nightly").await.unwrap();
    assert_eq!(found, Some(attestation("u2", 5)), "the newest of that name");
    assert_eq!(
        store.attestation(&id("a"), "fs:/b", "nightly").await.unwrap(),
        None
    );
    let times = store
        .attested(&id("a"), "fs:/a", &["u1", "u2", "u3"])
        .await
        .unwrap();
    assert_eq!(
        (times.len(), times["u1"], times["u2"]),
        (2, at(1), at(5)),
        "the first stays"
    );
}
