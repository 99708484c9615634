//! What a migration makes of a database that was there before it.

use sqlx::{Connection, SqliteConnection};

#[tokio::test]
async fn the_user_of_the_first_start_becomes_built_in() {
    let mut database = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let first = include_str!("../../migrations/sqlite/0001_first.sql");
    let accounts = include_str!("../../migrations/sqlite/0002_accounts.sql");
    sqlx::raw_sql(first).execute(&mut database).await.unwrap();
    let user = "INSERT INTO users VALUES ('admin', '$argon2id$x', '[\"ece_platform_admin\"]', 1, 7)";
    sqlx::raw_sql(user).execute(&mut database).await.unwrap();
    sqlx::raw_sql(accounts).execute(&mut database).await.unwrap();
    let row: (String, bool, bool, i64, i64, Option<String>) =
        sqlx::query_as("SELECT name, enabled, builtin, created_at, updated_at, full_name FROM users")
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert_eq!(row, ("admin".into(), true, true, 7, 7, None));
}
