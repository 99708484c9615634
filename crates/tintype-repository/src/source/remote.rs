//! Stores that are reached over HTTP.

use super::access::Access;
use super::client::{self, Archived, Connector};
use super::errors::{Asked, Cause, Failure, Names, SourceError};
use super::listing::{Dialect, Page};
use super::ranges::{joined, part};
use super::retry::Retry;
use super::url::{Kind, Place};
use super::{Entry, keys, stores};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use object_store::list::PaginatedListOptions;
use object_store::path::Path;
use object_store::{Extensions, GetOptions, GetRange, GetResult};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Takes the bytes of a stream in order.
pub(crate) type Take<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// A store behind HTTP, with one client.
pub(crate) struct Remote {
    opened: stores::Opened,
    names: Names,
    /// The store's root within the bucket; empty for the bucket.
    root: String,
    dialect: Dialect,
    retries: Option<u32>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("store", &self.names.store)
            .finish_non_exhaustive()
    }
}

impl Remote {
    pub(crate) fn open(place: &Place, access: &Access) -> Result<Self, SourceError> {
        for address in access
            .endpoint
            .iter()
            .map(String::as_str)
            .chain(match &place.kind {
                Kind::Web(url) => Some(url.as_str()),
                _ => None,
            })
        {
            crate::address::check(address, access.refused)?;
        }
        let http = client::connect(access.refused)
            .map_err(|error| SourceError::usage(format!("no HTTP client can be made: {error}")))?;
        let http = Connector(http);
        let opened = match &place.kind {
            Kind::S3(bucket) => stores::s3(bucket, access, http)?,
            Kind::Gcs(bucket) => stores::gcs(bucket, access, http)?,
            Kind::Azure(container) => stores::azure(container, access, http)?,
            Kind::Web(url) => stores::web(url, http)?,
            Kind::Local => return Err(SourceError::usage("a directory is not reached over HTTP")),
        };
        let azure = matches!(place.kind, Kind::Azure(_));
        let names = Names {
            store: place.store(),
            noun: match &place.kind {
                Kind::Azure(_) => "container",
                Kind::Web(_) => "web server",
                _ => "bucket",
            },
            region: opened.region.clone(),
            secrets: opened.secrets.clone(),
        };
        Ok(Self {
            opened,
            names,
            root: place.root.clone(),
            dialect: if azure { Dialect::Azure } else { Dialect::S3 },
            retries: access.retries,
        })
    }

    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.opened.endpoint.as_deref()
    }

    pub(crate) fn account(&self) -> Option<&str> {
        self.opened.account.as_deref()
    }

    pub(crate) fn lists(&self) -> bool {
        self.opened.lister.is_some()
    }

    pub(crate) async fn get(&self, key: &str, cap: u64) -> Result<Bytes, SourceError> {
        let mut all = BytesMut::new();
        let mut take = |bytes: &[u8]| all.extend_from_slice(bytes);
        self.read(
            key,
            Wanted {
                start: 0,
                end: None,
                cap,
            },
            &mut take,
        )
        .await?;
        Ok(all.freeze())
    }

    pub(crate) async fn range(&self, key: &str, range: Range<u64>) -> Result<Bytes, SourceError> {
        let mut all = BytesMut::new();
        let mut take = |bytes: &[u8]| all.extend_from_slice(bytes);
        self.scan(key, range, &mut take).await?;
        Ok(all.freeze())
    }

    pub(crate) async fn ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, SourceError> {
        let mut all = Vec::with_capacity(ranges.len());
        let mut ranges = ranges;
        while let Some((count, whole)) = joined(ranges, NEAR) {
            let bytes = self.range(key, whole.clone()).await?;
            all.extend(ranges[..count].iter().map(|range| part(&bytes, &whole, range)));
            ranges = &ranges[count..];
        }
        Ok(all)
    }

    pub(crate) async fn scan(
        &self,
        key: &str,
        range: Range<u64>,
        take: Take<'_>,
    ) -> Result<u64, SourceError> {
        let wanted = Wanted {
            start: range.start,
            // Some stores take a number that is no length for a range that makes no sense.
            end: (range.end <= i64::MAX.unsigned_abs()).then_some(range.end),
            cap: u64::MAX,
        };
        if range.is_empty() {
            Ok(0)
        } else {
            self.read(key, wanted, take).await
        }
    }

    pub(crate) async fn head(&self, key: &str) -> Result<Entry, SourceError> {
        let (key, path) = self.path(key)?;
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        let mut retry = Retry::new(self.retries);
        loop {
            match self.opened.store.get_opts(&path, options.clone()).await {
                Ok(found) => return Ok(self.entry(&found)),
                Err(error) => {
                    let failure = self.names.explain(Asked::Blob(&key), &error);
                    retry.again(failure, 0).await.map_err(|failure| failure.error)?;
                }
            }
        }
    }

    fn entry(&self, found: &GetResult) -> Entry {
        let key = found.meta.location.as_ref();
        Entry {
            key: self.relative(key).unwrap_or(key).to_owned(),
            length: found.meta.size,
            modified: found.meta.last_modified.timestamp_millis(),
            archived: found.extensions.get::<Archived>().is_some(),
        }
    }

    /// The whole key and its path.
    fn path(&self, key: &str) -> Result<(String, Path), SourceError> {
        keys::check(key)?;
        let whole = keys::join(&self.root, key);
        let path =
            Path::parse(&whole).map_err(|error| SourceError::new(Cause::Missing, error.to_string()))?;
        Ok((whole, path))
    }

    /// A whole key from the store's root.
    fn relative<'a>(&self, key: &'a str) -> Option<&'a str> {
        match self.root.as_str() {
            "" => Some(key),
            root => key.strip_prefix(root)?.strip_prefix('/'),
        }
    }

    /// Streams what is wanted, going on where a stream broke.
    async fn read(&self, key: &str, wanted: Wanted, take: Take<'_>) -> Result<u64, SourceError> {
        let (key, path) = self.path(key)?;
        let mut reading = Reading {
            wanted,
            read: 0,
            etag: None,
        };
        let mut retry = Retry::new(self.retries);
        loop {
            let Err(failure) = self.attempt(&key, &path, &mut reading, take).await else {
                return Ok(reading.read);
            };
            if failure.past_the_end && reading.read == 0 {
                return Ok(0);
            }
            retry
                .again(failure, reading.read)
                .await
                .map_err(|failure| failure.error)?;
        }
    }

    async fn attempt(
        &self,
        key: &str,
        path: &Path,
        reading: &mut Reading,
        take: Take<'_>,
    ) -> Result<(), Failure> {
        let asked = Asked::Blob(key);
        let from = reading.wanted.start + reading.read;
        let range = match reading.wanted.end {
            Some(end) if from >= end => return Ok(()),
            Some(end) => Some(GetRange::Bounded(from..end)),
            None if from > 0 => Some(GetRange::Offset(from)),
            None => None,
        };
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let found = self.opened.store.get_opts(path, options).await;
        let found = found.map_err(|error| self.names.explain(asked, &error))?;
        self.agree(asked, reading, &found)?;
        let promised = found.range.end.saturating_sub(found.range.start);
        let mut received = 0;
        let mut stream = found.into_stream();
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| self.names.explain(asked, &error))?;
            received += part.len() as u64;
            if received > promised {
                let text = format!("the store sends more than the {promised} bytes it announced");
                return Err(Failure::lasting(self.names.error(
                    Cause::Unavailable,
                    asked,
                    &text,
                )));
            }
            if !part.is_empty() {
                take(&part);
                reading.read += part.len() as u64;
            }
        }
        if received < promised {
            let text = format!("the stream broke off at byte {}", from + received);
            return Err(Failure::passing(self.names.error(
                Cause::Unavailable,
                asked,
                &text,
            )));
        }
        Ok(())
    }

    /// An answer must be about the blob that was begun with, be no larger than allowed, and begin where it should.
    fn agree(&self, asked: Asked<'_>, reading: &mut Reading, found: &GetResult) -> Result<(), Failure> {
        let refuse = |cause, text: &str| Err(Failure::lasting(self.names.error(cause, asked, text)));
        let etag = found.meta.e_tag.clone();
        if reading.read > 0 && reading.etag != etag {
            return refuse(Cause::Unavailable, "the blob was replaced while it was read");
        }
        reading.etag = etag;
        if found.range.start != reading.wanted.start + reading.read {
            return refuse(
                Cause::Unavailable,
                "the store sends another range than was asked for",
            );
        }
        let cap = reading.wanted.cap;
        if reading.wanted.end.is_none() {
            if found.meta.size > cap {
                let text = format!(
                    "it has {} bytes, more than the {cap} that are read",
                    found.meta.size
                );
                return refuse(Cause::TooLarge, &text);
            }
            // What is left after a cut is asked for as a range.
            reading.wanted.end = Some(found.meta.size);
        }
        Ok(())
    }

    pub(crate) async fn list(
        &self,
        prefix: &str,
        each: &mut (dyn FnMut(Entry) + Send),
    ) -> Result<(), SourceError> {
        let mut pages = Pages::new(self, prefix, false, PAGE)?;
        while let Some(page) = pages.next().await? {
            self.entries(&page).for_each(&mut *each);
        }
        Ok(())
    }

    pub(crate) async fn directory(&self, prefix: &str) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
        let mut pages = Pages::new(self, prefix, true, PAGE)?;
        let (mut entries, mut names) = (Vec::new(), Vec::new());
        while let Some(page) = pages.next().await? {
            entries.extend(self.entries(&page));
            let last = |prefix: &String| prefix.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
            names.extend(page.prefixes.iter().filter_map(last));
        }
        Ok((entries, names))
    }

    pub(crate) async fn holds_anything(&self, prefix: &str) -> Result<bool, SourceError> {
        let mut pages = Pages::new(self, prefix, false, 1)?;
        // A page may be empty and not the last.
        while let Some(page) = pages.next().await? {
            if !page.entries.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The blobs of a page. A key that ends with `/` is a directory's marker, which consoles leave behind.
    fn entries<'a>(&'a self, page: &'a Page) -> impl Iterator<Item = Entry> + 'a {
        let blobs = page.entries.iter().filter(|entry| !entry.key.ends_with('/'));
        blobs.filter_map(|entry| {
            Some(Entry {
                key: self.relative(&entry.key)?.to_owned(),
                ..entry.clone()
            })
        })
    }
}

/// How far apart ranges may lie that are asked for together: reading on is faster than asking again.
const NEAR: u64 = 64 << 10;

/// What is to be read of a blob.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    start: u64,
    /// `None`: to its end.
    end: Option<u64>,
    /// The largest blob that is read to its end.
    cap: u64,
}

