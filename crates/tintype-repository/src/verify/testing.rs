//! Small values for the tests of this folder.

use super::options::Options;
use crate::Level;
use crate::format::root::{Root, RootIndex, RootSnapshot};

/// Everything, at the level of checksums, now being 1,000,000.
pub(crate) fn options() -> Options {
    Options::new(Level::Checksum, 1_000_000)
}

/// A root with snapshots by name, whose uuids are `uuid-{name}`, and indices with the snapshots that hold them, whose
/// directories are `id-{name}`.
pub(crate) fn root(snapshots: &[&str], indices: &[(&str, &[u32])]) -> Root {
    let snapshot = |name: &&str| RootSnapshot {
        name: (*name).into(),
        uuid: format!("uuid-{name}").into(),
        state: Some(1),
        version: None,
        index_version: None,
        metadata: None,
        started: None,
        ended: None,
        policy: None,
    };
    let index = |(name, snapshots): &(&str, &[u32])| RootIndex {
        name: (*name).into(),
        id: format!("id-{name}").into(),
        snapshots: snapshots.to_vec(),
        generations: None,
        path_type: 0,
        has_path_type: false,
    };
    Root {
        snapshots: snapshots.iter().map(snapshot).collect(),
        indices: indices.iter().map(index).collect(),
        ..Root::default()
    }
}
