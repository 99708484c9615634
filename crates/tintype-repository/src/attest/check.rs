//! Checking a snapshot against an attestation.

use super::blob::Blob;
use super::digest;
use super::extract::Difference;
use super::statement::{Proof, Statement};
use super::units::in_order;
use super::{AttestError, Attestation, Extract, PublicKey};
use crate::finding::{Finding, Kind, Severity};
use crate::format::shard_path::PathType;
use crate::repository::{METADATA_CAP, Repository};
use crate::source::{Cause, SourceError};
use crate::verify::Progress;
use data_encoding::HEXLOWER;
use futures_util::TryStreamExt;
use serde::Serialize;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

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
    /// How many blobs were compared.
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
            Ok((group.len() as u64, look.group(&group).await))
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

/// What is compared with.
struct Look {
    repository: Arc<Repository>,
    depth: Depth,
    progress: Arc<Progress>,
    snapshot: String,
    uuid: String,
    /// The name and path type of each index, by its directory.
    indices: BTreeMap<String, (String, u8)>,
}

impl Look {
    fn new(
        repository: Arc<Repository>,
        statement: &Statement,
        depth: Depth,
        progress: Arc<Progress>,
    ) -> Self {
        let extract = &statement.extract;
        let index = |index: &super::ExtractIndex| (index.id.clone(), (index.name.clone(), index.path_type));
        Self {
            repository,
            depth,
            progress,
            snapshot: extract.name.clone(),
            uuid: extract.uuid.clone(),
            indices: extract.indices.iter().map(index).collect(),
        }
    }

    /// A finding of a blob, which hurts the snapshot.
    fn finding(&self, severity: Severity, path: &str, key: &str, message: &str) -> Finding {
        let place = path.strip_prefix("indices/").and_then(|path| {
            let mut parts = path.split('/');
            Some((parts.next()?, parts.next().and_then(|shard| shard.parse().ok())))
        });
        let index = place.and_then(|(id, _)| self.indices.get(id));
        Finding {
            severity,
            kind: Kind::Attestation,
            blob: path.to_owned(),
            key: (key != path).then(|| key.to_owned()),
            offset: None,
            expected: None,
            actual: None,
            message: format!("{path}: {message}"),
            index: index.map(|(name, _)| name.clone()),
            shard: place.and_then(|(_, shard)| shard),
            snapshots: vec![self.snapshot.clone()],
            snapshots_left_out: 0,
        }
    }

    /// Compares the root.
    fn root(&self, statement: &Statement) -> Vec<Finding> {
        let now = self.repository.generation;
        let path = format!("index-{now}");
        let key = self.repository.key(&path);
        let mut findings = Vec::new();
        let mut differs = |severity, message: &str, expected: String, actual: String| {
            let mut finding = self.finding(severity, &path, &key, message);
            (finding.expected, finding.actual) = (Some(expected), Some(actual));
            findings.push(finding);
        };
        let sha256 = HEXLOWER.encode(&self.repository.root_sha256);
        if now == statement.generation && sha256 != statement.root_sha256 {
            let message = "is not the root that was attested at this generation";
            differs(Severity::Error, message, statement.root_sha256.clone(), sha256);
        }
        if now < statement.generation {
            let (was, is) = (statement.generation.to_string(), now.to_string());
            differs(
                Severity::Warning,
                "is older than the root that was attested",
                was,
                is,
            );
        }
        let uuid = self.repository.root.uuid.as_deref();
        if let (Some(was), Some(is)) = (statement.repository_uuid.as_deref(), uuid)
            && was != is
        {
            let message = "belongs to another repository than was attested";
            differs(Severity::Warning, message, was.to_owned(), is.to_owned());
        }
        let snapshots = &self.repository.root.snapshots;
        let position = snapshots
            .iter()
            .zip(0..)
            .find(|(snapshot, _)| *snapshot.uuid == self.uuid);
        let Some(extract) = position.and_then(|(_, at)| Extract::of(&self.repository.root, at)) else {
            let (name, uuid) = (&self.snapshot, &self.uuid);
            differs(
                Severity::Error,
                "does not have the attested snapshot",
                format!("{name} ({uuid})"),
                "nothing".to_owned(),
            );
            return findings;
        };
        for Difference {
            what,
            expected,
            actual,
            index,
        } in statement.extract.differences(&extract)
        {
            let message = format!("{what} is not as it was attested");
            let mut finding = self.finding(Severity::Error, &path, &key, &message);
            (finding.expected, finding.actual, finding.index) = (Some(expected), Some(actual), index);
            findings.push(finding);
        }
        findings
    }

    /// Where a blob's directory lies, from the store's root.
    fn directory(&self, blob: &Blob) -> String {
        let directory = match blob.shard() {
            Some((id, shard)) => {
                let code = self.indices.get(id).map_or(0, |(_, code)| *code);
                let kind = PathType::from_code(code).unwrap_or(PathType::Fixed);
                return kind.directory(
                    self.repository.source.base(),
                    &self.repository.shard_prefix,
                    id,
                    shard,
                );
            }
            None => blob.path.rsplit_once('/').map_or("", |(directory, _)| directory),
        };
        self.repository.key(directory).trim_end_matches('/').to_owned()
    }

