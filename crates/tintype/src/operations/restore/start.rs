//! From a caller's request to a durable restore: which indices, and what they will be called.

use super::super::repositories::resolve;
use super::super::step::write_state;
use super::super::{Operations, RestoreRequest, looks};
use crate::error::{Error, Missing, Result};
use crate::ids;
use crate::model::restore::{RestoreParameters, RestoreState};
use crate::model::{AccessLevel, Operation, OperationKind};
use crate::store::NewOperation;
use std::collections::BTreeMap;
use tintype_engine::{Restore, SnapshotInfo};

impl Operations {
    /// Starts a restore and waits, within bounds, for the engine's first answer.
    ///
    /// # Errors
    /// `Invalid` when the names cannot work, `NotFound` for the snapshot, `Failed` for what the engine refused.
    pub async fn restore(&self, request: RestoreRequest) -> Result<Operation> {
        request.cluster.allows(AccessLevel::Operate, "restoring")?;
        let resolved = resolve(self, &request.cluster, Some(&request.repository)).await?;
        let engine = self.engines().of(&request.cluster).await??;
        let found = engine
            .snapshot(resolved.engine_name.as_str(), request.snapshot.as_str())
            .await
            .map_err(|error| looks::failure(&error, &request.cluster))?;
        let Some(found) = found else {
            let message = format!(
                "there is no snapshot {} in {}",
                request.snapshot, resolved.engine_name
            );
            return Err(Error::missing(Missing::Snapshot, message));
        };
        let indices = targets(&request, &found)?;
        Restore::renaming(super::pairs(&indices))
            .map_err(|error| Error::invalid("rename", error.to_string()))?;
        let now = self.now();
        let parameters = RestoreParameters {
            repository: resolved.engine_name,
            snapshot: request.snapshot,
            uuid: Some(found.uuid),
            indices,
            include_aliases: request.include_aliases,
        };
        let new = NewOperation {
            id: ids::time_ordered(now),
            kind: OperationKind::RestoreSnapshot,
            cluster_id: request.cluster.id,
            requested_by: request.requested_by,
            parameters: serde_json::json!(parameters),
            state: write_state(&RestoreState::Preparing),
            reserve: None,
            idempotency: None,
            now,
        };
        self.begin_answered(&new).await
    }
}

/// Index in the snapshot → index to make.
fn targets(request: &RestoreRequest, found: &SnapshotInfo) -> Result<BTreeMap<String, String>> {
    let mut sources: Vec<&String> = Vec::new();
    if request.indices.is_empty() {
        sources.extend(&found.indices);
    }
    for (number, pattern) in (1..).zip(&request.indices) {
        let matching: Vec<&String> = found
            .indices
            .iter()
            .filter(|name| matches(pattern, name))
            .collect();
        if matching.is_empty() {
            let message = format!(
                "the snapshot {} has no index for entry {number} of indices",
                found.name
            );
            return Err(Error::invalid("indices", message));
        }
        sources.extend(matching);
    }
    if sources.is_empty() {
        return Err(Error::invalid(
            "indices",
            format!("the snapshot {} holds no index", found.name),
        ));
    }
    if request.rename.keys().any(|name| !sources.contains(&name)) {
        let message = "rename names an index that is not among those to restore";
        return Err(Error::invalid("rename", message));
    }
    let renamed = |source: &String| match request.rename.get(source) {
        Some(target) => target.clone(),
        None => format!("{}{source}{}", request.rename_prefix, request.rename_suffix),
    };
    let pairs: BTreeMap<String, String> = sources
        .into_iter()
        .map(|source| (source.clone(), renamed(source)))
        .collect();
    match pairs.iter().find(|(_, target)| !is_index_name(target)) {
        None => Ok(pairs),
        Some((source, _)) => {
            let rule = "lower case, at most 255 bytes, none of \\ / * ? \" < > | space , # :, not beginning with - _ +";
            Err(Error::invalid(
                "rename",
                format!("the new name of {source} is not an index name: {rule}"),
            ))
        }
    }
}

/// `*` stands for any run of characters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The engines' rule for index names.
fn is_index_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && name != "."
        && name != ".."
        && !name.starts_with(['-', '_', '+'])
        && name.to_lowercase() == name
        && !name.contains(|c: char| c.is_control() || "\\/*?\"<>| ,#:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_like_the_engines() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("*", "anything", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn index_names_follow_the_engines_rule() {
        for bad in [
            "", ".", "..", "-a", "_a", "+a", "A", "a b", "a/b", "a*", "a:b", "a#b",
        ] {
            assert!(!is_index_name(bad), "{bad:?}");
        }
        assert!(is_index_name("restored-flights.2013_01"));
    }
}
