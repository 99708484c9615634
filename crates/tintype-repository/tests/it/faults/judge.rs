//! Whether a report says what was damaged, and whom it hurts.

use std::collections::BTreeSet;

use tintype_repository::finding::{Finding, Kind, Severity};
use tintype_repository::repository::OpenError;
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;

use super::damage::Damage;
use super::ground::{Ground, Hit};
use crate::looking::{Verdicts, verdicts};
use crate::truth::{Blob, Class};

/// How a damage was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// On the right blob, with the right snapshots.
    Right,
    /// A finding, yet on another blob.
    WrongBlob,
    /// On the right blob; its severity, its snapshots or the verdicts are wrong.
    WrongSnapshots,
    Missed,
}

/// Whether a damage of this kind must be found and blamed on its blob.
pub fn must_be_found(class: Class, damage: Damage) -> bool {
    match damage {
        Damage::Swap => class.is_data() || matches!(class, Class::Snapshot | Class::IndexMetadata),
        Damage::Older => class.is_data() || matches!(class, Class::Snapshot | Class::ShardSnapshot),
        _ => class.is_checksummed(),
    }
}

/// Judges the report on a damaged repository.
pub fn judge(ground: &Ground, hit: &Hit<'_>, report: &Result<Report, OpenError>) -> Outcome {
    let report = match report {
        Ok(report) => report,
        // Only the root is read to open a repository.
        Err(error) if hit.blob.class == Class::Root && error.is_damage() => return Outcome::Right,
        Err(_) => return Outcome::WrongBlob,
    };
    let new: Vec<&Finding> = report
        .findings
        .iter()
        // What the engine itself says of a PARTIAL snapshot.
        .filter(|finding| finding.kind != Kind::ShardNotSnapshotted)
        .collect();
    if new.is_empty() {
        return Outcome::Missed;
    }
    if hit.blob.class == Class::Root {
        return Outcome::Right;
    }
    let blamed = |blob: &Blob| new.iter().find(|finding| names(finding, blob)).copied();
    let hurt: Vec<&Blob> = [Some(hit.blob), hit.other].into_iter().flatten().collect();
    let mut right = true;
    for blob in &hurt {
        let Some(finding) = blamed(blob) else {
            return Outcome::WrongBlob;
        };
        right &= snapshots_are_right(blob, finding);
    }
    let expected = expected_verdicts(ground, &hurt);
    right &= verdicts(report)
        .iter()
        .all(|(key, verdict)| expected[key] == *verdict);
    if right {
        Outcome::Right
    } else {
        Outcome::WrongSnapshots
    }
}

fn names(finding: &Finding, blob: &Blob) -> bool {
    match blob.class {
        // A checksum is a whole file's: in which of its parts it goes wrong cannot be told.
        Class::Part => finding.blob.starts_with(&format!("{}.part", blob.whole)),
        // Before 7.6 nobody knows its number once it is gone.
        Class::ShardGeneration if finding.kind == Kind::BlobMissing => {
            let directory = |path: &str| path.rsplit_once('/').map(|(directory, _)| directory.to_owned());
            directory(&finding.blob) == directory(&blob.path)
        }
        _ => finding.blob == blob.path,
    }
}

fn snapshots_are_right(blob: &Blob, finding: &Finding) -> bool {
    let severity = match blob.class {
        class if class.is_restored() => Severity::Error,
        // Engines can be told not to write it.
        Class::Latest if finding.message.contains("is not there") => Severity::Note,
        _ => Severity::Warning,
    };
    let named: BTreeSet<&String> = finding.snapshots.iter().collect();
    // Nobody loses what only serves all of them: whom such a finding names is no matter.
    let all = !blob.class.is_restored() && blob.class != Class::GlobalState;
    finding.severity == severity && (all || named == blob.snapshots.iter().collect())
}

/// Those of the whole repository, but for what the blobs serve.
fn expected_verdicts(ground: &Ground, hurt: &[&Blob]) -> Verdicts {
    let mut expected = ground.verdicts.clone();
    for blob in hurt.iter().filter(|blob| blob.class.is_restored()) {
        for ((snapshot, index), verdict) in &mut expected {
            let of_it = blob.index.as_ref().is_none_or(|of| of == index);
            if of_it && blob.snapshots.contains(snapshot) {
                *verdict = Verdict::NotRestorable;
            }
        }
    }
    expected
}
