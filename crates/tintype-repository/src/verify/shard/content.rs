//! What a shard's metadata can be judged by alone: a commit is there, and virtual files are whole.

use super::files::TAIL;
use super::{Context, Shard, piece};
use crate::finding::{Kind, Severity};
use crate::format::file::FileInfo;
use crate::verify::findings::Found;
use crate::verify::outcome::Effect;

pub(super) fn check(context: &Context, shard: &mut Shard) {
    commits(context, shard);
    virtual_files(context, shard);
}

/// A restore wants exactly one `segments_N`. An index that is mounted from a snapshot has no files of its own.
fn commits(context: &Context, shard: &mut Shard) {
    for number in 0..shard.files.commits.len() {
        let Some(commit) = shard.files.commits.get(number).cloned() else {
            return;
        };
        let names = shard
            .files
            .of(&commit)
            .filter(|(_, file)| file.physical_name.starts_with("segments_"));
        let segments = names.count();
        if segments == 1 {
            continue;
        }
        let mounted = |position: &u32| {
            let pair = shard.pairs.get(*position as usize).copied().unwrap_or_default();
            context
                .metadata_of(pair)
                .is_some_and(|facts| facts.mounted.is_some())
        };
        let is_empty = commit.files.is_empty();
        let wrong: Vec<u32> = commit
            .pairs
            .iter()
            .copied()
            .filter(|pair| !is_empty || !mounted(pair))
            .collect();
        for position in &wrong {
            let place = shard.place(&snapshot_blob(context, shard, *position));
            let what = "names not exactly one segments_N, as a shard has";
            let found = Found::new(Severity::Error, Kind::MetadataContradiction, place, what);
            let found = found
                .differs(1, segments)
                .hurting(shard.snapshots(&context.run, &[*position]));
            shard.found(&context.run, found);
        }
        shard.note(&wrong, Effect::Lost(Kind::MetadataContradiction));
    }
}

/// The content of a virtual file stands in the metadata, and is restored from there.
fn virtual_files(context: &Context, shard: &mut Shard) {
    for position in 0..shard.files.files.len() {
        let Some(file) = shard.files.files.get(position) else {
            return;
        };
        if !file.holds_content() && !file.is_virtual() {
            continue;
        }
        let Err((expected, actual, what)) = whole(file) else {
            continue;
        };
        let number = u32::try_from(position).unwrap_or(u32::MAX);
        let pairs = shard.files.pairs_of(number);
        let severity = if file.is_virtual() {
            Severity::Error
        } else {
            Severity::Warning
        };
        let what = format!("the content of {} that stands in it {what}", file.physical_name);
        let lost = file.is_virtual();
        let blob = pairs
            .first()
            .map(|pair| snapshot_blob(context, shard, *pair))
            .unwrap_or_default();
        let found = Found::new(severity, Kind::ChecksumMismatch, shard.place(&blob), &what);
        let found = found
            .differs(expected, actual)
            .hurting(shard.snapshots(&context.run, &pairs));
        shard.found(&context.run, found);
        if lost && let Some(state) = shard.states.get_mut(position) {
            state.effect = Some(Effect::Lost(Kind::ChecksumMismatch));
        }
    }
}

fn whole(file: &FileInfo) -> Result<(), (String, String, &'static str)> {
    let length = file.hash.len() as u64;
    if length != file.length {
        let bytes = |length: u64| format!("{length} bytes");
        return Err((bytes(file.length), bytes(length), "has another length"));
    }
    let covered = file
        .hash
        .get(..file.hash.len().saturating_sub(8))
        .unwrap_or_default();
    let tail = file
        .hash
        .get(file.hash.len().saturating_sub(TAIL as usize)..)
        .unwrap_or_default();
    let computed = crc32fast::hash(covered);
    let hex = |checksum: u32| format!("{checksum:08x}");
    if computed != file.checksum {
        return Err((
            hex(file.checksum),
            hex(computed),
            "does not have the recorded checksum",
        ));
    }
    match piece::footer(tail) {
        Some(stored) if stored == file.checksum => Ok(()),
        Some(stored) => Err((
            hex(file.checksum),
            hex(stored),
            "has another checksum in its footer",
        )),
        None => Err((hex(file.checksum), "none".to_owned(), "has no footer")),
    }
}

/// The name of the blob that describes the shard in a pair's snapshot.
pub(super) fn snapshot_blob(context: &Context, shard: &Shard, position: u32) -> String {
    let pair = shard.pairs.get(position as usize).copied().unwrap_or_default();
    let uuid = context
        .run
        .repository
        .snapshot_uuid(context.run.plan.snapshot(pair));
    format!("snap-{uuid}.dat")
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::file;

    #[test]
    fn a_content_that_engines_cut_is_not_the_whole() {
        let mut long = file("__a", (1 << 20) + 1);
        long.hash = vec![0; 1 << 20].into();
        assert!(!long.holds_content());
        long.length -= 1;
        assert!(long.holds_content());
        long.hash = Box::default();
        assert!(!long.holds_content());
    }
}
