//! Whether a cluster's repositories can be read, are where the platform means, and can be written.

use super::super::location::{Wanted, is_readonly};
use super::super::{registration, repositories};
use super::{Check, Finding, Verify};
use crate::app::App;
use crate::error::Result;
use crate::model::{AccessLevel, Cluster, Inventory};
use tintype_engine::{Engine, Registration};

/// Looks at each registration.
pub async fn examine(app: &App, engine: &Engine, cluster: &Cluster, verify: Verify) -> Result<Vec<Finding>> {
    let found = match engine.repositories().await {
        Ok(found) => found,
        Err(error) => {
            let message = format!("the registrations cannot be read: {error}");
            return Ok(vec![Finding::error(Check::Repository, "repositories", message)]);
        }
    };
    let mut findings = configured(app, cluster, &found).await?;
    if found.is_empty() {
        let message = "the engine has no repository: nothing is snapshotted";
        findings.push(Finding::warning(Check::Repository, "repositories", message));
    }
    for one in found.iter().take(Inventory::REPOSITORIES) {
        match engine.snapshots_mark(&one.name).await {
            Ok(_) => {}
            Err(error) => {
                let finding = Finding::error(
                    Check::Repository,
                    &one.name,
                    format!("it cannot be read: {error}"),
                );
                findings.push(finding.remedy("see the engine's log, and its credentials for the storage"));
            }
        }
    }
    match not_verified(cluster, verify) {
        Some(why) if !found.is_empty() => {
            findings.push(Finding::note(Check::Repository, "_verify", why));
        }
        Some(_) => {}
        None => findings.extend(verified(engine, &found).await),
    }
    Ok(findings)
}

fn not_verified(cluster: &Cluster, verify: Verify) -> Option<String> {
    let why = "was not run: it writes a small blob into the repository";
    if cluster.access < AccessLevel::Operate {
        let has = cluster.access.as_str();
        return Some(format!(
            "{why}, which needs access operate, and the cluster has {has}"
        ));
    }
    (verify == Verify::No).then(|| format!("{why}, and was not asked for"))
}

async fn verified(engine: &Engine, found: &[Registration]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let written = found.iter().filter(|one| !is_readonly(&one.kind, &one.settings));
    for one in written.take(Inventory::REPOSITORIES) {
        if let Err(error) = engine.verify_repository(&one.name).await {
            let finding = Finding::error(Check::Repository, &one.name, format!("_verify failed: {error}"));
            let remedy = "every node must reach the same storage and be able to write there";
            findings.push(finding.remedy(remedy));
        }
    }
    findings
}

/// The repository that the cluster is set to.
async fn configured(app: &App, cluster: &Cluster, found: &[Registration]) -> Result<Vec<Finding>> {
    let resolved = match repositories::configured(&app.operations, cluster).await {
        Ok(Some(resolved)) => resolved,
        Ok(None) => return Ok(Vec::new()),
        Err(crate::error::Error::Failed(failure)) => {
            return Ok(vec![Finding::error(Check::Config, "repository", failure.message)]);
        }
        Err(error) => return Err(error),
    };
    let name = resolved.engine_name.clone();
    let Some(there) = found.iter().find(|one| one.name == name.as_str()) else {
        let message = "the cluster is set to it, and its engine does not have it";
        let finding = Finding::note(Check::Repository, name.as_str(), message);
        return Ok(vec![match cluster.access {
            AccessLevel::Operate => finding.remedy("the first snapshot registers it"),
            _ => {
                finding.remedy("Tintype may not register it at this access level: register it on the engine")
            }
        }]);
    };
    let Some(platform) = &resolved.platform else {
        return Ok(Vec::new());
    };
    let wanted = Wanted::new(platform, cluster, name.clone());
    Ok(match registration::matches(there, &wanted, cluster) {
        Ok(()) => Vec::new(),
        Err(conflict) => vec![Finding::warning(
            Check::Repository,
            name.as_str(),
            conflict.message,
        )],
    })
}
