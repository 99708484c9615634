//! Attestations of small repositories, whole and changed.

use super::*;
use crate::finding::{Finding, Kind, Severity};
use crate::format::file::FileInfo;
use crate::format::index::IndexMetadata;
use crate::format::root::{Root, RootIndex, RootSnapshot};
use crate::format::snapshot::{ShardFailure, Snapshot};
use crate::format::testing::{self, Packing, uuid};
use crate::repository::Repository;
use crate::source::{Access, Source};
use crate::verify::Progress;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A repository's blobs by path.
type Blobs = BTreeMap<String, Vec<u8>>;

fn file(number: u64, length: usize, part_size: Option<u64>) -> (FileInfo, Vec<u8>) {
    let mut bytes: Vec<u8> = (0..length).map(|at| (at as u64 * 31 + number) as u8).collect();
    testing::seal_tail(&mut bytes);
    let info = FileInfo {
        name: format!("__{}", uuid(number)).into(),
        physical_name: format!("_{number}.fdt").into(),
        length: bytes.len() as u64,
        checksum: crc32fast::hash(&bytes[..bytes.len() - 8]),
        part_size,
        written_by: "9.12.0".into(),
        hash: Box::default(),
    };
    (info, bytes)
}

fn root(generation: u64, path_type: u8) -> Root {
    let snapshot = |number: u64, name: &str| RootSnapshot {
        name: name.into(),
        uuid: uuid(number).into(),
        state: Some(3),
        version: Some("2.19.0".into()),
        metadata: Some(vec![(0, 0)]),
        ..RootSnapshot::default()
    };
    let snapshots = [(10, "one"), (11, "two")].map(|(number, name)| snapshot(number, name));
    let count = if generation > 3 { 2 } else { 1 };
    let index = RootIndex {
        name: "books".into(),
        id: uuid(20).into(),
        snapshots: (0..count).collect(),
        generations: Some(vec![
            Some(uuid(30 + generation).into()),
            Some(uuid(31).into()),
            None,
        ]),
        path_type,
        has_path_type: path_type > 0,
    };
    Root {
        snapshots: snapshots[..count as usize].to_vec(),
        indices: vec![index],
        metadata: vec![(format!("{}-_na_-1-1-1", uuid(21)).into(), "metadata1".into())],
        uuid: Some(uuid(1).into()),
        ..Root::default()
    }
}

/// A snapshot "one" of an index with three shards, of which the last failed, at generation 3; then "two" at 4.
fn repository(generation: u64, path_type: u8) -> Blobs {
    let (id, mut blobs) = (uuid(20), Blobs::new());
    let root = root(generation, path_type);
    blobs.insert(format!("index-{generation}"), testing::root(&root));
    blobs.insert("index.latest".into(), generation.to_be_bytes().to_vec());
    for taken in &root.snapshots {
        let snapshot = Snapshot {
            name: taken.name.to_string(),
            uuid: taken.uuid.to_string(),
            version_id: Some(136_407_827),
            indices: vec!["books".into()],
            state: "PARTIAL".into(),
            failures: vec![ShardFailure {
                index: "books".into(),
                shard: 2,
                reason: "no node".into(),
            }],
            ..Snapshot::default()
        };
        let name = &taken.uuid;
        blobs.insert(
            format!("snap-{name}.dat"),
            testing::snapshot(Packing::Plain, &snapshot),
        );
        blobs.insert(
            format!("meta-{name}.dat"),
            testing::global_metadata(Packing::Plain, "c"),
        );
    }
    let index = IndexMetadata {
        name: "books".into(),
        shards: 3,
        uuid: Some(uuid(21)),
        ..IndexMetadata::default()
    };
    let metadata = testing::index_metadata(Packing::Deflate, &index);
    blobs.insert(format!("indices/{id}/meta-metadata1.dat"), metadata);
    let kind = crate::format::shard_path::PathType::from_code(path_type).unwrap();
    for shard in 0..2u32 {
        let directory = kind.directory("", "", &id, shard);
        let files = [
            file(u64::from(shard) + 40, 1000, Some(400)),
            file(u64::from(shard) + 50, 90, None),
        ];
        for (info, bytes) in &files {
            for part in 0..info.parts() {
                let (name, length) = info.part(part);
                let from = (part * info.part_size.unwrap_or_default()) as usize;
                let bytes = bytes[from..from + length as usize].to_vec();
                blobs.insert(format!("{directory}/{name}"), bytes);
            }
        }
        let infos = files.map(|(info, _)| info);
        for taken in &root.snapshots {
            let bytes = testing::shard_snapshot(Packing::Plain, &taken.name, 1, &infos);
            blobs.insert(format!("{directory}/snap-{}.dat", taken.uuid), bytes);
        }
    }
    blobs
}

