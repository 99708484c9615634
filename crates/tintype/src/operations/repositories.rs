//! Which repository a request means: the platform's name, a cluster's engine-side name, or one that only the engine knows.

use super::{Operations, looks};
use crate::error::Result;
use crate::model::{Cluster, Failure, FailureKind, PlatformRepository, RepositoryName};

/// The repository that a request means.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Its name on the engine.
    pub engine_name: RepositoryName,
    /// The platform repository it comes from; `None` when only the engine knows it.
    pub platform: Option<PlatformRepository>,
}

/// The request's repository, else the cluster's, else the platform's default.
///
/// # Errors
/// `RepositoryNotFound`, saying how to configure one; the engine's when only it could know the name.
pub async fn resolve(
    operations: &Operations,
    cluster: &Cluster,
    asked: Option<&RepositoryName>,
) -> Result<Resolved> {
    let configured = configured(operations, cluster).await?;
    let Some(asked) = asked else {
        return configured.ok_or_else(|| none_configured(cluster).into());
    };
    if let Some(configured) = configured
        && (configured.engine_name == *asked
            || configured.platform.as_ref().is_some_and(|p| p.name == *asked))
    {
        return Ok(configured);
    }
    if let Some(platform) = operations.store().repository(asked).await? {
        return Ok(Resolved {
            engine_name: platform.name.clone(),
            platform: Some(platform),
        });
    }
    let engine = operations.engines().of(cluster).await??;
    match engine.repository(asked.as_str()).await {
        Ok(Some(_)) => Ok(Resolved {
            engine_name: asked.clone(),
            platform: None,
        }),
        Ok(None) => {
            let message = format!(
                "neither the platform nor the engine of cluster {} knows {asked}",
                cluster.id
            );
            Err(Failure::new(FailureKind::RepositoryNotFound, message).into())
        }
        Err(error) => Err(looks::failure(&error, cluster).into()),
    }
}

/// The cluster's own repository, or the platform's default; with an engine-side name alone, the one on the engine.
///
/// # Errors
/// The store's; `RepositoryNotFound` when the cluster names one that is gone from the platform.
pub async fn configured(operations: &Operations, cluster: &Cluster) -> Result<Option<Resolved>> {
    Ok(configured_among(
        &operations.store().repositories().await?,
        cluster,
    )?)
}

/// As [`configured`], from the platform's repositories.
///
/// # Errors
/// `RepositoryNotFound` when the cluster names one that is not among them.
pub fn configured_among(
    repositories: &[PlatformRepository],
    cluster: &Cluster,
) -> std::result::Result<Option<Resolved>, Failure> {
    let platform = match &cluster.repository {
        Some(name) => match repositories.iter().find(|one| one.name == *name) {
            Some(platform) => Some(platform.clone()),
            None => {
                let message = format!(
                    "cluster {} is set to {name}, which is not on the platform",
                    cluster.id
                );
                return Err(Failure::new(FailureKind::RepositoryNotFound, message));
            }
        },
        None => repositories.iter().find(|one| one.is_default).cloned(),
    };
    Ok(match (platform, &cluster.engine_repository) {
        (Some(platform), name) => {
            let engine_name = name.clone().unwrap_or_else(|| platform.name.clone());
            Some(Resolved {
                engine_name,
                platform: Some(platform),
            })
        }
        (None, Some(name)) => Some(Resolved {
            engine_name: name.clone(),
            platform: None,
        }),
        (None, None) => None,
    })
}

fn none_configured(cluster: &Cluster) -> Failure {
    let message = format!(
        "the request names no repository, and neither cluster {} nor the platform has a default. Name one, or \
         configure one: `tintype repository set NAME --default …`",
        cluster.id
    );
    Failure::new(FailureKind::RepositoryNotFound, message)
}
