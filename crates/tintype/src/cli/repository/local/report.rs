//! A verification's report for people: the snapshots with their verdicts, then what is wrong, then what was read.

use super::cells::{ago, time};
use super::verify::Shown;
use crate::cli::cells::{bytes, plain, seconds};
use crate::cli::output::table;
use std::collections::{BTreeMap, BTreeSet};
use tintype_repository::Level;
use tintype_repository::finding::{Finding, Severity};
use tintype_repository::verify::report::{Report, SnapshotReport};
use tintype_repository::verify::verdict::Verdict;

/// How many findings of one kind, or reasons of one snapshot, are shown; `-o json` has all.
const SHOWN: usize = 20;

/// Of these indices no engine is known that can restore them.
const UNKNOWN: &str = "no engine is known";

/// How many indices are named that the same engines can restore.
const NAMED: usize = 10;

/// The whole report.
pub fn text(shown: &Shown, now: i64) -> String {
    let report = &shown.report;
    let parts = [
        head(report),
        snapshots(report, now),
        reasons(report),
        findings(report),
        restorers(report),
        attestation(shown),
        tail(report),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

/// A member's name in the JSON.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).ok();
    let word = value.as_ref().and_then(serde_json::Value::as_str);
    word.unwrap_or("-").to_owned()
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Restorable => "restorable",
        Verdict::InPart => "in part",
        Verdict::NotRestorable => "not restorable",
        Verdict::Unknown => "unknown",
    }
}

fn head(report: &Report) -> String {
    let mut text = format!("{}, generation {}", plain(&report.location), report.generation);
    if let Some(newest) = report.newest.filter(|newest| *newest != report.generation) {
        text += &format!(" (meanwhile {newest} was written, and what it brought was not looked at)");
    }
    if let Some(uuid) = &report.uuid {
        text += &format!(", uuid {}", plain(uuid));
    }
    let opened = match report.opened_by.len() {
        0 => "no engine that is known".to_owned(),
        _ => report.opened_by.join(", "),
    };
    format!("{text}\nengines that can open it: {opened}\n")
}

fn snapshots(report: &Report, now: i64) -> String {
    if report.snapshots.is_empty() {
        return String::new();
    }
    let rows = report.snapshots.iter().map(|snapshot| row(snapshot, now));
    let titles = [
        "SNAPSHOT",
        "STATE",
        "TAKEN",
        "ENGINE",
        "INDICES",
        "DOCUMENTS",
        "SIZE",
        "VERDICT",
        "CHECKED",
        "OLDEST CHECK",
    ];
    table(&titles, rows)
}

fn row(snapshot: &SnapshotReport, now: i64) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let documents = snapshot
        .indices
        .iter()
        .try_fold(0_u64, |sum, index| Some(sum.saturating_add(index.documents?)));
    let size = snapshot
        .indices
        .iter()
        .fold(0_u64, |sum, index| sum.saturating_add(index.bytes));
    vec![
        plain(&snapshot.name),
        plain(&snapshot.state),
        time(snapshot.taken),
        or_dash(snapshot.engine.as_deref().map(plain)),
        snapshot.indices.len().to_string(),
        or_dash(documents.map(|documents| documents.to_string())),
        bytes(size),
        verdict(snapshot.verdict).to_owned(),
        or_dash(snapshot.level.as_ref().map(word)),
        ago(snapshot.oldest_check, now),
    ]
}

