//! The lock that proves that this process is the only one on its database. The system frees it when the process ends,
//! however it ends.

use super::super::{Result, StoreError};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Takes the lock, or says who has it.
pub(super) fn take(database: &Path) -> Result<File> {
    let path = beside(database, ".lock");
    let failed = |error: std::io::Error| {
        StoreError::Unusable(format!("the lock {} cannot be taken: {error}", path.display()))
    };
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::Unusable(held(database, &mut file))),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).map_err(failed)?;
    writeln!(file, "process {}", std::process::id()).map_err(failed)?;
    Ok(file)
}

fn held(database: &Path, file: &mut File) -> String {
    let mut holder = String::new();
    // Who holds it is only for the message.
    let _ = file.take(64).read_to_string(&mut holder);
    let holder = holder
        .lines()
        .next()
        .filter(|line| !line.is_empty())
        .unwrap_or("another process");
    format!(
        "the database {} is locked by {holder}: another tintype uses it. Stop that one first, or use another \
         --data-dir",
        database.display()
    )
}

/// The path of a file that belongs to the database: `{database}{suffix}`.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
