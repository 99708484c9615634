//! L0: the root against `index.latest` and the listing of the base.

use super::findings::{Found, Place};
use super::outcome::Effect;
use super::run::Run;
use super::snapshots::Facts;
use super::trouble::Trouble;
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::repository::newest_by_latest;
use std::collections::HashSet;
use std::time::Duration;

/// An engine writes `index.latest` after the root. After a root younger than this it is looked at again, so often and this
/// far apart.
const YOUNG: i64 = 60_000;
const LOOKS: u32 = 4;
const BETWEEN: Duration = Duration::from_millis(500);

pub(super) async fn check(run: &Run) {
    latest(run).await;
    stale(run);
    form(run);
}

/// `index.latest` is best effort, and read only where nothing can be listed.
async fn latest(run: &Run) {
    let repository = &run.repository;
    if !repository.source.lists() || repository.latest == Some(repository.generation) {
        return;
    }
    let mut latest = repository.latest;
    let root = run.root_place().key;
    let root = repository.base_listing.iter().find(|entry| entry.key == root);
    let is_young = root.is_some_and(|root| root.modified > run.options.now.saturating_sub(YOUNG));
    let looks = if is_young && latest.is_some() { LOOKS } else { 0 };
    for look in 0..looks {
        if look > 0 {
            tokio::time::sleep(BETWEEN).await;
        }
        if repository.has_moved().await.unwrap_or(true) {
            return;
        }
        latest = newest_by_latest(&repository.source).await.unwrap_or(latest);
        if latest == Some(repository.generation) {
            return;
        }
    }
    let place = run.place("index.latest".to_owned());
    let listed = repository
        .base_listing
        .iter()
        .find(|entry| entry.key == place.key);
    let refused = match (latest, listed) {
        (None, Some(_)) => newest_by_latest(&repository.source).await.err(),
        _ => None,
    };
    if let Some(error) = refused {
        run.found(Trouble::Source(error).warning(place));
        return;
    }
    let found = match (latest, listed) {
        (Some(latest), _) => {
            let what = format!(
                "names generation {latest}, the newest is {}",
                repository.generation
            );
            Found::new(Severity::Warning, Kind::RootMismatch, place, &what)
                .differs(repository.generation, latest)
        }
        (None, Some(entry)) => {
            let what = "is not 8 bytes that name a generation";
            Found::new(Severity::Warning, Kind::RootMismatch, place, what)
                .differs("8 bytes", format!("{} bytes", entry.length))
        }
        (None, None) => {
            let what = "is not there, so the repository cannot be read by a URL repository";
            Found::new(Severity::Note, Kind::RootMismatch, place, what)
        }
    };
    run.found(found);
}

/// Roots that are left over. Before 7.0 the one before the newest is kept on purpose.
fn stale(run: &Run) {
    let kept = run.repository.generation.saturating_sub(1);
    for entry in &run.repository.base_listing {
        let Some(generation) = crate::repository::generation(&entry.key).filter(|old| *old < kept) else {
            continue;
        };
        let place = Place {
            blob: format!("index-{generation}"),
            key: entry.key.clone(),
        };
        let what = format!(
            "is left over: the newest root is index-{}",
            run.repository.generation
        );
        run.found(Found::new(Severity::Note, Kind::RootMismatch, place, &what));
    }
}

/// What the root says of itself, in which an engine would have written nothing else. It has no checksum.
fn form(run: &Run) {
    let root = &run.repository.root;
    for member in &root.unknown {
        let what = format!("has a member that no known engine writes: {}", shown(member));
        run.found(Found::new(
            Severity::Warning,
            Kind::Unsupported,
            run.root_place(),
            &what,
        ));
    }
    for wrong in &root.contradictions {
        let kind = Kind::MetadataContradiction;
        let found = Found::new(Severity::Warning, kind, run.root_place(), &wrong.message);
        let found = found.at(wrong.offset);
        run.found(found.instead(wrong.expected.clone(), wrong.actual.clone()));
    }
}

fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_default).collect()
}

/// Whether the snapshots' own blobs are in the listing: all that level root looks at of them.
pub(super) fn listed(run: &Run, facts: &mut [Facts]) {
    if run.options.level > Level::Root || !run.repository.source.lists() {
        return;
    }
    let listing: HashSet<&str> = run
        .repository
        .base_listing
        .iter()
        .map(|entry| &*entry.key)
        .collect();
    for (snapshot, facts) in run.plan.snapshots.iter().zip(facts) {
        let missing = |key: &str| !listing.contains(key);
        if missing(&run.repository.snapshot_key(*snapshot)) {
            let place = run.place(format!("snap-{}.dat", run.repository.snapshot_uuid(*snapshot)));
            let found = Found::new(Severity::Error, Kind::BlobMissing, place, "is not there");
            run.found(found.hurting([*snapshot]));
            facts.effect = Some(Effect::Lost(Kind::BlobMissing));
        }
        if missing(&run.repository.global_key(*snapshot)) {
            let place = run.place(format!("meta-{}.dat", run.repository.snapshot_uuid(*snapshot)));
            let found = Found::new(Severity::Warning, Kind::BlobMissing, place, "is not there");
            run.found(found.hurting([*snapshot]));
            facts.global = super::verdict::Verdict::NotRestorable;
        }
    }
}
