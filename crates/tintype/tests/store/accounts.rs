//! Users and their API keys.

use crate::make::*;
use tintype::model::{ApiKey, Operator, Role, UserChange};
use tintype::store::{Conflict, StoreError};

fn user(name: &str) -> Operator {
    let roles = vec![Role::EceDeploymentManager, Role::EcePlatformViewer];
    Operator::new(name, "$argon2id$x".into(), roles, at(0))
}

fn admin(name: &str) -> Operator {
    Operator {
        roles: vec![Role::EcePlatformAdmin],
        ..user(name)
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

fn disables() -> UserChange {
    UserChange {
        enabled: Some(false),
        ..UserChange::default()
    }
}

fn roles(roles: &[Role]) -> UserChange {
    UserChange {
        roles: Some(roles.to_vec()),
        ..UserChange::default()
    }
}

async fn make(store: &TheStore, users: &[Operator]) {
    for user in users {
        store.create_user(user).await.unwrap();
    }
}

async fn names(store: &TheStore) -> Vec<String> {
    let users = store.users().await.unwrap();
    users.into_iter().map(|user| user.name).collect()
}

pub async fn users_read_back_whole_and_by_name(store: TheStore) {
    assert_eq!(store.user_count().await.unwrap(), 0);
    let whole = Operator {
        full_name: Some("Jane Doe".into()),
        email: Some("jane@example.org".into()),
        builtin: true,
        created_by: Some("admin".into()),
        updated_by: Some("eve".into()),
        updated_at: at(3),
        ..user("b")
    };
    let disabled = Operator {
        enabled: false,
        roles: vec![],
        ..user("a")
    };
    make(&store, &[whole.clone(), disabled.clone()]).await;
    assert_eq!(store.user("b").await.unwrap().unwrap(), whole);
    assert_eq!(store.users().await.unwrap(), [disabled, whole]);
    assert_eq!(store.user_count().await.unwrap(), 2);
    assert_eq!(store.user("B").await.unwrap(), None, "the exact name");
}

pub async fn names_are_unique_without_regard_to_case(store: TheStore) {
    make(&store, &[user("jane")]).await;
    for name in ["jane", "Jane"] {
        let again = Operator {
            password_hash: "other".into(),
            ..user(name)
        };
        let error = store.create_user(&again).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Conflict(Conflict::UserExists)),
            "{error}"
        );
    }
    assert_eq!(store.users().await.unwrap(), [user("jane")]);
}

pub async fn a_change_keeps_what_it_does_not_name(store: TheStore) {
    make(&store, &[user("a"), user("b")]).await;
    let change = UserChange {
        full_name: Some(Some("A".into())),
        email: Some(Some("a@example.org".into())),
        ..UserChange::default()
    };
    store
        .change_user("a", &change, Some("admin"), at(5))
        .await
        .unwrap();
    let change = UserChange {
        full_name: Some(None),
        password_hash: Some("new".into()),
        roles: Some(vec![Role::EcePlatformAdmin]),
        enabled: Some(false),
        ..UserChange::default()
    };
    let changed = store.change_user("a", &change, Some("b"), at(6)).await.unwrap();
    let wanted = Operator {
        email: Some("a@example.org".into()),
        password_hash: "new".into(),
        roles: vec![Role::EcePlatformAdmin],
        enabled: false,
        updated_by: Some("b".into()),
        updated_at: at(6),
        ..user("a")
    };
    assert_eq!(changed, wanted);
    let same = store.change_user("a", &change, Some("c"), at(7)).await.unwrap();
    assert_eq!(same, wanted, "what changes nothing is no change");
    assert_eq!(store.users().await.unwrap(), [wanted, user("b")]);
}

pub async fn concurrent_changes_of_different_members_both_stay(store: TheStore) {
    make(&store, &[user("a")]).await;
    let name = UserChange {
        full_name: Some(Some("A".into())),
        ..UserChange::default()
    };
    let (one, other) = tokio::join!(store.change_user("a", &name, None, at(1)), async {
        store.change_user("a", &disables(), None, at(1)).await
    });
    one.unwrap();
    other.unwrap();
    let user = store.user("a").await.unwrap().unwrap();
    assert_eq!((user.full_name.as_deref(), user.enabled), (Some("A"), false));
}

pub async fn a_built_in_user_changes_its_password_alone(store: TheStore) {
    let built_in = Operator {
        builtin: true,
        ..user("a")
    };
    make(&store, &[built_in.clone(), admin("b")]).await;
    let fixed = |outcome: Result<(), StoreError>| {
        assert!(
            matches!(outcome, Err(StoreError::Conflict(Conflict::BuiltInUser))),
            "{outcome:?}"
        );
    };
    let named = UserChange {
        full_name: Some(Some("A".into())),
        password_hash: Some("new".into()),
        ..UserChange::default()
    };
    for change in [disables(), roles(&[]), named] {
        fixed(store.change_user("a", &change, None, at(1)).await.map(drop));
    }
    fixed(store.delete_user("a").await);
    assert_eq!(store.user("a").await.unwrap().unwrap(), built_in);
    let change = UserChange {
        password_hash: Some("new".into()),
        roles: Some(built_in.roles.clone()),
        ..UserChange::default()
    };
    let changed = store.change_user("a", &change, Some("a"), at(1)).await.unwrap();
    assert_eq!(changed.password_hash, "new");
}