fn write(dir: &Path, blobs: &Blobs) {
    for (path, bytes) in blobs {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

async fn open(blobs: &Blobs) -> (tempfile::TempDir, Arc<Repository>) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), blobs);
    let source = Source::open(dir.path().to_str().unwrap(), &Access::default()).unwrap();
    let repository = Repository::open(source).await.unwrap();
    (dir, Arc::new(repository))
}

async fn attest(blobs: &Blobs, digest: Digest, key: &SigningKey) -> Attestation {
    try_attest(blobs, digest, key).await.unwrap()
}

async fn try_attest(blobs: &Blobs, digest: Digest, key: &SigningKey) -> Result<Attestation, AttestError> {
    let (_dir, repository) = open(blobs).await;
    let request = Request {
        snapshot: repository.find_snapshot("one").unwrap(),
        digest,
        verified: None,
        concurrency: 2,
        now: 1_000,
        progress: Arc::new(Progress::default()),
    };
    create(repository, request, key).await
}

async fn compare(blobs: &Blobs, attestation: &Attestation, key: &SigningKey, depth: Depth) -> Checked {
    let (_dir, repository) = open(blobs).await;
    let progress = Arc::new(Progress::default());
    check(repository, attestation, &[key.public()], depth, 2, progress)
        .await
        .unwrap()
}

