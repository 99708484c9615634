//! What only concerns the embedded store: its file, its lock, its key, and what it looks like after a crash.

use crate::backends::{database, sealer};
use crate::make::*;
use data_encoding::{BASE64, HEXLOWER};
use sqlx::{Connection, SqliteConnection};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tintype::model::{ApiKey, Operator, Reader, Status};
use tintype::secrets::{Sealer, SecretsError};
use tintype::store::sqlite::SqliteStore;
use tintype::store::{NameFate, Started, Step, Store, StoreError};

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

async fn open(dir: &TempDir) -> TheStore {
    Arc::new(SqliteStore::open(&database(dir.path()), sealer()).await.unwrap())
}

async fn refusal(path: &Path, sealer: Sealer) -> String {
    match SqliteStore::open(path, sealer).await {
        Err(StoreError::Unusable(message)) => message,
        Err(other) => panic!("not a refusal with advice: {other:?}"),
        Ok(_) => panic!("{} was opened", path.display()),
    }
}

/// A database with something in it, closed.
async fn made() -> TempDir {
    let dir = dir();
    let store = open(&dir).await;
    attach(&store, "a").await;
    store.close().await;
    dir
}

async fn alter(dir: &TempDir, sql: &'static str) {
    let url = format!("sqlite://{}", database(dir.path()).display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_new_database_is_for_its_owner_alone() {
    let dir = dir();
    let path = dir.path().join("new/dir/tintype.db");
    assert!(SqliteStore::is_new(&path));
    let store: TheStore = Arc::new(SqliteStore::open(&path, sealer()).await.unwrap());
    assert!(!SqliteStore::is_new(&path));
    attach(&store, "a").await;
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
    store.close().await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    SqliteStore::open(&path, sealer()).await.unwrap().close().await;
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_close() {
    let dir = made().await;
    let store = open(&dir).await;
    assert_eq!(store.cluster(&id("a")).await.unwrap().unwrap(), cluster("a"));
    store.ping().await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err());
    assert!(store.detach_cluster(&id("a")).await.is_err());
    store.close().await;
}

/// The files as a killed process leaves them: copied while the store is open, its log not folded in.
#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let dir = dir();
    let store = open(&dir).await;
    attach(&store, "a").await;
    start(&store, naming(operation("1", "a"), "s")).await;
    let before = lease_one(&store, "me", 0).await;
    let intent = Step {
        events: vec![("intent", "x".into())],
        name: Some(NameFate::Burned),
        ..Step::default()
    };
    assert!(commit(&store, &before, 1, intent).await);

    let crashed = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let name = format!("tintype.db{suffix}");
        std::fs::copy(dir.path().join(&name), crashed.path().join(&name)).unwrap();
    }
    let after = open(&crashed).await;
    assert_eq!(event_kinds(&after, "1").await, ["queued", "running", "intent"]);
    assert_eq!(after.take_over().await.unwrap(), 1);
    let again = lease_one(&after, "me", 2).await;
    assert!(again.token > before.token);
    assert_eq!(again.operation.status, Status::Running);
    let taken = after
        .start_operation(&naming(operation("2", "a"), "s"))
        .await
        .unwrap();
    assert!(matches!(taken, Started::NameTaken { .. }));
    after.close().await;
    store.close().await;
}

#[tokio::test]
async fn a_store_that_was_dropped_without_a_close_frees_its_lock() {
    let dir = dir();
    let store = open(&dir).await;
    attach(&store, "a").await;
    drop(store);
    // The writer's task ends by itself, soon.
    let reopened = loop {
        match SqliteStore::open(&database(dir.path()), sealer()).await {
            Ok(store) => break store,
            Err(StoreError::Unusable(why)) if why.contains("locked by process") => {
                tokio::task::yield_now().await
            }
            Err(other) => panic!("{other:?}"),
        }
    };
    assert!(reopened.cluster(&id("a")).await.unwrap().is_some());
    reopened.close().await;
}

