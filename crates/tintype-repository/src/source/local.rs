//! A directory of this machine, read with plain blocking calls.

use super::errors::{Cause, SourceError};
use super::ranges::{joined, part};
use super::remote::Take;
use super::{Entry, keys};
use bytes::Bytes;
use std::cell::RefCell;
use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Small enough to stay in a core's cache between the read and the checksum over it.
const BUFFER: usize = 64 << 10;

/// Ranges that lie within so many bytes are read together: a call of the kernel costs more than these bytes.
const NEAR: u64 = 8 << 10;

thread_local! {
    /// One for each thread, since a fresh one for each file costs more than reading a small file.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
    /// The directory that this thread listed or entered last: what is read next mostly lies in it.
    static NEAREST: RefCell<Option<Directory>> = const { RefCell::new(None) };
}

/// Lets go of the directory that this thread listed or entered last, which would keep its file system from being unmounted.
pub(crate) fn let_go() {
    NEAREST.set(None);
}

/// Told apart, since a thread may read several repositories.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

struct Directory {
    of: u64,
    path: String,
    handle: File,
}

/// An opened directory. Links are followed as long as they stay under it.
#[derive(Debug)]
pub(crate) struct Local {
    root: PathBuf,
    pub(super) handle: File,
    number: u64,
}

impl Local {
    pub(crate) fn open(path: &str) -> Result<Self, SourceError> {
        let opened = std::fs::canonicalize(path).and_then(|root| Ok((File::open(&root)?, root)));
        let (handle, root) = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                let message =
                    format!("there is no directory {path}: check the path, and whether it is mounted");
                SourceError::new(Cause::Missing, message)
            }
            _ => in_words(path, &error),
        })?;
        let local = Self {
            root,
            handle,
            number: NUMBERS.fetch_add(1, Relaxed),
        };
        match local.handle.metadata() {
            Ok(found) if found.is_dir() => Ok(local),
            Ok(_) => Err(SourceError::usage(format!(
                "{path} is a file; give the directory in which index-N lies"
            ))),
            Err(error) => Err(in_words(path, &error)),
        }
    }

    /// Absolute, and without links.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn get(&self, key: &str, cap: u64) -> Result<Bytes, SourceError> {
        let file = self.blob(key)?;
        let short = READ.with_borrow_mut(|buffer| short(&file, buffer));
        if let Some(bytes) = short.map_err(|error| in_words(key, &error))?
            && bytes.len() as u64 <= cap
        {
            return Ok(bytes);
        }
        let found = file.metadata().map_err(|error| in_words(key, &error))?;
        if found.len() > cap {
            let message = format!(
                "{key}: it has {} bytes, more than the {cap} that are read",
                found.len()
            );
            return Err(SourceError::new(Cause::TooLarge, message));
        }
        exactly(&file, 0..found.len()).map_err(|error| in_words(key, &error))
    }

    pub(crate) fn range(&self, key: &str, range: Range<u64>) -> Result<Bytes, SourceError> {
        let file = self.blob(key)?;
        within(&file, range).map_err(|error| in_words(key, &error))
    }

    pub(crate) fn ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, SourceError> {
        let file = self.blob(key)?;
        let (mut all, mut left) = (Vec::with_capacity(ranges.len()), ranges);
        while let Some((count, whole)) = joined(left, NEAR) {
            let bytes = within(&file, whole.clone()).map_err(|error| in_words(key, &error))?;
            all.extend(left[..count].iter().map(|range| part(&bytes, &whole, range)));
            left = &left[count..];
        }
        Ok(all)
    }

    pub(crate) fn scan(&self, key: &str, range: Range<u64>, take: Take<'_>) -> Result<u64, SourceError> {
        let file = self.blob(key)?;
        READ.with_borrow_mut(|buffer| stream(&file, range, buffer, take))
            .map_err(|error| in_words(key, &error))
    }

    pub(crate) fn head(&self, key: &str) -> Result<Entry, SourceError> {
        let (_, found) = self.file(key)?;
        Ok(entry(
            key.to_owned(),
            found.len(),
            found.mtime(),
            found.mtime_nsec(),
        ))
    }

    /// A file of which a known range is read. What has no places, like a directory or a pipe, fails when it is read.
    fn blob(&self, key: &str) -> Result<File, SourceError> {
        keys::check(key)?;
        self.beneath(key).map_err(|error| in_words(key, &error))
    }

    /// A regular file, and its length. Others, like pipes, are no blobs.
    fn file(&self, key: &str) -> Result<(File, Metadata), SourceError> {
        keys::check(key)?;
        let opened = self.beneath(key).and_then(|file| {
            let found = file.metadata()?;
            Ok((file, found))
        });
        let (file, found) = opened.map_err(|error| in_words(key, &error))?;
        if !found.is_file() {
            return Err(SourceError::new(Cause::Missing, format!("{key} is no file")));
        }
        Ok((file, found))
    }

    /// Opens a directory for what is read next. One that is not there is found out then.
    pub(crate) fn enter(&self, path: &str) {
        if let Ok(handle) = self.beneath(path) {
            self.entered(path, handle);
        }
    }

    /// What is read next mostly lies in this directory.
    pub(super) fn entered(&self, path: &str, handle: File) {
        let directory = Directory {
            of: self.number,
            path: path.to_owned(),
            handle,
        };
        NEAREST.set(Some(directory));
    }

    /// Opens what lies in the directory that this thread entered last. `None` for all else, and for what is not there: that
    /// directory may have been replaced since.
    fn nearest(&self, key: &str) -> Option<File> {
        use rustix::fs::{Mode, OFlags, openat};
        let (path, name) = key.rsplit_once('/')?;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        NEAREST.with_borrow(|nearest| {
            let nearest = nearest.as_ref()?;
            let same = nearest.of == self.number && nearest.path == path;
            let opened = same.then(|| openat(&nearest.handle, name, flags, Mode::empty()));
            opened?.ok().map(File::from)
        })
    }

    /// Opens what lies under the root, following no link out of it. In one call of the kernel where it can do that.
    pub(super) fn beneath(&self, key: &str) -> io::Result<File> {
        if let Some(file) = self.nearest(key) {
            return Ok(file);
        }
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
            // Without waiting for the other end of a pipe.
            let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
            let path = if key.is_empty() { "." } else { key };
            match openat2(&self.handle, path, flags, Mode::empty(), ResolveFlags::BENEATH) {
                Ok(file) => return Ok(file.into()),
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {
                    return Err(io::ErrorKind::NotFound.into());
                }
                // An absolute link, which may still lead under the root, or a kernel or sandbox without the call.
                Err(_) => {}
            }
        }
        let path = self.root.join(key).canonicalize()?;
        if !path.starts_with(&self.root) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "it is a link out of {}, which is not followed",
                    self.root.display()
                ),
            ));
        }
        if !path
            .metadata()
            .is_ok_and(|found| found.is_file() || found.is_dir())
        {
            return Err(io::ErrorKind::NotFound.into());
        }
        File::open(path)
    }
}

