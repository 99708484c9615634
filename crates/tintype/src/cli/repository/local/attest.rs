//! `tintype repository attest URL SNAPSHOT -f FILE`, and what `verify --attestation` compares.

use super::access::Place;
use super::ledger::LedgerArgs;
use super::location;
use super::output::show;
use super::run::{Ended, with_repository};
use super::verify::Depth;
use crate::cli::cells::{bytes, plain};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::global::process_env;
use crate::cli::output::pairs;
use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tintype_repository::Level;
use tintype_repository::attest::{
    AttestError, Attestation, Digest, PublicKey, Request, SigningKey, Statement, Verified, create,
};
use tintype_repository::finding::{Kind, Severity};
use tintype_repository::repository::Repository;
use tintype_repository::verify::options::Options;
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;
use tintype_repository::verify::{Progress, verify};

/// What to attest.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which repository.
    #[command(flatten)]
    place: Place,
    /// The snapshot's name or uuid
    snapshot: String,
    /// The file to write the attestation to; it must not be there yet
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// The private key that signs: Ed25519 in PEM, readable by nobody else (`openssl genpkey -algorithm ed25519`)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// How data blobs are told apart: crc32 shows accidental change only, sha256 reads each blob and shows any
    #[arg(long, value_enum, value_name = "DIGEST", default_value = "crc32")]
    digest: By,
    /// Verify the snapshot first, so deep, and attest that too; see `repository verify` [default: structure]
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true)]
    level: Option<Depth>,
    /// Which ledger.
    #[command(flatten)]
    ledger: LedgerArgs,
}

/// The digests as options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Crc32,
    Sha256,
}

impl From<By> for Digest {
    fn from(by: By) -> Self {
        match by {
            By::Crc32 => Self::Crc32,
            By::Sha256 => Self::Sha256,
        }
    }
}

/// The schema's name and version.
const SCHEMA: &str = "tintype.attest/1";

/// What was attested, as a document.
#[derive(Serialize)]
struct Attested<'a> {
    schema: &'static str,
    file: &'a Path,
    public_key: String,
    key_id: String,
    statement: &'a Statement,
}

/// Verifies the snapshot, and attests what it consists of.
///
/// # Errors
/// `NotGood` when it is damaged, Unknown when it cannot be read; nothing is written then.
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let now = Timestamp::now().as_millisecond();
    location(&args.place.repository)?;
    if args.file.exists() {
        return Err(CliError::Usage(format!(
            "--file: {} is there already",
            args.file.display()
        )));
    }
    let key = SigningKey::read(&args.key).map_err(|error| CliError::Usage(format!("--key: {error}")))?;
    let public = key.public();
    let ledger = args.ledger.open(&process_env)?;
    let (snapshot, digest) = (args.snapshot.clone(), args.digest.into());
    let level = args.level.map_or(Level::Structure, Level::from);
    let work = async move |repository: Arc<Repository>, concurrency, progress: Arc<Progress>| {
        let missing = || {
            CliError::NotFound(format!(
                "there is no snapshot {snapshot:?} here: `tintype repository ls URL` lists them"
            ))
        };
        let position = repository.find_snapshot(&snapshot).ok_or_else(missing)?;
        let uuid = repository.snapshot_uuid(position).to_owned();
        let report = verify(
            Arc::clone(&repository),
            only(uuid, level, concurrency, now),
            ledger,
            Arc::clone(&progress),
        )
        .await;
        if !progress.stop.load(Relaxed) {
            sound(&report)?;
        }
        let request = Request {
            snapshot: position,
            digest,
            verified: Verified::of(&report, repository.snapshot_uuid(position)),
            concurrency,
            // After all that was verified, which may have taken long.
            now: report.ended,
            progress,
        };
        create(repository, request, &key).await.map_err(refused)
    };
    let ended = with_repository(&args.place.repository, &args.place.access, context, work).await?;
    let Ended {
        result: attestation,
        interrupted: false,
    } = ended
    else {
        return Err(CliError::Interrupted("interrupted: nothing was attested".into()));
    };
    write(&args.file, &attestation)?;
    let statement = attestation.verified(&[public]).map_err(refused)?;
    let attested = Attested {
        schema: SCHEMA,
        file: &args.file,
        public_key: public.to_string(),
        key_id: public.id(),
        statement: &statement,
    };
    show(context, &attested, &[], "", |_| Ok(table(&attested)))
}

/// Everything of one snapshot.
fn only(uuid: String, level: Level, concurrency: usize, now: i64) -> Options {
    Options {
        structure: level >= Level::Fingerprint,
        snapshots: vec![uuid],
        concurrency,
        ..Options::new(level, now)
    }
}

