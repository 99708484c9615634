//! The engines' own snapshot policies: SLM of Elasticsearch, SM of OpenSearch's index management plugin.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::dialect::PolicyApi;
use crate::engine::Engine;
use crate::error::Error;
use crate::wire::client::Call;
use crate::wire::route::Route;
use crate::wire::text::clean;

/// Policies asked of OpenSearch, which gives 20 unless told otherwise.
const MOST: &str = "1000";
/// Bytes of a failure's cause that are kept.
const CAUSE: usize = 500;

/// A policy that takes snapshots by a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// When it runs, in the engine's words.
    pub schedule: String,
    /// Where its snapshots go.
    pub repository: String,
    /// It runs.
    pub enabled: bool,
    /// Its last good run; OpenSearch knows it only while no other followed.
    pub last_success: Option<PolicyRun>,
    /// Its last failed run; OpenSearch knows it only while no other followed.
    pub last_failure: Option<PolicyRun>,
    /// When it runs next, in milliseconds since 1970.
    pub next_ms: Option<i64>,
}

/// A run of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRun {
    /// When it ended, in milliseconds since 1970.
    pub at_ms: i64,
    /// The snapshot, where the engine names it.
    pub snapshot: Option<String>,
    /// Why it failed, in the engine's words.
    pub cause: Option<String>,
}

