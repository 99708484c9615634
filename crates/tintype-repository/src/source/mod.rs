//! Where a repository lies, opened for reading only: a directory, S3, GCS, Azure or a read-only URL.
//!
//! Keys are relative to the *store's root* (a bucket, a container, a directory) with `/` between their parts; a repository
//! begins at [`Source::base`] under it, since OpenSearch's hashed prefixes lie beside the base path.

mod access;
mod client;
mod errors;
pub(crate) mod keys;
mod listing;
mod local;
mod local_listing;
mod ranges;
mod remote;
mod retry;
mod stores;
mod url;

pub use access::{Access, Sink};
pub use errors::{Cause, SourceError};
pub(crate) use local::let_go;

use bytes::Bytes;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A store opened for reading. Cheap to clone. A directory is read with plain blocking calls inside these async methods
/// (that is what makes it fast), so callers that must not block run them on a thread for blocking work.
#[derive(Debug, Clone)]
pub struct Source(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    location: String,
    base: String,
    store: Store,
}

#[derive(Debug)]
enum Store {
    Local(local::Local),
    Remote(Box<remote::Remote>),
}

impl Source {
    /// Opens a URL: a path, `file://…`, `s3://bucket/base`, `gs://bucket/base`, `az://container/base`, `http(s)://…` (the
    /// engines' read-only `url` type: no listing). Nothing is sent yet. A directory must exist.
    ///
    /// The URL names the place where `index-N` lies. The store's root is the bucket, or that place itself for a path and
    /// a web address; [`Access::base_path`] moves it. Hashed prefixes beside the base are seen only from the root.
    ///
    /// # Errors
    /// [`Cause::Usage`] or [`Cause::Missing`], saying what would be right.
    pub fn open(url: &str, access: &Access) -> Result<Self, SourceError> {
        let place = url::Place::parse(url, access)?;
        let store = match &place.kind {
            url::Kind::Local => Store::Local(local::Local::open(&place.root)?),
            _ => Store::Remote(Box::new(remote::Remote::open(&place, access)?)),
        };
        let location = match &store {
            Store::Local(local) => place.local_location(local.root())?,
            Store::Remote(remote) => place.location(remote.endpoint(), remote.account()),
        };
        Ok(Self(Arc::new(Opened {
            location,
            base: place.base,
            store,
        })))
    }

    /// The canonical URL of the repository (store and base), without secrets: what a ledger's keys and reports name. An
    /// endpoint that is not the cloud's own stands behind it as a parameter.
    pub fn location(&self) -> &str {
        &self.0.location
    }

    /// The repository's base from the store's root, without `/` at either end; empty for the root.
    pub fn base(&self) -> &str {
        &self.0.base
    }

    /// Whether it can list at all (`http(s)` cannot).
    pub fn lists(&self) -> bool {
        match &self.0.store {
            Store::Local(_) => true,
            Store::Remote(remote) => remote.lists(),
        }
    }

    /// Whether it is a directory of this machine.
    pub fn is_local(&self) -> bool {
        matches!(self.0.store, Store::Local(_))
    }