/// Why snapshots are not restorable, and which indices of them.
fn reasons(report: &Report) -> String {
    let mut text = String::new();
    for snapshot in &report.snapshots {
        // The indices that the root gives to the snapshot follow by themselves.
        let own = snapshot.why.iter().filter(|why| !follows(snapshot, why));
        let mut lines: Vec<String> = own.map(|why| plain(why)).collect();
        let bad = snapshot
            .indices
            .iter()
            .filter(|index| index.verdict != Verdict::Restorable);
        lines.extend(bad.map(|index| {
            let why = index
                .why
                .as_deref()
                .map(|why| format!(": {why}"))
                .unwrap_or_default();
            plain(&format!("{}: {}{why}", index.name, verdict(index.verdict)))
        }));
        if snapshot.global_state != Verdict::Restorable {
            let state = verdict(snapshot.global_state);
            lines.push(format!(
                "global state: {state}; a restore without it does not read it"
            ));
        }
        if !lines.is_empty() {
            text += &section(&plain(&snapshot.name), lines);
        }
    }
    text
}

/// Whether a reason is that of an index which the report lists.
fn follows(snapshot: &SnapshotReport, why: &str) -> bool {
    let Some(rest) = why.strip_prefix("index ") else {
        return false;
    };
    snapshot.indices.iter().any(|index| {
        let own = rest
            .strip_prefix(&*index.name)
            .and_then(|rest| rest.strip_prefix(": "));
        own.is_some() && own == index.why.as_deref()
    })
}

fn section(title: &str, mut lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more: -o json has them all"));
    }
    let lines: String = lines
        .iter()
        .map(|line| format!("  {}\n", line.replace('\n', " ")))
        .collect();
    format!("{title}\n{lines}")
}

/// Findings by severity and kind, the worst first.
fn findings(report: &Report) -> String {
    let mut groups: BTreeMap<(std::cmp::Reverse<Severity>, String), Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        let key = (std::cmp::Reverse(finding.severity), word(&finding.kind));
        groups.entry(key).or_default().push(finding);
    }
    let mut text = String::new();
    for ((severity, kind), findings) in groups {
        let title = format!("{} {kind} ({})", word(&severity.0), findings.len());
        text += &section(&title, findings.into_iter().map(line).collect());
    }
    if report.findings_left_out > 0 {
        text += &format!("{} more findings are only counted\n", report.findings_left_out);
    }
    text
}

fn line(finding: &Finding) -> String {
    let mut line = finding.message.clone();
    if !line.contains(&finding.blob) {
        line = format!("{}: {line}", finding.blob);
    }
    if let (Some(expected), Some(actual)) = (&finding.expected, &finding.actual)
        && !(line.contains(expected) && line.contains(actual))
    {
        line += &format!(" (expected {expected}, found {actual})");
    }
    if let Some(index) = &finding.index {
        let shard = finding
            .shard
            .map(|shard| format!(", shard {shard}"))
            .unwrap_or_default();
        line += &format!("; index {index}{shard}");
    }
    if !finding.snapshots.is_empty() {
        let left = finding.snapshots_left_out;
        let more = if left > 0 {
            format!(" and {left} more")
        } else {
            String::new()
        };
        let verb = if finding.severity == Severity::Error {
            "lost in"
        } else {
            "in"
        };
        line += &format!("; {verb} {}{more}", finding.snapshots.join(", "));
    }
    plain(&line)
}

/// Which engines can restore what, as far as metadata was read. Where that is not the same for all indices, some of them are
/// named, the rarer ones first.
fn restorers(report: &Report) -> String {
    let mut groups: BTreeMap<String, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for index in report.snapshots.iter().flat_map(|snapshot| &snapshot.indices) {
        let engines: Vec<&str> = index.restored_by.iter().map(AsRef::as_ref).collect();
        let engines = match engines.len() {
            0 => UNKNOWN.to_owned(),
            _ => engines.join(", "),
        };
        let (count, names) = groups.entry(engines).or_default();
        *count += 1;
        names.insert(&index.name);
    }
    if groups.keys().all(|engines| engines == UNKNOWN) {
        return String::new();
    }
    let alike = groups.len() == 1;
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (count, _))| *count);
    let line = |(engines, (count, names)): (String, (u64, BTreeSet<&str>))| match alike {
        true => format!("{engines}: all {count}"),
        false => format!("{engines}: {count} ({})", some_of(&names)),
    };
    section(
        "indices by the engines that can restore them, over all snapshots",
        groups.into_iter().map(line).collect(),
    )
}

