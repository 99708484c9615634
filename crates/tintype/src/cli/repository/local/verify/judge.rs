//! What a report means for a script.

use super::compared::Shown;
use crate::cli::cells::plain;
use crate::cli::error::{CliError, Result};
use tintype_repository::Level;
use tintype_repository::finding::Severity;
use tintype_repository::verify::verdict::Verdict;

/// The exit code: 3 when something is certainly lost, else 4 when something is not known. `partial`: a part only was asked for.
///
/// # Errors
/// `NotGood` or Unknown.
pub fn judge(shown: &Shown, partial: bool) -> Result<()> {
    let report = &shown.report;
    let lost: Vec<&str> = report
        .snapshots
        .iter()
        .filter(|snapshot| matches!(snapshot.verdict, Verdict::InPart | Verdict::NotRestorable))
        .map(|snapshot| snapshot.name.as_ref())
        .collect();
    let all = report.snapshots.len();
    if let Some(why) = report.findings.first()
        && all == 0
        && report.verdict == Verdict::NotRestorable
    {
        return Err(CliError::NotGood(format!(
            "nothing can be restored: {}",
            plain(&why.message)
        )));
    }
    if !lost.is_empty() {
        let words = format!(
            "{} of {all} snapshots cannot be restored whole: {}",
            lost.len(),
            named(&lost)
        );
        return Err(CliError::NotGood(words));
    }
    let errors = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    match errors.count() {
        0 => {}
        errors => return Err(CliError::NotGood(format!("{errors} errors were found"))),
    }
    if report.verdict == Verdict::Unknown {
        let unknown = report
            .snapshots
            .iter()
            .filter(|snapshot| snapshot.verdict == Verdict::Unknown);
        let unknown: Vec<&str> = unknown.map(|snapshot| snapshot.name.as_ref()).collect();
        let words = format!(
            "of {} of {all} snapshots it is not known: {}",
            unknown.len(),
            named(&unknown)
        );
        return Err(CliError::Unknown(if unknown.is_empty() {
            "nothing could be verified".into()
        } else {
            words
        }));
    }
    if shown
        .attestation
        .as_ref()
        .is_some_and(|compared| !compared.complete)
    {
        return Err(CliError::Unknown(
            "not all could be compared with the attestation".into(),
        ));
    }
    if let Some(compared) = shown.attestation.as_ref().filter(|compared| !compared.agrees) {
        let words = format!("{} is not as it was attested", plain(&compared.snapshot));
        return Err(CliError::NotGood(words));
    }
    if !report.complete && !partial {
        return Err(CliError::Unknown(
            "not all that was asked for was looked at".into(),
        ));
    }
    let looked_at = report.read.blobs + report.read.blobs_by_ledger;
    if !report.complete && looked_at == 0 && report.level >= Level::Fingerprint {
        return Err(CliError::Unknown(
            "no data blob was read, and the ledger vouches for none: of the data nothing is known with this budget or subset"
                .into(),
        ));
    }
    Ok(())
}

/// The first ten.
fn named(names: &[&str]) -> String {
    let more = match names.len().saturating_sub(10) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first: Vec<String> = names.iter().take(10).map(|name| plain(name)).collect();
    first.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::super::super::made::{finding, report};
    use super::super::compared::Compared;
    use super::*;
    use tintype_repository::attest::Depth;
    use tintype_repository::finding::Kind;
    use tintype_repository::verify::report::{Read, Report};

    fn code(report: Report, attestation: Option<Compared>, partial: bool) -> u8 {
        let judged = judge(&Shown { report, attestation }, partial);
        judged.map_or_else(|error| error.exit_code(), |()| 0)
    }

    #[test]
    fn damage_beats_what_is_unknown() {
        use Verdict::{InPart, NotRestorable, Restorable, Unknown};
        for (verdicts, expected) in [
            (&[Restorable, Restorable][..], 0),
            (&[Restorable, InPart, Unknown], 3),
            (&[NotRestorable], 3),
            (&[Restorable, Unknown], 4),
            (&[], 4),
        ] {
            assert_eq!(code(report(verdicts), None, false), expected, "{verdicts:?}");
        }
        for (severity, expected) in [(Severity::Error, 3), (Severity::Warning, 0), (Severity::Note, 0)] {
            let found = Report {
                findings: vec![finding(severity, Kind::RootMismatch)],
                ..report(&[Restorable])
            };
            assert_eq!(code(found, None, false), expected, "{severity:?}");
        }
    }

    #[test]
    fn what_was_cut_short_is_unknown_unless_a_part_was_asked_for_and_looked_at() {
        let cut = |level, blobs, blobs_by_ledger| Report {
            level,
            complete: false,
            read: Read {
                blobs,
                blobs_by_ledger,
                ..Read::default()
            },
            ..report(&[Verdict::Restorable])
        };
        for (level, read, known, whole, part) in [
            (Level::Structure, 1, 0, 4, 0),
            (Level::Fingerprint, 0, 1, 4, 0),
            (Level::Fingerprint, 0, 0, 4, 4),
            (Level::Structure, 0, 0, 4, 4),
            // No bytes of data were asked for.
            (Level::Presence, 0, 0, 4, 0),
        ] {
            let codes = [false, true].map(|partial| code(cut(level, read, known), None, partial));
            assert_eq!(codes, [whole, part], "{level:?} {read} {known}");
        }
        // Of a repository without data all was looked at.
        assert_eq!(code(report(&[Verdict::Restorable]), None, true), 0);
    }

    #[test]
    fn a_root_that_is_lost_is_damage() {
        let lost = Report {
            verdict: Verdict::NotRestorable,
            complete: false,
            findings: vec![finding(Severity::Error, Kind::BlobMissing)],
            ..report(&[])
        };
        let shown = Shown {
            report: lost,
            attestation: None,
        };
        let error = judge(&shown, false).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert_eq!(error.to_string(), "nothing can be restored: snap-u.dat: so it is");
    }

    #[test]
    fn what_could_not_be_compared_does_not_agree() {
        let compared = |agrees, complete| {
            let compared = Compared {
                snapshot: "s".into(),
                attested: 1,
                depth: Depth::Content,
                proves: None,
                blobs: 1,
                agrees,
                complete,
            };
            code(report(&[Verdict::Restorable]), Some(compared), false)
        };
        assert_eq!(compared(true, true), 0);
        assert_eq!(compared(false, false), 4);
        assert_eq!(compared(false, true), 3);
    }
}
