//! One scenario, carried out with kills and restarts, and judged.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tintype_testkit::faults::{Faults, Rule};

use crate::{
    bench::Bench,
    scenario::{Answer, Scenario, replace, snapshot_of},
    server::{Server, is_terminal},
    truth::{End, Truth, same_documents},
};

/// SIGKILL, as shells show it.
const KILLED: i32 = 137;
const BOUND: Duration = Duration::from_secs(120);

/// How a run is disturbed.
#[derive(Clone, Default)]
pub struct Plan {
    /// The points at which the process is killed: the first start's, then each restart's.
    pub kills: Vec<String>,
    /// Environment of the process.
    pub env: Vec<(&'static str, String)>,
    /// The address at which Tintype attaches the engine, when not its own, and the faults that strike after attaching.
    pub network: Option<(String, Faults, Rule)>,
    /// After the first crash somebody else's snapshot has the name.
    pub replaced: bool,
    /// Whatever the statuses, they must be those of the scenario on a healthy engine.
    pub expected_status: bool,
}

impl Plan {
    /// Killed at these points, one per start.
    pub fn killed(kills: &[&str]) -> Self {
        Self {
            kills: kills.iter().map(|&point| point.to_owned()).collect(),
            ..Self::default()
        }
    }
}

/// What came of a run.
pub struct Report {
    /// What must not be; empty when all is well.
    pub violations: Vec<String>,
    /// The points passed after each start.
    pub paths: Vec<Vec<String>>,
    /// The operation's end, for counts.
    pub status: Option<String>,
    /// The operation's log, for messages.
    pub story: String,
}

/// A planned kill did not happen: the process went on without passing the point.
#[derive(Debug, thiserror::Error)]
#[error("{point} was not hit at start {start}; passed: {passed:?}")]
pub struct NotHit {
    /// The point.
    pub point: String,
    /// The start of the process, from 0, in which it was to be hit.
    pub start: usize,
    passed: Vec<String>,
}

/// Carries out one run under a fresh name.
///
/// # Errors
/// [`NotHit`], or whatever kept the run from its end.
pub async fn run(bench: &Arc<Bench>, scenario: Scenario, plan: &Plan) -> anyhow::Result<Report> {
    let name = Bench::new_name();
    scenario.furnish(bench, &name).await;
    let mut before = Truth::of(bench, &name).await;
    let run = Run::start(bench, scenario, &name, plan).await?;
    let mut answer = run.ask().await;
    if plan.kills.is_empty() {
        run.drive(None).await?;
    }
    for (start, point) in plan.kills.iter().enumerate() {
        if start > 0 {
            run.server.relaunch(start, Some(point))?;
        }
        run.drive(Some((start, point))).await?;
        if plan.replaced && start == 0 {
            replace(bench, &name);
            before = Truth::of(bench, &name).await;
        }
    }
    if !plan.kills.is_empty() {
        run.server.relaunch(plan.kills.len(), None)?;
        run.drive(None).await?;
    }
    if let Some((_, faults, _)) = &plan.network {
        faults.clear();
    }
    run.judge(before, &mut answer, plan).await
}

struct Run<'a> {
    bench: &'a Bench,
    server: Server,
    scenario: Scenario,
    name: &'a str,
    cluster: String,
}

impl<'a> Run<'a> {
    async fn start(bench: &'a Bench, scenario: Scenario, name: &'a str, plan: &Plan) -> anyhow::Result<Self> {
        let mut env: Vec<(&str, &str)> = vec![("TINTYPE_FAILPOINT_LOG", "{dir}/points-0")];
        env.extend(plan.env.iter().map(|(name, value)| (*name, value.as_str())));
        if let Some(point) = plan.kills.first() {
            env.push(("TINTYPE_FAILPOINT", point));
        }
        let server = Server::start(&env).await?;
        let url = plan.network.as_ref().map_or(&bench.url, |(url, ..)| url);
        let cluster = server.attach(bench, url).await?;
        scenario.configure(&server, bench, &cluster, name).await?;
        if let Some((_, faults, rule)) = &plan.network {
            faults.add(rule.clone());
        }
        Ok(Self {
            bench,
            server,
            scenario,
            name,
            cluster,
        })
    }

    async fn ask(&self) -> Answer {
        self.scenario.ask(&self.server, &self.cluster, self.name).await
    }

