//! A ledger in a file that is only appended to. A process that is killed loses at most the record that it was writing.

use super::record::{self, HEADER, LENGTH};
use super::{BlobKey, Check, Ledger, LedgerError, table::Table};
use crate::Level;
use async_trait::async_trait;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// So many records that say nothing new are kept before the file is written anew, and as many as there are others.
const SLACK: u64 = 4096;

/// A ledger in a file of this machine, held by one process at a time. It is loaded into memory, about 70 bytes a blob.
#[derive(Debug)]
pub struct FileLedger {
    path: PathBuf,
    state: Mutex<State>,
    /// Locked as long as this lives.
    _lock: File,
}

#[derive(Debug)]
struct State {
    file: File,
    table: Table,
}

impl FileLedger {
    /// Opens the ledger, or makes it and its directory. A torn record at the end is cut off.
    ///
    /// # Errors
    /// Another process holds it, the file is something else, or it cannot be read or written.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let at = |error: std::io::Error| LedgerError(format!("{}: {error}", path.display()));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(at)?;
        }
        let lock = lock(path)?;
        let mut file = append(path).map_err(at)?;
        let (table, records) = load(path, &mut file)?;
        let live = table.checks().count() as u64;
        if records > 2 * live + SLACK {
            file = compact(path, &table).map_err(at)?;
        }
        Ok(Self {
            path: path.to_owned(),
            state: Mutex::new(State { file, table }),
            _lock: lock,
        })
    }

    fn error(&self, error: &std::io::Error) -> LedgerError {
        LedgerError(format!("{}: {error}", self.path.display()))
    }
}

