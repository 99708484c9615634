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

/// Whether a damage of this kind must be found and blamed on its blob: bytes that have a checksum, and what names its owner
/// in another's place.
pub fn must_be_found(class: Class, damage: Damage) -> bool {
    match damage {
        Damage::Swap => {
            use Class::{IndexMetadata, ShardPaths, ShardSnapshot, Snapshot};
            class.is_data() || matches!(class, Snapshot | IndexMetadata | ShardSnapshot | ShardPaths)
        }
        Damage::Older => class.is_data() || matches!(class, Class::Snapshot | Class::ShardSnapshot),
        _ => class.is_checksummed(),
    }
}

/// Judges the report on a damaged repository.
pub fn judge(ground: &Ground, hit: &Hit<'_>, report: &Result<Report, OpenError>) -> Outcome {
    let report = match report {
        Ok(report) => report,
        // Only the root is read to open a repository.
        Err(error) if hit.blob.class == Class::Root && refuses_root(hit, error) => return Outcome::Right,
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
        return match new.iter().any(|finding| blames_root(ground, hit, finding)) {
            true => Outcome::Right,
            false => Outcome::WrongBlob,
        };
    }
    let hurt: Vec<&Blob> = [Some(hit.blob), hit.other].into_iter().flatten().collect();
    let hurt = blamed_instead(ground, hit).unwrap_or(hurt);
    let mut right = true;
    for blob in &hurt {
        let Some(finding) = new.iter().find(|finding| names(hit, finding, blob)) else {
            return Outcome::WrongBlob;
        };
        right &= snapshots_are_right(blob, finding);
    }
    let is_stray = |finding: &&Finding| {
        finding.severity == Severity::Error && !hurt.iter().any(|blob| names(hit, finding, blob))
    };
    if new.iter().any(is_stray) {
        return Outcome::WrongBlob;
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

/// Whether an error says that this root is not readable, or, when it was deleted, that there is none.
fn refuses_root(hit: &Hit<'_>, error: &OpenError) -> bool {
    match error {
        OpenError::Root { blob, .. } => *blob == hit.blob.path,
        OpenError::RootLost { .. } => hit.length.is_none(),
        OpenError::NotARepository(words) => words.contains(&hit.blob.path),
        OpenError::Source(_) => false,
    }
}

/// Whether a finding is that of a damaged root. The root has no checksum, so it is blamed itself only where it contradicts
/// itself or another blob. Where a name in it was changed (a uuid, an id, a generation, how paths are hashed), all that can
/// be seen is that a blob of that name is not there: that counts only if there never was one. A deleted root leaves
/// `index.latest`, which names it.
fn blames_root(ground: &Ground, hit: &Hit<'_>, finding: &Finding) -> bool {
    let key = finding.key.as_ref().unwrap_or(&finding.blob);
    let was_there = || ground.blobs.iter().any(|blob| blob.file.as_os_str() == &**key);
    match finding.kind {
        _ if finding.blob == hit.blob.path => true,
        Kind::BlobMissing => !was_there(),
        Kind::RootMismatch => hit.length.is_none() && finding.blob == "index.latest",
        _ => false,
    }
}

/// Two shards of one snapshot without blobs: their `snap-*.dat` name the snapshot and no shard, so that they are told apart by
/// their generations alone, which are then blamed. A restore gives what it should, which is nothing.
fn blamed_instead<'a>(ground: &'a Ground, hit: &Hit<'_>) -> Option<Vec<&'a Blob>> {
    let other = hit.other?;
    if hit.blob.class != Class::ShardSnapshot || hit.blob.snapshots != other.snapshots {
        return None;
    }
    let of_shard = |blob: &Blob, of: &Blob| (&blob.index, blob.shard) == (&of.index, of.shard);
    let is_empty = |of: &Blob| {
        let data = ground.blobs.iter().filter(|blob| blob.class.is_data());
        let mut data = data.filter(|blob| of_shard(blob, of));
        !data.any(|blob| blob.snapshots.is_superset(&of.snapshots))
    };
    if !is_empty(hit.blob) || !is_empty(other) {
        return None;
    }
    let is_theirs = |blob: &&Blob| of_shard(blob, hit.blob) || of_shard(blob, other);
    let generations = ground
        .blobs
        .iter()
        .filter(|blob| blob.class == Class::ShardGeneration);
    Some(generations.filter(is_theirs).collect())
}

fn names(hit: &Hit<'_>, finding: &Finding, blob: &Blob) -> bool {
    match blob.class {
        // A checksum is a whole file's: in which of its parts it goes wrong cannot be told. Which part is not there, or has
        // another length, can.
        Class::Part if hit.length == Some(hit.blob.length) => {
            finding.blob.starts_with(&format!("{}.part", blob.whole))
        }
        // Before 7.6 nobody knows its number once it is gone.
        Class::ShardGeneration if finding.kind == Kind::BlobMissing => {
            let (directory, name) = blob.path.rsplit_once('/').unwrap();
            let is_numbered = name.trim_start_matches("index-").parse::<u64>().is_ok();
            finding.blob == blob.path || is_numbered && finding.blob == format!("{directory}/index-N")
        }
        // Its name behind the index's id follows from the cluster's settings.
        Class::ShardPaths if finding.kind == Kind::BlobMissing => {
            blob.path.starts_with(finding.blob.trim_end_matches('*'))
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