fn stream(file: &File, range: Range<u64>, buffer: &mut [u8], take: Take<'_>) -> io::Result<u64> {
    let mut at = range.start;
    while at < range.end {
        let most = usize::try_from(range.end - at).map_or(buffer.len(), |left| left.min(buffer.len()));
        match file.read_at(&mut buffer[..most], at) {
            Ok(0) => break,
            Ok(read) => {
                take(&buffer[..read]);
                at += read as u64;
                if read < most && ends(file, at)? {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(at.saturating_sub(range.start))
}

/// All of a file that is shorter than the buffer.
fn short(file: &File, buffer: &mut [u8]) -> io::Result<Option<Bytes>> {
    let filled = fill(file, buffer, 0)?;
    Ok((filled < buffer.len()).then(|| Bytes::copy_from_slice(&buffer[..filled])))
}

/// Whether a read that gave less than it could has met the end rather than an error. Asking for the length costs less than
/// reading nothing.
fn ends(mut file: &File, at: u64) -> io::Result<bool> {
    Ok(file.seek(SeekFrom::End(0))? <= at)
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                if filled < buffer.len() && ends(file, at + filled as u64)? {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The part of a range that the file has. Room is made for a long one only where the file is as long.
fn within(file: &File, range: Range<u64>) -> io::Result<Bytes> {
    if range.end.saturating_sub(range.start) <= BUFFER as u64 {
        return exactly(file, range);
    }
    let length = file.metadata()?.len();
    exactly(file, range.start..range.end.min(length))
}

/// A range as one piece; shorter when the file was cut meanwhile.
fn exactly(file: &File, range: Range<u64>) -> io::Result<Bytes> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    let filled = fill(file, &mut bytes, range.start)?;
    bytes.truncate(filled);
    Ok(bytes.into())
}

pub(super) fn entry(key: String, length: u64, seconds: i64, nanoseconds: i64) -> Entry {
    Entry {
        key,
        length,
        modified: seconds
            .saturating_mul(1000)
            .saturating_add(nanoseconds / 1_000_000),
        archived: false,
    }
}

pub(super) fn in_words(what: &str, error: &io::Error) -> SourceError {
    let (cause, hint) = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => (Cause::Missing, ""),
        io::ErrorKind::IsADirectory | io::ErrorKind::NotSeekable => (Cause::Missing, "; it is no file"),
        io::ErrorKind::PermissionDenied => (Cause::Denied, "; this user needs permission to read it"),
        _ => (Cause::Unavailable, ""),
    };
    SourceError::new(cause, format!("{what}: {error}{hint}"))
}