/// The lock is a file of its own, since the ledger is replaced when it is written anew.
fn lock(path: &Path) -> Result<File, LedgerError> {
    let path = beside(path, "lock");
    let file = append(&path).map_err(|error| LedgerError(format!("{}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError(format!(
            "{}: another verification holds this ledger: wait for it, or use another ledger",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(LedgerError(format!("{}: {error}", path.display()))),
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// Reads everything, and how many records there are.
fn load(path: &Path, file: &mut File) -> Result<(Table, u64), LedgerError> {
    let at = |error: std::io::Error| LedgerError(format!("{}: {error}", path.display()));
    let length = file.metadata().map_err(at)?.len();
    if length < LENGTH as u64 {
        let mut begun = Vec::new();
        file.take(LENGTH as u64).read_to_end(&mut begun).map_err(at)?;
        if !HEADER.starts_with(&begun) {
            return Err(no_ledger(path));
        }
        file.set_len(0).map_err(at)?;
        file.write_all(HEADER).map_err(at)?;
        return Ok((Table::default(), 0));
    }
    let mut reader = BufReader::with_capacity(1 << 20, &*file);
    let mut bytes = [0; LENGTH];
    reader.read_exact(&mut bytes).map_err(at)?;
    if bytes != *HEADER {
        return Err(no_ledger(path));
    }
    let (mut table, mut records) = (Table::default(), 0);
    loop {
        match reader.read_exact(&mut bytes) {
            Ok(()) => records += 1,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(at(error)),
        }
        if let Some((key, check)) = record::decode(&bytes) {
            table.record(key, check);
        }
    }
    let whole = length - length % LENGTH as u64;
    if whole < length {
        file.set_len(whole).map_err(at)?;
    }
    Ok((table, records))
}

fn no_ledger(path: &Path) -> LedgerError {
    LedgerError(format!(
        "{}: this file is not a ledger: name another",
        path.display()
    ))
}

/// Writes the file anew with what still counts.
fn compact(path: &Path, table: &Table) -> std::io::Result<File> {
    let temporary = beside(path, "new");
    let mut writer = BufWriter::new(File::create(&temporary)?);
    writer.write_all(HEADER)?;
    for (key, check) in table.checks() {
        writer.write_all(&record::encode(key, check))?;
    }
    writer
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?
        .sync_all()?;
    std::fs::rename(&temporary, path)?;
    append(path)
}

#[async_trait]
impl Ledger for FileLedger {
    async fn last(&self, level: Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>, LedgerError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.iter().map(|key| state.table.last(level, key)).collect())
    }

    async fn record(&self, checks: &[(BlobKey, Check)]) -> Result<(), LedgerError> {
        if checks.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(checks.len() * LENGTH);
        for (key, check) in checks {
            bytes.extend_from_slice(&record::encode(*key, *check));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.file.write_all(&bytes).map_err(|error| self.error(&error))?;
        for (key, check) in checks {
            state.table.record(*key, *check);
        }
        Ok(())
    }

    async fn flush(&self) -> Result<(), LedgerError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.file.sync_data().map_err(|error| self.error(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> BlobKey {
        BlobKey::of("/repo", &number.to_string(), number, 0)
    }

    fn check(at: i64) -> Check {
        Check {
            level: Level::Checksum,
            at,
        }
    }

    #[tokio::test]
    async fn what_was_recorded_is_known_after_opening_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/ledger");
        let ledger = FileLedger::open(&path).unwrap();
        ledger
            .record(&[(key(1), check(10)), (key(2), check(20))])
            .await
            .unwrap();
        ledger.flush().await.unwrap();
        drop(ledger);
        let ledger = FileLedger::open(&path).unwrap();
        let last = ledger
            .last(Level::Checksum, &[key(2), key(3), key(1)])
            .await
            .unwrap();
        assert_eq!(last, [Some(check(20)), None, Some(check(10))]);
    }

    #[tokio::test]
    async fn a_torn_record_is_cut_off_and_what_follows_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger");
        let ledger = FileLedger::open(&path).unwrap();
        ledger
            .record(&[(key(1), check(10)), (key(2), check(20))])
            .await
            .unwrap();
        drop(ledger);
        let length = std::fs::metadata(&path).unwrap().len();
        OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(length - 5)
            .unwrap();
        let ledger = FileLedger::open(&path).unwrap();
        ledger.record(&[(key(3), check(30))]).await.unwrap();
        drop(ledger);
        let ledger = FileLedger::open(&path).unwrap();
        let last = ledger
            .last(Level::Checksum, &[key(1), key(2), key(3)])
            .await
            .unwrap();
        assert_eq!(last, [Some(check(10)), None, Some(check(30))]);
    }

    #[tokio::test]
    async fn a_ledger_has_one_holder_and_no_other_file_is_taken_for_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger");
        let held = FileLedger::open(&path).unwrap();
        let error = FileLedger::open(&path).unwrap_err().to_string();
        assert!(error.contains("another verification"), "{error}");
        drop(held);
        FileLedger::open(&path).unwrap();
        std::fs::write(
            &path,
            "something of the user's that is long enough to be a record",
        )
        .unwrap();
        let error = FileLedger::open(&path).unwrap_err().to_string();
        assert!(error.contains("not a ledger"), "{error}");
        std::fs::write(&path, "short").unwrap();
        assert!(FileLedger::open(&path).is_err());
    }

    #[tokio::test]
    async fn a_ledger_that_says_the_same_over_and_over_is_written_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger");
        let ledger = FileLedger::open(&path).unwrap();
        for at in 1..=3 {
            let checks: Vec<_> = (0..3000).map(|number| (key(number), check(at))).collect();
            ledger.record(&checks).await.unwrap();
        }
        ledger.record(&vec![(key(1), check(4)); 3000]).await.unwrap();
        drop(ledger);
        let before = std::fs::metadata(&path).unwrap().len();
        let ledger = FileLedger::open(&path).unwrap();
        let after = std::fs::metadata(&path).unwrap().len();
        assert_eq!((before, after), (12_001 * 32, 3001 * 32));
        ledger.record(&[(key(9), check(5))]).await.unwrap();
        let last = ledger
            .last(Level::Fingerprint, &[key(1), key(2), key(9)])
            .await
            .unwrap();
        assert_eq!(last, [Some(check(4)), Some(check(3)), Some(check(5))]);
    }
}
