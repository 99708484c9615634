//! Reads from the store, counted and held to a rate.

use super::Progress;
use super::options::Options;
use super::rate::Bucket;
use crate::source::{Entry, Sink, Source, SourceError};
use bytes::Bytes;
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The longest sleep before looking whether to stop.
const NAP: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Reader {
    source: Source,
    meter: Arc<Meter>,
    /// Requests at once. A directory needs no bound but that of the threads.
    requests: Option<Semaphore>,
}

/// Counts bytes and waits, on a thread for blocking work, until more may be read.
#[derive(Debug, Default)]
pub(super) struct Meter {
    progress: Arc<Progress>,
    bucket: Option<Mutex<Bucket>>,
}

impl Meter {
    pub fn take(&self, bytes: u64) {
        self.progress.bytes.fetch_add(bytes, Relaxed);
        let Some(bucket) = &self.bucket else {
            return;
        };
        let wait = bucket
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(bytes, Instant::now());
        let until = Instant::now().checked_add(wait);
        while !self.progress.stop.load(Relaxed) {
            let left = until.map_or(NAP, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}

impl Reader {
    pub fn new(source: Source, options: &Options, progress: Arc<Progress>) -> Self {
        let bucket = options
            .rate
            .map(|rate| Mutex::new(Bucket::new(rate, Instant::now())));
        let bound = options.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            requests: (!source.is_local()).then(|| Semaphore::new(bound)),
            source,
            meter: Arc::new(Meter { progress, bucket }),
        }
    }

    pub fn meter(&self) -> Arc<Meter> {
        self.meter.clone()
    }

    pub async fn get(&self, key: &str, cap: u64) -> Result<Bytes, SourceError> {
        let _permit = self.request().await;
        let bytes = self.source.get(key, cap).await?;
        self.meter.take(bytes.len() as u64);
        Ok(bytes)
    }

    pub async fn range(&self, key: &str, range: Range<u64>) -> Result<Bytes, SourceError> {
        let _permit = self.request().await;
        let bytes = self.source.range(key, range).await?;
        self.meter.take(bytes.len() as u64);
        Ok(bytes)
    }

    /// Ranges of one blob, each as [`Self::range`].
    pub async fn ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, SourceError> {
        let _permit = self.request().await;
        let all = self.source.ranges(key, ranges).await?;
        self.meter.take(all.iter().map(|bytes| bytes.len() as u64).sum());
        Ok(all)
    }

    /// The sink counts what it takes.
    pub async fn scan<S: Sink>(
        &self,
        key: &str,
        range: Range<u64>,
        sink: S,
    ) -> Result<(S, u64), SourceError> {
        let _permit = self.request().await;
        self.source.scan(key, range, sink).await
    }

    pub async fn head(&self, key: &str) -> Result<Entry, SourceError> {
        let _permit = self.request().await;
        self.source.head(key).await
    }

    pub async fn directory(&self, prefix: &str) -> Result<Vec<Entry>, SourceError> {
        let _permit = self.request().await;
        Ok(self.source.directory(prefix).await?.0)
    }

    /// See [`Source::enter`].
    pub fn enter(&self, prefix: &str) {
        self.source.enter(prefix);
    }

    /// So many requests of one shard's metadata at once: a directory answers at once, a store takes its time.
    pub fn width(&self) -> usize {
        if self.source.is_local() { 1 } else { 16 }
    }

    async fn request(&self) -> Option<SemaphorePermit<'_>> {
        self.meter.progress.requests.fetch_add(1, Relaxed);
        // It is never closed.
        self.requests.as_ref()?.acquire().await.ok()
    }
}
