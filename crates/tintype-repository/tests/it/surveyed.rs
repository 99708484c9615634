//! What `ls`, `show`, `du`, `diff` and `orphans` say of repositories that engines wrote is what the engines counted, and
//! what lies on the disk.

use std::sync::Arc;

use tintype_repository::attest::{Depth, Digest, Request, SigningKey, check, create};
use tintype_repository::survey::Survey;
use tintype_repository::survey::diff::Change;
use tintype_repository::survey::orphans::{Class, Grace};
use tintype_repository::verify::Progress;
use tintype_testkit::corpus::{Taken, Written, content::NOWHERE};

use crate::corpora;
use crate::looking::open;

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_tells_what_engines_counted_and_what_lies_there() {
    for corpus in corpora::all().await {
        for written in &corpus.manifest.repositories {
            let survey = Survey {
                repository: open(&written.root, &written.base).await.unwrap(),
                concurrency: 2,
                progress: Arc::default(),
            };
            listed(written, &survey).await;
            shown(written, &survey).await;
            cost(written, &survey).await;
            differ(written, &survey).await;
            attested(written, &survey).await;
        }
    }
}

/// What a restore would give: an index that no shard of could be written gives nothing.
fn documents(taken: &Taken) -> u64 {
    let written = taken.indices.iter().filter(|(name, _)| *name != NOWHERE);
    written.filter_map(|(_, index)| index.documents).sum()
}

async fn listed(written: &Written, survey: &Survey) {
    let (ls, label) = (survey.ls(true).await, written.label());
    assert_eq!(ls.unreadable.count, 0, "{label}: {:?}", ls.unreadable);
    assert_eq!(ls.snapshots.len(), written.snapshots.len(), "{label}");
    for taken in &written.snapshots {
        let found = ls
            .snapshots
            .iter()
            .find(|found| found.snapshot.uuid == taken.uuid);
        let found = found.unwrap();
        let label = format!("{label}, {}", taken.name);
        assert_eq!(found.snapshot.state, taken.state, "{label}");
        assert_eq!(found.documents, Some(documents(taken)), "{label}");
        assert_eq!(found.indices as usize, taken.indices.len(), "{label}");
    }
}

async fn shown(written: &Written, survey: &Survey) {
    for taken in &written.snapshots {
        let label = format!("{}, {}", written.label(), taken.name);
        let shown = survey.show(&taken.uuid, |_| true).await.unwrap();
        assert_eq!(shown.unreadable.count, 0, "{label}: {:?}", shown.unreadable);
        for index in &shown.indices {
            let expected = taken.indices[&index.name];
            assert_eq!(index.shards, Some(expected.shards), "{label}, {}", index.name);
            if index.name != NOWHERE {
                assert_eq!(index.documents, expected.documents, "{label}, {}", index.name);
            }
        }
    }
}

/// Every data blob is some snapshot's, so they cost what they are long.
async fn cost(written: &Written, survey: &Survey) {
    let label = written.label();
    let du = survey.du(Some(i64::MAX)).await;
    assert_eq!(du.unreadable.count, 0, "{label}: {:?}", du.unreadable);
    let data = |path: &&std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("__")
    };
    let files = corpora::files(&written.root);
    let lengths = files.iter().filter(data).map(|path| {
        let about = written.root.join(path).metadata().unwrap();
        about.len()
    });
    assert_eq!(du.all.data_bytes, lengths.sum::<u64>(), "{label}");
    let older = du.older.unwrap();
    assert_eq!(
        (older.frees, older.snapshots.len()),
        (du.all, written.snapshots.len()),
        "{label}"
    );
    for share in &du.snapshots {
        assert_eq!(
            share.unique.data_bytes + share.shared_bytes,
            share.all.data_bytes,
            "{label}"
        );
    }
    let grace = Grace {
        now: i64::MAX,
        ms: 0,
        read_only: true,
    };
    let orphans = survey.orphans(grace).await;
    assert_eq!(orphans.unreadable.count, 0, "{label}: {:?}", orphans.unreadable);
    let left: Vec<_> = orphans
        .blobs
        .iter()
        .filter(|orphan| orphan.class != Class::LeftOver)
        .collect();
    assert!(left.is_empty(), "{label}: {left:?}");
}

async fn differ(written: &Written, survey: &Survey) {
    for pair in written.snapshots.windows(2) {
        let [a, b] = pair else { continue };
        let label = format!("{}, {} and {}", written.label(), a.name, b.name);
        let diff = survey.diff(&a.uuid, &b.uuid).await.unwrap();
        assert_eq!(diff.unreadable.count, 0, "{label}: {:?}", diff.unreadable);
        for index in &diff.indices {
            let label = format!("{label}, {}", index.name);
            assert_ne!(index.change, Change::Unknown, "{label}");
            for (taken, state) in [(a, index.a), (b, index.b)] {
                let expected = taken.indices.get(&index.name);
                assert_eq!(state.is_some(), expected.is_some(), "{label}");
                if let (Some(state), Some(expected)) = (state, expected)
                    && index.name != NOWHERE
                {
                    assert_eq!(state.documents, expected.documents, "{label}");
                }
            }
            if b.cloned_from.as_ref() == Some(&a.name) && index.b.is_some() {
                assert_eq!(index.change, Change::Same, "{label}");
            }
        }
    }
}

/// What was attested with each digest agrees at once.
async fn attested(written: &Written, survey: &Survey) {
    let key = SigningKey::generate().unwrap();
    let last = u32::try_from(written.snapshots.len() - 1).unwrap();
    for digest in [Digest::Crc32, Digest::Sha256] {
        let request = Request {
            snapshot: last,
            digest,
            verified: None,
            concurrency: 2,
            now: 0,
            progress: Arc::default(),
        };
        let made = create(survey.repository.clone(), request, &key).await.unwrap();
        let (depth, progress) = (Depth::Content, Arc::new(Progress::default()));
        let repository = survey.repository.clone();
        let checked = check(repository, &made, &[key.public()], depth, 2, progress)
            .await
            .unwrap();
        assert!(checked.agrees(), "{}: {:?}", written.label(), checked.findings);
        assert_eq!(
            checked.blobs,
            checked.statement.blobs.count,
            "{}",
            written.label()
        );
    }
}