pub async fn the_last_admin_stays(store: TheStore) {
    let disabled = Operator {
        enabled: false,
        ..admin("b")
    };
    make(&store, &[admin("a"), disabled, user("c")]).await;
    let kept = |outcome: Result<(), StoreError>| {
        assert!(
            matches!(outcome, Err(StoreError::Conflict(Conflict::LastAdmin))),
            "{outcome:?}"
        );
    };
    for change in [disables(), roles(&[Role::EcePlatformViewer])] {
        kept(store.change_user("a", &change, None, at(1)).await.map(drop));
    }
    kept(store.delete_user("a").await);
    assert_eq!(
        store.user("a").await.unwrap().unwrap(),
        admin("a"),
        "a refusal changes nothing"
    );
    // Those who are none may go, and with another one this one may.
    store.delete_user("b").await.unwrap();
    let promoted = roles(&[Role::EceDeploymentViewer, Role::EcePlatformAdmin]);
    store.change_user("c", &promoted, None, at(1)).await.unwrap();
    store.delete_user("a").await.unwrap();
    assert_eq!(names(&store).await, ["c"]);
}

pub async fn admins_that_end_each_other_leave_one(store: TheStore) {
    let admins: Vec<_> = (0..8).map(|n| admin(&format!("admin{n}"))).collect();
    make(&store, &admins).await;
    let mut ends = tokio::task::JoinSet::new();
    for (n, admin) in admins.iter().enumerate() {
        let (store, name) = (store.clone(), admin.name.clone());
        ends.spawn(async move {
            match n % 3 {
                0 => store.delete_user(&name).await,
                1 => store.change_user(&name, &disables(), None, at(1)).await.map(drop),
                _ => store.change_user(&name, &roles(&[]), None, at(1)).await.map(drop),
            }
        });
    }
    let outcomes = ends.join_all().await;
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(
        matches!(refused[..], [StoreError::Conflict(Conflict::LastAdmin)]),
        "{refused:?}"
    );
    let users = store.users().await.unwrap();
    assert_eq!(
        users.iter().filter(|user| user.is_admin()).count(),
        1,
        "{users:?}"
    );
}

pub async fn a_deleted_user_takes_its_keys_along(store: TheStore) {
    make(&store, &[user("a"), user("b")]).await;
    store.create_api_key(&key("x", "a", 1)).await.unwrap();
    store.create_api_key(&key("y", "b", 2)).await.unwrap();
    store.delete_user("a").await.unwrap();
    assert_eq!(store.user("a").await.unwrap(), None);
    assert_eq!(store.api_key("x").await.unwrap(), None);
    assert_eq!(store.all_api_keys().await.unwrap(), [key("y", "b", 2)]);
    make(&store, &[user("a")]).await;
    assert!(
        store.api_keys("a").await.unwrap().is_empty(),
        "a new user has no old keys"
    );
}

pub async fn users_that_are_not_there_are_not_found(store: TheStore) {
    make(&store, &[user("a")]).await;
    let missing = |outcome: Result<(), StoreError>| {
        assert!(
            matches!(outcome, Err(StoreError::NotFound("user"))),
            "{outcome:?}"
        );
    };
    missing(store.change_user("x", &disables(), None, at(1)).await.map(drop));
    missing(store.delete_user("x").await);
    missing(store.delete_api_keys_of("x").await.map(drop));
    missing(store.create_api_key(&key("k", "x", 1)).await);
    assert!(store.api_keys("x").await.unwrap().is_empty());
}

pub async fn keys_belong_to_their_user(store: TheStore) {
    make(&store, &[user("a"), user("b")]).await;
    store.create_api_key(&key("k", "a", 1)).await.unwrap();
    assert_eq!(store.api_key("k").await.unwrap().unwrap(), key("k", "a", 1));
    assert!(
        store.create_api_key(&key("k", "b", 2)).await.is_err(),
        "an id is used once"
    );
}

pub async fn keys_are_listed_oldest_first(store: TheStore) {
    make(&store, &[user("a"), user("b")]).await;
    for (id, user, at) in [("x", "a", 3), ("y", "a", 1), ("z", "b", 2)] {
        store.create_api_key(&key(id, user, at)).await.unwrap();
    }
    assert_eq!(
        store.api_keys("a").await.unwrap(),
        [key("y", "a", 1), key("x", "a", 3)]
    );
    assert_eq!(
        store.all_api_keys().await.unwrap(),
        [key("y", "a", 1), key("z", "b", 2), key("x", "a", 3)]
    );
}

pub async fn keys_are_deleted_by_name_and_by_user(store: TheStore) {
    make(&store, &[user("a"), user("b")]).await;
    for (id, user) in [("v", "a"), ("w", "a"), ("x", "b"), ("y", "b"), ("z", "b")] {
        store.create_api_key(&key(id, user, 1)).await.unwrap();
    }
    let named = |user: &str, id: &str| (user.to_owned(), id.to_owned());
    let keys = [
        named("a", "v"),
        named("a", "x"),
        named("b", "y"),
        named("b", "none"),
    ];
    assert_eq!(store.delete_api_keys(&keys).await.unwrap(), 2, "x is not a's");
    assert_eq!(store.delete_api_keys(&keys).await.unwrap(), 0);
    assert_eq!(store.delete_api_keys_of("b").await.unwrap(), 2);
    assert_eq!(store.delete_api_keys_of("b").await.unwrap(), 0);
    assert_eq!(store.all_api_keys().await.unwrap(), [key("w", "a", 1)]);
}