/// How far it was read.
#[derive(Debug)]
struct Reading {
    wanted: Wanted,
    read: u64,
    etag: Option<String>,
}

/// Keys of a page: what S3 and GCS give at most, so that memory is as bounded with Azure.
const PAGE: usize = 1000;

/// A listing, page by page.
struct Pages<'a> {
    remote: &'a Remote,
    prefix: String,
    delimiter: bool,
    most: usize,
    token: Option<String>,
    ended: bool,
}

impl<'a> Pages<'a> {
    fn new(remote: &'a Remote, prefix: &str, delimiter: bool, most: usize) -> Result<Self, SourceError> {
        keys::check_prefix(prefix)?;
        let mut prefix = keys::join(&remote.root, prefix);
        if !prefix.is_empty() {
            prefix.push('/');
        }
        Ok(Self {
            remote,
            prefix,
            delimiter,
            most,
            token: None,
            ended: false,
        })
    }

    async fn next(&mut self) -> Result<Option<Arc<Page>>, SourceError> {
        let mut retry = Retry::new(self.remote.retries);
        while !self.ended {
            match self.attempt().await {
                Ok(page) => {
                    self.ended = page.next.is_none();
                    self.token.clone_from(&page.next);
                    return Ok(Some(page));
                }
                // Some stores answer so to a prefix with nothing under it.
                Err(failure) if failure.no_such_key => self.ended = true,
                Err(failure) => retry.again(failure, 0).await.map_err(|failure| failure.error)?,
            }
        }
        Ok(None)
    }

