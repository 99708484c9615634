//! Opening the database, or refusing with advice: nothing is ever repaired, replaced or overwritten here.

use super::super::{Result, StoreError};
use super::lock::{self, beside};
use super::writer::{is_busy, primary_code};
use crate::secrets::{Sealer, SecretsError};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// "Tint", as the first migration sets it.
const APPLICATION_ID: i64 = 1_416_195_700;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const KEY_CHECK: &str = "meta/key_check/value";
const READERS: u32 = 4;
/// 512 KiB for each, instead of 2 MiB: the system's own cache holds the file, and once is enough.
const READER_CACHE: &str = "-512";

pub(super) struct Opened {
    pub(super) writer: SqliteConnection,
    pub(super) readers: SqlitePool,
    pub(super) lock: File,
}

pub(super) async fn open(path: &Path, sealer: &Sealer) -> Result<Opened> {
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| unusable(path, format!("its directory cannot be made: {error}")))?;
    let lock = lock::take(path)?;
    if super::SqliteStore::is_new(path) {
        create(path, dir, sealer).await?;
    }
    look(path)?;
    let mut writer = options(path)
        .connect()
        .await
        .map_err(|error| refuse(path, &error))?;
    check(path, &mut writer).await?;
    check_key(path, &mut writer, sealer).await?;
    let readers = SqlitePoolOptions::new().max_connections(READERS);
    let reader = options(path)
        .pragma("query_only", "ON")
        .pragma("cache_size", READER_CACHE);
    let readers = readers.connect_lazy_with(reader);
    Ok(Opened {
        writer,
        readers,
        lock,
    })
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous())
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(2))
        .disable_statement_logging()
}

/// Every commit waits for the disk.
#[cfg(not(feature = "failpoints"))]
fn synchronous() -> SqliteSynchronous {
    SqliteSynchronous::Full
}

/// Every commit waits for the disk, unless a benchmark wants to know what that costs.
#[cfg(feature = "failpoints")]
fn synchronous() -> SqliteSynchronous {
    match std::env::var("TINTYPE_UNSAFE_SYNCHRONOUS") {
        Ok(word) if word == "off" => SqliteSynchronous::Off,
        _ => SqliteSynchronous::Full,
    }
}

/// Makes the database whole under another name, so that a crash never leaves half of one.
async fn create(path: &Path, dir: &Path, sealer: &Sealer) -> Result<()> {
    if beside(path, "-wal").exists() {
        return Err(unusable(
            path,
            "it is gone, but its log (-wal) is there: put the database file back".into(),
        ));
    }
    let draft = beside(path, ".new");
    let failed = |error: std::io::Error| unusable(path, format!("it cannot be made: {error}"));
    for old in [draft.clone(), beside(&draft, "-journal")] {
        match std::fs::remove_file(old) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed)?;
    let options = options(&draft).journal_mode(SqliteJournalMode::Delete);
    let mut connection = options.connect().await.map_err(|error| refuse(path, &error))?;
    migrate(path, &mut connection).await?;
    sqlx::query("INSERT INTO meta (key, value) VALUES ('key_check', ?)")
        .bind(sealer.seal(KEY_CHECK, b"tintype"))
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    std::fs::rename(&draft, path).map_err(failed)?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)
}

/// What can be seen from outside: a file that we may read, that is a database, and that only we may read.
fn look(path: &Path) -> Result<()> {
    let unreadable = |error: std::io::Error| {
        unusable(
            path,
            format!("it cannot be read: {error}. Run tintype as the user that owns it"),
        )
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut start = [0; MAGIC.len()];
    match file.read_exact(&mut start) {
        Ok(()) if &start == MAGIC => {}
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(unreadable(error)),
        _ => return Err(damaged(path, "it does not begin as an SQLite database does")),
    }
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))
            .map_err(unreadable)?;
        tracing::warn!(path = %path.display(), "the database was readable by others; its mode is now 0600");
    }
    Ok(())
}

async fn check(path: &Path, connection: &mut SqliteConnection) -> Result<()> {
    let refuse = |error: sqlx::Error| refuse(path, &error);
    let id: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await
        .map_err(refuse)?;
    if id != APPLICATION_ID {
        return Err(unusable(
            path,
            "it is another program's database: name another file with store.path".into(),
        ));
    }
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut *connection)
        .await
        .map_err(refuse)?;
    if verdict != "ok" {
        return Err(damaged(path, &verdict));
    }
    let found: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
        .map_err(refuse)?;
    let known = MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    match found {
        Some(found) if found > known => Err(unusable(
            path,
            format!(
                "a newer Tintype made it (schema {found}; this one knows {known}): start that Tintype, or restore \
                 the backup made before its upgrade"
            ),
        )),
        _ => migrate(path, connection).await,
    }
}

async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<()> {
    let migrated = MIGRATIONS.run(&mut *connection).await;
    migrated.map_err(|error| unusable(path, format!("its schema cannot be brought up to date: {error}")))
}

async fn check_key(path: &Path, connection: &mut SqliteConnection, sealer: &Sealer) -> Result<()> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'key_check'")
        .fetch_optional(&mut *connection)
        .await?;
    let sealed = sealed.ok_or_else(|| damaged(path, "its key check is missing"))?;
    match sealer.open(KEY_CHECK, &sealed) {
        Ok(_) => Ok(()),
        Err(SecretsError::OtherKey) => Err(unusable(
            path,
            "it was made with another key: put that key back where secrets.key_file points, or point it there".into(),
        )),
        Err(error) => Err(damaged(path, &error.to_string())),
    }
}

fn unusable(path: &Path, why: String) -> StoreError {
    StoreError::Unusable(format!("the database {} cannot be used: {why}", path.display()))
}

fn damaged(path: &Path, what: &str) -> StoreError {
    unusable(
        path,
        format!("it is damaged ({what}). Keep it, and restore a backup of it with its key"),
    )
}

/// SQLite's own refusal, with what to do about it.
fn refuse(path: &Path, error: &sqlx::Error) -> StoreError {
    match primary_code(error) {
        _ if is_busy(error) => unusable(path, "another program has locked it: close that program".into()),
        // SQLITE_CORRUPT, SQLITE_NOTADB
        Some(11 | 26) => damaged(path, &error.to_string()),
        // SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN
        Some(3 | 8 | 14) => unusable(
            path,
            format!(
                "it cannot be opened for writing: {error}. Run tintype as the user that owns it and its directory"
            ),
        ),
        _ => unusable(path, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::digest;
    use data_encoding::HEXLOWER;

    /// A migration that was released runs on databases that exist: it is added to, never edited.
    #[test]
    fn migrations_are_added_and_never_edited() {
        let known = include_str!("../../../migrations/sqlite/hashes.txt");
        let mut found = String::new();
        for migration in MIGRATIONS.iter() {
            let hash = digest::digest(&digest::SHA256, migration.sql.as_str().as_bytes());
            found += &format!("{:04} {}\n", migration.version, HEXLOWER.encode(hash.as_ref()));
        }
        assert_eq!(
            found, known,
            "a migration was edited, or a new one is not in hashes.txt"
        );
    }
}
