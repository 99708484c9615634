//! How a verification shall look, as requests say it.

use crate::http::problem::{Problem, Result};
use crate::model::VerifyOptions;
use serde::Deserialize;
use tintype_repository::Level;

/// Names in one list.
const NAMES: usize = 1_000;
/// The longest name that engines give anything.
const LONGEST: usize = 255;

/// How a verification looks. Absent members: everything, as deep as it goes, read now.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionsBody {
    /// How deep: `root`, `metadata`, `presence`, `fingerprint`, `checksum` or `structure` (the default).
    #[schema(required = false, value_type = Option<String>)]
    pub level: Option<Level>,
    /// Check the structure of Lucene's files at the levels `fingerprint` and `checksum` too. Default: true.
    #[schema(required = false)]
    pub structure: Option<bool>,
    /// Only these snapshots, by name or uuid.
    #[schema(required = false)]
    pub snapshots: Option<Vec<String>>,
    /// Only these indices; `*` stands for anything.
    #[schema(required = false)]
    pub indices: Option<Vec<String>>,
    /// Only the newest finished snapshot.
    #[schema(required = false)]
    pub latest: Option<bool>,
    /// A blob that was checked within this time is not read again.
    #[schema(required = false)]
    pub max_age_seconds: Option<u64>,
    /// Stop reading data after so many bytes; the report says how old the rest is.
    #[schema(required = false)]
    pub budget_bytes: Option<u64>,
    /// Stop reading data after so long.
    #[schema(required = false)]
    pub budget_seconds: Option<u64>,
    /// Read no faster than this.
    #[schema(required = false)]
    pub bytes_per_second: Option<u64>,
    /// Attest each snapshot that proves restorable, with the server's key.
    #[schema(required = false)]
    pub attest: Option<bool>,
}

impl OptionsBody {
    /// What is asked.
    ///
    /// # Errors
    /// 400 naming the member.
    pub fn checked(self) -> Result<VerifyOptions> {
        let level = self.level.unwrap_or(Level::Structure);
        if self.structure == Some(true) && level < Level::Fingerprint {
            let message = "structure needs the level fingerprint or a deeper one";
            return Err(Problem::invalid("options.structure", message));
        }
        if self.structure == Some(false) && level == Level::Structure {
            let message = "the level structure checks it always: without it, choose the level checksum";
            return Err(Problem::invalid("options.structure", message));
        }
        let options = VerifyOptions {
            level,
            structure: self.structure.unwrap_or(level >= Level::Fingerprint),
            snapshots: names("snapshots", self.snapshots)?,
            indices: names("indices", self.indices)?,
            latest: self.latest.unwrap_or(false),
            max_age_seconds: self.max_age_seconds,
            budget_bytes: not_zero("budget_bytes", self.budget_bytes)?,
            budget_seconds: not_zero("budget_seconds", self.budget_seconds)?,
            bytes_per_second: not_zero("bytes_per_second", self.bytes_per_second)?,
            attest: self.attest.unwrap_or(false),
        };
        if options.latest && !options.snapshots.is_empty() {
            let message = "latest and snapshots exclude each other: give one of them";
            return Err(Problem::invalid("options.latest", message));
        }
        if options.attest && !options.indices.is_empty() {
            let message = "attest and indices exclude each other: only a whole snapshot is attested";
            return Err(Problem::invalid("options.attest", message));
        }
        Ok(options)
    }
}

fn names(member: &str, given: Option<Vec<String>>) -> Result<Vec<String>> {
    let given = given.unwrap_or_default();
    let fits = |name: &String| !name.is_empty() && name.len() <= LONGEST;
    if given.len() <= NAMES && given.iter().all(fits) {
        return Ok(given);
    }
    let message = format!("{member} must be at most {NAMES} names of 1 to {LONGEST} bytes");
    Err(Problem::invalid(format!("options.{member}"), message))
}

fn not_zero(member: &str, given: Option<u64>) -> Result<Option<u64>> {
    if given == Some(0) {
        let message = format!("{member} must be at least 1; leave it out for no limit");
        return Err(Problem::invalid(format!("options.{member}"), message));
    }
    Ok(given)
}
