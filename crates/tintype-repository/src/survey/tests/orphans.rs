//! What no snapshot needs.

use super::*;

/// `later` ms after the files were written.
fn grace(later: i64, read_only: bool) -> Grace {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Grace {
        now: i64::try_from(now.as_millis()).unwrap() + later,
        ms: DAY,
        read_only,
    }
}

#[tokio::test]
async fn a_healthy_repository_has_no_orphans() {
    let fixture = Fixture::new();
    let orphans = fixture.survey().await.orphans(grace(2 * DAY, true)).await;
    assert_eq!(orphans.blobs, []);
    assert_eq!(orphans.unreadable.count, 0, "{:?}", orphans.unreadable);
}

/// Adds one of each kind; gives what is expected of them.
fn leave_orphans(fixture: &Fixture) -> Vec<(Why, String)> {
    let shard = |index| {
        let directory = fixture.repository.shard(index, 0);
        let path = directory.strip_prefix(fixture.repository.root()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let logs = shard("logs");
    let index = logs.trim_end_matches("/0");
    let mut expected = vec![
        (Why::OldRoot, "index-1".to_owned()),
        (Why::UnknownSnapshot, "snap-gone.dat".to_owned()),
        (Why::UnknownSnapshot, "meta-gone.dat".to_owned()),
        (Why::Temporary, "pending-index-9-x".to_owned()),
        (Why::UnusedIndexMetadata, format!("{index}/meta-gone.dat")),
        (Why::OldGeneration, format!("{logs}/index-older")),
        (Why::UnknownSnapshot, format!("{logs}/snap-gone.dat")),
        (Why::UnreferencedData, format!("{logs}/__gone")),
        (Why::UnreferencedData, format!("{logs}/__gone.part1")),
        (
            Why::UnknownShardPaths,
            "snapshot_shard_paths/snapshot_path_gone.logs.1.2.1".to_owned(),
        ),
    ];
    for (_, path) in &expected {
        fixture.write(path, b"12345");
    }
    for path in [
        "indices/gone/meta-a.dat",
        "indices/gone/0/__a",
        "indices/gone/0/index-0",
    ] {
        fixture.write(path, b"12345");
    }
    fixture.write(&format!("{index}/7/__a"), b"12345");
    fixture.write("tests-abc/master.dat", b"12345");
    // Kept on purpose, or none of ours.
    fixture.write("index-2", b"12345");
    fixture.write("notes.txt", b"12345");
    expected.push((Why::UnknownIndex, "indices/gone/".to_owned()));
    expected.push((Why::UnknownShard, format!("{index}/7/")));
    expected.push((Why::AccessCheck, "tests-abc/".to_owned()));
    expected.sort_by(|a, b| a.1.cmp(&b.1));
    expected
}

fn found(orphans: &Orphans) -> Vec<(Why, String)> {
    orphans
        .blobs
        .iter()
        .map(|orphan| (orphan.why, orphan.blob.clone()))
        .collect()
}

#[tokio::test]
async fn every_kind_of_orphan_is_found_with_its_bytes() {
    let fixture = Fixture::new();
    let expected = leave_orphans(&fixture);
    let orphans = fixture.survey().await.orphans(grace(2 * DAY, false)).await;
    assert_eq!(found(&orphans), expected);
    assert_eq!(orphans.orphans, Total { blobs: 14, bytes: 70 });
    assert_eq!(orphans.left_overs, Total { blobs: 1, bytes: 5 });
    assert_eq!((orphans.in_doubt, orphans.moved), (Total::default(), false));
    assert_eq!(orphans.unreadable.count, 0, "{:?}", orphans.unreadable);
}

#[tokio::test]
async fn what_is_young_is_in_doubt_unless_nobody_writes() {
    let fixture = Fixture::new();
    leave_orphans(&fixture);
    let young = fixture.survey().await.orphans(grace(0, false)).await;
    assert_eq!((young.orphans, young.in_doubt.blobs), (Total::default(), 14));
    let read_only = fixture.survey().await.orphans(grace(0, true)).await;
    assert_eq!(
        (read_only.orphans.blobs, read_only.in_doubt),
        (14, Total::default())
    );
}

#[tokio::test]
async fn all_is_in_doubt_when_the_repository_moved() {
    let fixture = Fixture::new();
    leave_orphans(&fixture);
    let survey = fixture.survey().await;
    let root = std::fs::read(fixture.repository.root().join("index-3")).unwrap();
    fixture.write("index-4", &root);
    let orphans = survey.orphans(grace(2 * DAY, true)).await;
    assert!(orphans.moved);
    assert_eq!((orphans.orphans, orphans.in_doubt.blobs), (Total::default(), 14));
    let left_over = |orphan: &&Orphan| orphan.class == Class::LeftOver;
    assert_eq!(orphans.blobs.iter().filter(left_over).count(), 1);
}

#[tokio::test]
async fn what_a_snapshot_names_is_no_orphan_though_the_generation_forgot_it() {
    let fixture = Fixture::new();
    std::fs::write(
        fixture.generation("logs", 0),
        shard_generation(Packing::Plain, &[], &[]),
    )
    .unwrap();
    let orphans = fixture.survey().await.orphans(grace(2 * DAY, true)).await;
    assert_eq!(found(&orphans), []);
    // Where a snapshot's own metadata is damaged as well, nothing is called an orphan.
    let survey = fixture.survey().await;
    let uuid = survey.repository.snapshot_uuid(0).to_owned();
    std::fs::write(
        fixture
            .repository
            .shard("logs", 0)
            .join(format!("snap-{uuid}.dat")),
        b"damaged",
    )
    .unwrap();
    let orphans = survey.orphans(grace(2 * DAY, true)).await;
    assert_eq!(found(&orphans), []);
    assert_eq!(orphans.unreadable.count, 1);
}

#[tokio::test]
async fn what_a_lost_snapshot_may_need_is_no_orphan_where_the_generation_is_lost_too() {
    let fixture = Fixture::new();
    let own = fixture.own("s1", "shop", 0).await;
    std::fs::write(fixture.generation("shop", 0), b"damaged").unwrap();
    std::fs::remove_file(own).unwrap();
    let orphans = fixture.survey().await.orphans(grace(2 * DAY, true)).await;
    assert_eq!(found(&orphans), []);
    assert_eq!(orphans.unreadable.count, 1, "{:?}", orphans.unreadable);
}

/// A repository below `base` with one index of two shards under hashed paths.
fn hashed(directory: &Path, kind: PathType, code: u8) -> Synthetic {
    let [mixed, sorted] = ["mixed", "sorted"].map(|name| index(8, name));
    let mut repository = Synthetic::new(&directory.join("base"));
    repository.take("s1", FIRST, &[("logs", &[&mixed, &sorted])]);
    let path = repository.root().join("index-1");
    let mut root: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    root["indices"]["logs"]["shard_path_type"] = code.into();
    std::fs::write(&path, root.to_string()).unwrap();
    for shard in 0..2 {
        let from = repository.shard("logs", shard);
        let id = name(from.parent().unwrap());
        let to = directory.join(kind.directory("base", "", &id, shard as u32));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(&from, to).unwrap();
    }
    repository
}

#[tokio::test]
async fn orphans_are_looked_for_under_hashed_paths() {
    for (kind, code) in [(PathType::HashedPrefix, 1), (PathType::HashedInfix, 2)] {
        let directory = tempfile::tempdir().unwrap();
        let repository = hashed(directory.path(), kind, code);
        let access = Access {
            base_path: Some("base".into()),
            ..Access::default()
        };
        let orphans = async || {
            let source = Source::open(repository.root().to_str().unwrap(), &access).unwrap();
            let survey = Survey {
                repository: Arc::new(Repository::open(source).await.unwrap()),
                concurrency: 2,
                progress: Arc::default(),
            };
            assert_eq!(
                survey.ls(true).await.snapshots[0].documents,
                Some(111),
                "{kind:?}"
            );
            survey.orphans(grace(2 * DAY, true)).await
        };
        let healthy = orphans().await;
        assert_eq!(
            (found(&healthy), healthy.unreadable.count),
            (Vec::new(), 0),
            "{kind:?}"
        );
        let id = name(repository.shard("logs", 0).parent().unwrap());
        let gone = kind.directory("base", "", "gone", 0);
        // The second shard's hash leads to no first one.
        let wrong = kind.directory("base", "", &id, 1);
        let wrong = wrong.strip_suffix('1').unwrap();
        for path in [gone, format!("{wrong}0")] {
            let path = directory.path().join(path);
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("__a"), b"12345").unwrap();
        }
        let mut expected = vec![
            (Why::UnknownIndex, "indices/gone/".to_owned()),
            (Why::UnknownShard, format!("indices/{id}/0/")),
        ];
        expected.sort_by(|a, b| a.1.cmp(&b.1));
        assert_eq!(found(&orphans().await), expected, "{kind:?}");
    }
}

/// Of deleted indices nothing tells but the paths that they left.
#[tokio::test]
async fn what_deleted_indices_left_beside_the_base_is_found_where_it_is_of_this_repository() {
    let directory = tempfile::tempdir().unwrap();
    let mixed = index(8, "mixed");
    let mut repository = Synthetic::new(&directory.path().join("base"));
    repository.take("s1", FIRST, &[("logs", &[&mixed])]);
    let left = |id: &str, base: &str| {
        let path = PathType::HashedPrefix.directory(base, "", id, 0);
        let path = directory.path().join(path);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("__a"), b"12345").unwrap();
        path.ancestors().nth(3).unwrap().to_owned()
    };
    left("gone", "base");
    left("elsewhere", "other");
    // The base of another repository, whose path begins with what looks like a hash.
    let another = left("another", "base");
    std::fs::write(another.join("index-0"), b"{}").unwrap();
    let access = Access {
        base_path: Some("base".into()),
        ..Access::default()
    };
    let root = repository.root().join("index-1");
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&root).unwrap()).unwrap();
    for (product, expected) in [
        ("Elasticsearch", Vec::new()),
        (
            "OpenSearch",
            vec![(Why::UnknownIndex, "indices/gone/".to_owned())],
        ),
    ] {
        let mut changed = written.clone();
        if product == "OpenSearch" {
            changed["snapshots"][0]["version"] = "2.19.0".into();
            for member in ["uuid", "cluster_id", "min_version"] {
                changed.as_object_mut().unwrap().remove(member);
            }
        }
        std::fs::write(&root, changed.to_string()).unwrap();
        let source = Source::open(repository.root().to_str().unwrap(), &access).unwrap();
        let survey = Survey {
            repository: Arc::new(Repository::open(source).await.unwrap()),
            concurrency: 2,
            progress: Arc::default(),
        };
        let orphans = survey.orphans(grace(2 * DAY, true)).await;
        assert_eq!(found(&orphans), expected, "{product}");
        assert_eq!(
            (orphans.unreadable.count, orphans.beside_base_unlisted),
            (0, false)
        );
    }
}
