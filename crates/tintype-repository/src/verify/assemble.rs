//! Makes the report of what is known.

use super::changed::Changed;
use super::differences::words as state_words;
use super::options::Options;
use super::outcome::{Effect, Outcome, Why};
use super::report::{IndexReport, Read, Report, SCHEMA, SnapshotReport, Text};
use super::shard::Context;
use super::snapshots::Facts;
use super::verdict::Verdict;
use crate::Level;
use crate::finding::Kind;
use crate::format::version::{self, EngineVersion};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// So many reasons are told of a snapshot.
const MOST_REASONS: usize = 5;

pub(super) fn report(context: &Context, outcomes: &[Outcome], changed: &Changed, elapsed: i64) -> Report {
    let deleted = &*changed.deleted;
    let run = &context.run;
    let (options, repository, progress) = (&run.options, &run.repository, &run.progress);
    let mut snapshots = snapshots(context, deleted);
    indices(context, outcomes, deleted, &mut snapshots);
    let positions = run.plan.snapshots.iter().zip(context.snapshots.iter());
    for (report, (snapshot, facts)) in snapshots.iter_mut().zip(positions) {
        judge(report, facts, deleted.binary_search(snapshot).is_ok(), options);
    }
    if !options.indices.is_empty() && options.snapshots.is_empty() && !options.latest {
        let of_others: Vec<bool> = snapshots
            .iter()
            .zip(context.snapshots.iter())
            .map(|(report, facts)| holds_none(report, facts, options))
            .collect();
        let mut of_others = of_others.into_iter();
        snapshots.retain(|_| !of_others.next().unwrap_or_default());
    }
    // Where times are not known, the root's order stands.
    snapshots.sort_by_key(|snapshot| snapshot.taken);
    let (findings, findings_left_out) = run.findings.finish(repository);
    let stopped = progress.stop.load(Relaxed);
    // A structure that is not supported is not looked at.
    let short = |snapshot: &SnapshotReport| {
        snapshot.verdict == Verdict::Restorable && snapshot.level < Some(options.level)
    };
    let all_deep = !snapshots.iter().any(short);
    let worst = snapshots.iter().map(|snapshot| snapshot.verdict).max();
    Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        location: repository.source.location().to_owned(),
        uuid: repository.root.uuid.as_deref().map(str::to_owned),
        generation: repository.generation,
        newest: changed.newest,
        level: options.level,
        structure: run.wants_structure(),
        started: options.now,
        ended: options.now.saturating_add(elapsed),
        complete: all_deep && !stopped && !run.budget.has_ended() && run.blobs_left.load(Relaxed) == 0,
        verdict: worst.unwrap_or(Verdict::Unknown),
        opened_by: version::opened_by(&repository.root),
        read: Read {
            requests: progress.requests.load(Relaxed),
            bytes: progress.bytes.load(Relaxed),
            blobs: run.blobs.load(Relaxed),
            blobs_by_ledger: run.blobs_by_ledger.load(Relaxed),
        },
        snapshots,
        findings,
        findings_left_out,
    }
}

/// Without their indices and verdicts; in the plan's order.
fn snapshots(context: &Context, deleted: &[u32]) -> Vec<SnapshotReport> {
    let root = &context.run.repository.root;
    let report = |(position, facts): (&u32, &Facts)| {
        let snapshot = root.snapshots.get(*position as usize)?;
        let state = facts.state.or_else(|| state_words(snapshot.state?));
        let version = snapshot.version.as_deref().and_then(EngineVersion::from_text);
        let version = snapshot
            .index_version
            .map_or(version, |id| EngineVersion::from_id(i64::from(id)));
        let was_deleted = deleted.binary_search(position).is_ok();
        Some(SnapshotReport {
            name: snapshot.name.to_string(),
            uuid: snapshot.uuid.to_string(),
            state: state.unwrap_or("UNKNOWN").to_owned(),
            verdict: Verdict::Unknown,
            why: Vec::new(),
            level: None,
            oldest_check: Some(context.run.options.now),
            global_state: if was_deleted {
                Verdict::Unknown
            } else {
                facts.global
            },
            taken: facts.started.or(snapshot.started),
            engine: facts.version.or(version).map(|version| version.to_string()),
            indices: Vec::new(),
        })
    };
    let positions = context.run.plan.snapshots.iter();
    positions
        .zip(context.snapshots.iter())
        .filter_map(report)
        .collect()
}

