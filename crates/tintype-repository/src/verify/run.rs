//! What all parts of a running verification share.

use super::budget::Budget;
use super::findings::{Findings, Found, Place};
use super::options::Options;
use super::outcome::Outcomes;
use super::plan::Plan;
use super::pool::Stop;
use super::read::Reader;
use super::trouble::Trouble;
use super::{Progress, report::Estimate};
use crate::Level;
use crate::finding::Severity;
use crate::format::FormatError;
use crate::ledger::Ledger;
use crate::repository::{METADATA_CAP, OpenError, Repository};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

pub(super) struct Run {
    pub repository: Arc<Repository>,
    pub options: Options,
    pub ledger: Arc<dyn Ledger>,
    pub progress: Arc<Progress>,
    pub plan: Plan,
    pub reader: Arc<Reader>,
    pub budget: Arc<Budget>,
    pub findings: Arc<Findings>,
    pub outcomes: Outcomes,
    pub blobs: Arc<AtomicU64>,
    pub blobs_by_ledger: Arc<AtomicU64>,
    /// Data blobs that neither were read nor could the ledger vouch for.
    pub blobs_left: Arc<AtomicU64>,
    /// Filled in place of reading data, when only that was asked for.
    pub estimate: Option<Arc<Mutex<Estimate>>>,
    newest: tokio::sync::Mutex<Option<(Instant, Arc<Repository>)>>,
}

/// What is asked again and again whether the repository moved gets the answer of this long ago.
const FRESH: std::time::Duration = std::time::Duration::from_millis(500);

impl Run {
    pub fn new(
        repository: Arc<Repository>,
        options: Options,
        ledger: Arc<dyn Ledger>,
        progress: Arc<Progress>,
        estimate: bool,
    ) -> Self {
        let plan = Plan::new(&repository, &options);
        Self {
            reader: Reader::new(repository.source.clone(), &options, progress.clone()).into(),
            budget: Budget::new(options.budget_bytes, options.budget_time, Instant::now()).into(),
            findings: Arc::default(),
            outcomes: Outcomes::new(plan.pairs.len()),
            blobs: Arc::default(),
            blobs_by_ledger: Arc::default(),
            blobs_left: Arc::default(),
            estimate: estimate.then(Arc::default),
            newest: tokio::sync::Mutex::new(None),
            plan,
            repository,
            options,
            ledger,
            progress,
        }
    }

    /// The same run with another plan: what it reads and finds counts with this one's.
    pub fn with_plan(&self, plan: Plan) -> Self {
        Self {
            reader: self.reader.clone(),
            budget: self.budget.clone(),
            findings: self.findings.clone(),
            outcomes: Outcomes::new(plan.pairs.len()),
            blobs: self.blobs.clone(),
            blobs_by_ledger: self.blobs_by_ledger.clone(),
            blobs_left: self.blobs_left.clone(),
            estimate: self.estimate.clone(),
            newest: tokio::sync::Mutex::new(None),
            plan,
            repository: self.repository.clone(),
            options: self.options.clone(),
            ledger: self.ledger.clone(),
            progress: self.progress.clone(),
        }
    }

    pub fn threads(&self) -> usize {
        self.options.concurrency.clamp(1, 256)
    }

    pub fn stop(&self) -> Stop {
        let progress = self.progress.clone();
        Arc::new(move || progress.stop.load(Relaxed))
    }

    pub fn found(&self, found: Found) {
        if found.severity == Severity::Error {
            self.progress.errors.fetch_add(1, Relaxed);
        }
        self.findings.push(found);
    }

    /// A blob whose path no hash is in.
    pub fn place(&self, path: String) -> Place {
        Place {
            key: self.repository.key(&path),
            blob: path,
        }
    }

    /// The root.
    pub fn root_place(&self) -> Place {
        self.place(format!("index-{}", self.repository.generation))
    }

    /// Reads a metadata blob and decodes it.
    pub async fn metadata<T>(
        &self,
        key: &str,
        parse: fn(&[u8]) -> Result<T, FormatError>,
    ) -> Result<T, Trouble> {
        let bytes = self
            .reader
            .get(key, METADATA_CAP)
            .await
            .map_err(Trouble::Source)?;
        parse(&bytes).map_err(Trouble::Format)
    }

    /// The repository at its newest generation, when that is not the one that this run is pinned to.
    pub async fn newest(&self) -> Result<Option<Arc<Repository>>, OpenError> {
        let mut newest = self.newest.lock().await;
        let fresh = newest.as_ref().filter(|(at, _)| at.elapsed() < FRESH);
        let found = match fresh {
            Some((_, repository)) => repository.clone(),
            None => {
                let known = newest
                    .take()
                    .map_or_else(|| self.repository.clone(), |(_, known)| known);
                match known.has_moved().await? {
                    true => Arc::new(Repository::open(self.repository.source.clone()).await?),
                    false => known,
                }
            }
        };
        *newest = Some((Instant::now(), found.clone()));
        Ok((found.generation != self.repository.generation).then_some(found))
    }

    /// The same, and not the answer of a moment ago.
    pub async fn newest_now(&self) -> Result<Option<Arc<Repository>>, OpenError> {
        if let Some((at, _)) = self.newest.lock().await.as_mut() {
            *at = at.checked_sub(FRESH).unwrap_or(*at);
        }
        self.newest().await
    }

    /// Whether Lucene's structure is checked.
    pub fn wants_structure(&self) -> bool {
        let level = self.options.level;
        level == Level::Structure || self.options.structure && level >= Level::Fingerprint
    }

    /// Whether every file is read, and at once: what is there then, and how long it is, is told by that, and no shard is
    /// listed. A store answers a listing faster than it tells the same of each blob.
    pub fn reads_all(&self) -> bool {
        let options = &self.options;
        let bounded = options.budget_bytes.is_some() || options.budget_time.is_some();
        let chosen = options.since.is_some() || options.subset.is_some();
        options.level >= Level::Fingerprint && !bounded && !chosen && self.repository.source.is_local()
    }

    /// Adds to an estimate.
    pub fn estimated(&self, add: impl FnOnce(&mut Estimate)) {
        if let Some(estimate) = &self.estimate {
            add(&mut estimate.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}
