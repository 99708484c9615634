//! Values that engines write in ways that the schema does not suggest.

use serde::{Deserialize, Deserializer};

/// A count; the engines write -1 for "not known", which is nothing to add up.
pub(crate) fn count<'de, D: Deserializer<'de>>(value: D) -> Result<u64, D::Error> {
    Ok(u64::try_from(i64::deserialize(value)?).unwrap_or(0))
}

/// A text that may be null.
pub(crate) fn text<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}
