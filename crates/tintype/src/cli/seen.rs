//! An operation as the server last showed it, in one line. Unknown members are ignored, so that an older client
//! follows a newer server.

use super::cells;
use super::error::{CliError, Result};
use serde::Deserialize;
use serde_json::Value;

/// The members of an operation that following it needs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// The operation's id.
    pub id: String,
    /// `queued`, `running`, `succeeded`, `failed`, `cancelled`.
    pub status: String,
    /// Its kind's own word.
    pub step: Option<String>,
    /// How many are leased before it.
    pub queue_position: Option<u64>,
    /// Somebody asked to cancel it.
    pub cancel_requested: bool,
    /// How far it is.
    pub progress: Option<Progress>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What came out.
    pub outcome: Option<Value>,
}

/// How far it is, as the engine said it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// `preparing`, `running`, `finalizing`.
    pub phase: String,
    /// Shards.
    pub shards: Shards,
    /// Bytes.
    pub bytes: Amount,
    /// Files.
    pub files: Amount,
    /// Absent until a second file is done.
    pub bytes_per_second: Option<f64>,
    /// Absent until a second file is done.
    pub eta_seconds: Option<f64>,
}

/// Done out of a total.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Amount {
    /// Done.
    pub done: u64,
    /// Absent while unknown.
    pub total: Option<u64>,
}

/// Shards by what became of them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Shards {
    /// In all.
    pub total: u64,
    /// Finished.
    pub done: u64,
    /// Failed.
    pub failed: u64,
}

/// Why it failed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// A stable word.
    pub kind: String,
    /// For people.
    pub message: String,
}

impl Seen {
    /// From the server's answer.
    ///
    /// # Errors
    /// Failed: it is no operation.
    pub fn parse(operation: &Value) -> Result<Self> {
        let bad = |error| CliError::Failed(format!("the server's answer is no operation: {error}"));
        Self::deserialize(operation).map_err(bad)
    }

    /// No step will follow.
    pub fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "succeeded" | "failed" | "cancelled")
    }

    /// Bytes done and their total, once the engine knows it.
    pub fn bytes(&self) -> Option<(u64, u64)> {
        let progress = self
            .progress
            .as_ref()
            .filter(|progress| progress.phase != "preparing")?;
        progress
            .bytes
            .total
            .filter(|total| *total > 0)
            .map(|total| (progress.bytes.done, total))
    }

    /// Where it stands, for people; nothing in it is guessed.
    pub fn line(&self) -> String {
        let mut parts = Vec::new();
        match (self.status.as_str(), &self.progress) {
            ("queued", _) => {
                parts.push(
                    self.queue_position
                        .map_or("queued".to_owned(), |n| format!("queued behind {n}")),
                );
            }
            ("running", Some(progress)) => parts.extend(progress.parts()),
            ("running", None) => parts.push(self.step.as_deref().unwrap_or("running").replace('_', " ")),
            (status, _) => parts.push(status.to_owned()),
        }
        if self.cancel_requested && !self.has_ended() {
            parts.push("cancelling".to_owned());
        }
        parts.join(", ")
    }

    /// How it ended: a sentence when it is good, else the error that carries exit code 3.
    ///
    /// # Errors
    /// `NotGood`.
    pub fn verdict(&self) -> Result<String> {
        let outcome = |pointer: &str| self.outcome.as_ref().and_then(|outcome| outcome.pointer(pointer));
        let id = &self.id;
        match self.status.as_str() {
            "succeeded" if outcome("/good") != Some(&Value::Bool(false)) => {
                Ok(format!("operation {id} succeeded"))
            }
            "succeeded" => {
                let state = outcome("/state").and_then(Value::as_str).unwrap_or("no state");
                let notes = outcome("/notes").and_then(Value::as_array);
                let notes: Vec<_> = notes.into_iter().flatten().filter_map(Value::as_str).collect();
                Err(CliError::NotGood(format!(
                    "operation {id} ended, but is not good: {state}: {}",
                    notes.join("; ")
                )))
            }
            "failed" => {
                let failure = self.failure.clone().unwrap_or_default();
                Err(CliError::NotGood(format!(
                    "operation {id} failed: {}: {}",
                    failure.kind, failure.message
                )))
            }
            status => Err(CliError::NotGood(format!("operation {id} was {status}"))),
        }
    }
}

