//! Learning the points of a scenario, and killing at each of them with bounded concurrency.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use futures_util::{StreamExt, stream};

use crate::{
    bench::Bench,
    run::{NotHit, Plan, Report, run},
    scenario::Scenario,
};

/// Runs at a time: each is a process and an idle wait most of the time.
const AT_ONCE: usize = 6;
/// Some points lie behind a look that only a slow moment shows; such a run is tried again.
const TRIES: usize = 4;

/// What a batch of runs came to.
pub struct Figures {
    /// Runs, counted once each.
    pub runs: usize,
    /// How often which status was the end.
    pub statuses: BTreeMap<String, usize>,
    /// What must not be, with the run's kills and the operation's log.
    pub violations: Vec<String>,
    /// Points of a recovery that did not come again in any try: recoveries differ by what a slow moment lets them see.
    pub missed: Vec<String>,
    /// Each run's plan and the points after its last restart.
    pub recoveries: Vec<(Plan, Vec<String>)>,
}

/// The points that an undisturbed run passes, which must itself end well.
pub async fn learn(bench: &Arc<Bench>, scenario: Scenario) -> Vec<String> {
    let plan = Plan {
        expected_status: true,
        ..Plan::default()
    };
    let report = run(bench, scenario, &plan).await.unwrap();
    assert!(
        report.violations.is_empty(),
        "{:#?}\n{}",
        report.violations,
        report.story
    );
    let mut points = report.paths.into_iter().next().unwrap_or_default();
    points.retain(|point| scenario.passes(point));
    assert!(!points.is_empty(), "the binary was built without failpoints");
    points
}

/// Carries out every plan, some at a time.
pub async fn carry_out(bench: &Arc<Bench>, scenario: Scenario, plans: Vec<Plan>) -> Figures {
    let begun = Instant::now();
    let mut figures = Figures {
        runs: plans.len(),
        statuses: BTreeMap::new(),
        violations: Vec::new(),
        missed: Vec::new(),
        recoveries: Vec::new(),
    };
    let mut runs = stream::iter(plans)
        .map(async |plan| {
            let report = persistently(bench, scenario, &plan).await;
            (plan, report)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((plan, report)) = runs.next().await {
        match report {
            Ok(report) => figures.count(plan, report),
            Err(error) => match error.downcast_ref::<NotHit>() {
                Some(missed) if missed.start > 0 => figures.missed.push(missed.point.clone()),
                _ => figures.violations.push(format!("{:?}: {error:#}", plan.kills)),
            },
        }
    }
    eprintln!(
        "{scenario:?}: {} runs in {:.1} s, {:?}, {} violations, missed {:?}",
        figures.runs,
        begun.elapsed().as_secs_f64(),
        figures.statuses,
        figures.violations.len(),
        figures.missed
    );
    figures
}

impl Figures {
    fn count(&mut self, plan: Plan, mut report: Report) {
        let status = report.status.take().unwrap_or_else(|| "not begun".to_owned());
        *self.statuses.entry(status).or_default() += 1;
        for violation in &report.violations {
            self.violations
                .push(format!("{:?}: {violation}\n{}", plan.kills, report.story));
        }
        let last = report.paths.pop().unwrap_or_default();
        self.recoveries.push((plan, last));
    }

    /// Fails the test when anything was wrong, and when a point was not hit: a first crash each one, a second crash
    /// behind at least one of its recoveries. Only a pause, which a fast machine does not need, may stay away.
    pub fn assert_clean(&self) {
        assert!(self.violations.is_empty(), "{}", self.violations.join("\n\n"));
        let hit = |point: &String| {
            self.recoveries
                .iter()
                .any(|(plan, _)| plan.kills.last() == Some(point))
        };
        let never: Vec<&String> = self
            .missed
            .iter()
            .filter(|point| !point.contains(".wait.") && !hit(point))
            .collect();
        assert!(never.is_empty(), "never hit: {never:?}");
        assert!(
            self.missed.len() * 10 <= self.runs,
            "too much was not hit: {:?}",
            self.missed
        );
    }
}

async fn persistently(bench: &Arc<Bench>, scenario: Scenario, plan: &Plan) -> anyhow::Result<Report> {
    let mut tries = 0;
    loop {
        tries += 1;
        match run(bench, scenario, plan).await {
            Err(error) if error.is::<NotHit>() && tries < TRIES => {}
            done => return done,
        }
    }
}