    /// The directory of this machine that the base is, without links.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match &self.0.store {
            Store::Local(local) => Some(local.root().join(&self.0.base)),
            Store::Remote(_) => None,
        }
    }

    /// A whole blob of at most `cap` bytes.
    ///
    /// # Errors
    /// See [`Cause`]; [`Cause::TooLarge`] before more than the cap was read.
    pub async fn get(&self, key: &str, cap: u64) -> Result<Bytes, SourceError> {
        match &self.0.store {
            Store::Local(local) => local.get(key, cap),
            Store::Remote(remote) => remote.get(key, cap).await,
        }
    }

    /// Some bytes of a blob. Fewer come back only where the blob ends.
    ///
    /// # Errors
    /// See [`Cause`].
    pub async fn range(&self, key: &str, range: Range<u64>) -> Result<Bytes, SourceError> {
        match &self.0.store {
            Store::Local(local) => local.range(key, range),
            Store::Remote(remote) => remote.range(key, range).await,
        }
    }

    /// Some ranges of one blob, each as [`Self::range`]. A directory opens the file once; a store gets one request for
    /// ranges that lie near each other, else one each.
    ///
    /// # Errors
    /// See [`Cause`].
    pub async fn ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, SourceError> {
        match &self.0.store {
            Store::Local(local) => local.ranges(key, ranges),
            Store::Remote(remote) => remote.ranges(key, ranges).await,
        }
    }

    /// Streams a range of a blob through `sink` in bounded memory and gives it back with the number of bytes read. A stream
    /// that is cut goes on where it was; each byte reaches the sink once, in order. Fewer bytes than asked for are read
    /// only where the blob ends.
    ///
    /// # Errors
    /// See [`Cause`].
    pub async fn scan<S: Sink>(
        &self,
        key: &str,
        range: Range<u64>,
        mut sink: S,
    ) -> Result<(S, u64), SourceError> {
        let mut take = |bytes: &[u8]| sink.take(bytes);
        let read = match &self.0.store {
            Store::Local(local) => local.scan(key, range, &mut take)?,
            Store::Remote(remote) => remote.scan(key, range, &mut take).await?,
        };
        Ok((sink, read))
    }

    /// One blob's entry, without a listing: what tells presence and length where the store cannot list.
    ///
    /// # Errors
    /// [`Cause::Missing`] when it is not there, else see [`Cause`].
    pub async fn head(&self, key: &str) -> Result<Entry, SourceError> {
        match &self.0.store {
            Store::Local(local) => local.head(key),
            Store::Remote(remote) => remote.head(key).await,
        }
    }

    /// Everything under `prefix` (a directory from the store's root, no `/` at the end), in any order, page by page.
    /// A prefix that is not there is empty. Names that are not UTF-8 are listed with U+FFFD in them.
    ///
    /// # Errors
    /// See [`Cause`]; [`Cause::Usage`] where the store cannot list.
    pub async fn list(&self, prefix: &str, each: &mut (dyn FnMut(Entry) + Send)) -> Result<(), SourceError> {
        match &self.0.store {
            Store::Local(local) => local.list(prefix, each),
            Store::Remote(remote) => remote.list(prefix, each).await,
        }
    }

    /// What lies directly in a directory: its blobs, and the names (last part) of its directories. A directory that is not
    /// there is empty.
    ///
    /// # Errors
    /// See [`Cause`]; [`Cause::Usage`] where the store cannot list.
    pub async fn directory(&self, prefix: &str) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
        match &self.0.store {
            Store::Local(local) => local.directory(prefix),
            Store::Remote(remote) => remote.directory(prefix).await,
        }
    }

    /// Says that what this thread reads next lies directly in `prefix`: a directory is then opened once for all of it.
    pub(crate) fn enter(&self, prefix: &str) {
        if let Store::Local(local) = &self.0.store {
            local.enter(prefix);
        }
    }

    /// Whether anything lies under the base: one small request, which proves that the store answers and lets us list.
    ///
    /// # Errors
    /// See [`Cause`]; [`Cause::Usage`] where the store cannot list.
    pub async fn holds_anything(&self) -> Result<bool, SourceError> {
        match &self.0.store {
            Store::Local(local) => local.holds_anything(&self.0.base),
            Store::Remote(remote) => remote.holds_anything(&self.0.base).await,
        }
    }
}

/// A blob in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From the store's root.
    pub key: String,
    /// In bytes.
    pub length: u64,
    /// When it was last written, in ms since 1970; 0 when the store does not say.
    pub modified: i64,
    /// In an archive tier (S3's GLACIER and DEEP_ARCHIVE, Azure's Archive), where the store's listing tells that.
    pub archived: bool,
}
