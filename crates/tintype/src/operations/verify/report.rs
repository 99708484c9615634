//! What is kept of a verification's report: bounded, whatever the repository holds.

use crate::model::Proof;
use crate::model::verify::{VerifyOutcome, VerifyParameters};
use jiff::Timestamp;
use serde::Serialize;
use tintype_repository::Level;
use tintype_repository::finding::Severity;
use tintype_repository::verify::report::{Report, SnapshotReport};
use tintype_repository::verify::verdict::Verdict;

/// Findings kept.
const FINDINGS: usize = 1_000;
/// Snapshots kept: those that cannot be restored first, then the newest.
const SNAPSHOTS: usize = 10_000;
/// Indices kept over all snapshots; beyond them, only those that cannot be restored, and at last none.
const INDICES: usize = 20_000;
/// Findings named in the outcome.
const NOTES: usize = 5;

/// A report with what was left out of it, counted.
#[derive(Debug, Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    report: &'a Report,
    snapshots_left_out: usize,
    indices_left_out: usize,
}

/// Cuts the report to its bounds, and writes it.
///
/// # Errors
/// A report that is no JSON, which is a bug.
pub fn document(mut report: Report) -> Result<String, serde_json::Error> {
    let left_out = report.findings.len().saturating_sub(FINDINGS);
    report.findings.truncate(FINDINGS);
    report.findings_left_out += left_out as u64;
    let snapshots_left_out = keep_snapshots(&mut report.snapshots);
    let indices_left_out = keep_indices(&mut report.snapshots);
    serde_json::to_string(&Kept {
        report: &report,
        snapshots_left_out,
        indices_left_out,
    })
}

fn keep_snapshots(snapshots: &mut Vec<SnapshotReport>) -> usize {
    let left_out = snapshots.len().saturating_sub(SNAPSHOTS);
    let mut restorable = 0;
    // Oldest first, so the first of the good ones go.
    snapshots.retain(|one| {
        let good = one.verdict == Verdict::Restorable;
        restorable += usize::from(good);
        !good || restorable > left_out
    });
    let beyond = snapshots.len().saturating_sub(SNAPSHOTS);
    snapshots.drain(..beyond);
    left_out
}

fn keep_indices(snapshots: &mut [SnapshotReport]) -> usize {
    let count = |snapshots: &[SnapshotReport]| snapshots.iter().map(|one| one.indices.len()).sum::<usize>();
    let all = count(snapshots);
    if all > INDICES {
        for one in &mut *snapshots {
            one.indices.retain(|index| index.verdict != Verdict::Restorable);
        }
    }
    let mut room = INDICES;
    for one in &mut *snapshots {
        one.indices.truncate(room);
        room -= one.indices.len();
    }
    all - count(snapshots)
}

/// What is known now of each snapshot that the verification looked at. Some of its indices alone prove no snapshot good;
/// that one of them is lost does prove it damaged, and nothing of the others.
pub fn proofs(parameters: &VerifyParameters, report: &Report, operation: &str) -> Vec<Proof> {
    let all_indices = parameters.options.indices.is_empty();
    let time = |millis: i64| Timestamp::from_millisecond(millis).ok();
    let proof = |one: &SnapshotReport| {
        // Damage was seen by a look of the level asked for; that all is well holds for what all of the data passed, and where
        // something is not known, no more than that was checked either.
        let (level, oldest) = match one.verdict {
            Verdict::Restorable => (one.level?, one.oldest_check?),
            Verdict::Unknown => (
                one.level.unwrap_or(Level::Root),
                one.oldest_check.unwrap_or(report.started),
            ),
            Verdict::InPart | Verdict::NotRestorable => (report.level, report.started),
        };
        let mut proof = Proof {
            snapshot: one.uuid.clone(),
            verdict: one.verdict,
            level,
            oldest_check: time(oldest)?,
            checked_at: time(report.ended)?,
            operation: operation.to_owned(),
        };
        if !all_indices {
            let is_damage = proof.is_damage();
            proof.verdict = Verdict::InPart;
            return is_damage.then_some(proof);
        }
        Some(proof)
    };
    report.snapshots.iter().filter_map(proof).collect()
}

/// What is damaged beats what is unknown: of the one somebody must be told, whatever else there is.
fn worst(report: &Report) -> Verdict {
    let verdicts = report.snapshots.iter().map(|one| one.verdict);
    let damage = verdicts.filter(|verdict| matches!(verdict, Verdict::InPart | Verdict::NotRestorable));
    damage.max().unwrap_or(report.verdict)
}

