//! Looks again at the end: what was deleted meanwhile was not lost.

use super::findings::Found;
use super::run::Run;
use crate::finding::{Kind, Severity};
use std::collections::HashSet;

/// What became of the repository meanwhile.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Its newest generation, where that can be told.
    pub newest: Option<u64>,
    /// The planned snapshots that are in the newest root no more; sorted. Findings about them are taken back.
    pub deleted: Vec<u32>,
}

pub(super) async fn look_again(run: &Run) -> Changed {
    let newest = match run.newest_now().await {
        Ok(None) => {
            return Changed {
                newest: Some(run.repository.generation),
                deleted: Vec::new(),
            };
        }
        Ok(Some(newest)) => newest,
        Err(error) => {
            // What is good was read, whatever came after it.
            if run.findings.is_bad() {
                let what = format!("whether the repository changed meanwhile cannot be told: {error}");
                let place = run.root_place();
                run.found(Found::new(Severity::Warning, Kind::BlobUnreadable, place, &what));
            }
            return Changed::default();
        }
    };
    let kept: HashSet<&str> = newest
        .root
        .snapshots
        .iter()
        .map(|snapshot| &*snapshot.uuid)
        .collect();
    let is_gone = |snapshot: &u32| !kept.contains(run.repository.snapshot_uuid(*snapshot));
    let gone: Vec<u32> = run.plan.snapshots.iter().copied().filter(is_gone).collect();
    let was_deleted = |snapshot: u32| gone.binary_search(&snapshot).is_ok();
    run.findings
        .retain(|found| found.severity == Severity::Note || found.without(&was_deleted));
    for snapshot in &gone {
        let place = run.place(format!("snap-{}.dat", run.repository.snapshot_uuid(*snapshot)));
        let what = format!(
            "was deleted while it was verified: index-{} has it no more",
            newest.generation
        );
        run.found(Found::new(Severity::Note, Kind::Changed, place, &what).hurting([*snapshot]));
    }
    Changed {
        newest: Some(newest.generation),
        deleted: gone,
    }
}