    /// Compares some blobs that lie in one directory.
    async fn group(&self, group: &[Blob]) -> Vec<Finding> {
        let Some(first) = group.first() else {
            return Vec::new();
        };
        let directory = self.directory(first);
        let key = |name: &str| match directory.as_str() {
            "" => name.to_owned(),
            directory => format!("{directory}/{name}"),
        };
        let mut findings = Vec::new();
        for blob in group.iter().filter(|blob| !blob.is_data()) {
            findings.extend(self.metadata(blob, &key(blob.name())).await);
        }
        let data: Vec<&Blob> = group.iter().filter(|blob| blob.is_data()).collect();
        if self.depth < Depth::Presence || data.is_empty() {
            return findings;
        }
        let listed = match self.lengths(&directory).await {
            Ok(listed) => listed,
            Err(error) => {
                findings.push(self.unreadable(first, &directory, &error));
                return findings;
            }
        };
        for blob in data {
            let parts: Vec<_> = blob.parts().map(|(name, length)| (key(&name), length)).collect();
            findings.extend(self.data(blob, &parts, listed.as_ref()).await);
        }
        findings
    }

    /// The lengths of all blobs in a directory; `None`: the store cannot list.
    async fn lengths(&self, directory: &str) -> Result<Option<BTreeMap<String, u64>>, SourceError> {
        if !self.repository.source.lists() {
            return Ok(None);
        }
        let (entries, _) = self.repository.source.directory(directory).await?;
        Ok(Some(
            entries
                .into_iter()
                .map(|entry| (entry.key, entry.length))
                .collect(),
        ))
    }

    fn unreadable(&self, blob: &Blob, key: &str, error: &SourceError) -> Finding {
        let severity = self.severity(blob);
        if error.cause == Cause::Missing {
            return self.finding(severity, &blob.path, key, "is attested and missing");
        }
        let message = format!("could not be compared: {error}");
        let mut finding = self.finding(Severity::Warning, &blob.path, key, &message);
        finding.kind = Kind::BlobUnreadable;
        finding
    }

    /// A restore without global state does not read the global state's blob.
    fn severity(&self, blob: &Blob) -> Severity {
        match blob.path.starts_with("meta-") {
            true => Severity::Warning,
            false => Severity::Error,
        }
    }

    async fn metadata(&self, blob: &Blob, key: &str) -> Option<Finding> {
        let bytes = match self.repository.source.get(key, METADATA_CAP).await {
            Ok(bytes) => bytes,
            Err(error) => return Some(self.unreadable(blob, key, &error)),
        };
        let actual = digest::sha256(&bytes);
        let expected = blob.sha256.clone()?;
        let message = "is not the metadata that was attested";
        (actual != expected).then(|| self.differs(blob, key, message, expected, actual))
    }

    fn differs(&self, blob: &Blob, key: &str, message: &str, expected: String, actual: String) -> Finding {
        let mut finding = self.finding(self.severity(blob), &blob.path, key, message);
        (finding.expected, finding.actual) = (Some(expected), Some(actual));
        finding
    }

    async fn data(
        &self,
        blob: &Blob,
        parts: &[(String, u64)],
        listed: Option<&BTreeMap<String, u64>>,
    ) -> Option<Finding> {
        for (key, length) in parts {
            let actual = match listed {
                Some(listed) => listed.get(key).copied(),
                None => match self.repository.source.head(key).await {
                    Ok(entry) => Some(entry.length),
                    Err(error) if error.cause == Cause::Missing => None,
                    Err(error) => return Some(self.unreadable(blob, key, &error)),
                },
            };
            let Some(actual) = actual else {
                return Some(self.finding(Severity::Error, &blob.path, key, "is attested and missing"));
            };
            if actual != *length {
                let message = "does not have the length that was attested";
                return Some(self.differs(blob, key, message, length.to_string(), actual.to_string()));
            }
        }
        if self.depth < Depth::Content {
            return None;
        }
        self.content(blob, parts).await
    }

    async fn content(&self, blob: &Blob, parts: &[(String, u64)]) -> Option<Finding> {
        let key = parts.first().map_or("", |(key, _)| key);
        let digested = match digest::read(&self.repository.source, parts, blob.sha256.is_some()).await {
            Ok(digested) => digested,
            Err(error) => return Some(self.unreadable(blob, key, &error)),
        };
        self.progress.bytes.fetch_add(blob.length, Ordering::Relaxed);
        let footer = blob.crc32.as_ref().map(|crc32| format!("00000000{crc32}"));
        let pairs = [
            ("SHA-256", blob.sha256.clone(), digested.sha256),
            ("CRC-32", blob.crc32.clone(), Some(digested.crc32)),
            ("footer", footer, Some(digested.footer)),
        ];
        for (what, expected, actual) in pairs {
            if let (Some(expected), Some(actual)) = (expected, actual)
                && expected != actual
            {
                let message = format!("its bytes do not have the {what} that was attested");
                return Some(self.differs(blob, key, &message, expected, actual));
            }
        }
        None
    }
}