    /// Until every operation has ended, or the process was killed at the point that it was to be killed at. Whoever
    /// wants a snapshot cancelled asks again when no answer came.
    async fn drive(&self, kill: Option<(usize, &String)>) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut ended_since = None;
        while begun.elapsed() < BOUND {
            if let Some(code) = self.server.process.ended() {
                return self.was_killed(code, kill);
            }
            if let Ok(operations) = self.server.operations(&self.cluster).await {
                let running: Vec<_> = operations.iter().filter(|one| !is_terminal(one)).collect();
                if self.scenario == Scenario::Cancel {
                    // Not before its progress is told: every run then goes the same way up to the cancel.
                    let watched = |one: &&&serde_json::Value| {
                        one["cancel_requested"] == false && one["progress"].is_object()
                    };
                    for one in running.iter().filter(watched) {
                        self.server.cancel(one).await;
                    }
                }
                match (running.is_empty(), kill) {
                    (true, None) => return Ok(()),
                    // The last points lie behind the end that others can see.
                    (true, Some((start, point))) => {
                        let since = *ended_since.get_or_insert_with(Instant::now);
                        if since.elapsed() > Duration::from_secs(3) {
                            return Err(self.not_hit(start, point).into());
                        }
                    }
                    (false, _) => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let operations = self.server.operations(&self.cluster).await.unwrap_or_default();
        let mut stories = String::new();
        for operation in &operations {
            stories += &self.server.story(operation).await;
        }
        bail!(
            "no end within {BOUND:?}, kill {kill:?}:\n{stories}\n{}",
            self.server.process.stderr()
        )
    }

    fn was_killed(&self, code: i32, kill: Option<(usize, &String)>) -> anyhow::Result<()> {
        let Some((start, point)) = kill else {
            bail!("it ended with {code}:\n{}", self.server.process.stderr());
        };
        let last = self.server.last_point(start);
        if code != KILLED || !self.server.points(start).contains(point) {
            bail!(
                "it ended with {code} at {last:?}, not by a kill at {point}:\n{}",
                self.server.process.stderr()
            );
        }
        Ok(())
    }

    fn not_hit(&self, start: usize, point: &str) -> NotHit {
        NotHit {
            point: point.to_owned(),
            start,
            passed: self.server.points(start),
        }
    }

    async fn judge(&self, before: Truth, answer: &mut Answer, plan: &Plan) -> anyhow::Result<Report> {
        let operations = self
            .server
            .operations(&self.cluster)
            .await
            .context("the operations")?;
        let operations: Vec<_> = operations
            .into_iter()
            .filter(|operation| self.scenario.asked_for(operation))
            .collect();
        let after = Truth::of(self.bench, self.name).await;
        let end = End {
            scenario: self.scenario,
            name: self.name,
            answer,
            operations: &operations,
            before: &before,
            after: &after,
        };
        let mut violations = end.violations();
        let status = operations
            .first()
            .and_then(|operation| operation["status"].as_str())
            .map(str::to_owned);
        if plan.expected_status
            && let Some(status) = &status
            && !self.scenario.expected().contains(&status.as_str())
        {
            violations.push(format!("{status} on a healthy engine"));
        }
        if self.scenario == Scenario::Restore
            && status.as_deref() == Some("succeeded")
            && self.bench.fake.is_none()
        {
            violations.extend(same_documents(self.bench, self.name).await);
        }
        violations.extend(self.refused_name_is_free(answer).await);
        let mut story = format!("{:?} {answer:?}\n", self.scenario);
        for operation in &operations {
            story += &self.server.story(operation).await;
        }
        self.tidy().await;
        Ok(Report {
            violations,
            paths: (0..=plan.kills.len())
                .map(|start| self.server.points(start))
                .collect(),
            status,
            story,
        })
    }

    /// Who was told no may ask for the same name again, and is told no for the same reason.
    async fn refused_name_is_free(&self, answer: &Answer) -> Option<String> {
        if self.scenario == Scenario::Delete {
            return None;
        }
        let Some((500.., _)) = answer else { return None };
        let again = self
            .server
            .take(&self.cluster, &snapshot_of(self.name), self.name)
            .await;
        match again {
            Ok((409, body)) => Some(format!("a refused name is not free: {body}")),
            _ => None,
        }
    }

    /// Restored indices would be in every later snapshot.
    async fn tidy(&self) {
        if self.bench.fake.is_none() && self.scenario == Scenario::Restore {
            for target in crate::scenario::targets_of(self.name) {
                let path = format!("/{target}");
                let _ = self
                    .bench
                    .client
                    .send("DELETE", &path, serde_json::Value::Null)
                    .await;
            }
        }
    }
}