fn only(checked: Checked) -> Finding {
    let mut findings = checked.findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

#[tokio::test]
async fn a_repository_agrees_with_what_was_attested_of_it_then_and_later() {
    let key = SigningKey::generate().unwrap();
    for path_type in [0, 2] {
        for digest in [Digest::Crc32, Digest::Sha256] {
            let attestation = attest(&repository(3, path_type), digest, &key).await;
            for generation in [3, 4] {
                let now = repository(generation, path_type);
                let checked = compare(&now, &attestation, &key, Depth::Content).await;
                assert!(checked.agrees(), "{:?}", checked.findings);
                assert_eq!(checked.blobs, 9);
                assert_eq!(checked.proves, Some(digest.into()));
                assert_eq!(checked.statement.absent_shards, ["books/2"]);
            }
        }
    }
}

#[tokio::test]
async fn blobs_are_listed_by_path_as_if_no_path_was_hashed() {
    let key = SigningKey::generate().unwrap();
    let list = |attestation: Attestation| -> Vec<Blob> { attestation.blobs().map(Result::unwrap).collect() };
    let fixed = list(attest(&repository(3, 0), Digest::Crc32, &key).await);
    let hashed = list(attest(&repository(3, 2), Digest::Crc32, &key).await);
    assert_eq!(fixed, hashed);
    let paths: Vec<&str> = fixed.iter().map(|blob| blob.path.as_str()).collect();
    assert!(paths.is_sorted(), "{paths:?}");
    assert_eq!(fixed.iter().filter(|blob| blob.is_data()).count(), 4);
    assert!(fixed.iter().all(|blob| blob.is_data() != blob.sha256.is_some()));
}

/// Every blob of the snapshot, a byte of each changed, cut, or the whole gone.
#[tokio::test]
async fn any_changed_blob_is_found_and_named() {
    let key = SigningKey::generate().unwrap();
    for digest in [Digest::Crc32, Digest::Sha256] {
        let whole = repository(4, 0);
        let attestation = attest(&whole, digest, &key).await;
        let other = uuid(11);
        for (path, bytes) in &whole {
            if path.contains(&other) || path.starts_with("index") && !path.starts_with("indices") {
                continue;
            }
            for change in ["flipped", "last", "cut", "gone"] {
                let mut now = whole.clone();
                let mut changed = bytes.clone();
                match change {
                    "flipped" => changed[bytes.len() / 2] ^= 1,
                    "last" => changed[bytes.len() - 1] ^= 0x80,
                    _ => drop(changed.pop()),
                }
                now.insert(path.clone(), changed);
                if change == "gone" {
                    now.remove(path);
                }
                let found = only(compare(&now, &attestation, &key, Depth::Content).await);
                let named = path.split(".part").next().unwrap();
                assert_eq!(
                    (found.blob.as_str(), found.kind),
                    (named, Kind::Attestation),
                    "{change}"
                );
                let global = path.starts_with("meta-");
                let severity = if global {
                    Severity::Warning
                } else {
                    Severity::Error
                };
                assert_eq!(found.severity, severity, "{path}");
                assert_eq!(found.snapshots, ["one"]);
                let index = path.starts_with("indices/").then_some("books");
                assert_eq!(found.index.as_deref(), index);
                let in_shard = path.matches('/').count() == 3;
                assert_eq!(found.shard.is_some(), in_shard, "{path}");
            }
        }
    }
}

/// At the generation that was attested nothing of the root may change; later, nothing of what concerns the snapshot.
#[tokio::test]
async fn a_changed_root_is_found() {
    let key = SigningKey::generate().unwrap();
    let whole = repository(3, 0);
    let attestation = attest(&whole, Digest::Crc32, &key).await;
    let bytes = &whole["index-3"];
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &whole);
    let mut opened = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        std::fs::write(dir.path().join("index-3"), changed).unwrap();
        let source = Source::open(dir.path().to_str().unwrap(), &Access::default()).unwrap();
        // A root that does not decode is found without an attestation.
        let Ok(repository) = Repository::open(source).await else {
            continue;
        };
        opened += 1;
        let progress = Arc::new(Progress::default());
        let trusted = [key.public()];
        let checked = check(
            Arc::new(repository),
            &attestation,
            &trusted,
            Depth::Metadata,
            2,
            progress,
        );
        assert!(!checked.await.unwrap().findings.is_empty(), "byte {at}");
    }
    assert!(opened > 50, "{opened}");
    type Change = fn(&mut Root);
    let changes: [(Change, &str); 9] = [
        (|root| root.snapshots[0].state = Some(1), "state"),
        (|root| root.snapshots[0].version = None, "version"),
        (|root| root.snapshots[0].name = "uno".into(), "name"),
        (|root| root.indices[0].name = "cooks".into(), "index books"),
        (|root| root.indices[0].id = uuid(99).into(), "index books"),
        (
            |root| root.snapshots[0].uuid = uuid(98).into(),
            "attested snapshot",
        ),
        (
            |root| (root.indices[0].path_type, root.indices[0].has_path_type) = (2, true),
            "index books",
        ),
        (
            |root| {
                let mut films = root.indices[0].clone();
                (films.name, films.id) = ("films".into(), uuid(60).into());
                root.indices.push(films);
                root.snapshots[0].metadata = Some(vec![(0, 0), (1, 0)]);
            },
            "index films",
        ),
        (|root| root.uuid = Some(uuid(2).into()), "another repository"),
    ];
    for (change, what) in changes {
        let mut root = root(4, 0);
        change(&mut root);
        let mut now = repository(4, 0);
        now.insert("index-4".into(), testing::root(&root));
        let checked = compare(&now, &attestation, &key, Depth::Metadata).await;
        let found = checked
            .findings
            .iter()
            .any(|finding| finding.message.contains(what));
        assert!(found, "{what}: {:?}", checked.findings);
    }
}

