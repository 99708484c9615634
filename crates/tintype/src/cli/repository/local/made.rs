//! Reports that tests make up.

use tintype_repository::Level;
use tintype_repository::finding::{Finding, Kind, Severity};
use tintype_repository::verify::report::{Read, Report, SCHEMA, SnapshotReport};
use tintype_repository::verify::verdict::Verdict;

/// About the snapshot `s`.
pub fn finding(severity: Severity, kind: Kind) -> Finding {
    Finding {
        severity,
        kind,
        blob: "snap-u.dat".into(),
        key: None,
        offset: None,
        expected: None,
        actual: None,
        message: "snap-u.dat: so it is".into(),
        index: None,
        shard: None,
        snapshots: vec!["s".into()],
        snapshots_left_out: 0,
    }
}

/// With a snapshot of each of these verdicts, of which the worst is the report's, and nothing found.
pub fn report(verdicts: &[Verdict]) -> Report {
    let snapshot = |verdict: &Verdict| SnapshotReport {
        name: "s".into(),
        uuid: "u".into(),
        state: "SUCCESS".into(),
        verdict: *verdict,
        why: Vec::new(),
        level: Some(Level::Structure),
        oldest_check: Some(1),
        global_state: Verdict::Restorable,
        taken: None,
        engine: None,
        indices: Vec::new(),
    };
    Report {
        schema: SCHEMA,
        version: "1",
        location: "file:///r".into(),
        uuid: None,
        generation: 1,
        newest: Some(1),
        level: Level::Structure,
        structure: true,
        started: 1,
        ended: 2,
        complete: true,
        verdict: verdicts.iter().copied().max().unwrap_or(Verdict::Unknown),
        opened_by: Vec::new(),
        read: Read::default(),
        snapshots: verdicts.iter().map(snapshot).collect(),
        findings: Vec::new(),
        findings_left_out: 0,
    }
}
