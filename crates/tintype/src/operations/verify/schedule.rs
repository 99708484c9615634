//! Verifying a repository by itself: when it is due, and what is started then.

use super::place::no_reader;
use crate::error::Result;
use crate::model::{RepositoryName, VerifyOptions, VerifySchedule};
use crate::operations::Operations;

impl Operations {
    /// Makes or replaces a repository's schedule.
    ///
    /// # Errors
    /// `NotFound`; `Precondition` when the repository has no reader.
    pub async fn put_verify_schedule(
        &self,
        repository: &RepositoryName,
        every_seconds: u64,
        options: VerifyOptions,
    ) -> Result<VerifySchedule> {
        let platform = self.platform(repository).await?;
        if !platform.has_reader {
            return Err(no_reader(&platform));
        }
        if options.attest {
            self.has_attest_key().await?;
        }
        let now = self.now();
        let schedule = VerifySchedule {
            repository: platform.name,
            every_seconds,
            options,
            last_started: None,
            created_at: now,
            updated_at: now,
        };
        Ok(self.store().put_schedule(&schedule).await?)
    }

    /// Starts every verification that is due. Each start is named by the one before it: an instance that dies between
    /// starting and noting that it did starts nothing twice.
    ///
    /// # Errors
    /// The store's.
    pub async fn start_due_verifications(&self) -> Result<()> {
        for schedule in self.store().schedules().await? {
            let now = self.now();
            if schedule.due_at().is_some_and(|due| due > now) {
                continue;
            }
            let name = &schedule.repository;
            let Some(platform) = self.store().repository(name).await? else {
                continue;
            };
            let slot = schedule
                .last_started
                .map_or_else(|| "first".to_owned(), |last| last.to_string());
            match self.verify_on_schedule(&platform, &schedule.options, &slot).await {
                Ok(started) => tracing::info!(repository = %name, started, "verifications are due"),
                Err(error) => {
                    tracing::warn!(repository = %name, %error, "verifications are due, and cannot be begun")
                }
            }
            self.store().note_start(name, schedule.last_started, now).await?;
        }
        Ok(())
    }
}