impl Engine {
    /// The policies, by name; `None` when the engine has no such feature.
    pub async fn policies(&self) -> Result<Option<Vec<Policy>>, Error> {
        let found = match self.dialect().await?.policies() {
            None => return Ok(None),
            Some(PolicyApi::Slm) => self.slm().await,
            Some(PolicyApi::Sm) => self.sm().await,
        };
        match found {
            // How engines answer a path that they do not know: the module behind it is not installed.
            Err(error)
                if error
                    .refusal()
                    .is_some_and(|no| matches!(no.status, 400 | 404 | 405)) =>
            {
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    async fn slm(&self) -> Result<Vec<Policy>, Error> {
        let answer = self.send(Call::get(Route::new(&["_slm", "policy"]))).await?;
        let bodies: BTreeMap<String, SlmBody> = answer.parse()?;
        Ok(bodies.into_iter().map(|(name, body)| body.named(name)).collect())
    }

    async fn sm(&self) -> Result<Vec<Policy>, Error> {
        let path = ["_plugins", "_sm", "policies"];
        let list: SmList = self
            .send(Call::get(Route::new(&path).query("size", MOST)))
            .await?
            .parse()?;
        if list.policies.is_empty() {
            return Ok(Vec::new());
        }
        let explained: SmExplained = self
            .send(Call::get(Route::new(&[
                path[0], path[1], path[2], "*", "_explain",
            ])))
            .await?
            .parse()?;
        let mut runs: BTreeMap<String, SmWorkflow> = explained
            .policies
            .into_iter()
            .filter_map(|one| Some((one.name, one.creation?)))
            .collect();
        let mut policies: Vec<Policy> = list
            .policies
            .into_iter()
            .map(|one| {
                let run = runs.remove(&one.sm_policy.name).unwrap_or_default();
                one.sm_policy.with(run)
            })
            .collect();
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(policies)
    }
}

#[derive(Deserialize)]
struct SlmBody {
    policy: SlmPolicy,
    last_success: Option<SlmRun>,
    last_failure: Option<SlmRun>,
    next_execution_millis: Option<i64>,
}

#[derive(Deserialize)]
struct SlmPolicy {
    #[serde(default)]
    schedule: String,
    #[serde(default)]
    repository: String,
}

#[derive(Deserialize)]
struct SlmRun {
    snapshot_name: Option<String>,
    #[serde(default)]
    time: i64,
    details: Option<String>,
}

impl SlmBody {
    fn named(self, name: String) -> Policy {
        Policy {
            name,
            schedule: self.policy.schedule,
            repository: self.policy.repository,
            enabled: true,
            last_success: self.last_success.map(SlmRun::run),
            last_failure: self.last_failure.map(SlmRun::run),
            // -1: it never runs again.
            next_ms: self.next_execution_millis.filter(|ms| *ms > 0),
        }
    }
}

impl SlmRun {
    fn run(self) -> PolicyRun {
        PolicyRun {
            at_ms: self.time,
            snapshot: self.snapshot_name,
            cause: self.details.map(|details| reason(&details)),
        }
    }
}

/// SLM keeps the exception as a JSON text, stack trace included, cut after 1,000 characters.
fn reason(details: &str) -> String {
    let whole = serde_json::from_str::<Value>(details).ok();
    let words = whole.as_ref().and_then(|error| error.get("reason")?.as_str());
    let cut = || {
        let (_, rest) = details.split_once("\"reason\":\"")?;
        Some(rest.split_once("\",").map_or(rest, |(words, _)| words))
    };
    clean(words.or_else(cut).unwrap_or(details), CAUSE)
}

#[derive(Deserialize)]
struct SmList {
    #[serde(default)]
    policies: Vec<SmItem>,
}

#[derive(Deserialize)]
struct SmItem {
    sm_policy: SmPolicy,
}

#[derive(Deserialize)]
struct SmPolicy {
    name: String,
    /// Absent from a policy that only deletes, which OpenSearch has since 3.3.
    creation: Option<SmCreation>,
    #[serde(default)]
    snapshot_config: Value,
    #[serde(default = "enabled")]
    enabled: bool,
}

fn enabled() -> bool {
    true
}

#[derive(Deserialize)]
struct SmCreation {
    #[serde(default)]
    schedule: Value,
}

#[derive(Deserialize)]
struct SmExplained {
    #[serde(default)]
    policies: Vec<SmExplanation>,
}

#[derive(Deserialize)]
struct SmExplanation {
    name: String,
    creation: Option<SmWorkflow>,
}

#[derive(Default, Deserialize)]
struct SmWorkflow {
    #[serde(default)]
    trigger: Value,
    latest_execution: Option<SmExecution>,
}

#[derive(Deserialize)]
struct SmExecution {
    #[serde(default)]
    status: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    #[serde(default)]
    info: Value,
}

impl SmPolicy {
    fn with(self, workflow: SmWorkflow) -> Policy {
        let schedule = self
            .creation
            .map(|creation| creation.schedule)
            .unwrap_or_default();
        let repository = self.snapshot_config.get("repository").and_then(Value::as_str);
        let (mut last_success, mut last_failure) = (None, None);
        if let Some(latest) = workflow.latest_execution {
            match latest.status.as_str() {
                "SUCCESS" => last_success = Some(latest.run()),
                "FAILED" | "TIME_LIMIT_EXCEEDED" => last_failure = Some(latest.run()),
                // It runs, or is being tried again.
                _ => {}
            }
        }
        Policy {
            schedule: sm_schedule(&schedule),
            repository: repository.unwrap_or_default().to_owned(),
            enabled: self.enabled,
            last_success,
            last_failure,
            next_ms: workflow.trigger.get("time").and_then(Value::as_i64),
            name: self.name,
        }
    }
}

impl SmExecution {
    fn run(self) -> PolicyRun {
        let text = |key: &str| self.info.get(key).and_then(Value::as_str);
        PolicyRun {
            at_ms: self.end_time.or(self.start_time).unwrap_or_default(),
            snapshot: None,
            cause: (self.status != "SUCCESS")
                .then(|| text("cause").or(text("message")).unwrap_or(&self.status))
                .map(|words| clean(words, CAUSE)),
        }
    }
}

/// `{"cron": {"expression", "timezone"}}`, or another schedule as it stands.
fn sm_schedule(schedule: &Value) -> String {
    let cron = |key: &str| schedule.pointer(&format!("/cron/{key}")).and_then(Value::as_str);
    match (cron("expression"), cron("timezone")) {
        (Some(expression), Some(zone)) => format!("{expression} {zone}"),
        (Some(expression), None) => expression.to_owned(),
        _ if schedule.is_null() => String::new(),
        _ => clean(&schedule.to_string(), 200),
    }
}