#[tokio::test]
async fn no_secret_is_in_the_files() {
    let dir = dir();
    let store = open(&dir).await;
    let mut found = Vec::new();
    attach(&store, "needle-cluster").await;
    store
        .put_repository(
            &repository("r"),
            Some(&r#"{"secret_key":"needle-settings"}"#.into()),
            None,
        )
        .await
        .unwrap();
    let reader = Reader {
        url: "s3://b/p".into(),
        endpoint: None,
        region: None,
        username: Some("u".into()),
        password: Some("needle-reader".into()),
    };
    store
        .put_reader(&"r".parse().unwrap(), Some(&reader))
        .await
        .unwrap();
    let password_hash = tintype::secrets::hash_password(&"needle-login".into()).unwrap();
    let user = Operator::new("u", password_hash, vec![], at(0));
    store.create_user(&user).await.unwrap();
    let secret_hash = tintype::secrets::api_key_hash("needle-api-key");
    let key = ApiKey {
        id: "k".into(),
        secret_hash,
        user: "u".into(),
        description: String::new(),
        created_at: at(0),
        elevated: true,
    };
    store.create_api_key(&key).await.unwrap();
    let device = tintype::model::TotpSecret {
        id: "d".into(),
        secret: "needle-totp".into(),
        confirmed: false,
    };
    store.enrol_totp("u", &device, at(0)).await.unwrap();
    for open in [true, false] {
        if !open {
            store.close().await;
        }
        for file in std::fs::read_dir(dir.path()).unwrap() {
            found.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
    }

    let contains = |needle: &[u8]| found.windows(needle.len()).any(|window| window == needle);
    assert!(
        contains(b"https://needle-cluster:9200"),
        "the search finds what is not secret"
    );
    let secrets = [
        "password",
        "api-key",
        "bearer",
        "certificate",
        "client-key",
        "user",
    ];
    let secrets = secrets.map(|kind| format!("needle-cluster-{kind}"));
    let others = [
        "needle-settings",
        "needle-reader",
        "needle-login",
        "needle-api-key",
        "needle-totp",
    ]
    .map(str::to_owned);
    for secret in secrets.iter().chain(&others) {
        assert!(!contains(secret.as_bytes()), "{secret} is in the files");
        assert!(
            !contains(HEXLOWER.encode(secret.as_bytes()).as_bytes()),
            "{secret} is there in hexadecimal"
        );
        // Whatever stands before it in the encoded text, one of three alignments shows its middle.
        for skip in 0..3 {
            let aligned = &secret.as_bytes()[skip..];
            let whole = &aligned[..aligned.len() / 3 * 3];
            assert!(
                !contains(BASE64.encode(whole).as_bytes()),
                "{secret} is there in base64"
            );
        }
    }
}

#[tokio::test]
async fn a_sealed_value_that_was_moved_to_another_row_does_not_open() {
    let dir = dir();
    let store = open(&dir).await;
    attach(&store, "a").await;
    attach(&store, "b").await;
    store.close().await;
    alter(
        &dir,
        "UPDATE clusters SET secrets = (SELECT secrets FROM clusters WHERE id = 'a') WHERE id = 'b'",
    )
    .await;
    let store = open(&dir).await;
    store.cluster_secrets(&id("a")).await.unwrap();
    assert!(matches!(
        store.cluster_secrets(&id("b")).await,
        Err(StoreError::Failed(_))
    ));
    store.close().await;
}

#[tokio::test]
async fn a_database_in_use_is_refused_naming_who_uses_it() {
    let dir = made().await;
    let store = open(&dir).await;
    let message = refusal(&database(dir.path()), sealer()).await;
    assert!(
        message.contains(&format!("process {}", std::process::id())),
        "{message}"
    );
    assert!(message.contains("Stop that one first"), "{message}");
    store.close().await;
    open(&dir).await.close().await;
}

#[tokio::test]
async fn a_database_that_another_program_has_locked_is_refused() {
    let dir = made().await;
    let url = format!("sqlite://{}", database(dir.path()).display());
    let mut shell = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .execute(&mut shell)
        .await
        .unwrap();
    let message = refusal(&database(dir.path()), sealer()).await;
    assert!(message.contains("another program has locked it"), "{message}");
    shell.close().await.unwrap();
    open(&dir).await.close().await;
}

#[tokio::test]
async fn another_key_is_refused_and_the_right_one_still_opens() {
    let dir = made().await;
    let message = refusal(&database(dir.path()), Sealer::new(&[8; 32])).await;
    assert!(
        message.contains("another key") && message.contains("secrets.key_file"),
        "{message}"
    );
    open(&dir).await.close().await;
}

/// Whoever changes a user: the triggers are the database's.
#[tokio::test]
async fn sessions_and_second_factors_end_with_their_user() {
    for (statement, stays) in [
        ("UPDATE users SET enabled = 0 WHERE name = 'u'", false),
        ("UPDATE users SET password_hash = 'other' WHERE name = 'u'", false),
        ("DELETE FROM users WHERE name = 'u'", false),
        (
            "UPDATE users SET roles = '[]', enabled = 1 WHERE name = 'u'",
            true,
        ),
    ] {
        let dir = dir();
        let store = open(&dir).await;
        let user = Operator::new("u", "hash".into(), vec![], at(0));
        store.create_user(&user).await.unwrap();
        let session = tintype::model::Session {
            id: "s".into(),
            secret_hash: [1; 32],
            user: "u".into(),
            created_at: at(0),
            expires_at: at(1),
            elevated_until: None,
        };
        store.begin_session(&session).await.unwrap();
        let device = tintype::model::TotpSecret {
            id: "d".into(),
            secret: "SECRET".into(),
            confirmed: false,
        };
        store.enrol_totp("u", &device, at(0)).await.unwrap();
        store.close().await;
        alter(&dir, statement).await;
        let store = open(&dir).await;
        assert_eq!(store.session("s").await.unwrap().is_some(), stays, "{statement}");
        let enrolled = store.totp_device("u").await.unwrap().is_some();
        assert_eq!(enrolled, !statement.starts_with("DELETE"), "{statement}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_key_that_is_gone_is_not_replaced() {
    let dir = made().await;
    let key = dir.path().join("tintype.key");
    let is_new = SqliteStore::is_new(&database(dir.path()));
    assert!(matches!(
        Sealer::open_or_create(&key, is_new),
        Err(SecretsError::KeyMissing(_))
    ));
    assert!(!key.exists());
}

#[tokio::test]
async fn a_database_of_a_newer_tintype_is_refused() {
    let dir = made().await;
    alter(
        &dir,
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         VALUES (999, 'future', '2030-01-01', 1, x'00', 1)",
    )
    .await;
    let message = refusal(&database(dir.path()), sealer()).await;
    assert!(
        message.contains("newer Tintype") && message.contains("999"),
        "{message}"
    );
}

#[tokio::test]
async fn another_programs_database_is_refused_and_not_touched() {
    let dir = dir();
    let url = format!("sqlite://{}?mode=rwc", database(dir.path()).display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE theirs (x)")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    let message = refusal(&database(dir.path()), sealer()).await;
    assert!(message.contains("another program's database"), "{message}");
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_kept() {
    let dir = dir();
    let store = open(&dir).await;
    for n in 0..50 {
        attach(&store, &format!("c{n}")).await;
    }
    store.close().await;
    let path = database(dir.path());
    let whole = std::fs::read(&path).unwrap();
    let half = whole[..whole.len() / 2 / 4096 * 4096].to_vec();
    let mut scribbled = whole.clone();
    scribbled[4096..].fill(0x5a);
    // Nothing that the start reads: only the check of every page finds it.
    let mut last_page = whole.clone();
    last_page[whole.len() - 4096..].fill(0x5a);
    let garbage = b"this is not a database at all, but it is longer than a header".to_vec();
    let cases = [
        ("empty", vec![]),
        ("cut", whole[..10].to_vec()),
        ("half", half),
        ("scribbled", scribbled),
    ];
    for (case, bytes) in cases
        .into_iter()
        .chain([("garbage", garbage), ("last page", last_page)])
    {
        std::fs::write(&path, &bytes).unwrap();
        let message = refusal(&path, sealer()).await;
        assert!(
            message.contains("damaged") && message.contains("restore a backup"),
            "{case}: {message}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{case}: it was changed");
    }
    std::fs::write(&path, &whole).unwrap();
    open(&dir).await.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let dir = dir();
    std::fs::create_dir(database(dir.path())).unwrap();
    let message = refusal(&database(dir.path()), sealer()).await;
    assert!(message.contains("cannot be read"), "{message}");
}

#[tokio::test]
async fn a_database_that_is_gone_is_not_made_anew_over_its_log() {
    let dir = dir();
    std::fs::write(dir.path().join("tintype.db-wal"), b"log").unwrap();
    let message = refusal(&database(dir.path()), sealer()).await;
    assert!(message.contains("put the database file back"), "{message}");
    assert!(SqliteStore::is_new(&database(dir.path())));
}

#[tokio::test]
async fn what_a_crash_at_the_first_start_left_is_no_hindrance() {
    let dir = dir();
    std::fs::write(dir.path().join("tintype.db.new"), b"half a database").unwrap();
    std::fs::write(dir.path().join("tintype.db.lock"), b"process 1\n").unwrap();
    open(&dir).await.close().await;
    assert!(!dir.path().join("tintype.db.new").exists());
}