/// A snapshot that is damaged is not attested, nor one of which something could not be read; one that lacks shards by the
/// engine's own word is, with what it has, and one whose data lies elsewhere.
fn sound(report: &Report) -> Result<()> {
    let damage = report
        .findings
        .iter()
        .find(|finding| finding.severity == Severity::Error && finding.kind != Kind::ShardNotSnapshotted);
    if let Some(finding) = damage {
        return Err(CliError::NotGood(format!(
            "the snapshot is damaged and is not attested: {}",
            finding.message
        )));
    }
    let unread = report
        .findings
        .iter()
        .find(|finding| matches!(finding.kind, Kind::BlobUnreadable | Kind::Changed));
    match unread {
        Some(finding) if report.verdict == Verdict::Unknown => Err(CliError::Unknown(format!(
            "not all of the snapshot could be read, so it is not attested: {}",
            finding.message
        ))),
        _ => Ok(()),
    }
}

/// Writes the file whole or not at all.
fn write(path: &Path, attestation: &Attestation) -> Result<()> {
    let failed = |error: std::io::Error| CliError::Failed(format!("--file: {}: {error}", path.display()));
    let mut text = Vec::new();
    attestation.write(&mut text).map_err(failed)?;
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    let written = file.write_all(&text).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half an attestation would only confuse; what cannot be removed either is refused by its signature.
        let _ = std::fs::remove_file(path);
        failed(error)
    })
}

fn table(attested: &Attested<'_>) -> String {
    let statement = attested.statement;
    pairs(
        [
            ("ATTESTATION", attested.file.display().to_string()),
            ("SNAPSHOT", plain(&statement.extract.name)),
            ("BLOBS", statement.blobs.count.to_string()),
            ("SIZE", bytes(statement.blobs.bytes)),
            ("SHOWS", statement.proves.words().to_owned()),
            ("PUBLIC KEY", attested.public_key.clone()),
        ]
        .into_iter(),
    )
}

/// An attestation from a file, and the keys that are trusted for it.
#[derive(Debug)]
pub struct Trusted {
    /// The attestation.
    pub attestation: Attestation,
    /// The keys.
    pub keys: Vec<PublicKey>,
}

impl Trusted {
    /// Reads the file and the keys, and sees that one of them signed.
    ///
    /// # Errors
    /// Usage: a file or a key that cannot be used. `NotGood`: nobody trusted signed it, or it was changed.
    pub fn read(path: &Path, keys: &[String]) -> Result<Self> {
        let keys = keys
            .iter()
            .map(|key| public_key(key))
            .collect::<Result<Vec<_>>>()?;
        let usage = |error: &dyn std::fmt::Display| {
            CliError::Usage(format!("--attestation: {}: {error}", path.display()))
        };
        let file = std::fs::File::open(path).map_err(|error| usage(&error))?;
        let attestation = Attestation::read(BufReader::new(file)).map_err(|error| usage(&error))?;
        attestation.verified(&keys).map_err(refused)?;
        Ok(Self { attestation, keys })
    }
}

/// `ed25519:…`, or a file that holds a key as that or in PEM.
fn public_key(text: &str) -> Result<PublicKey> {
    let usage = |error: &dyn std::fmt::Display| CliError::Usage(format!("--trusted-key: {error}"));
    if text.starts_with("ed25519:") {
        return text.parse().map_err(|error: AttestError| usage(&error));
    }
    let content = std::fs::read_to_string(text);
    let content = content.map_err(|error| {
        usage(&format!(
            "{text}: {error}: give ed25519:… or a file that holds it"
        ))
    })?;
    content.parse().map_err(|error: AttestError| usage(&error))
}

/// An attestation that cannot be made or trusted.
pub fn refused(error: AttestError) -> CliError {
    match error {
        AttestError::Key(words) => CliError::Usage(words),
        AttestError::Malformed(_) | AttestError::Untrusted(_) | AttestError::Damaged(_) => {
            CliError::NotGood(error.to_string())
        }
        AttestError::TooLarge(words) => CliError::Failed(words),
        AttestError::NoSnapshot(_) => CliError::NotFound(error.to_string()),
        AttestError::Blob(error) => CliError::Unknown(error.to_string()),
        AttestError::Interrupted(words) => CliError::Interrupted(words),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made::{finding, report};
    use super::*;

    #[test]
    fn what_is_damaged_or_could_not_be_read_is_not_attested() {
        use Severity::{Error, Note, Warning};
        use Verdict::{InPart, Restorable, Unknown};
        let judged = |verdict, severity, kind| {
            let findings = vec![finding(severity, kind)];
            sound(&Report {
                findings,
                ..report(&[verdict])
            })
        };
        let damaged = judged(InPart, Error, Kind::ChecksumMismatch);
        assert!(matches!(damaged, Err(CliError::NotGood(_))), "{damaged:?}");
        for kind in [Kind::BlobUnreadable, Kind::Changed] {
            let unread = judged(Unknown, Warning, kind);
            assert!(matches!(unread, Err(CliError::Unknown(_))), "{unread:?}");
        }
        for (verdict, severity, kind) in [
            (InPart, Note, Kind::ShardNotSnapshotted),
            (Unknown, Warning, Kind::OtherStore),
            // A restore does not read it.
            (Restorable, Warning, Kind::BlobUnreadable),
        ] {
            let judged = judged(verdict, severity, kind);
            assert!(judged.is_ok(), "{kind:?}: {judged:?}");
        }
    }
}
