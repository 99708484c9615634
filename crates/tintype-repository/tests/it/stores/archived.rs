//! What lies in an archive is told apart from what can be read.

use super::facts::listed;
use super::ground::{self, Ground};
use tintype_repository::source::{Cause, Source};

async fn is_archived(source: &Source, key: &str) {
    let entry = listed(source, "")
        .await
        .into_iter()
        .find(|entry| entry.key == key)
        .unwrap();
    assert!(entry.archived && entry.length == 3);
    let (entries, _) = source.directory("").await.unwrap();
    assert!(entries.iter().any(|entry| entry.key == key && entry.archived));
    assert!(source.head(key).await.unwrap().archived);
    let error = source.get(key, 10).await.unwrap_err();
    assert_eq!(error.cause, Cause::Archived, "{error}");
    let error = source.range(key, 0..1).await.unwrap_err();
    assert!(error.message.contains("thaw it"), "{error}");
}

#[tokio::test]
async fn by_the_storage_class_of_s3() {
    let ground = ground::moto().await;
    let Ground::Moto(moto) = ground else {
        panic!("this is not moto");
    };
    for (name, class) in [
        ("cold", "GLACIER"),
        ("deep", "DEEP_ARCHIVE"),
        ("instant", "GLACIER_IR"),
        ("warm", "STANDARD_IA"),
    ] {
        moto.put(&format!("classes/{name}"), b"123", class).await.unwrap();
    }
    let source = ground.open("classes");
    is_archived(&source, "cold").await;
    is_archived(&source, "deep").await;
    for key in ["instant", "warm"] {
        assert!(!source.head(key).await.unwrap().archived);
        assert_eq!(source.get(key, 3).await.unwrap(), "123");
    }
    assert_eq!(
        listed(&source, "")
            .await
            .iter()
            .filter(|entry| entry.archived)
            .count(),
        2
    );
}

#[tokio::test]
async fn by_the_tier_of_azure() {
    let ground = ground::azurite().await;
    ground.put("tiers/cold", b"123").await;
    ground.put("tiers/warm", b"123").await;
    ground.azure().archive("tiers/cold").await.unwrap();
    let source = ground.open("tiers");
    is_archived(&source, "cold").await;
    assert!(!source.head("warm").await.unwrap().archived);
}