impl Progress {
    fn parts(&self) -> Vec<String> {
        if self.phase == "preparing" {
            return vec!["preparing".to_owned()];
        }
        let mut parts = Vec::new();
        if self.phase == "finalizing" {
            parts.push("finalizing".to_owned());
        }
        parts.push(match self.bytes.total {
            Some(total) => format!("{} of {}", cells::bytes(self.bytes.done), cells::bytes(total)),
            None => cells::bytes(self.bytes.done),
        });
        // Before the counts: a narrow terminal cuts the end.
        if let Some(rate) = self
            .bytes_per_second
            .filter(|rate| rate.is_finite() && *rate >= 0.0)
        {
            parts.push(format!("{}/s", cells::bytes(rate as u64)));
        }
        if let Some(eta) = self.eta_seconds {
            parts.push(format!("ETA {}", cells::seconds(eta)));
        }
        parts.push(match self.files.total {
            Some(total) => format!("{} of {total} files", self.files.done),
            None => format!("{} files", self.files.done),
        });
        parts.push(format!("{} of {} shards", self.shards.done, self.shards.total));
        if self.shards.failed > 0 {
            parts.push(format!("{} shards failed", self.shards.failed));
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(value: Value) -> Seen {
        Seen::parse(&value).unwrap()
    }

    #[test]
    fn a_running_operation_shows_what_the_engine_said() {
        let running = seen(
            json!({"id": "o", "status": "running", "progress": {"phase": "running",
            "bytes": {"done": 1_048_576, "total": 4_194_304}, "files": {"done": 3, "total": 9},
            "shards": {"total": 5, "done": 1, "failed": 1},
            "bytes_per_second": 2048.0, "eta_seconds": 75.2, "later": 1}}),
        );
        let line =
            "1.00 MiB of 4.00 MiB, 2.00 KiB/s, ETA 1m 15s, 3 of 9 files, 1 of 5 shards, 1 shards failed";
        assert_eq!(running.line(), line);
        assert_eq!(running.bytes(), Some((1_048_576, 4_194_304)));
    }

    #[test]
    fn rate_and_total_are_absent_while_unknown() {
        let early = json!({"status": "running", "progress": {"phase": "running", "bytes": {"done": 0, "total": null}}});
        assert_eq!(seen(early).line(), "0 B, 0 files, 0 of 0 shards");
        let preparing =
            json!({"status": "running", "progress": {"phase": "preparing", "bytes": {"total": 0}}});
        assert_eq!(seen(preparing.clone()).line(), "preparing");
        assert_eq!(seen(preparing).bytes(), None);
        assert_eq!(
            seen(json!({"status": "queued", "queue_position": 2})).line(),
            "queued behind 2"
        );
        let step = json!({"status": "running", "step": "creating", "cancel_requested": true});
        assert_eq!(seen(step).line(), "creating, cancelling");
    }

    #[test]
    fn only_a_good_end_is_a_success() {
        assert!(
            seen(json!({"status": "succeeded", "outcome": {"good": true}}))
                .verdict()
                .is_ok()
        );
        assert!(
            seen(json!({"status": "succeeded", "outcome": {"shards_done": 1}}))
                .verdict()
                .is_ok()
        );
        let bad = [
            json!({"status": "succeeded", "outcome": {"good": false, "state": "PARTIAL", "notes": ["1 of 2"]}}),
            json!({"status": "failed", "failure": {"kind": "vanished", "message": "disk full"}}),
            json!({"status": "cancelled"}),
        ];
        for (value, words) in bad
            .into_iter()
            .zip(["PARTIAL: 1 of 2", "vanished: disk full", "cancelled"])
        {
            let error = seen(value).verdict().unwrap_err();
            assert_eq!(error.exit_code(), 3);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
