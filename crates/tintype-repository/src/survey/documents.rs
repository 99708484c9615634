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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::lucene::index;

    #[test]
    fn a_commit_that_the_metadata_holds_in_part_tells_nothing() {
        let mut files: Vec<FileInfo> = index(8, "mixed")
            .iter()
            .map(|(name, bytes)| {
                let whole = name.starts_with("segments_") || name.ends_with(".si");
                let tail = bytes.last_chunk::<4>().copied().unwrap_or_default();
                FileInfo {
                    name: format!("__{name}").into(),
                    physical_name: name.as_str().into(),
                    length: bytes.len() as u64,
                    checksum: u32::from_be_bytes(tail),
                    part_size: None,
                    written_by: "8.11.3".into(),
                    hash: if whole {
                        bytes.as_slice().into()
                    } else {
                        Box::default()
                    },
                }
            })
            .collect();
        let documents = |files: &[FileInfo]| Some(structure(files.iter())?.live_documents);
        assert_eq!(documents(&files), Some(82));
        for at in 0..files.len() {
            let mut cut = files[at].hash.to_vec();
            // As the engines do beyond 1 MiB: the length stays that of the file.
            if cut.pop().is_none() {
                continue;
            }
            let whole = std::mem::replace(&mut files[at].hash, cut.into());
            assert_eq!(documents(&files), None, "{}", files[at].physical_name);
            files[at].hash = whole;
        }
    }
}
