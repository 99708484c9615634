//! Verifying a repository by itself: when it is due, and what is started then.

use super::place::no_reader;
use crate::error::Result;
use crate::model::verify::VerifyParameters;
use crate::model::{RepositoryName, TakenSnapshot, VerifyOptions, VerifySchedule};
use crate::operations::Operations;

/// Snapshots begun to be verified at a time.
const TAKEN: u32 = 500;

impl Operations {
    /// Makes or replaces a repository's schedule.
    ///
    /// # Errors
    /// `NotFound`; `Precondition` when the repository has no reader.
    pub async fn put_verify_schedule(
        &self,
        repository: &RepositoryName,
        every_seconds: u64,
        after_snapshots: bool,
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
            after_snapshots,
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
        self.verify_taken().await
    }

    /// Starts the verification of each snapshot that was taken and whose repository's schedule wants that. One whose location
    /// is being verified waits for the end of that. Each start is named by the take, so that a crash starts nothing twice.
    async fn verify_taken(&self) -> Result<()> {
        for taken in self.store().taken_to_verify(TAKEN).await? {
            match self.verify_one_taken(&taken).await {
                Ok(true) => self.store().forget_taken(&taken.operation).await?,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(repository = %taken.repository, cluster = %taken.cluster, %error,
                    "a snapshot is to be verified, and that cannot be begun")
                }
            }
        }
        Ok(())
    }

    /// Whether nothing is left to do.
    async fn verify_one_taken(&self, taken: &TakenSnapshot) -> Result<bool> {
        let (name, id) = (&taken.repository, &taken.cluster);
        let (schedule, cluster) = (
            self.store().schedule(name).await?,
            self.store().cluster(id).await?,
        );
        let (Some(schedule), Some(cluster)) = (schedule, cluster) else {
            return Ok(true);
        };
        if self.store().open_verification(id, name).await?.is_some() {
            return Ok(false);
        }
        let options = VerifyOptions {
            snapshots: vec![taken.snapshot.clone()],
            indices: Vec::new(),
            latest: false,
            ..schedule.options
        };
        let parameters = VerifyParameters {
            repository: name.clone(),
            options,
        };
        let once = self.once(format!("verification-after {name}"), &taken.operation);
        self.begin_verification(&cluster, &parameters, "snapshot", Some(once))
            .await?;
        Ok(true)
    }
}
