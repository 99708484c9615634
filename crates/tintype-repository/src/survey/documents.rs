//! Live documents from a shard's metadata alone: `segments_N` and every `.si` stand in it whole.

use crate::format::file::FileInfo;
use crate::lucene::{Listed, Shard, Structure};
use std::collections::BTreeMap;

/// The structure of a shard as far as its metadata tells it: live documents, segments, versions. `None` when the commit is
/// not there whole, or contradicts the files listed. No files at all, as of a mounted snapshot, is an empty structure.
pub(super) fn structure<'a>(files: impl Iterator<Item = &'a FileInfo>) -> Option<Structure> {
    let listed: Vec<Listed<'_>> = files
        .map(|file| Listed {
            name: &file.physical_name,
            length: file.length,
            checksum: file.checksum,
            content: &file.hash,
        })
        .collect();
    if listed.is_empty() {
        return Some(Structure::default());
    }
    let (mut shard, faults) = Shard::open(&listed);
    if !faults.is_empty() {
        return None;
    }
    // Without any range read only the counts of the commit are known; the faults are about what was not read.
    Some(shard.check(&BTreeMap::new()).0)
}
