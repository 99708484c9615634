//! Whether the engine grants what the access level needs, by what the engine itself says to reads.

use super::super::roles::{self, PutRole, SLM};
use super::{Check, Finding};
use crate::model::{AccessLevel, Cluster};
use tintype_engine::{Engine, Error};

/// OpenSearch has no question for privileges: reads that stand for those of a role, each with what it needs.
const READS: &[(&str, &[&str])] = &[
    ("cluster_monitor", &["_cluster", "health"]),
    ("cluster_monitor", &["_cluster", "state", "metadata"]),
    ("cluster_monitor", &["_nodes", "jvm"]),
    ("cluster:admin/repository/get", &["_snapshot"]),
    ("cluster:admin/snapshot/status", &["_snapshot", "_status"]),
    ("indices_monitor", &["_stats", "docs"]),
    (
        "cluster:admin/opensearch/snapshot_management/policy/search",
        &["_plugins", "_sm", "policies"],
    ),
];

/// Compares what the engine grants with the role that `tintype role show` prints.
pub async fn examine(engine: &Engine, cluster: &Cluster) -> Vec<Finding> {
    if cluster.distribution == "opensearch" {
        opensearch(engine, cluster).await
    } else {
        elasticsearch(engine, cluster).await
    }
}

async fn elasticsearch(engine: &Engine, cluster: &Cluster) -> Vec<Finding> {
    let role = roles::role(cluster.access).elasticsearch;
    let found = match engine.missing_privileges(&role.body).await {
        Ok(Some(found)) => found,
        Ok(None) => return vec![off(cluster)],
        Err(error) => return vec![unasked(cluster, &error)],
    };
    let on = |(pattern, name): (String, String)| format!("{name} on {pattern}");
    let mut missing = found.missing_cluster;
    missing.extend(found.missing_indices.into_iter().map(on));
    lacking(cluster, &found.user, &missing, role)
        .into_iter()
        .collect()
}

async fn opensearch(engine: &Engine, cluster: &Cluster) -> Vec<Finding> {
    if let Err(error) = engine.try_read(&["_plugins", "_security", "authinfo"]).await {
        return match error.refusal().map(|no| no.status) {
            Some(400 | 404 | 405) => vec![off(cluster)],
            _ => vec![unasked(cluster, &error)],
        };
    }
    let mut missing: Vec<String> = Vec::new();
    for (privilege, path) in READS {
        let refused = engine.try_read(path).await.err().filter(Error::is_auth);
        missing.extend(refused.map(|error| named(&error).unwrap_or_else(|| (*privilege).to_owned())));
    }
    missing.sort_unstable();
    missing.dedup();
    let role = roles::role(cluster.access).opensearch;
    let mut findings: Vec<Finding> = lacking(cluster, "its user", &missing, role).into_iter().collect();
    if cluster.access > AccessLevel::Observe {
        let message = format!(
            "OpenSearch does not tell without trying whether what {} needs beyond reading is granted",
            cluster.access.as_str()
        );
        findings.push(Finding::note(Check::Privileges, subject(cluster), message));
    }
    findings
}

/// OpenSearch names what was missing: `no permissions for [cluster:admin/snapshot/get] and User […]`.
fn named(error: &Error) -> Option<String> {
    let said = &error.refusal()?.reason;
    let (_, rest) = said.split_once("no permissions for [")?;
    let (name, _) = rest.split_once(']')?;
    Some(name.to_owned())
}

fn lacking(cluster: &Cluster, user: &str, missing: &[String], role: PutRole) -> Option<Finding> {
    let policies = |name: &String| name == SLM || name.contains("snapshot_management");
    let message = format!("{user} lacks {}", missing.join(", "));
    let finding = match missing {
        [] => return None,
        // Everything but the engine's own policies is seen without it.
        some if some.iter().all(policies) => Finding::warning(Check::Privileges, subject(cluster), message),
        _ => Finding::error(Check::Privileges, subject(cluster), message),
    };
    let remedy = "send this to the engine as its administrator, and give the role to that user";
    Some(Finding {
        role: Some(role),
        ..finding.remedy(remedy)
    })
}

fn subject(cluster: &Cluster) -> String {
    format!("access {}", cluster.access.as_str())
}

fn off(cluster: &Cluster) -> Finding {
    let message = "security is off on the engine: everybody who reaches it may do everything";
    Finding::note(Check::Privileges, subject(cluster), message)
}

fn unasked(cluster: &Cluster, error: &Error) -> Finding {
    let message = format!("the engine does not say what is granted: {error}");
    Finding::warning(Check::Privileges, subject(cluster), message).remedy(format!(
        "compare the role with `tintype role show {}`",
        cluster.access.as_str()
    ))
}
