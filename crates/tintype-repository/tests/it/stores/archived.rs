//! What lies in an archive is told apart from what can be read, and is not restorable as long as it lies there.

use super::facts::listed;
use super::ground::{self, Ground};
use super::sample::{Sample, deep};
use crate::looking::{Forgetful, judged, options, said};
use std::sync::Arc;
use tintype_repository::Level;
use tintype_repository::finding::{Kind, Severity};
use tintype_repository::repository::{OpenError, Repository};
use tintype_repository::source::{Access, Cause, Source};
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::stores::{BUCKET, Moto};

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
    let moto = moto(ground);
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

fn moto(ground: &Ground) -> &Moto {
    let Ground::Moto(moto) = ground else {
        panic!("this is not moto");
    };
    moto
}

/// Reports of a shallow and of a deep look.
async fn looks(source: &Source) -> [Report; 2] {
    let repository = Arc::new(Repository::open(source.clone()).await.unwrap());
    let look = async |options| judged(repository.clone(), options, Arc::new(Forgetful)).await;
    [look(options(Level::Presence)).await, look(deep()).await]
}

/// That the snapshot that needs this archived blob is lost for now, and the other one is not.
async fn is_not_restorable(source: &Source, blob: &str) {
    for report in looks(source).await {
        let [found] = &report.findings[..] else {
            panic!("{}", said(&report));
        };
        assert_eq!(
            (found.severity, found.kind),
            (Severity::Error, Kind::BlobArchived)
        );
        assert_eq!(found.blob, blob);
        assert_eq!(found.snapshots, ["one"]);
        let verdicts: Vec<_> = report.snapshots.iter().map(|one| one.verdict).collect();
        assert_eq!(verdicts, [Verdict::NotRestorable, Verdict::Restorable]);
        assert_eq!(report.verdict, Verdict::NotRestorable);
    }
}

#[tokio::test]
async fn a_snapshot_with_a_blob_in_an_archive_of_s3_is_not_restorable() {
    let (ground, sample) = (ground::moto().await, Sample::new());
    // A web server tells the storage class of each blob, as moto does here for anybody.
    let web = format!("{}/{BUCKET}/archived", moto(ground).endpoint());
    let sources = [
        Source::open(&ground.url("archived"), &ground.access()).unwrap(),
        Source::open(&web, &Access::default()).unwrap(),
    ];
    sample.put(ground, "archived").await;
    for blob in [&sample.blob, &sample.shard] {
        let key = format!("archived/{blob}");
        moto(ground)
            .put(&key, sample.bytes(blob), "GLACIER")
            .await
            .unwrap();
        for source in &sources {
            is_not_restorable(source, blob).await;
        }
        // Restored from the archive.
        ground.put(&key, sample.bytes(blob)).await;
        for report in looks(&sources[0]).await {
            assert_eq!((report.verdict, report.findings), (Verdict::Restorable, vec![]));
        }
    }
    let root = "archived/index-2";
    moto(ground)
        .put(root, sample.bytes("index-2"), "DEEP_ARCHIVE")
        .await
        .unwrap();
    for source in sources {
        let error = Repository::open(source).await.unwrap_err();
        let OpenError::Source(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.cause, Cause::Archived, "{error}");
    }
}

#[tokio::test]
async fn a_snapshot_with_a_blob_in_an_archive_of_azure_is_not_restorable() {
    let (ground, sample) = (ground::azurite().await, Sample::new());
    for (number, blob) in [&sample.blob, &sample.shard].into_iter().enumerate() {
        // Nothing is written over what is archived.
        let below = format!("archived/{number}");
        sample.put(ground, &below).await;
        ground.azure().archive(&format!("{below}/{blob}")).await.unwrap();
        let source = Source::open(&ground.url(&below), &ground.access()).unwrap();
        is_not_restorable(&source, blob).await;
    }
}
