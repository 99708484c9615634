//! A shard directory's `snap-{uuid}.dat` (one snapshot's files) and `index-{gen}` (all snapshots' files).

use super::codec::{Body, SNAPSHOT, SNAPSHOTS};
use super::file::{FileInfo, RawFile};
use super::lenient::{Text, list};
use super::{FormatError, Limits, Problem, shown};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// The files of a shard in one snapshot. `BlobStoreIndexShardSnapshot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardSnapshot {
    /// The snapshot's name.
    pub name: String,
    /// When it began, in ms since 1970; 0 where it is not written.
    pub started: i64,
    /// How many files it added.
    pub new_files: u64,
    /// How many bytes it added.
    pub new_bytes: u64,
    /// All files that a restore reads. No two have the same physical name.
    pub files: Vec<FileInfo>,
}

/// What is known of all snapshots of a shard. A restore does not read it. `BlobStoreIndexShardSnapshots`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardGeneration {
    /// Every file of any snapshot. No two have the same blob name.
    pub files: Vec<FileInfo>,
    /// Each snapshot's *name* (not uuid) and the positions of its files in [`Self::files`].
    pub snapshots: Vec<(Box<str>, Vec<u32>)>,
}

#[derive(Deserialize)]
struct RawSnapshot<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(default)]
    start_time: i64,
    #[serde(default)]
    number_of_files: u64,
    #[serde(default)]
    total_size: u64,
    #[serde(borrow, default, deserialize_with = "list")]
    files: Vec<RawFile<'a>>,
}

#[derive(Deserialize)]
struct RawGeneration<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    files: Vec<RawFile<'a>>,
    #[serde(borrow, default)]
    snapshots: RawSnapshots<'a>,
}

/// In the order of the blob, which a map would lose.
#[derive(Default)]
struct RawSnapshots<'a>(Vec<(Text<'a>, RawMember<'a>)>);

#[derive(Deserialize)]
struct RawMember<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    files: Vec<Text<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawSnapshots<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawSnapshots<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with a member for each snapshot")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(RawSnapshots(all))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl ShardSnapshot {
    /// Decodes `snap-{uuid}.dat`, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::parse_within(bytes, Limits::SHARD)
    }

    /// [`Self::parse`] with other limits.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse_within(bytes: &[u8], limits: Limits) -> Result<Self, FormatError> {
        let body = Body::open(bytes, SNAPSHOT, limits)?;
        let raw: RawSnapshot<'_> = body.decode()?;
        let files = files(raw.files)?;
        let mut names = HashSet::with_capacity(files.len());
        match files.iter().find(|file| !names.insert(&*file.physical_name)) {
            Some(file) => Err(twice("file", &file.physical_name)),
            None => Ok(Self {
                name: raw.name.0.into_owned(),
                started: raw.start_time,
                new_files: raw.number_of_files,
                new_bytes: raw.total_size,
                files,
            }),
        }
    }
}

impl ShardGeneration {
    /// Decodes `index-{gen}`, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::parse_within(bytes, Limits::SHARD)
    }

    /// [`Self::parse`] with other limits.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse_within(bytes: &[u8], limits: Limits) -> Result<Self, FormatError> {
        let body = Body::open(bytes, SNAPSHOTS, limits)?;
        let raw: RawGeneration<'_> = body.decode()?;
        let all = files(raw.files)?;
        let mut positions = HashMap::with_capacity(all.len());
        for (file, position) in all.iter().zip(0u32..) {
            if positions.insert(&*file.name, position).is_some() {
                return Err(twice("blob", &file.name));
            }
        }
        let mut seen = HashSet::new();
        let mut snapshots = Vec::with_capacity(raw.snapshots.0.len());
        for (Text(name), RawMember { files }) in raw.snapshots.0 {
            // Mostly they come in the order of all files.
            let mut next = 0;
            let resolve = |Text(file): &Text<'_>| {
                let position = match all.get(next as usize) {
                    Some(guessed) if *guessed.name == **file => next,
                    _ => *positions.get(&**file).ok_or_else(|| unlisted(&name, file))?,
                };
                next = position + 1;
                Ok(position)
            };
            let found = files.iter().map(resolve).collect::<Result<Vec<u32>, _>>()?;
            if !seen.insert(name.clone()) {
                return Err(twice("snapshot", &name));
            }
            snapshots.push((Box::from(name), found));
        }
        Ok(Self {
            files: all,
            snapshots,
        })
    }

    /// The files of a snapshot by its name; `None`: it has none of this shard.
    pub fn of_snapshot(&self, name: &str) -> Option<impl Iterator<Item = &FileInfo>> {
        let (_, positions) = self.snapshots.iter().find(|(other, _)| **other == *name)?;
        Some(
            positions
                .iter()
                .filter_map(|position| self.files.get(*position as usize)),
        )
    }
}

