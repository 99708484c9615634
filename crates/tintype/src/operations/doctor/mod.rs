//! What is wrong with a cluster or with this server, and what to do about it: asked live, and kept nowhere.

mod clock;
mod privileges;
mod repositories;
mod server;

pub use server::examine_server;

use super::looks;
use super::roles::PutRole;
use crate::app::App;
use crate::error::Result;
use crate::model::{Cluster, EngineAuth};
use serde::Serialize;
use tintype_engine::{Engine, HealthStatus};
use utoipa::ToSchema;

/// How bad it is. The worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something does not work, or destroys.
    Error,
    /// Something will not work, or is a danger.
    Warning,
    /// Worth knowing; nothing is wrong.
    Note,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The engine answers, and is the one that was pinned.
    Connection,
    /// The credentials may do what the access level promises.
    Privileges,
    /// Repositories can be read, and with `_verify` written.
    Repository,
    /// No other cluster writes to the same place.
    Location,
    /// The engine's clocks agree with this one.
    Clock,
    /// Snapshots whose operation had ended.
    Strays,
    /// The key that seals the store's secrets.
    KeyFile,
    /// The database.
    Store,
    /// The configuration.
    Config,
}

/// One thing that is wrong, or worth knowing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub check: Check,
    /// Where: a cluster's part, a file, a setting.
    pub subject: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The role to give to Tintype's user, ready to send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<PutRole>,
}

impl Finding {
    fn new(severity: Severity, check: Check, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity,
            check,
            subject: subject.into(),
            message: message.into(),
            remedy: None,
            role: None,
        }
    }

    fn error(check: Check, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, check, subject, message)
    }

    fn warning(check: Check, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, check, subject, message)
    }

    fn note(check: Check, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, check, subject, message)
    }

    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }
}

/// Whether repositories are verified, which writes a small blob into each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Only reads are sent.
    No,
    /// Where the access level allows it.
    Allowed,
}

/// Examines a cluster: only reads are sent, but for `_verify` where it is allowed. The worst comes first.
///
/// # Errors
/// The store's. What is wrong with the engine is a finding.
pub async fn examine(app: &App, cluster: &Cluster, verify: Verify) -> Result<Vec<Finding>> {
    let mut findings = stored(app, cluster).await?;
    match app.engines.of(cluster).await? {
        Err(failure) => {
            let finding = Finding::error(Check::Connection, &cluster.url, failure.message);
            findings.push(finding.remedy(format!(
                "`tintype cluster update {}` with the right settings",
                cluster.id
            )));
        }
        Ok(engine) => match looks::pinned_answers(&engine, cluster).await {
            Err(error) => findings.push(unanswered(cluster, &error)),
            Ok(()) => {
                findings.extend(red(&engine, cluster).await);
                findings.extend(privileges::examine(&engine, cluster).await);
                findings.extend(repositories::examine(app, &engine, cluster, verify).await?);
                findings.extend(clock::examine(app, &engine).await);
            }
        },
    }
    findings.sort_by_key(|finding| finding.severity);
    Ok(findings)
}

/// What needs no engine.
async fn stored(app: &App, cluster: &Cluster) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for shared in app.operations.shared_locations(&cluster.id) {
        let writers: Vec<String> = shared
            .writers
            .iter()
            .map(|one| format!("{}/{}", one.cluster_id, one.registration))
            .collect();
        let message = format!("several registrations write there: {}", writers.join(", "));
        findings.push(Finding::error(Check::Location, shared.location, message).remedy(
            "give each cluster a location of its own, or make all but one registration readonly; until then each can \
             destroy the others' snapshots",
        ));
    }
    let seen = app.store.observation(&cluster.id).await?.unwrap_or_default();
    for stray in seen.strays {
        let message = format!(
            "it came after its operation {} had ended without it",
            stray.operation
        );
        let finding = Finding::warning(Check::Strays, stray.name, message);
        findings.push(finding.remedy("look whether it is good; it is left alone"));
    }
    let in_the_clear = cluster.allow_plain_http && cluster.url.starts_with("http://");
    if in_the_clear && cluster.auth != EngineAuth::None {
        let message = "the engine's credentials go over plain HTTP";
        let finding = Finding::warning(Check::Config, &cluster.url, message);
        findings.push(finding.remedy("use https, with `--engine-ca` or `--engine-fingerprint`"));
    }
    Ok(findings)
}

fn unanswered(cluster: &Cluster, error: &tintype_engine::Error) -> Finding {
    let remedy = if error.is_auth() {
        format!(
            "give it credentials that the engine knows: `tintype cluster update {} --engine-user …`",
            cluster.id
        )
    } else if error.to_string().contains("another cluster answers") {
        format!(
            "if the cluster was rebuilt: `tintype cluster update {} --repin`",
            cluster.id
        )
    } else {
        "look whether the engine runs, and whether this server reaches that address".to_owned()
    };
    Finding::error(Check::Connection, &cluster.url, error.to_string()).remedy(remedy)
}

async fn red(engine: &Engine, cluster: &Cluster) -> Option<Finding> {
    let health = engine.health().await.ok()?;
    (health.status == HealthStatus::Red).then(|| {
        let message = "the cluster is red: a snapshot of everything is refused, or lacks shards";
        Finding::warning(Check::Connection, &cluster.url, message)
            .remedy("see `GET /_cluster/allocation/explain` on the engine")
    })
}