#[tokio::test]
async fn a_member_that_the_root_gained_since_is_no_difference() {
    let key = SigningKey::generate().unwrap();
    let attestation = attest(&repository(3, 0), Digest::Crc32, &key).await;
    let mut root = root(4, 0);
    root.snapshots[0].started = Some(5);
    root.snapshots[0].policy = Some("daily".into());
    let mut now = repository(4, 0);
    now.insert("index-4".into(), testing::root(&root));
    let checked = compare(&now, &attestation, &key, Depth::Metadata).await;
    assert!(checked.agrees(), "{:?}", checked.findings);
}

#[tokio::test]
async fn a_root_before_the_attested_one_is_found() {
    let key = SigningKey::generate().unwrap();
    let attestation = attest(&repository(4, 0), Digest::Crc32, &key).await;
    let found = only(compare(&repository(3, 0), &attestation, &key, Depth::Metadata).await);
    assert!(found.message.contains("is older"), "{found:?}");
    assert_eq!(found.severity, Severity::Warning);
}

#[tokio::test]
async fn a_blob_that_cannot_be_read_is_neither_compared_nor_agrees() {
    let key = SigningKey::generate().unwrap();
    let blobs = repository(3, 0);
    let attestation = attest(&blobs, Digest::Crc32, &key).await;
    let (dir, repository) = open(&blobs).await;
    // A link that leads out of the store is not followed.
    let metadata = dir
        .path()
        .join(format!("indices/{}/meta-metadata1.dat", uuid(20)));
    std::fs::remove_file(&metadata).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &metadata).unwrap();
    let trusted = [key.public()];
    let checked = check(
        repository,
        &attestation,
        &trusted,
        Depth::Content,
        2,
        Arc::default(),
    );
    let checked = checked.await.unwrap();
    assert!(!checked.complete && !checked.agrees());
    assert_eq!(checked.blobs, 8);
    let found = only(checked);
    assert_eq!(
        (found.kind, found.severity),
        (Kind::BlobUnreadable, Severity::Warning)
    );
}

#[tokio::test]
async fn a_snapshot_without_global_state_is_attested_as_it_is() {
    let key = SigningKey::generate().unwrap();
    let mut blobs = repository(3, 0);
    blobs.retain(|path, _| !path.starts_with("meta-"));
    let attestation = attest(&blobs, Digest::Crc32, &key).await;
    let checked = compare(&blobs, &attestation, &key, Depth::Content).await;
    assert!(checked.agrees(), "{:?}", checked.findings);
    assert_eq!(checked.blobs, 8);
}

/// Another snapshot of an index that was deleted and made anew with other shards.
#[tokio::test]
async fn the_shards_of_other_snapshots_are_no_difference() {
    let key = SigningKey::generate().unwrap();
    let attestation = attest(&repository(3, 0), Digest::Crc32, &key).await;
    for shards in [1, 9] {
        let mut root = root(4, 0);
        root.indices[0].generations = Some(vec![Some(uuid(33).into()); shards]);
        let mut now = repository(4, 0);
        now.insert("index-4".into(), testing::root(&root));
        let checked = compare(&now, &attestation, &key, Depth::Metadata).await;
        assert!(checked.agrees(), "{shards}: {:?}", checked.findings);
    }
}

#[tokio::test]
async fn a_shard_that_the_engine_wrote_and_that_is_gone_is_not_attested_as_absent() {
    let key = SigningKey::generate().unwrap();
    let mut blobs = repository(3, 0);
    let gone: Vec<String> = blobs
        .keys()
        .filter(|path| path.contains("/1/snap-"))
        .cloned()
        .collect();
    for path in gone {
        blobs.remove(&path);
    }
    let error = try_attest(&blobs, Digest::Crc32, &key).await.unwrap_err();
    assert!(matches!(error, AttestError::Damaged(_)), "{error}");
    assert!(error.to_string().starts_with("shard 1 of index books"), "{error}");
}