fn files(raw: Vec<RawFile<'_>>) -> Result<Vec<FileInfo>, FormatError> {
    raw.into_iter().map(FileInfo::try_from).collect()
}

fn twice(what: &str, name: &str) -> FormatError {
    FormatError::new(Problem::Field, format!("lists the {what} {} twice", shown(name)))
}

fn unlisted(snapshot: &str, file: &str) -> FormatError {
    let (snapshot, file) = (shown(snapshot), shown(file));
    FormatError::new(
        Problem::Field,
        format!("gives snapshot {snapshot} the blob {file}, which is not among its files"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Packing};
    use super::*;
    use serde_json::json;

    fn info(number: u32) -> FileInfo {
        FileInfo {
            name: format!("__{number}").into(),
            physical_name: format!("_{number}.cfs").into(),
            length: u64::from(number),
            checksum: number,
            part_size: None,
            written_by: "9.12.2".into(),
            hash: vec![0, 0xff, number as u8].into(),
        }
    }

    #[test]
    fn a_snapshot_is_read_as_it_was_written() {
        let files = vec![info(1), info(2)];
        for packing in [Packing::Plain, Packing::Deflate, Packing::Zstd] {
            let blob = testing::shard_snapshot(packing, "nightly", 7, &files);
            let read = ShardSnapshot::parse(&blob).unwrap();
            assert_eq!(
                (&*read.name, read.started, read.new_files, read.new_bytes),
                ("nightly", 7, 2, 3)
            );
            assert_eq!(read.files, files);
        }
    }

    #[test]
    fn a_generation_is_read_as_it_was_written() {
        let files = vec![info(1), info(2), info(3)];
        let blob = testing::shard_generation(Packing::Deflate, &files, &[("a", vec![0, 2]), ("b", vec![])]);
        let read = ShardGeneration::parse(&blob).unwrap();
        assert_eq!(read.files, files);
        assert_eq!(read.snapshots, [("a".into(), vec![0, 2]), ("b".into(), vec![])]);
        let names: Vec<_> = read.of_snapshot("a").unwrap().map(|file| &*file.name).collect();
        assert_eq!(names, ["__1", "__3"]);
        assert!(read.of_snapshot("c").is_none());
    }

    #[test]
    fn a_searchable_snapshot_has_no_files() {
        let blob = testing::shard_snapshot(Packing::Plain, "frozen", 7, &[]);
        assert_eq!(ShardSnapshot::parse(&blob).map(|read| read.files), Ok(Vec::new()));
    }

    #[test]
    fn a_blob_that_no_file_has_is_refused() {
        let value = json!({"files": [], "snapshots": {"a": {"files": ["__1"]}}});
        let blob = testing::blob(SNAPSHOTS, Packing::Plain, &value);
        let error = ShardGeneration::parse(&blob).unwrap_err();
        assert!(error.message.contains("__1"), "{error}");
        assert_eq!(error.problem, Problem::Field);
    }

    #[test]
    fn a_file_listed_twice_is_refused() {
        let twice = [info(1), info(1)];
        assert!(ShardSnapshot::parse(&testing::shard_snapshot(Packing::Plain, "a", 7, &twice)).is_err());
        assert!(ShardGeneration::parse(&testing::shard_generation(Packing::Plain, &twice, &[])).is_err());
    }

    #[test]
    fn a_snapshot_is_no_generation() {
        let blob = testing::shard_snapshot(Packing::Plain, "a", 7, &[]);
        assert_eq!(
            ShardGeneration::parse(&blob).unwrap_err().problem,
            Problem::WrongCodec
        );
    }
}
