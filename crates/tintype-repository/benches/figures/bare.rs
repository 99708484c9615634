//! The yardsticks: the same files listed and read by loops that know nothing of repositories.

use anyhow::Context;
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File};
use std::hint::black_box;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// As large as the reader's own.
const BUFFER: usize = 64 << 10;
const HEAD: usize = 64;
const TAIL: usize = 16;

/// A file and its length.
pub type Found = (PathBuf, u64);

/// What is done with each file.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    /// All of it.
    Whole,
    /// All of it, with a CRC-32 over it.
    Summed,
    /// Its first 64 and last 16 bytes.
    Ends,
}

/// Data blobs.
pub fn is_data((path, _): &Found) -> bool {
    name(path).starts_with("__")
}

/// What is read of a shard or an index beside its data.
pub fn is_metadata((path, _): &Found) -> bool {
    ["snap-", "index-", "meta-"]
        .iter()
        .any(|begin| name(path).starts_with(begin))
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

/// Lists a repository: every directory, and the metadata of every file.
pub fn list(repository: &Path, threads: usize) -> anyhow::Result<Vec<Found>> {
    let (mut all, mut waiting) = (Vec::new(), Vec::new());
    enter(repository, &mut all, &mut waiting)?;
    // One level deeper, so that there is something to share.
    let mut indices = Vec::new();
    for directory in waiting {
        enter(&directory, &mut all, &mut indices)?;
    }
    let parts = each(&indices, threads, |index, found: &mut Vec<Found>| {
        let mut waiting = vec![index.clone()];
        while let Some(directory) = waiting.pop() {
            enter(&directory, found, &mut waiting)?;
        }
        Ok(())
    })?;
    all.extend(parts.into_iter().flatten());
    Ok(all)
}

fn enter(directory: &Path, files: &mut Vec<Found>, directories: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            directories.push(entry.path());
        } else {
            files.push((entry.path(), entry.metadata()?.len()));
        }
    }
    Ok(())
}

/// Reads files.
pub fn read(files: &[(Found, Read)], threads: usize) -> anyhow::Result<()> {
    each(files, threads, |((path, length), how), buffer: &mut Vec<u8>| {
        buffer.resize(BUFFER, 0);
        let file = File::open(path)?;
        match how {
            Read::Whole => stream(&file, buffer, |bytes| {
                black_box(bytes);
            }),
            Read::Summed => {
                let mut hasher = crc32fast::Hasher::new();
                stream(&file, buffer, |bytes| hasher.update(bytes))?;
                black_box(hasher.finalize());
                Ok(())
            }
            Read::Ends => {
                file.read_exact_at(&mut buffer[..HEAD.min(*length as usize)], 0)?;
                let tail = TAIL.min(*length as usize);
                file.read_exact_at(&mut buffer[..tail], length - tail as u64)
            }
        }
    })?;
    Ok(())
}

fn stream(file: &File, buffer: &mut [u8], mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut at = 0;
    loop {
        match file.read_at(buffer, at)? {
            0 => return Ok(()),
            read => {
                take(&buffer[..read]);
                at += read as u64;
            }
        }
    }
}

/// Does something with each thing on so many threads, each of which has a state of its own.
fn each<T: Sync, S: Default + Send>(
    things: &[T],
    threads: usize,
    does: impl Fn(&T, &mut S) -> io::Result<()> + Sync,
) -> anyhow::Result<Vec<S>> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut state = S::default();
        while let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) {
            does(thing, &mut state)?;
        }
        Ok(state)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let ended = workers.into_iter().map(|worker| worker.join());
        ended
            .map(|state: Result<io::Result<S>, _>| Ok(state.ok().context("a thread panicked")??))
            .collect()
    })
}

/// Throws files out of the page cache: written first, since what is dirty stays.
pub fn evict(files: &[Found]) -> anyhow::Result<()> {
    for (path, _) in files {
        let file = File::open(path)?;
        file.sync_data()?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}
