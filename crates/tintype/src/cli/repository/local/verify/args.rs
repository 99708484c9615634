//! The options of `tintype repository verify`.

use crate::cli::error::{CliError, Result};
use crate::cli::repository::local::access::Place;
use crate::cli::repository::local::amount::{self, Budget};
use crate::cli::repository::local::ledger::LedgerArgs;
use crate::cli::repository::local::when;
use clap::ValueEnum;
use std::path::PathBuf;
use std::time::Duration;
use tintype_repository::Level;
use tintype_repository::verify::options::Options;

/// What to verify, how deep, and within which bounds.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which repository.
    #[command(flatten)]
    pub place: Place,
    /// How deep, each including those before it; L0, L1, L2, L2b, L3 and L4 name them too [default: structure]
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true)]
    level: Option<Depth>,
    /// Do not check the structure of Lucene's files, which fingerprint and checksum do otherwise as well
    #[arg(long)]
    no_structure: bool,
    /// Only this snapshot (name or uuid); again for more
    #[arg(long = "snapshot", value_name = "SNAPSHOT", conflicts_with = "latest")]
    snapshots: Vec<String>,
    /// Only the newest finished snapshot
    #[arg(long)]
    latest: bool,
    /// Only these indices, by commas; `*` stands for anything
    #[arg(long = "index", value_name = "INDEX", value_delimiter = ',')]
    indices: Vec<String>,
    /// Read again only what was last checked before a time (2026-11-28, 2026-11-28T22:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = when::time, conflicts_with = "max_age")]
    since: Option<i64>,
    /// Read again only what was last checked longer ago (7d)
    #[arg(long, value_name = "DURATION", value_parser = when::span)]
    max_age: Option<Duration>,
    /// Stop reading data after so many bytes (20GiB) or so long (2h); with --max-age the next run goes on from there
    #[arg(long, value_name = "BYTES|DURATION", value_parser = amount::budget)]
    budget: Option<Budget>,
    /// Read at most so many bytes a second (10MB)
    #[arg(long, value_name = "BYTES/S", value_parser = amount::rate)]
    rate: Option<u64>,
    /// Only part n of t of the data, such as 1/7: all t of them are the whole
    #[arg(long, value_name = "N/T", value_parser = amount::subset)]
    subset: Option<(u32, u32)>,
    /// Say what it would read, and read no data
    #[arg(long)]
    pub estimate: bool,
    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
    /// Compare with what this attestation says, all of it, without the bounds above; see `repository attest`
    #[arg(long, value_name = "FILE", requires = "trusted_keys", conflicts_with_all = ["budget", "rate", "subset", "estimate"])]
    pub attestation: Option<PathBuf>,
    /// A public key that signs attestations: ed25519:…, or a file; the one inside an attestation is never trusted
    #[arg(long = "trusted-key", value_name = "KEY", requires = "attestation")]
    pub trusted_keys: Vec<String>,
}

/// The levels as options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Depth {
    /// The root and `index.latest`.
    #[value(alias = "L0")]
    Root,
    /// Every metadata blob.
    #[value(alias = "L1")]
    Metadata,
    /// Every blob is there with its length.
    #[value(alias = "L2")]
    Presence,
    /// The ends of every file.
    #[value(alias = "L2b")]
    Fingerprint,
    /// Every byte.
    #[value(alias = "L3")]
    Checksum,
    /// And that Lucene's files fit together.
    #[value(alias = "L4")]
    Structure,
}

impl From<Depth> for Level {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::Root => Self::Root,
            Depth::Metadata => Self::Metadata,
            Depth::Presence => Self::Presence,
            Depth::Fingerprint => Self::Fingerprint,
            Depth::Checksum => Self::Checksum,
            Depth::Structure => Self::Structure,
        }
    }
}

impl Args {
    /// What the library is asked for.
    ///
    /// # Errors
    /// Usage: options that contradict each other.
    pub fn options(&self, concurrency: usize, now: i64) -> Result<Options> {
        let level = match self.level.map(Level::from) {
            Some(Level::Structure) if self.no_structure => {
                return Err(CliError::Usage(
                    "--level structure and --no-structure contradict each other: give --level checksum"
                        .into(),
                ));
            }
            None if self.no_structure => Level::Checksum,
            level => level.unwrap_or(Level::Structure),
        };
        let age = self
            .max_age
            .map(|age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        let (budget_bytes, budget_time) = match self.budget {
            None => (None, None),
            Some(Budget::Bytes(bytes)) => (Some(bytes), None),
            Some(Budget::Time(time)) => (None, Some(time)),
        };
        Ok(Options {
            level,
            structure: level >= Level::Fingerprint && !self.no_structure,
            snapshots: self.snapshots.clone(),
            indices: self.indices.clone(),
            latest: self.latest,
            since: self.since.or_else(|| Some(now.saturating_sub(age?))),
            budget_bytes,
            budget_time,
            rate: self.rate,
            subset: self.subset,
            concurrency,
            now,
        })
    }

    /// It was asked to look at a part of the data only.
    pub fn is_partial(&self) -> bool {
        self.budget.is_some() || self.subset.is_some()
    }
}
