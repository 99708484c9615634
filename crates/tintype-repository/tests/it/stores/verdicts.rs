//! Verdicts about what an engine wrote, through every kind of store: as it is, damaged, and copied to another bucket.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use tintype_repository::Level;
use tintype_repository::finding::{Finding, Kind, Severity};
use tintype_repository::repository::Repository;
use tintype_repository::source::{Access, Source};
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::corpus::{Form, Written, content::NOWHERE, tree};
use tintype_testkit::stores::BUCKET;

use super::ground::Ground;
use super::sample::deep;
use crate::corpora::one;
use crate::healthy::assert_healthy;
use crate::looking::{Forgetful, judged, said, verdicts};
use crate::truth::{self, Blob, Class};

/// The first engine that hashes paths.
const ENGINE: &str = "opensearch-2.19.0";

/// Where copies go.
const OTHER: &str = "copied-snapshots";

/// The report at level checksum, structure included.
async fn look(ground: &Ground, bucket: &str, path: &str, base_path: Option<&str>) -> Report {
    let access = Access {
        base_path: base_path.map(str::to_owned),
        ..ground.access()
    };
    let source = Source::open(&ground.url_in(bucket, path), &access).unwrap();
    let repository = Repository::open(source).await.unwrap();
    judged(Arc::new(repository), deep(), Arc::new(Forgetful)).await
}

pub async fn a_repository_at_the_buckets_root_is_proved_and_its_damage_blamed(ground: &Ground) {
    // Its shards lie at the root, beside the base path.
    let written = one(ENGINE, Form::HashedPrefix).await;
    ground.put_tree(BUCKET, "", &tree(&written.root).unwrap()).await;
    let look = async || look(ground, BUCKET, &written.base, None).await;
    let report = look().await;
    assert_eq!((report.level, report.structure), (Level::Checksum, true));
    assert_healthy(&written, &report);

    let blob = compound(&written);
    let key = blob.file.to_str().unwrap();
    assert!(!key.starts_with(&written.base), "{key}");
    let whole = fs::read(written.root.join(key)).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    ground.put(key, &flipped).await;
    assert_lost(&look().await, &blob, Kind::ChecksumMismatch);
    ground.delete(key).await;
    assert_lost(&look().await, &blob, Kind::BlobMissing);
    ground.put(key, &whole).await;
    assert_healthy(&written, &look().await);
}

pub async fn a_copied_bucket_is_proved_as_well(ground: &Ground) {
    ground.make_bucket(OTHER).await;
    let prefixed = one(ENGINE, Form::HashedPrefix).await;
    let all = tree(&prefixed.root).unwrap();
    // All of a bucket, to the root of another one and below a path of it.
    ground.put_tree(OTHER, "", &all).await;
    assert_healthy(&prefixed, &look(ground, OTHER, &prefixed.base, None).await);
    ground.put_tree(OTHER, "copies/2026", &all).await;
    let path = format!("copies/2026/{}", prefixed.base);
    assert_healthy(&prefixed, &look(ground, OTHER, &path, Some(&prefixed.base)).await);
    // Where nothing lies beside the base path, that may be another one too.
    for form in [Form::HashedInfix, Form::Based] {
        let written = one(ENGINE, form).await;
        let moved = format!("moved here/{}", form.name());
        ground
            .put_tree(OTHER, &moved, &tree(&written.path()).unwrap())
            .await;
        assert_healthy(&written, &look(ground, OTHER, &moved, None).await);
    }
}

/// The largest compound file.
fn compound(written: &Written) -> Blob {
    let blobs = truth::blobs(written).into_iter();
    let compound = blobs.filter(|blob| blob.class == Class::Compound);
    compound.max_by_key(|blob| blob.length).unwrap()
}

/// That a blob alone is blamed, and costs just the snapshots that need it.
fn assert_lost(report: &Report, blob: &Blob, kind: Kind) {
    let is_news = |found: &&Finding| found.index.as_deref() != Some(NOWHERE);
    let found: Vec<&Finding> = report.findings.iter().filter(is_news).collect();
    let [found] = found[..] else {
        panic!("{}", said(report));
    };
    assert_eq!((found.severity, found.kind), (Severity::Error, kind));
    assert_eq!(
        (found.blob.as_str(), found.key.as_deref()),
        (blob.path.as_str(), blob.file.to_str())
    );
    assert_eq!((&found.index, found.shard), (&blob.index, blob.shard));
    let hurt: BTreeSet<String> = found.snapshots.iter().cloned().collect();
    assert_eq!(hurt, blob.snapshots);
    for ((snapshot, index), verdict) in verdicts(report) {
        let needs = blob.index.as_ref() == Some(&index) && blob.snapshots.contains(&snapshot);
        let expected = match needs || index == NOWHERE {
            true => Verdict::NotRestorable,
            false => Verdict::Restorable,
        };
        assert_eq!(verdict, expected, "{snapshot}, {index}");
    }
}
