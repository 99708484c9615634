//! Which shards a snapshot need not have, by its own word.

use crate::format::snapshot::Snapshot;
use std::collections::{HashMap, HashSet};

/// What a snapshot says of shards that it has not.
#[derive(Debug, Default)]
pub(crate) struct Lacks {
    /// It was not finished, or its data lies in another store: none need be there.
    any: bool,
    /// Those that the engine could not write, by the index's name.
    failed: HashMap<String, HashSet<u32>>,
}

impl Lacks {
    pub(crate) fn of(own: &Snapshot) -> Self {
        let mut failed: HashMap<String, HashSet<u32>> = HashMap::new();
        for failure in &own.failures {
            failed
                .entry(failure.index.clone())
                .or_default()
                .insert(failure.shard);
        }
        Self {
            any: !is_finished(own) || lies_elsewhere(own),
            failed,
        }
    }

    /// Whether this shard need not be there.
    pub(crate) fn may_lack(&self, index: &str, shard: u32) -> bool {
        self.any
            || self
                .failed
                .get(index)
                .is_some_and(|shards| shards.contains(&shard))
    }
}

/// Whether the engine wrote all that it could: of one that failed or runs, no shard need be there.
pub(crate) fn is_finished(own: &Snapshot) -> bool {
    matches!(own.state.as_str(), "SUCCESS" | "PARTIAL")
}

/// Whether its data, or a part of it, lies in another store: OpenSearch's shallow copies of both kinds.
pub(crate) fn lies_elsewhere(own: &Snapshot) -> bool {
    own.shallow || own.pinned_timestamp.is_some_and(|at| at > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::snapshot::ShardFailure;

    #[test]
    fn a_finished_snapshot_lacks_what_the_engine_could_not_write() {
        let failure = ShardFailure {
            index: "a".into(),
            shard: 1,
            reason: String::new(),
        };
        let mut own = Snapshot {
            state: "PARTIAL".into(),
            failures: vec![failure],
            ..Snapshot::default()
        };
        let may = |own: &Snapshot, index, shard| Lacks::of(own).may_lack(index, shard);
        assert!(may(&own, "a", 1) && !may(&own, "a", 0) && !may(&own, "b", 1));
        own.pinned_timestamp = Some(0);
        assert!(!may(&own, "b", 1));
        for change in [
            |own: &mut Snapshot| own.shallow = true,
            |own: &mut Snapshot| own.pinned_timestamp = Some(5),
            |own: &mut Snapshot| own.state = "FAILED".into(),
            |own: &mut Snapshot| own.state = "IN_PROGRESS".into(),
        ] {
            let mut other = own.clone();
            change(&mut other);
            assert!(may(&other, "b", 1), "{other:?}");
        }
    }
}