/// Texts that many pairs share.
#[derive(Default)]
struct Texts {
    why: HashMap<Why, Text>,
    engines: HashMap<Made, Arc<[Text]>>,
}

/// What decides who restores an index: the version that made it, as written, that of the snapshot, and the Lucene.
type Made = (Option<i64>, Option<EngineVersion>, u8);

fn indices(context: &Context, outcomes: &[Outcome], deleted: &[u32], reports: &mut [SnapshotReport]) {
    let run = &context.run;
    let root = &run.repository.root;
    let name = |index: u32| root.indices.get(index as usize).map_or("", |index| &*index.name);
    let mut by_name: Vec<_> = run.plan.indices.iter().collect();
    by_name.sort_by_key(|planned| name(planned.index));
    let mut texts = Texts::default();
    for planned in by_name {
        let text: Text = name(planned.index).into();
        for pair in planned.pairs.clone() {
            let snapshot = run.plan.snapshot(pair);
            let Ok(position) = run.plan.snapshots.binary_search(&snapshot) else {
                continue;
            };
            let (Some(report), Some(facts)) = (reports.get_mut(position), context.snapshots.get(position))
            else {
                continue;
            };
            let outcome = outcomes.get(pair as usize).copied().unwrap_or(Outcome::NONE);
            let was_deleted = deleted.binary_search(&snapshot).is_ok();
            let outcome = whole(context, (planned.index, pair), facts, outcome, was_deleted);
            add(report, &outcome);
            report.indices.push(index(
                context,
                (planned.index, pair),
                facts,
                &outcome,
                &text,
                &mut texts,
            ));
        }
    }
}

/// An outcome with what its snapshot and its metadata do to it.
fn whole(
    context: &Context,
    (index, pair): (u32, u32),
    facts: &Facts,
    outcome: Outcome,
    was_deleted: bool,
) -> Outcome {
    let mut all = outcome;
    let level = context.run.options.level;
    if was_deleted {
        (all.lost, all.unknown) = (None, None);
        all.note(None, Effect::Unknown(Kind::Changed));
    } else {
        let metadata = context.metadata_of(pair).and_then(|facts| facts.effect);
        for effect in [facts.effect, metadata].into_iter().flatten() {
            all.note(None, effect);
        }
        if level > Level::Root && all.unknown.is_none() && all.shards < context.shards_of(index, pair) {
            all.note(None, Effect::Unknown(Kind::BlobUnreadable));
        }
    }
    let known = if all.unknown.is_some() {
        Level::Metadata
    } else {
        Level::Structure
    };
    all.checked(level.min(known), context.run.options.now);
    all
}

fn add(report: &mut SnapshotReport, outcome: &Outcome) {
    report.level = Some(
        report
            .level
            .map_or(outcome.level, |level| level.min(outcome.level)),
    );
    report.oldest_check = report.oldest_check.map(|oldest| oldest.min(outcome.oldest));
}

fn index(
    context: &Context,
    (index, pair): (u32, u32),
    facts: &Facts,
    outcome: &Outcome,
    name: &Text,
    texts: &mut Texts,
) -> IndexReport {
    let (verdict, why) = outcome.verdict();
    let created = context.metadata_of(pair).and_then(|facts| facts.created);
    let key = (created, facts.version, outcome.lucene);
    let engines = texts.engines.entry(key).or_insert_with(|| {
        let words = version::restorers(created, facts.version, outcome.lucene);
        words.into_iter().map(Text::from).collect()
    });
    let why = why.map(|why| texts.why.entry(why).or_insert_with(|| words(why).into()).clone());
    IndexReport {
        name: name.clone(),
        verdict,
        why,
        shards: context.shards_of(index, pair),
        documents: outcome
            .documents
            .filter(|_| context.run.wants_structure() && outcome.shards > 0),
        bytes: outcome.bytes,
        restored_by: engines.clone(),
    }
}

