//! Columns to values and back.

use super::super::{Result, StoreError};
use crate::clock::to_millis;
use crate::secrets::{Sealer, SecretsError};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// A stored value that this version cannot read: a damaged file or a bug.
pub(super) fn unreadable(what: impl std::fmt::Display) -> StoreError {
    StoreError::Failed(format!("a stored value cannot be read: {what}").into())
}

pub(super) fn time_of(millis: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(millis).map_err(unreadable)
}

pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp> {
    time_of(row.try_get(column)?)
}

pub(super) fn optional_time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>> {
    row.try_get::<Option<i64>, _>(column)?.map(time_of).transpose()
}

/// Milliseconds, as times are stored.
pub(super) fn millis(at: Timestamp) -> i64 {
    to_millis(at).as_millisecond()
}

/// A checked name.
pub(super) fn name<T: TryFrom<String, Error: std::fmt::Display>>(text: String) -> Result<T> {
    T::try_from(text).map_err(unreadable)
}

/// An enum that serde writes as one word.
pub(super) fn from_word<T: DeserializeOwned>(word: &str) -> Result<T> {
    let word: StrDeserializer<'_, serde::de::value::Error> = word.into_deserializer();
    T::deserialize(word).map_err(unreadable)
}

/// The word that serde writes for an enum.
pub(super) fn to_word(value: &impl Serialize) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(StoreError::Failed(format!("{other} is not a word").into())),
        Err(error) => Err(StoreError::Failed(Box::new(error))),
    }
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(unreadable)
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(Box::new(error)))
}

pub(super) fn optional_json<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value.map(to_json).transpose()
}

/// Seals a document for `table/id/column`.
pub(super) fn seal_json(sealer: &Sealer, context: &str, value: &impl Serialize) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(value).map_err(|error| StoreError::Failed(Box::new(error)))?;
    Ok(sealer.seal(context, &zeroize::Zeroizing::new(plain)))
}

/// Opens a document that was sealed for `table/id/column`.
pub(super) fn open_json<T: DeserializeOwned>(sealer: &Sealer, context: &str, sealed: &[u8]) -> Result<T> {
    let plain = sealer.open(context, sealed)?;
    // The document's own error could quote a secret.
    serde_json::from_slice(&plain).map_err(|_| unreadable(format_args!("the sealed {context}")))
}

/// A count is never negative.
pub(super) fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// SQLite's integers are signed; nobody skips more rows than that.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl From<SecretsError> for StoreError {
    fn from(error: SecretsError) -> Self {
        Self::Failed(Box::new(error))
    }
}