/// The operation's outcome.
pub fn outcome(parameters: &VerifyParameters, report: &Report, attested: u64) -> VerifyOutcome {
    let count = |found: usize| found as u64;
    let errors = report
        .findings
        .iter()
        .filter(|one| one.severity == Severity::Error);
    let restorable = report
        .snapshots
        .iter()
        .filter(|one| one.verdict == Verdict::Restorable);
    let mut notes: Vec<String> = errors
        .clone()
        .take(NOTES)
        .map(|one| one.message.clone())
        .collect();
    let named = count(notes.len());
    let errors = count(errors.count()) + report.findings_left_out;
    if errors > named {
        notes.push(format!("and {} more, see the report", errors - named));
    }
    VerifyOutcome {
        repository: parameters.repository.to_string(),
        good: report.verdict == Verdict::Restorable,
        state: worst(report),
        level: report.level,
        complete: report.complete,
        generation: report.generation,
        snapshots: count(report.snapshots.len()),
        restorable: count(restorable.count()),
        errors,
        bytes: report.read.bytes,
        blobs: report.read.blobs,
        blobs_by_ledger: report.read.blobs_by_ledger,
        attested,
        notes,
    }
}

/// When the root was found damaged or lost, for a report of [`tintype_repository::verify::of_a_damaged_root`]: of no other it is
/// known that nothing can be restored where no snapshot is named.
pub fn root_lost(report: &Report) -> Option<Timestamp> {
    let lost = report.verdict == Verdict::NotRestorable && report.snapshots.is_empty();
    Timestamp::from_millisecond(report.ended).ok().filter(|_| lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tintype_repository::repository::OpenError;
    use tintype_repository::verify::of_a_damaged_root;
    use tintype_repository::verify::options::Options;
    use tintype_repository::verify::report::{IndexReport, SCHEMA};

    fn snapshot(name: usize, verdict: Verdict, indices: usize) -> SnapshotReport {
        let index = IndexReport {
            name: "i".into(),
            verdict: Verdict::Restorable,
            why: None,
            shards: 1,
            documents: None,
            bytes: 0,
            restored_by: Vec::new().into(),
        };
        let mut all = vec![index; indices];
        if let Some(first) = all.first_mut() {
            first.verdict = verdict;
        }
        SnapshotReport {
            name: name.to_string(),
            uuid: format!("u{name}"),
            state: "SUCCESS".to_owned(),
            verdict,
            why: Vec::new(),
            level: Some(Level::Presence),
            oldest_check: Some(5),
            global_state: Verdict::Restorable,
            taken: None,
            engine: None,
            indices: all,
        }
    }

    fn parameters(indices: &[&str]) -> VerifyParameters {
        VerifyParameters {
            repository: "r".parse().unwrap(),
            options: crate::model::VerifyOptions {
                indices: indices.iter().map(ToString::to_string).collect(),
                ..Default::default()
            },
        }
    }

    fn report(snapshots: Vec<SnapshotReport>) -> Report {
        let location = "file:///r".to_owned();
        let latest = Some(7);
        let lost = OpenError::RootLost { location, latest };
        let options = Options::new(Level::Structure, 7);
        let root = of_a_damaged_root(&lost, "file:///r", &options, 9).unwrap();
        Report { snapshots, ..root }
    }

    /// What is kept of a report, which fits the schema of reports.
    fn kept(report: Report) -> serde_json::Value {
        let kept = serde_json::from_str(&document(report).unwrap()).unwrap();
        let faults = tintype_testkit::schema::Schema::load("verify-1").faults(&kept);
        assert_eq!(faults, [""; 0]);
        kept
    }

    #[test]
    fn what_was_left_out_of_a_report_is_told_in_it() {
        let mut all: Vec<_> = (0..=SNAPSHOTS)
            .map(|n| snapshot(n, Verdict::Restorable, 0))
            .collect();
        all[1] = snapshot(1, Verdict::InPart, INDICES + 2);
        let kept = kept(report(all));
        let left_out = ["snapshots_left_out", "indices_left_out"].map(|member| kept[member].as_u64());
        assert_eq!(left_out, [Some(1), Some(INDICES as u64 + 1)]);
    }

    #[test]
    fn the_bad_and_the_newest_snapshots_are_kept() {
        let mut all: Vec<_> = (0..SNAPSHOTS + 3)
            .map(|n| snapshot(n, Verdict::Restorable, 0))
            .collect();
        all[0].verdict = Verdict::InPart;
        assert_eq!(keep_snapshots(&mut all), 3);
        assert_eq!(all.len(), SNAPSHOTS);
        assert_eq!((all[0].name.as_str(), all[1].name.as_str()), ("0", "4"));
        let mut bad: Vec<_> = (0..SNAPSHOTS + 2)
            .map(|n| snapshot(n, Verdict::NotRestorable, 0))
            .collect();
        assert_eq!(keep_snapshots(&mut bad), 2);
        assert_eq!((bad.len(), bad[0].name.as_str()), (SNAPSHOTS, "2"));
    }

    #[test]
    fn beyond_the_bound_only_indices_that_are_lost_are_kept() {
        let mut few = vec![snapshot(0, Verdict::InPart, 9)];
        assert_eq!((keep_indices(&mut few), few[0].indices.len()), (0, 9));
        let mut many = vec![
            snapshot(0, Verdict::InPart, INDICES),
            snapshot(1, Verdict::Restorable, 9),
        ];
        assert_eq!(keep_indices(&mut many), INDICES + 8);
        assert_eq!((many[0].indices.len(), many[1].indices.len()), (1, 0));
    }

    #[test]
    fn findings_beyond_the_bound_are_counted() {
        let mut many = report(Vec::new());
        many.findings = vec![many.findings[0].clone(); FINDINGS + 3];
        many.findings_left_out = 4;
        let kept = kept(many);
        let found = kept["findings"].as_array().unwrap().len();
        assert_eq!((found, &kept["findings_left_out"]), (FINDINGS, &7.into()));
    }

    #[test]
    fn damage_is_as_deep_as_the_look_and_health_as_what_all_of_it_passed() {
        let mut bad = snapshot(1, Verdict::InPart, 0);
        bad.level = None;
        let mut unread = snapshot(2, Verdict::Restorable, 0);
        unread.level = None;
        let mut unknown = snapshot(3, Verdict::Unknown, 0);
        (unknown.level, unknown.oldest_check) = (Some(Level::Metadata), Some(6));
        let all = vec![snapshot(0, Verdict::Restorable, 0), bad, unread, unknown];
        let found = proofs(&parameters(&[]), &report(all), "o");
        let levels: Vec<_> = found
            .iter()
            .map(|one| (one.snapshot.as_str(), one.level))
            .collect();
        let expected = [
            ("u0", Level::Presence),
            ("u1", Level::Structure),
            ("u3", Level::Metadata),
        ];
        assert_eq!(levels, expected);
        let oldest: Vec<_> = found
            .iter()
            .map(|one| one.oldest_check.as_millisecond())
            .collect();
        assert_eq!(oldest, [5, 7, 6]);
    }

    #[test]
    fn some_indices_prove_damage_and_never_that_a_whole_snapshot_is_good() {
        let verdicts = [
            Verdict::Restorable,
            Verdict::Unknown,
            Verdict::InPart,
            Verdict::NotRestorable,
        ];
        let all = verdicts.into_iter().enumerate();
        let report = report(all.map(|(name, verdict)| snapshot(name, verdict, 1)).collect());
        assert_eq!(proofs(&parameters(&[]), &report, "o").len(), 4);
        let found = proofs(&parameters(&["i*"]), &report, "o");
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.snapshot.as_str(), one.verdict))
            .collect();
        assert_eq!(found, [("u2", Verdict::InPart), ("u3", Verdict::InPart)]);
    }

    #[test]
    fn damage_beats_what_is_unknown() {
        use Verdict::{InPart, NotRestorable, Restorable, Unknown};
        for (verdicts, state) in [
            (&[Restorable, InPart, Unknown][..], InPart),
            (&[InPart, NotRestorable, Unknown], NotRestorable),
            (&[Restorable, Unknown], Unknown),
            (&[Restorable], Restorable),
        ] {
            let all = verdicts.iter().enumerate();
            let mut report = report(all.map(|(name, verdict)| snapshot(name, *verdict, 0)).collect());
            report.verdict = verdicts.iter().copied().max().unwrap();
            let outcome = outcome(&parameters(&[]), &report, 0);
            assert_eq!(
                (outcome.state, outcome.good),
                (state, state == Restorable),
                "{verdicts:?}"
            );
        }
        let root = outcome(&parameters(&[]), &report(Vec::new()), 0);
        assert_eq!((root.state, root.good), (NotRestorable, false));
    }

    #[test]
    fn a_root_that_is_lost_is_damage_and_not_a_failure_to_look() {
        let root = report(Vec::new());
        assert_eq!((root.generation, root.verdict), (7, Verdict::NotRestorable));
        assert_eq!(root_lost(&root).map(Timestamp::as_millisecond), Some(9));
        let other = report(vec![snapshot(0, Verdict::NotRestorable, 0)]);
        assert_eq!(root_lost(&other), None);
        let kept = kept(root);
        assert_eq!(kept["schema"], SCHEMA);
        assert_eq!(
            (&kept["snapshots_left_out"], &kept["findings"][0]["blob"]),
            (&0.into(), &"index-7".into())
        );
    }
}
