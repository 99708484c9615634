//! Snapshot names: reserved by an operation, then burned for ever or freed.

use super::super::{NameFate, NameKey, Result, Started};
use super::Tx;
use super::rows;
use crate::model::{RepositoryName, SnapshotName, Status};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// Who holds the name, if anybody does.
pub(super) async fn holder(tx: &mut Tx, key: &NameKey) -> Result<Option<Started>> {
    let row = sqlx::query(
        "SELECT o.id, o.status FROM snapshot_names AS n JOIN operations AS o ON o.id = n.operation_id \
         WHERE n.cluster_uuid = ? AND n.repository = ? AND n.name = ?",
    )
    .bind(&key.cluster_uuid)
    .bind(key.repository.as_str())
    .bind(key.name.as_str())
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let status: Status = rows::from_word(row.try_get("status")?)?;
    Ok(Some(Started::NameTaken {
        operation: row.try_get("id")?,
        burned: status.is_terminal(),
    }))
}

pub(super) async fn reserve(tx: &mut Tx, key: &NameKey, operation: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO snapshot_names (cluster_uuid, repository, name, operation_id) VALUES (?, ?, ?, ?)",
    )
    .bind(&key.cluster_uuid)
    .bind(key.repository.as_str())
    .bind(key.name.as_str())
    .bind(operation)
    .execute(tx)
    .await?;
    Ok(())
}

/// Settles an operation's name. Without a word it stays as it is: once the operation has ended nobody can free it, so a
/// name that nobody vouches for counts as burned. It may exist on the engine.
pub(super) async fn settle(tx: &mut Tx, operation: &str, fate: NameFate) -> Result<()> {
    let query = match fate {
        NameFate::Free => "DELETE FROM snapshot_names WHERE operation_id = ? AND burned = 0",
        NameFate::Burned => "UPDATE snapshot_names SET burned = 1 WHERE operation_id = ?",
    };
    sqlx::query(query).bind(operation).execute(tx).await?;
    Ok(())
}

pub(super) async fn of_repository(
    tx: &mut Tx,
    cluster_uuid: &str,
    repository: &RepositoryName,
) -> Result<HashMap<SnapshotName, String>> {
    let found = sqlx::query(
        "SELECT name, operation_id FROM snapshot_names WHERE cluster_uuid = ? AND repository = ?",
    )
    .bind(cluster_uuid)
    .bind(repository.as_str())
    .fetch_all(tx)
    .await?;
    let read = |row: &SqliteRow| Ok((rows::name(row.try_get("name")?)?, row.try_get("operation_id")?));
    found.iter().map(read).collect()
}
