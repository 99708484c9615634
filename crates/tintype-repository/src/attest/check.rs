//! Checking a snapshot against an attestation: what is compared, and what came of it.

use super::blob::Blob;
use super::look::Look;
use super::statement::{Proof, Statement};
use super::units::in_order;
use super::{AttestError, Attestation, PublicKey};
use crate::finding::{Finding, Kind};
use crate::repository::Repository;
use crate::verify::Progress;
use futures_util::TryStreamExt;
use serde::Serialize;
use std::pin::pin;
use std::sync::Arc;

/// More findings than this are only counted.
const MOST: usize = 10_000;

/// How much of the snapshot is compared. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// The root and every metadata blob, by their SHA-256.
    Metadata,
    /// Every data blob is there with its length.
    Presence,
    /// Every data blob is read: its CRC-32, and its SHA-256 when that was attested.
    Content,
}

impl From<crate::Level> for Depth {
    fn from(level: crate::Level) -> Self {
        match level {
            crate::Level::Root | crate::Level::Metadata => Self::Metadata,
            crate::Level::Presence | crate::Level::Fingerprint => Self::Presence,
            crate::Level::Checksum | crate::Level::Structure => Self::Content,
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// What is attested, signed by a trusted key.
    pub statement: Statement,
    /// How much was compared.
    pub depth: Depth,
    /// What agreement of the data proves; `None` when data was not read.
    pub proves: Option<Proof>,
    /// What differs.
    pub findings: Vec<Finding>,
    /// Findings beyond a bound, only counted.
    pub findings_left_out: u64,
    /// Everything could be read: nothing is unknown.
    pub complete: bool,
    /// How many blobs were compared, as deep as that asks: without those that the depth leaves out or that could not be read.
    pub blobs: u64,
}

impl Checked {
    /// Everything could be compared and agrees.
    pub fn agrees(&self) -> bool {
        self.complete && self.findings.is_empty() && self.findings_left_out == 0
    }

    fn add(&mut self, finding: Finding) {
        self.complete &= finding.kind != Kind::BlobUnreadable;
        if self.findings.len() < MOST {
            self.findings.push(finding);
        } else {
            self.findings_left_out += 1;
        }
    }
}

/// Compares a repository with an attestation of one of its snapshots, at the generation attested or any later one, there
/// or in a copy. What the attestation's own key says of itself counts for nothing: one of `trusted` must have signed it.
///
/// # Errors
/// The attestation is not sound, or not signed by a trusted key; then nothing was compared. What cannot be read of the
/// repository is a finding.
pub async fn check(
    repository: Arc<Repository>,
    attestation: &Attestation,
    trusted: &[PublicKey],
    depth: Depth,
    concurrency: usize,
    progress: Arc<Progress>,
) -> Result<Checked, AttestError> {
    let statement = attestation.verified(trusted)?;
    let look = Arc::new(Look::new(repository, &statement, depth, progress.clone()));
    let mut checked = Checked {
        proves: (depth == Depth::Content).then_some(statement.proves),
        statement,
        depth,
        findings: Vec::new(),
        findings_left_out: 0,
        complete: true,
        blobs: 0,
    };
    for finding in look.root(&checked.statement) {
        checked.add(finding);
    }
    let groups = groups(attestation);
    let work = move |group: Result<Vec<Blob>, AttestError>| {
        let look = look.clone();
        async move {
            let group = group?;
            Ok(look.group(&group).await)
        }
    };
    let mut done = pin!(in_order(groups, concurrency, progress, work));
    while let Some((blobs, findings)) = done.try_next().await? {
        checked.blobs += blobs;
        for finding in findings {
            checked.add(finding);
        }
    }
    Ok(checked)
}

/// The blobs of the list, those of one shard together.
fn groups(attestation: &Attestation) -> impl Iterator<Item = Result<Vec<Blob>, AttestError>> + '_ {
    let mut blobs = attestation.blobs().peekable();
    std::iter::from_fn(move || {
        let first = match blobs.next()? {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        let place = first.shard().map(|(id, shard)| (id.to_owned(), shard));
        let mut group = vec![first];
        let same = |next: &Result<Blob, AttestError>| {
            let next = next.as_ref().ok().and_then(Blob::shard);
            place.is_some() && next == place.as_ref().map(|(id, shard)| (id.as_str(), *shard))
        };
        while let Some(Ok(next)) = blobs.next_if(same) {
            group.push(next);
        }
        Some(Ok(group))
    })
}

#[cfg(test)]
mod tests {
    use super::Depth::{Content, Metadata, Presence};
    use crate::Level;

    #[test]
    fn a_comparison_is_as_deep_as_the_level() {
        for (level, depth) in [
            (Level::Root, Metadata),
            (Level::Metadata, Metadata),
            (Level::Presence, Presence),
            (Level::Fingerprint, Presence),
            (Level::Checksum, Content),
            (Level::Structure, Content),
        ] {
            assert_eq!(super::Depth::from(level), depth, "{level:?}");
        }
    }
}
