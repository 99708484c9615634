//! Users and their API keys.

use crate::make::*;
use tintype::model::{ApiKey, Operator, Role};
use tintype::store::{Conflict, StoreError};

fn user(name: &str) -> Operator {
    Operator {
        name: name.into(),
        password_hash: "$argon2id$x".into(),
        roles: vec![Role::EceDeploymentManager, Role::EcePlatformViewer],
        enabled: true,
    }
}

fn key(id: &str, user: &str, millis: i64) -> ApiKey {
    let (id, user, description) = (id.into(), user.into(), "for the nightly job".into());
    ApiKey {
        id,
        secret_hash: [9; 32],
        user,
        description,
        created_at: at(millis),
        elevated: true,
    }
}

pub async fn users_read_back_and_names_are_unique(store: TheStore) {
    assert_eq!(store.user_count().await.unwrap(), 0);
    store.create_user(&user("a"), at(0)).await.unwrap();
    let disabled = Operator {
        enabled: false,
        roles: vec![],
        ..user("b")
    };
    store.create_user(&disabled, at(0)).await.unwrap();
    assert_eq!(store.user("a").await.unwrap().unwrap(), user("a"));
    assert_eq!(store.user("b").await.unwrap().unwrap(), disabled);
    assert_eq!(store.user("A").await.unwrap(), None);
    assert_eq!(store.user_count().await.unwrap(), 2);
    let again = Operator {
        password_hash: "other".into(),
        ..user("a")
    };
    let error = store.create_user(&again, at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(Conflict::UserExists)));
    assert_eq!(store.user("a").await.unwrap().unwrap(), user("a"));
}

pub async fn a_password_is_replaced(store: TheStore) {
    store.create_user(&user("a"), at(0)).await.unwrap();
    store.set_password("a", "new").await.unwrap();
    assert_eq!(
        store.user("a").await.unwrap().unwrap(),
        Operator {
            password_hash: "new".into(),
            ..user("a")
        }
    );
    assert!(matches!(
        store.set_password("x", "new").await,
        Err(StoreError::NotFound("user"))
    ));
}

pub async fn keys_belong_to_their_user(store: TheStore) {
    store.create_user(&user("a"), at(0)).await.unwrap();
    store.create_user(&user("b"), at(0)).await.unwrap();
    store.create_api_key(&key("k", "a", 1)).await.unwrap();
    assert_eq!(store.api_key("k").await.unwrap().unwrap(), key("k", "a", 1));
    assert!(
        store.create_api_key(&key("k", "b", 2)).await.is_err(),
        "an id is used once"
    );
    assert!(matches!(
        store.create_api_key(&key("l", "x", 1)).await,
        Err(StoreError::NotFound("user"))
    ));
    assert!(!store.delete_api_key("b", "k").await.unwrap(), "not b's");
    assert!(store.delete_api_key("a", "k").await.unwrap());
    assert!(!store.delete_api_key("a", "k").await.unwrap());
    assert_eq!(store.api_key("k").await.unwrap(), None);
}

pub async fn keys_are_listed_oldest_first(store: TheStore) {
    store.create_user(&user("a"), at(0)).await.unwrap();
    store.create_user(&user("b"), at(0)).await.unwrap();
    for (id, user, at) in [("x", "a", 3), ("y", "a", 1), ("z", "b", 2)] {
        store.create_api_key(&key(id, user, at)).await.unwrap();
    }
    assert_eq!(
        store.api_keys("a").await.unwrap(),
        [key("y", "a", 1), key("x", "a", 3)]
    );
    assert!(store.api_keys("nobody").await.unwrap().is_empty());
}
