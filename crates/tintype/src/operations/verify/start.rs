//! From a caller's request to durable verifications, one for each cluster.

use super::place::{Place, no_reader};
use crate::error::{Error, Missing, Result};
use crate::ids;
use crate::model::verify::{VerifyParameters, VerifyState};
use crate::model::{
    Cluster, Observation, Operation, OperationKind, PlatformRepository, RepositoryName, VerifyOptions,
};
use crate::operations::Operations;
use crate::operations::location::Wanted;
use crate::operations::repositories::configured_among;
use crate::operations::step::write_state;
use crate::store::{ClusterPage, Idempotency, NewOperation, Started};

/// Clusters read at a time.
const PAGE: u64 = 500;

/// What a caller asks of a verification.
#[derive(Debug, Clone)]
pub struct VerifyRequest {
    /// The platform repository.
    pub repository: RepositoryName,
    /// This cluster's location alone; every cluster's that uses the repository when absent.
    pub cluster: Option<Cluster>,
    /// Who asks.
    pub requested_by: String,
    /// How it looks.
    pub options: VerifyOptions,
}

impl Operations {
    /// Starts a verification of one cluster's location under a platform repository, or of each cluster's that uses it and
    /// is not being verified already.
    ///
    /// # Errors
    /// `NotFound`; `Precondition` when there is no reader, it does not reach the location, or nobody uses the repository;
    /// `Conflict` when all of it is being verified already.
    pub async fn verify(&self, request: VerifyRequest) -> Result<Vec<Operation>> {
        let platform = self.platform(&request.repository).await?;
        if !platform.has_reader {
            return Err(no_reader(&platform));
        }
        if request.options.attest {
            self.has_attest_key().await?;
        }
        let named = request.cluster.is_some();
        let clusters = match request.cluster {
            Some(cluster) => vec![cluster],
            None => self.users_of(&platform).await?,
        };
        if clusters.is_empty() {
            return Err(Error::Precondition(format!(
                "no attached cluster uses repository {}; name one whose location is below it",
                platform.name
            )));
        }
        let parameters = VerifyParameters {
            repository: platform.name.clone(),
            options: request.options,
        };
        let (mut started, mut busy) = (Vec::new(), None);
        for cluster in clusters {
            // Of many, one whose location is elsewhere keeps no other from being verified.
            match Place::find(self, &platform, &cluster).await {
                Err(Error::Precondition(_)) if !named => continue,
                found => found?,
            };
            if let Some(open) = self
                .store()
                .open_verification(&cluster.id, &platform.name)
                .await?
            {
                busy.get_or_insert(open);
                continue;
            }
            started.extend(
                self.begin_verification(&cluster, &parameters, &request.requested_by, None)
                    .await?,
            );
        }
        match busy {
            Some(open) if started.is_empty() => Err(Error::Conflict(format!(
                "it is being verified already, by operation {open}. To stop that: `tintype operation cancel {open}`"
            ))),
            None if started.is_empty() => Err(Error::Precondition(format!(
                "the reader of repository {} reaches the location of none of its clusters",
                platform.name
            ))),
            _ => Ok(started),
        }
    }

    /// Starts what a schedule is due to start. Doing it twice with the same `slot` starts it once.
    ///
    /// # Errors
    /// The store's; `Precondition` when there is no reader any more.
    pub async fn verify_on_schedule(
        &self,
        platform: &PlatformRepository,
        options: &VerifyOptions,
        slot: &str,
    ) -> Result<usize> {
        if !platform.has_reader {
            return Err(no_reader(platform));
        }
        let parameters = VerifyParameters {
            repository: platform.name.clone(),
            options: options.clone(),
        };
        let mut started = 0;
        for cluster in self.users_of(platform).await? {
            if self
                .store()
                .open_verification(&cluster.id, &platform.name)
                .await?
                .is_some()
            {
                continue;
            }
            let once = self.once(
                format!("verification-schedule {}/{}", platform.name, cluster.id),
                slot,
            );
            let begun = self
                .begin_verification(&cluster, &parameters, "schedule", Some(once))
                .await;
            match begun {
                Ok(operation) => started += usize::from(operation.is_some()),
                // Detached in this moment.
                Err(Error::Internal(error)) => tracing::warn!(%error, cluster = %cluster.id, "not verified"),
                Err(error) => return Err(error),
            }
        }
        Ok(started)
    }

    /// The platform repository of this name.
    ///
    /// # Errors
    /// `NotFound`, saying that engines' own repositories have no reader.
    pub async fn platform(&self, name: &RepositoryName) -> Result<PlatformRepository> {
        let missing = || {
            let message = format!(
                "the platform has no repository {name}. A repository that only an engine knows has no reader, so its \
                 storage cannot be looked at"
            );
            Error::missing(Missing::Repository, message)
        };
        self.store().repository(name).await?.ok_or_else(missing)
    }

    /// What keeps a start that was not noted from being made again.
    pub(super) fn once(&self, scope: String, key: &str) -> Idempotency {
        Idempotency {
            scope,
            key: key.to_owned(),
            body_mac: [0; 32],
            expires_at: self.now() + jiff::SignedDuration::from_hours(24),
        }
    }

    pub(super) async fn begin_verification(
        &self,
        cluster: &Cluster,
        parameters: &VerifyParameters,
        requested_by: &str,
        idempotency: Option<Idempotency>,
    ) -> Result<Option<Operation>> {
        let now = self.now();
        let new = NewOperation {
            id: ids::time_ordered(now),
            kind: OperationKind::VerifyRepository,
            cluster_id: cluster.id.clone(),
            requested_by: requested_by.to_owned(),
            parameters: serde_json::json!(parameters),
            state: write_state(&VerifyState::Preparing),
            reserve: None,
            idempotency,
            now,
        };
        Ok(match self.begin(&new).await? {
            Started::New(operation) => Some(operation),
            _ => None,
        })
    }

    /// The clusters that write to a platform repository: by their configuration, or by a registration that points to their
    /// location under it.
    async fn users_of(&self, platform: &PlatformRepository) -> Result<Vec<Cluster>> {
        let repositories = self.store().repositories().await?;
        let (mut found, mut page) = (Vec::new(), ClusterPage::default());
        page.size = Some(PAGE);
        loop {
            let (clusters, _) = self.store().clusters(&page).await?;
            if clusters.is_empty() {
                return Ok(found);
            }
            page.from += clusters.len() as u64;
            let ids: Vec<_> = clusters.iter().map(|cluster| cluster.id.clone()).collect();
            let seen = self.store().observations(&ids).await?;
            found.extend(
                clusters
                    .into_iter()
                    .filter(|cluster| uses(platform, &repositories, cluster, seen.get(&cluster.id))),
            );
        }
    }
}

fn uses(
    platform: &PlatformRepository,
    repositories: &[PlatformRepository],
    cluster: &Cluster,
    seen: Option<&Observation>,
) -> bool {
    let configured = configured_among(repositories, cluster).ok().flatten();
    if configured.is_some_and(|one| one.platform.is_some_and(|one| one.name == platform.name)) {
        return true;
    }
    let location = Wanted::new(platform, cluster, platform.name.clone()).location();
    seen.is_some_and(|seen| {
        let mut registrations = seen.registrations.iter();
        registrations.any(|one| one.location.as_deref() == Some(location.as_str()))
    })
}
