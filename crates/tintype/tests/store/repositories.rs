//! Platform repositories, their secrets and readers.

use crate::make::*;
use secrecy::{ExposeSecret, SecretString};
use tintype::model::{PlatformRepository, Reader, RepositoryName};
use tintype::store::{Conflict, StoreError};

fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

async fn put(store: &TheStore, repository: &PlatformRepository) -> PlatformRepository {
    store.put_repository(repository, None, None).await.unwrap()
}

async fn secrets_of(store: &TheStore, repository: &str) -> Option<String> {
    let secrets = store.repository_secrets(&name(repository)).await.unwrap();
    secrets.map(|secrets| secrets.expose_secret().to_owned())
}

pub async fn repositories_read_back_whole_and_in_order(store: TheStore) {
    for name in ["b", "a", "c"] {
        assert_eq!(put(&store, &repository(name)).await, repository(name));
    }
    assert_eq!(
        store.repository(&name("b")).await.unwrap().unwrap(),
        repository("b")
    );
    assert_eq!(
        store.repositories().await.unwrap(),
        ["a", "b", "c"].map(repository)
    );
}

pub async fn a_replacement_keeps_what_it_does_not_name(store: TheStore) {
    let secret = SecretString::from(r#"{"secret_key":"s"}"#);
    store
        .put_repository(&repository("a"), Some(&secret), None)
        .await
        .unwrap();
    store.set_default_repository(Some(&name("a"))).await.unwrap();
    let reader = Reader {
        url: "file:///x".into(),
        endpoint: None,
        region: None,
        username: None,
        password: None,
    };
    store.put_reader(&name("a"), Some(&reader)).await.unwrap();

    let mut new = repository("a");
    new.kind = "s3".into();
    new.settings.clear();
    new.preflight = None;
    (new.created_at, new.updated_at, new.version) = (at(8), at(9), 77);
    let replaced = put(&store, &new).await;
    assert_eq!(
        (replaced.created_at, replaced.updated_at, replaced.version),
        (at(1), at(9), 2)
    );
    assert!(replaced.is_default && replaced.has_reader);
    assert_eq!(
        (
            replaced.kind.as_str(),
            replaced.settings.len(),
            replaced.preflight.as_ref()
        ),
        ("s3", 0, None)
    );
    assert_eq!(store.repository(&name("a")).await.unwrap().unwrap(), replaced);
    assert_eq!(secrets_of(&store, "a").await.unwrap(), secret.expose_secret());

    store
        .put_repository(&new, Some(&"{}".into()), None)
        .await
        .unwrap();
    assert_eq!(secrets_of(&store, "a").await.unwrap(), "{}");
}

pub async fn a_version_that_is_expected_must_be_there(store: TheStore) {
    let expect = async |version| store.put_repository(&repository("a"), None, Some(version)).await;
    let conflict = |result, e: i64, f: i64| match result {
        Err(StoreError::Conflict(Conflict::Version { expected, found })) => (expected, found) == (e, f),
        _ => false,
    };
    assert!(conflict(expect(1).await, 1, 0));
    assert!(store.repository(&name("a")).await.unwrap().is_none());
    assert_eq!(expect(0).await.unwrap().version, 1);
    assert!(conflict(expect(0).await, 0, 1));
    assert_eq!(expect(1).await.unwrap().version, 2);
    assert!(conflict(expect(1).await, 1, 2));
    assert_eq!(put(&store, &repository("a")).await.version, 3);
}

pub async fn one_repository_is_the_default(store: TheStore) {
    let mut claims = repository("a");
    claims.is_default = true;
    assert!(
        !put(&store, &claims).await.is_default,
        "only set_default_repository decides"
    );
    put(&store, &repository("b")).await;
    let defaults = async || {
        let all = store.repositories().await.unwrap();
        all.into_iter()
            .filter(|r| r.is_default)
            .map(|r| r.name.to_string())
            .collect::<Vec<_>>()
    };
    assert!(defaults().await.is_empty());
    store.set_default_repository(Some(&name("a"))).await.unwrap();
    assert_eq!(defaults().await, ["a"]);
    store.set_default_repository(Some(&name("b"))).await.unwrap();
    assert_eq!(defaults().await, ["b"]);
    let missing = store.set_default_repository(Some(&name("x"))).await;
    assert!(matches!(missing, Err(StoreError::NotFound("repository"))));
    assert_eq!(defaults().await, ["b"], "what failed changed nothing");
    store.set_default_repository(None).await.unwrap();
    assert!(defaults().await.is_empty());
}

pub async fn a_repository_that_is_referred_to_stays_unless_cleaned_up(store: TheStore) {
    put(&store, &repository("main")).await;
    put(&store, &repository("other")).await;
    attach(&store, "a").await;
    let error = store.delete_repository(&name("main"), false).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(Conflict::Referenced(by)) if by == id("a")));
    assert!(store.repository(&name("main")).await.unwrap().is_some());

    store.delete_repository(&name("other"), false).await.unwrap();
    store.delete_repository(&name("main"), true).await.unwrap();
    assert!(store.repositories().await.unwrap().is_empty());
    let cluster = store.cluster(&id("a")).await.unwrap().unwrap();
    assert_eq!((cluster.repository, cluster.version), (None, 2));
    assert_eq!(cluster.engine_repository, Some(name("found-snapshots")));
}

pub async fn a_reader_is_set_and_removed(store: TheStore) {
    put(&store, &repository("a")).await;
    assert!(store.reader(&name("a")).await.unwrap().is_none());
    let reader = Reader {
        url: "s3://bucket/base".into(),
        endpoint: Some("http://127.0.0.1:7070".into()),
        region: Some("r".into()),
        username: Some("key".into()),
        password: Some("reader-password".into()),
    };
    store.put_reader(&name("a"), Some(&reader)).await.unwrap();
    assert!(store.repository(&name("a")).await.unwrap().unwrap().has_reader);
    let read = store.reader(&name("a")).await.unwrap().unwrap();
    assert_eq!(
        (read.url, read.endpoint, read.region),
        (reader.url, reader.endpoint, reader.region)
    );
    assert_eq!(read.username, reader.username);
    assert_eq!(read.password.unwrap().expose_secret(), "reader-password");
    store.put_reader(&name("a"), None).await.unwrap();
    assert!(store.reader(&name("a")).await.unwrap().is_none());
    assert!(!store.repository(&name("a")).await.unwrap().unwrap().has_reader);
}

pub async fn what_is_not_there_is_not_found(store: TheStore) {
    let missing = name("missing");
    assert!(store.repository(&missing).await.unwrap().is_none());
    assert!(store.reader(&missing).await.unwrap().is_none());
    assert!(store.repository_secrets(&missing).await.unwrap().is_none());
    for result in [
        store.delete_repository(&missing, true).await,
        store.put_reader(&missing, None).await,
    ] {
        assert!(
            matches!(result, Err(StoreError::NotFound("repository"))),
            "{result:?}"
        );
    }
}
