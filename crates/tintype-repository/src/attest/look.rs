//! Comparing a repository's root and blobs with what was attested.

use super::blob::Blob;
use super::check::Depth;
use super::extract::Difference;
use super::statement::Statement;
use super::{Extract, ExtractIndex, digest};
use crate::finding::{Finding, Kind, Severity};
use crate::format::shard_path::PathType;
use crate::repository::{METADATA_CAP, Repository};
use crate::source::{Cause, SourceError};
use crate::verify::Progress;
use data_encoding::HEXLOWER;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is compared with.
pub(super) struct Look {
    repository: Arc<Repository>,
    depth: Depth,
    progress: Arc<Progress>,
    snapshot: String,
    uuid: String,
    /// The name and path type of each index, by its directory.
    indices: BTreeMap<String, (String, u8)>,
}

impl Look {
    pub(super) fn new(
        repository: Arc<Repository>,
        statement: &Statement,
        depth: Depth,
        progress: Arc<Progress>,
    ) -> Self {
        let extract = &statement.extract;
        let index = |index: &ExtractIndex| (index.id.clone(), (index.name.clone(), index.path_type));
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
    pub(super) fn root(&self, statement: &Statement) -> Vec<Finding> {
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

    /// Compares some blobs that lie in one directory: how many it compared, and what differs.
    pub(super) async fn group(&self, group: &[Blob]) -> (u64, Vec<Finding>) {
        let (mut compared, mut findings) = (0, Vec::new());
        let Some(first) = group.first() else {
            return (compared, findings);
        };
        let directory = self.directory(first);
        let key = |name: &str| match directory.as_str() {
            "" => name.to_owned(),
            directory => format!("{directory}/{name}"),
        };
        let mut add = |finding: Option<Finding>| {
            let unread = |finding: &Finding| finding.kind == Kind::BlobUnreadable;
            compared += u64::from(!finding.as_ref().is_some_and(unread));
            findings.extend(finding);
        };
        for blob in group.iter().filter(|blob| !blob.is_data()) {
            add(self.metadata(blob, &key(blob.name())).await);
        }
        let data: Vec<&Blob> = group.iter().filter(|blob| blob.is_data()).collect();
        if self.depth < Depth::Presence || data.is_empty() {
            return (compared, findings);
        }
        let listed = match self.lengths(&directory).await {
            Ok(listed) => listed,
            Err(error) => {
                findings.push(self.unreadable(first, &directory, &error));
                return (compared, findings);
            }
        };
        for blob in data {
            let parts: Vec<_> = blob.parts().map(|(name, length)| (key(&name), length)).collect();
            add(self.data(blob, &parts, listed.as_ref()).await);
        }
        (compared, findings)
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
        let footer = blob.crc32.as_deref().map(digest::footer);
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
