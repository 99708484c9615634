//! Nothing is found in what engines wrote, and the documents are those that the engines counted.

use tintype_repository::Level;
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::corpus::{Taken, Written, content::NOWHERE};

use crate::corpora;
use crate::looking::{look, options, said};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_in_what_engines_wrote() {
    let mut snapshots = 0;
    for corpus in corpora::all().await {
        for written in &corpus.manifest.repositories {
            for level in [Level::Metadata, Level::Fingerprint, Level::Structure] {
                let report = look(written, options(level)).await.unwrap();
                assert_healthy(written, &report);
            }
            snapshots += written.snapshots.len();
        }
    }
    println!("{snapshots} snapshots are what their engines said");
}

/// That a report finds nothing, and tells of each snapshot what the engine said of it.
pub fn assert_healthy(written: &Written, report: &Report) {
    let label = format!("{} at {:?}", written.label(), report.level);
    let errors = report.findings.iter().filter(|finding| {
        // What the engine itself says of a PARTIAL snapshot is no damage of the repository.
        finding.index.as_deref() != Some(NOWHERE)
    });
    assert_eq!(errors.count(), 0, "{label}:\n{}", said(report));
    assert!(report.complete, "{label}");
    let names = |snapshots: Vec<&str>| {
        let mut sorted = snapshots;
        sorted.sort_unstable();
        sorted.join(" ")
    };
    assert_eq!(
        names(report.snapshots.iter().map(|s| s.name.as_str()).collect()),
        names(written.snapshots.iter().map(|s| s.name.as_str()).collect()),
        "{label}"
    );
    for taken in &written.snapshots {
        assert_snapshot(&label, taken, report);
    }
}

fn assert_snapshot(label: &str, taken: &Taken, report: &Report) {
    let found = report.snapshots.iter().find(|found| found.uuid == taken.uuid);
    let found = found.unwrap_or_else(|| panic!("{label}: {} is missing", taken.name));
    let label = format!("{label}, {}", taken.name);
    assert_eq!(found.state, taken.state, "{label}");
    assert_eq!(found.global_state, Verdict::Restorable, "{label}");
    let partial = taken.indices.contains_key(NOWHERE);
    let whole = if partial {
        Verdict::InPart
    } else {
        Verdict::Restorable
    };
    assert_eq!(found.verdict, whole, "{label}: {:?}", found.why);
    assert_eq!(found.indices.len(), taken.indices.len(), "{label}");
    for index in &found.indices {
        let expected = taken.indices[&*index.name];
        let label = format!("{label}, {}", index.name);
        if &*index.name == NOWHERE {
            assert_eq!(index.verdict, Verdict::NotRestorable, "{label}");
            continue;
        }
        assert_eq!(index.verdict, Verdict::Restorable, "{label}: {:?}", index.why);
        assert_eq!(index.shards, expected.shards, "{label}");
        if report.structure || report.level == Level::Structure {
            assert_eq!(index.documents, expected.documents, "{label}");
        }
    }
}
