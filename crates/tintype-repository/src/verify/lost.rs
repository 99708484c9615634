//! The report of a repository whose root is lost or damaged: it was looked at, and nothing of it can be restored.

use super::options::Options;
use super::report::{Read, Report, SCHEMA};
use super::verdict::Verdict;
use crate::finding::{Finding, Kind, Severity};
use crate::repository::OpenError;

/// The report where opening a repository failed by damage; `None` where nothing is known, as of a storage that did not answer, of
/// a place where no repository is, and of an encrypted one. `ended` is in ms since 1970.
pub fn of_a_damaged_root(error: &OpenError, location: &str, options: &Options, ended: i64) -> Option<Report> {
    if !error.is_damage() {
        return None;
    }
    let (generation, found) = match error {
        OpenError::RootLost { latest, .. } => (*latest, lost(*latest)),
        OpenError::Root { blob, error } => {
            let generation = crate::repository::generation(blob);
            let mut found = finding(Kind::MetadataDamaged, blob, &error.message);
            (found.offset, found.expected, found.actual) =
                (error.offset, error.expected.clone(), error.actual.clone());
            (generation, found)
        }
        OpenError::Source(_) | OpenError::NotARepository(_) => return None,
    };
    Some(Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        location: location.to_owned(),
        uuid: None,
        generation: generation.unwrap_or(0),
        newest: generation,
        level: options.level,
        structure: false,
        started: options.now,
        ended,
        complete: false,
        verdict: Verdict::NotRestorable,
        opened_by: Vec::new(),
        read: Read::default(),
        snapshots: Vec::new(),
        findings: vec![found],
        findings_left_out: 0,
    })
}

fn lost(latest: Option<u64>) -> Finding {
    let blob = latest.map_or_else(|| "index-N".to_owned(), |latest| format!("index-{latest}"));
    finding(
        Kind::BlobMissing,
        &blob,
        "is not there, and other blobs of the repository are",
    )
}

fn finding(kind: Kind, blob: &str, what: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        kind,
        blob: blob.to_owned(),
        key: None,
        offset: None,
        expected: None,
        actual: None,
        message: format!("{blob}: {what}; without the root no snapshot can be found"),
        index: None,
        shard: None,
        snapshots: Vec::new(),
        snapshots_left_out: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::format::{FormatError, Problem};
    use crate::source::{Cause, SourceError};

    fn report(error: &OpenError) -> Option<Report> {
        let options = Options::new(Level::Presence, 7);
        of_a_damaged_root(error, "file:///r", &options, 9)
    }

    fn of_root(problem: Problem) -> OpenError {
        OpenError::Root {
            blob: "index-7".into(),
            error: FormatError::new(problem, "is not JSON").at(4),
        }
    }

    #[test]
    fn a_root_that_does_not_decode_loses_everything() {
        let report = report(&of_root(Problem::Syntax)).unwrap();
        assert_eq!((report.verdict, report.complete), (Verdict::NotRestorable, false));
        assert_eq!((report.generation, report.started, report.ended), (7, 7, 9));
        let [found] = &report.findings[..] else {
            panic!("{report:?}");
        };
        assert_eq!(
            (found.severity, found.kind, found.blob.as_str(), found.offset),
            (Severity::Error, Kind::MetadataDamaged, "index-7", Some(4))
        );
    }

    #[test]
    fn a_root_that_is_gone_is_named_as_far_as_its_generation_is_known() {
        for (latest, blob, generation) in [(Some(5), "index-5", 5), (None, "index-N", 0)] {
            let location = "file:///r".to_owned();
            let report = report(&OpenError::RootLost { location, latest }).unwrap();
            let found = &report.findings[0];
            assert_eq!(
                (found.kind, found.blob.as_str(), report.generation),
                (Kind::BlobMissing, blob, generation)
            );
        }
    }

    #[test]
    fn what_is_not_known_is_no_damage() {
        let source = SourceError::new(Cause::Missing, String::new());
        for error in [
            of_root(Problem::Unsupported),
            OpenError::NotARepository(String::new()),
            OpenError::Source(source),
        ] {
            assert!(report(&error).is_none(), "{error:?}");
        }
    }
}