    async fn attempt(&self) -> Result<Arc<Page>, Failure> {
        let remote = self.remote;
        let asked = Asked::Listing(&self.prefix);
        let lasting = |cause, text| Err(Failure::lasting(remote.names.error(cause, asked, text)));
        let Some(lister) = &remote.opened.lister else {
            return lasting(Cause::Usage, "a web server cannot list what it holds");
        };
        let mut extensions = Extensions::new();
        extensions.insert(remote.dialect);
        let options = PaginatedListOptions {
            delimiter: self.delimiter.then_some(Cow::Borrowed("/")),
            max_keys: Some(self.most),
            page_token: self.token.clone(),
            extensions,
            ..PaginatedListOptions::default()
        };
        let prefix = (!self.prefix.is_empty()).then_some(self.prefix.as_str());
        let listed = lister.list_paginated(prefix, options).await;
        let listed = listed.map_err(|error| remote.names.explain(asked, &error))?;
        match listed.result.extensions.get::<Arc<Page>>() {
            // A listing that goes round in circles would never end.
            Some(page) if page.next.is_some() && page.next == self.token => lasting(
                Cause::Unavailable,
                "the listing does not go on: it names the same page again",
            ),
            Some(page) => Ok(page.clone()),
            None => lasting(Cause::Unavailable, "the listing was not understood"),
        }
    }
}
