//! What is signed.

use super::{AttestError, Extract};
use crate::Level;
use crate::verify::report::{Report, SnapshotReport};
use crate::verify::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// The schema's name and version. Members are added, never renamed.
pub const SCHEMA: &str = "tintype.attestation/1";

/// What was seen of a snapshot, when, by whom. Times are ms since 1970, digests in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the program that attested.
    pub version: String,
    /// When.
    pub attested: i64,
    /// The repository's location then, without secrets. A copy elsewhere has another.
    pub location: String,
    /// The repository's own uuid, where it has one.
    pub repository_uuid: Option<String>,
    /// The generation of the root that was read.
    pub generation: u64,
    /// The SHA-256 of that root, `index-{generation}`: holds for this generation alone.
    pub root_sha256: String,
    /// What the root says of the snapshot, at any generation.
    pub extract: Extract,
    /// The digest of the data blobs.
    pub digest: Digest,
    /// What the attestation can prove of data blobs.
    pub proves: Proof,
    /// What was verified before, if anything.
    pub verified: Option<Verified>,
    /// Shards that the snapshot does not have, as `index/shard`: it is partial.
    pub absent_shards: Vec<String>,
    /// The list that follows.
    pub blobs: List,
}

/// The list of blobs: the lines after the envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// How many lines.
    pub count: u64,
    /// How many bytes all these blobs have.
    pub bytes: u64,
    /// The SHA-256 of the lines as they stand, each with its end.
    pub sha256: String,
}

/// How data blobs are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// By the CRC-32 that the repository recorded: nothing needs to be read.
    Crc32,
    /// By a SHA-256 too: each blob is read once.
    Sha256,
}

/// What an attestation proves of data blobs that still agree with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// No accident changed them. Who means to can make other bytes with the same CRC-32.
    AccidentalChangeOnly,
    /// Nobody changed them.
    AnyChange,
}

impl Proof {
    /// In words for a report.
    pub fn words(self) -> &'static str {
        match self {
            Self::AccidentalChangeOnly => "accidental change only",
            Self::AnyChange => "any change",
        }
    }
}

impl From<Digest> for Proof {
    fn from(digest: Digest) -> Self {
        match digest {
            Digest::Crc32 => Self::AccidentalChangeOnly,
            Digest::Sha256 => Self::AnyChange,
        }
    }
}

/// What a verification had found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The program's version.
    pub version: String,
    /// When it ended.
    pub ended: i64,
    /// The level that all of the snapshot's data was checked at.
    pub level: Option<Level>,
    /// Whether Lucene's structure was checked.
    pub structure: bool,
    /// The oldest check that this rests on.
    pub oldest_check: Option<i64>,
    /// Restoring it with `include_global_state: false`.
    pub verdict: Verdict,
    /// The live documents of each index, by name.
    pub documents: Vec<Documents>,
}

/// An index's live documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// The index's name.
    pub index: String,
    /// Nested ones included; `None` when the structure was not checked.
    pub documents: Option<u64>,
}

impl Verified {
    /// What a report says of a snapshot, by its uuid.
    pub fn of(report: &Report, uuid: &str) -> Option<Self> {
        let snapshot: &SnapshotReport = report.snapshots.iter().find(|snapshot| snapshot.uuid == uuid)?;
        let documents = snapshot.indices.iter().map(|index| Documents {
            index: index.name.to_string(),
            documents: index.documents,
        });
        Some(Self {
            version: report.version.to_owned(),
            ended: report.ended,
            level: snapshot.level,
            structure: report.structure,
            oldest_check: snapshot.oldest_check,
            verdict: snapshot.verdict,
            documents: documents.collect(),
        })
    }
}

impl Statement {
    /// Refuses a statement of another schema.
    pub(super) fn known(&self) -> Result<(), AttestError> {
        if self.schema == SCHEMA {
            return Ok(());
        }
        let schema: String = self.schema.chars().take(60).collect();
        Err(AttestError::Malformed(format!(
            "its schema is {schema:?}, and only {SCHEMA} is known"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::{Request, SigningKey, create};
    use crate::ledger::MemoryLedger;
    use crate::repository::Repository;
    use crate::source::{Access, Source};
    use crate::testing::{Synthetic, lucene};
    use crate::verify::options::Options;
    use crate::verify::verify;
    use std::sync::Arc;

    fn options() -> Options {
        Options {
            structure: true,
            ..Options::new(Level::Structure, 5_000)
        }
    }

    #[tokio::test]
    async fn an_attestation_says_what_was_verified_of_its_snapshot() {
        let dir = tempfile::tempdir().unwrap();
        let mut written = Synthetic::new(dir.path());
        let (mixed, updated) = (lucene::index(8, "mixed"), lucene::index(8, "updated"));
        written.take("first", 1_000, &[("books", &[&mixed])]);
        let uuid = written.take("second", 2_000, &[("books", &[&mixed]), ("events", &[&updated])]);
        let source = Source::open(dir.path().to_str().unwrap(), &Access::default()).unwrap();
        let repository = Arc::new(Repository::open(source).await.unwrap());
        let ledger = Arc::new(MemoryLedger::default());
        let report = verify(repository.clone(), options(), ledger, Arc::default()).await;
        assert_eq!(report.findings, []);
        let verified = Verified::of(&report, &uuid).unwrap();
        assert_eq!(verified.verdict, Verdict::Restorable);
        assert_eq!(verified.level, Some(Level::Structure));
        let documents: Vec<_> = verified
            .documents
            .iter()
            .map(|d| (&*d.index, d.documents))
            .collect();
        assert_eq!(documents, [("books", Some(82)), ("events", Some(27))]);
        assert_eq!(Verified::of(&report, "another"), None);
        // What all of its data passed, and not what was asked for or passed last.
        let mut older = report.clone();
        let of = older.snapshots.iter_mut().find(|one| one.uuid == uuid).unwrap();
        (of.level, of.oldest_check) = (Some(Level::Presence), Some(7));
        let older = Verified::of(&older, &uuid).unwrap();
        assert_eq!(
            (older.level, older.oldest_check),
            (Some(Level::Presence), Some(7))
        );
        let request = Request {
            snapshot: repository.find_snapshot("second").unwrap(),
            digest: Digest::Crc32,
            verified: Some(verified.clone()),
            concurrency: 2,
            now: 6_000,
            progress: Arc::default(),
        };
        let key = SigningKey::generate().unwrap();
        let statement = create(repository, request, &key)
            .await
            .unwrap()
            .verified(&[key.public()])
            .unwrap();
        assert_eq!(statement.verified, Some(verified));
        assert_eq!(statement.proves.words(), "accidental change only");
        assert_eq!(statement.extract.indices.len(), 2);
    }

    #[test]
    fn a_statement_of_another_schema_is_not_believed() {
        let text = serde_json::json!({
            "schema": "tintype.attestation/9", "version": "1", "attested": 1, "location": "", "repository_uuid": null,
            "generation": 1, "root_sha256": "", "digest": "sha256", "proves": "any_change", "verified": null,
            "extract": {"name": "", "uuid": "", "state": 1, "version": null, "index_version": null, "started": null,
                "ended": null, "policy": null, "indices": []},
            "absent_shards": [], "blobs": {"count": 0, "bytes": 0, "sha256": ""},
        });
        let statement: Statement = serde_json::from_value(text).unwrap();
        let error = statement.known().unwrap_err().to_string();
        assert!(error.contains("tintype.attestation/9"), "{error}");
    }
}