#[tokio::test]
async fn bytes_that_are_not_the_recorded_ones_are_not_attested() {
    let key = SigningKey::generate().unwrap();
    let whole = repository(3, 0);
    let data = whole.keys().filter(|path| path.contains("/__"));
    for path in data {
        for from_end in [1, 30] {
            let mut blobs = whole.clone();
            let bytes = blobs.get_mut(path).unwrap();
            let at = bytes.len() - from_end;
            bytes[at] ^= 1;
            let error = try_attest(&blobs, Digest::Sha256, &key).await.unwrap_err();
            assert!(matches!(error, AttestError::Damaged(_)), "{error}");
            assert!(
                error.to_string().starts_with(path.split(".part").next().unwrap()),
                "{error}"
            );
            // With the recorded checksums alone no data is read.
            assert!(try_attest(&blobs, Digest::Crc32, &key).await.is_ok());
        }
    }
}

#[tokio::test]
async fn only_a_trusted_key_counts_and_nothing_signed_may_change() {
    let key = SigningKey::generate().unwrap();
    let blobs = repository(3, 0);
    let attestation = attest(&blobs, Digest::Crc32, &key).await;
    let mut text = Vec::new();
    attestation.write(&mut text).unwrap();
    let read = Attestation::read(text.as_slice()).unwrap();
    assert_eq!(read, attestation);
    assert!(read.verified(&[key.public()]).is_ok());
    let refused = |trusted: &[PublicKey]| read.verified(trusted).unwrap_err().to_string();
    assert!(refused(&[]).contains("no trusted key was given"));
    let other = SigningKey::generate().unwrap().public();
    assert!(refused(&[other]).contains(&key.public().id()));
    let end = text.iter().position(|byte| *byte == b'\n').unwrap();
    for at in (0..text.len()).step_by(7) {
        let mut changed = text.clone();
        changed[at] ^= 1;
        let read = Attestation::read(changed.as_slice());
        let verified = read.and_then(|read| read.verified(&[key.public()]));
        // The name of the key is a hint alone.
        let hint = std::str::from_utf8(&text[..end]).unwrap().find("keyid").unwrap();
        let hint = hint..hint + 26;
        assert!(verified.is_err() || hint.contains(&at), "byte {at}");
    }
    let mut cut = text.clone();
    cut.truncate(text.len() - 1);
    let cut = Attestation::read(cut.as_slice()).unwrap();
    assert!(matches!(
        cut.verified(&[key.public()]),
        Err(AttestError::Malformed(_))
    ));
}

#[tokio::test]
async fn depth_decides_what_is_read() {
    let key = SigningKey::generate().unwrap();
    let whole = repository(3, 0);
    let attestation = attest(&whole, Digest::Sha256, &key).await;
    let data = whole.keys().find(|path| path.ends_with(".part1")).unwrap();
    for (change, found_from) in [("flip", Depth::Content), ("gone", Depth::Presence)] {
        let mut now = whole.clone();
        match change {
            "flip" => now.get_mut(data).unwrap()[0] ^= 1,
            _ => drop(now.remove(data)),
        }
        for depth in [Depth::Metadata, Depth::Presence, Depth::Content] {
            let checked = compare(&now, &attestation, &key, depth).await;
            assert_eq!(checked.agrees(), depth < found_from, "{change} {depth:?}");
            assert_eq!(checked.proves.is_some(), depth == Depth::Content);
            // What was not looked at was not compared.
            assert_eq!(checked.blobs, if depth == Depth::Metadata { 5 } else { 9 });
        }
    }
}

#[tokio::test]
async fn a_stopped_attestation_is_none() {
    let (_dir, repository) = open(&repository(3, 0)).await;
    let progress = Progress::default();
    progress.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let request = Request {
        snapshot: 0,
        digest: Digest::Sha256,
        verified: None,
        concurrency: 2,
        now: 1_000,
        progress: Arc::new(progress),
    };
    let key = SigningKey::generate().unwrap();
    let error = create(repository, request, &key).await.unwrap_err();
    assert!(matches!(error, AttestError::Interrupted(_)), "{error}");
}
