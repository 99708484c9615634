//! The engine's truth, and whether the end of a run agrees with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    bench::{Bench, INDICES, KEEP},
    scenario::{Answer, Scenario, snapshot_of, targets_of},
};

/// What the engine has, without other runs' things.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    registrations: BTreeMap<String, Value>,
    indices: BTreeSet<String>,
    /// Name and uuid.
    kept: BTreeMap<String, Value>,
    /// The snapshots of the run's own repository.
    own: Vec<Value>,
}

impl Truth {
    /// Asks the engine itself.
    pub async fn of(bench: &Bench, run: &str) -> Self {
        let mine =
            |name: &str| !name.starts_with("run-") || name == run || name.starts_with(&format!("{run}-"));
        let registrations: BTreeMap<String, Value> =
            serde_json::from_value(bench.ask("GET", "/_snapshot", Value::Null).await).unwrap();
        let path = "/_cluster/state/metadata?filter_path=metadata.indices.*.state";
        let state = bench.ask("GET", path, Value::Null).await;
        let indices = state["metadata"]["indices"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let own = match registrations.contains_key(run) {
            true => snapshots(bench, run).await,
            false => Vec::new(),
        };
        let kept = snapshots(bench, KEEP.0).await;
        Self {
            registrations: registrations.into_iter().filter(|(name, _)| mine(name)).collect(),
            indices: indices
                .into_iter()
                .map(|(name, _)| name)
                .filter(|name| mine(name))
                .collect(),
            kept: kept
                .iter()
                .map(|one| (text(one, "snapshot"), one["uuid"].clone()))
                .collect(),
            own,
        }
    }
}

async fn snapshots(bench: &Bench, repository: &str) -> Vec<Value> {
    let path = format!("/_snapshot/{repository}/_all");
    let answer = bench.ask("GET", &path, Value::Null).await;
    answer["snapshots"].as_array().cloned().unwrap_or_default()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

/// The end of one run.
pub struct End<'a> {
    /// What was asked.
    pub scenario: Scenario,
    /// Under which name.
    pub name: &'a str,
    /// What the caller was told, if anything.
    pub answer: &'a Answer,
    /// The operations of the cluster, all ended.
    pub operations: &'a [Value],
    /// The engine before.
    pub before: &'a Truth,
    /// The engine now.
    pub after: &'a Truth,
}

impl End<'_> {
    /// Everything that must not be; empty when all is well.
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.operations.len() > 1 {
            found.push(format!("{} operations for one request", self.operations.len()));
        }
        if matches!(self.answer, Some((202, _))) && self.operations.is_empty() {
            found.push("answered 202, and there is no operation".to_owned());
        }
        self.others(&mut found);
        match self.scenario {
            Scenario::Take | Scenario::Cancel | Scenario::Refused => self.snapshot(&mut found),
            Scenario::Register => {}
            Scenario::Verify => self.verified(&mut found),
            Scenario::Restore => self.restored(&mut found),
            Scenario::Delete => self.deleted(&mut found),
        }
        if matches!(self.scenario, Scenario::Take | Scenario::Register) {
            self.registration(&mut found);
        }
        found
    }

    fn status(&self) -> Option<&str> {
        self.operations
            .first()
            .and_then(|operation| operation["status"].as_str())
    }

    /// What is not this run's is as it was.
    fn others(&self, found: &mut Vec<String>) {
        let not_mine = |all: &BTreeMap<String, Value>| {
            let mut all = all.clone();
            if matches!(self.scenario, Scenario::Take | Scenario::Register) {
                all.remove(self.name);
            }
            all
        };
        let (before, after) = (
            not_mine(&self.before.registrations),
            not_mine(&self.after.registrations),
        );
        if before != after {
            found.push(format!("registrations changed: {before:?} → {after:?}"));
        }
        if self.before.kept != self.after.kept {
            found.push(format!("other snapshots changed: {:?}", self.after.kept));
        }
        let targets = targets_of(self.name);
        let kept: BTreeSet<_> = self
            .after
            .indices
            .iter()
            .filter(|name| !targets.contains(name))
            .collect();
        if kept != self.before.indices.iter().collect() {
            found.push(format!("other indices changed: {kept:?}"));
        }
        let foreign = |truth: &Truth| {
            let mut found = truth.own.clone();
            found.retain(|one| one["snapshot"] == "foreign");
            found.iter().map(|one| one["uuid"].clone()).collect::<Vec<_>>()
        };
        if foreign(self.before) != foreign(self.after) {
            found.push("the foreign snapshot in the repository changed".to_owned());
        }
    }

    /// At most one snapshot, under the operation's name and id, and as the operation says.
    fn snapshot(&self, found: &mut Vec<String>) {
        let own: Vec<&Value> = self
            .after
            .own
            .iter()
            .filter(|one| one["snapshot"] != "foreign")
            .collect();
        if own.len() > 1 {
            let names: Vec<_> = own.iter().map(|one| text(one, "snapshot")).collect();
            found.push(format!("more than one snapshot: {names:?}"));
        }
        for one in &own {
            if text(one, "snapshot") != snapshot_of(self.name) {
                found.push(format!("a snapshot under another name: {}", one["snapshot"]));
            }
            let operation = self.operations.first().map(|operation| &operation["id"]);
            let made_by = one.pointer("/metadata/tintype/operation");
            if made_by.is_some() && made_by != operation {
                found.push(format!("a snapshot of another operation: {made_by:?}"));
            }
        }
        let own = own.first();
        let outcome = self.operations.first().map(|operation| &operation["outcome"]);
        match (self.status(), own) {
            (Some("succeeded"), None) => found.push("succeeded, and there is no snapshot".to_owned()),
            (Some("succeeded"), Some(one)) => {
                if one["state"] != "SUCCESS" || outcome.is_none_or(|outcome| outcome["uuid"] != one["uuid"]) {
                    found.push(format!("succeeded with {outcome:?}, and the snapshot is {one}"));
                }
            }
            (Some(status), Some(one)) => found.push(format!("{status}, and there is the snapshot {one}")),
            (None, Some(one)) => found.push(format!("no operation, and there is the snapshot {one}")),
            (_, None) => {}
        }
    }

    fn registration(&self, found: &mut Vec<String>) {
        let there = self.after.registrations.get(self.name);
        match (self.status(), there) {
            (Some("succeeded"), None) => found.push("succeeded, and it is not registered".to_owned()),
            (None, Some(there)) => found.push(format!("no operation, and it is registered: {there}")),
            (_, Some(there)) => {
                let location = there["settings"]["location"].as_str().unwrap_or_default();
                if there["type"] != json!("fs") || !location.contains(self.name) {
                    found.push(format!("registered wrongly: {there}"));
                }
            }
            (_, None) => {}
        }
    }

    /// Gone exactly when the operation says so; somebody else's under the name is never touched.
    fn deleted(&self, found: &mut Vec<String>) {
        let named = |truth: &Truth| {
            let mut own = truth.own.iter();
            own.find(|one| text(one, "snapshot") == snapshot_of(self.name))
                .cloned()
        };
        let (replaced, there) = (named(self.before), named(self.after));
        match (replaced, there, self.status()) {
            (Some(replaced), there, status) => {
                if there.is_none_or(|there| there["uuid"] != replaced["uuid"]) {
                    found.push(format!("somebody else's snapshot was deleted, {status:?}"));
                }
                if status == Some("succeeded") {
                    found.push("succeeded, and somebody else's snapshot has the name".to_owned());
                }
            }
            (None, Some(there), Some("succeeded")) => found.push(format!("succeeded, and there is {there}")),
            (None, None, status) if status != Some("succeeded") => {
                found.push(format!("{status:?}, and the snapshot is gone"));
            }
            _ => {}
        }
    }

    /// What the engine wrote is whole, however often the look at it was broken off.
    fn verified(&self, found: &mut Vec<String>) {
        let Some(operation) = self.operations.first().filter(|one| one["status"] == "succeeded") else {
            return;
        };
        let outcome = &operation["outcome"];
        let seen = [&outcome["state"], &outcome["complete"], &outcome["snapshots"]];
        if seen != [&json!("restorable"), &json!(true), &json!(1)] {
            found.push(format!("a healthy repository was judged {outcome}"));
        }
    }

    /// All targets, or none.
    fn restored(&self, found: &mut Vec<String>) {
        let there = targets_of(self.name)
            .into_iter()
            .filter(|name| self.after.indices.contains(name))
            .count();
        let expected = if self.status() == Some("succeeded") {
            INDICES.len()
        } else {
            0
        };
        if there != expected {
            found.push(format!(
                "{:?}, and {there} of {} targets are there",
                self.status(),
                INDICES.len()
            ));
        }
    }
}

/// The restored documents are those of the source.
pub async fn same_documents(bench: &Bench, run: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (source, target) in INDICES.iter().zip(targets_of(run)) {
        let health = format!("/_cluster/health/{target}?wait_for_status=yellow&timeout=30s");
        bench.ask("GET", &health, Value::Null).await;
        let count = async |index: &str| {
            bench.ask("GET", &format!("/{index}/_count"), Value::Null).await["count"].clone()
        };
        if count(source).await != count(&target).await {
            found.push(format!("{target} has not the documents of {source}"));
        }
    }
    found
}