/// Whether indices were asked for of which the snapshot holds none, so that nothing of it was looked at. A snapshot whose
/// own blob is lost may hold some.
fn holds_none(report: &SnapshotReport, facts: &Facts, options: &Options) -> bool {
    let is_sure = facts.read || facts.effect.is_none();
    !options.indices.is_empty() && report.indices.is_empty() && facts.lost_indices.is_empty() && is_sure
}

fn judge(report: &mut SnapshotReport, facts: &Facts, was_deleted: bool, options: &Options) {
    let level = options.level;
    let own = match facts.effect {
        _ if was_deleted => Some(Effect::Unknown(Kind::Changed)),
        effect => effect,
    };
    let known = if facts.read || level == Level::Root {
        level
    } else {
        Level::Root
    };
    report.level = Some(report.level.map_or(known, |level| level.min(known)));
    let lost = facts.lost_indices.iter().map(|_| Verdict::NotRestorable);
    let streams = facts.data_streams.iter().map(|_| facts.global);
    let parts = report.indices.iter().map(|index| index.verdict).chain(lost);
    report.verdict = match own {
        Some(Effect::Lost(_)) => Verdict::NotRestorable,
        Some(Effect::Unknown(_)) => Verdict::Unknown,
        None => Verdict::of(parts.chain(streams)),
    };
    report.why = reasons(report, facts, own);
    if own.is_none() && holds_none(report, facts, options) {
        report.verdict = Verdict::Unknown;
        report.why = vec!["it holds none of the indices that were asked for".to_owned()];
    }
}

fn reasons(report: &SnapshotReport, facts: &Facts, own: Option<Effect>) -> Vec<String> {
    if let Some(Effect::Lost(kind) | Effect::Unknown(kind)) = own {
        return vec![match kind {
            Kind::ShardNotSnapshotted => format!("the engine says {}", report.state),
            kind => format!("the snapshot itself: {}", in_words(kind)),
        }];
    }
    let lost = facts
        .lost_indices
        .iter()
        .map(|name| format!("index {name}: the root does not give it to the snapshot"));
    let bad = report.indices.iter().filter_map(|index| {
        let why = index.why.as_ref()?;
        Some(format!("index {}: {why}", index.name))
    });
    let streams = facts.data_streams.iter().map(|name| {
        format!("data stream {name}: the global state, in which it stands, is damaged or cannot be read")
    });
    let all = lost.len() + streams.len() + report.indices.iter().filter(|index| index.why.is_some()).count();
    let mut reasons: Vec<String> = lost.chain(bad).chain(streams).take(MOST_REASONS).collect();
    if all > reasons.len() {
        reasons.push(format!("and {} more", all - reasons.len()));
    }
    reasons
}

fn words(why: Why) -> String {
    match why.shard {
        Some(shard) => format!("shard {shard}: {}", in_words(why.kind)),
        None => in_words(why.kind).to_owned(),
    }
}

fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::BlobMissing => "a blob is missing",
        Kind::BlobLength => "a blob has another length than recorded",
        Kind::BlobArchived => "a blob is archived",
        Kind::BlobUnreadable => "not all of it could be read or was looked at",
        Kind::FooterMismatch => "the footer of a blob is not the recorded one",
        Kind::HeaderMismatch => "the header of a blob is not the expected one",
        Kind::ChecksumMismatch => "a blob does not have the recorded checksum",
        Kind::MetadataDamaged => "its metadata is damaged",
        Kind::MetadataContradiction => "its metadata is that of something else",
        Kind::Unsupported => "it has a form that is not supported",
        Kind::LuceneStructure => "its Lucene files contradict each other",
        Kind::RootMismatch => "the root and the snapshot contradict each other",
        Kind::OtherStore => "its data lies in another store",
        Kind::Dependency => "the snapshot that it is mounted from is missing, damaged or unknown",
        Kind::ShardNotSnapshotted => "the engine could not write it",
        Kind::Attestation => "it differs from its attestation",
        Kind::Changed => "deleted meanwhile",
    }
}