/// The first of some names.
fn some_of(names: &BTreeSet<&str>) -> String {
    let first: Vec<String> = names.iter().take(NAMED).map(|name| plain(name)).collect();
    match names.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// What the comparison with an attestation gave.
fn attestation(shown: &Shown) -> String {
    let Some(compared) = &shown.attestation else {
        return String::new();
    };
    let agrees = if compared.agrees {
        "agrees with"
    } else {
        "differs from"
    };
    let shows = match compared.proves {
        Some(proves) if compared.agrees => format!("; rules out {}", proves.words()),
        Some(_) => String::new(),
        None => "; data was not read".to_owned(),
    };
    format!(
        "{} {agrees} its attestation of {}: {} blobs compared{shows}\n",
        plain(&compared.snapshot),
        time(Some(compared.attested)),
        compared.blobs
    )
}

fn tail(report: &Report) -> String {
    let read = &report.read;
    // Milliseconds of a run: precision beyond 2^53 does not matter.
    let took = seconds(report.ended.saturating_sub(report.started) as f64 / 1000.0);
    let ledger = match read.blobs_by_ledger {
        0 => String::new(),
        known => format!(", {known} more known by the ledger"),
    };
    let structure = match report.level {
        Level::Structure => "",
        _ if report.structure => " with structure",
        _ => "",
    };
    let mut text = format!(
        "read {} in {} requests, {} data blobs{ledger}; level {}{structure}; took {took}\n",
        bytes(read.bytes),
        read.requests,
        read.blobs,
        word(&report.level),
    );
    if !report.complete {
        text += "not complete: a budget, a subset or an interruption cut it short\n";
    }
    text + &format!("verdict: {}\n", verdict(report.verdict))
}

#[cfg(test)]
mod tests {
    use super::super::made::report;
    use super::*;
    use tintype_repository::verify::report::IndexReport;

    fn with(indices: &[(&str, &[&str])]) -> Report {
        let mut report = report(&[Verdict::Restorable]);
        let index = |(name, engines): &(&str, &[&str])| IndexReport {
            name: (*name).into(),
            verdict: Verdict::Restorable,
            why: None,
            shards: 1,
            documents: None,
            bytes: 0,
            restored_by: engines.iter().map(|engine| (*engine).into()).collect(),
        };
        report.snapshots[0].indices = indices.iter().map(index).collect();
        report
    }

    #[test]
    fn indices_that_other_engines_restore_are_named() {
        let (old, new) = (
            ["Elasticsearch 7.0 to 8.x", "OpenSearch 1.x"],
            ["Elasticsearch 8.1 to 9.x"],
        );
        assert_eq!(restorers(&with(&[])), "");
        assert_eq!(restorers(&with(&[("not read", &[])])), "");
        let alike = restorers(&with(&[("a", &new), ("b", &new)]));
        assert!(
            alike.ends_with("\n  Elasticsearch 8.1 to 9.x: all 2\n"),
            "{alike}"
        );
        let names: Vec<String> = (0..12).map(|number| format!("n{number:02}")).collect();
        let mut all: Vec<(&str, &[&str])> = names.iter().map(|name| (&**name, &new[..])).collect();
        all.extend([("o1", &old[..]), ("lost", &[]), ("o2", &old[..])]);
        let lines = restorers(&with(&all));
        let lines: Vec<&str> = lines.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "  no engine is known: 1 (lost)",
                "  Elasticsearch 7.0 to 8.x, OpenSearch 1.x: 2 (o1, o2)",
                "  Elasticsearch 8.1 to 9.x: 12 (n00, n01, n02, n03, n04, n05, n06, n07, n08, n09 and 2 more)",
            ]
        );
    }
}
