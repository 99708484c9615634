//! A schedule as the API shows it.

use crate::model::{VerifyOptions, VerifySchedule};
use serde::Serialize;

/// When a platform repository is verified by itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = VerificationSchedule)]
pub struct ScheduleView {
    /// The repository.
    pub repository: String,
    /// From one start to the next, seconds.
    pub every_seconds: u64,
    /// Each snapshot that Tintype takes is verified too, as soon as it is there.
    pub after_snapshots: bool,
    /// How.
    pub options: VerifyOptions,
    /// The last start; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub last_started_at: Option<String>,
    /// The next start; absent when it is due at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub next_start_at: Option<String>,
    /// Made at.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Changed at.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

impl From<VerifySchedule> for ScheduleView {
    fn from(schedule: VerifySchedule) -> Self {
        Self {
            next_start_at: schedule.due_at().map(|at| at.to_string()),
            repository: schedule.repository.into(),
            every_seconds: schedule.every_seconds,
            after_snapshots: schedule.after_snapshots,
            options: schedule.options,
            last_started_at: schedule.last_started.map(|at| at.to_string()),
            created_at: schedule.created_at.to_string(),
            updated_at: schedule.updated_at.to_string(),
        }
    }
}
