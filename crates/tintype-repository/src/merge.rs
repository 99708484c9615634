//! The files of a shard in all of its snapshots, each once, and no more of them than memory has room for. Pure.

use crate::format::file::FileInfo;
use std::collections::HashMap;
use std::sync::Arc;

/// Files and commits of one shard.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Every file, each once; see [`Same`].
    pub files: Vec<FileInfo>,
    /// Every set of files that snapshots have: the same for all snapshots between which nothing was written.
    pub commits: Vec<Commit>,
}

/// A set of files, and the snapshots that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Positions of files, sorted.
    pub files: Arc<[u32]>,
    /// The snapshots, by the numbers that they were added with.
    pub pairs: Vec<u32>,
}

/// When files of two snapshots are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Same {
    /// When all that is said of them is. Two then have one blob only where snapshots contradict each other about it.
    Description,
    /// When their blob is, whatever is said of it: the first word counts.
    Blob,
}

/// Takes in one snapshot's files after another.
#[derive(Debug)]
pub(crate) struct Merge {
    same: Same,
    /// So many bytes are kept.
    most: usize,
    files: Files,
    by_name: HashMap<Box<str>, Vec<u32>>,
    by_set: HashMap<Arc<[u32]>, usize>,
    /// What is kept takes about so many bytes.
    weight: usize,
}

/// A shard's files and commits are kept up to about so many bytes: some 200,000 files.
pub(crate) const MOST: usize = 160 << 20;

/// What a file takes beside its texts and content, here and while it is read.
const FILE: usize = 640;

/// So many files of one blob are told apart, of which there is one but where snapshots contradict each other.
const SAME_BLOB: usize = 64;

/// The shard has more than this reader keeps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl Merge {
    /// Keeps about `most` bytes; what one snapshot brings may go beyond.
    pub fn new(same: Same, most: usize) -> Self {
        Self {
            same,
            most,
            files: Files::default(),
            by_name: HashMap::new(),
            by_set: HashMap::new(),
            weight: 0,
        }
    }

    /// # Errors
    /// Nothing of the snapshot is then taken in.
    pub fn add(&mut self, pair: u32, files: Vec<FileInfo>) -> Result<(), TooMuch> {
        if self.weight + files.len() * size_of::<u32>() > self.most {
            return Err(TooMuch);
        }
        let set = if self.same == Same::Description && self.files.files.is_empty() {
            self.first(files)
        } else {
            self.another(files)
        };
        let commits = &mut self.files.commits;
        match self.by_set.get(&*set).and_then(|commit| commits.get_mut(*commit)) {
            Some(commit) => commit.pairs.push(pair),
            None => {
                self.weight += set.len() * size_of::<u32>();
                let set: Arc<[u32]> = set.into();
                self.by_set.insert(set.clone(), commits.len());
                commits.push(Commit {
                    files: set,
                    pairs: vec![pair],
                });
            }
        }
        Ok(())
    }

    /// No two descriptions of a snapshot are the same, so that nothing is looked for.
    fn first(&mut self, files: Vec<FileInfo>) -> Vec<u32> {
        self.weight += files.iter().map(weight).sum::<usize>();
        self.files.files = files;
        (0..).take(self.files.files.len()).collect()
    }

    fn another(&mut self, files: Vec<FileInfo>) -> Vec<u32> {
        if self.by_name.is_empty() {
            for (file, position) in self.files.files.iter().zip(0..) {
                self.by_name.entry(file.name.clone()).or_default().push(position);
            }
        }
        let mut set: Vec<u32> = files.into_iter().map(|file| self.position(file)).collect();
        set.sort_unstable();
        set.dedup();
        set
    }

    fn position(&mut self, file: FileInfo) -> u32 {
        let (same, all) = (self.same, &mut self.files.files);
        let named = self.by_name.entry(file.name.clone()).or_default();
        let known = named
            .iter()
            .rev()
            .take(SAME_BLOB)
            .find(|known| same == Same::Blob || all.get(**known as usize) == Some(&file));
        if let Some(known) = known {
            return *known;
        }
        let position = u32::try_from(all.len()).unwrap_or(u32::MAX);
        named.push(position);
        self.weight += weight(&file);
        all.push(file);
        position
    }

    pub fn finish(self) -> Files {
        self.files
    }
}

fn weight(file: &FileInfo) -> usize {
    let texts = 2 * file.name.len() + file.physical_name.len() + file.written_by.len();
    FILE + texts + file.hash.len()
}

impl Files {
    /// The pairs whose snapshots have a file; sorted.
    pub fn pairs_of(&self, file: u32) -> Vec<u32> {
        let commits = self
            .commits
            .iter()
            .filter(|commit| commit.files.binary_search(&file).is_ok());
        let mut pairs: Vec<u32> = commits.flat_map(|commit| commit.pairs.iter().copied()).collect();
        pairs.sort_unstable();
        pairs
    }

    /// A commit's files, with their positions.
    pub fn of<'a>(&'a self, commit: &'a Commit) -> impl Iterator<Item = (u32, &'a FileInfo)> + 'a {
        let file = |position: &u32| Some((*position, self.files.get(*position as usize)?));
        commit.files.iter().filter_map(file)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn file(name: &str, length: u64) -> FileInfo {
        FileInfo {
            name: name.into(),
            physical_name: format!("_0.{name}").into(),
            length,
            checksum: 7,
            part_size: None,
            written_by: "9.0.0".into(),
            hash: Box::default(),
        }
    }

    #[test]
    fn a_file_of_many_snapshots_is_there_once() {
        let mut merge = Merge::new(Same::Description, MOST);
        merge.add(0, vec![file("__a", 1), file("__b", 2)]).unwrap();
        merge.add(1, vec![file("__b", 2), file("__a", 1)]).unwrap();
        merge.add(2, vec![file("__b", 2), file("__c", 3)]).unwrap();
        merge.add(3, vec![file("__b", 9)]).unwrap();
        let files = merge.finish();
        assert_eq!(files.files.len(), 4);
        let pairs: Vec<_> = files.commits.iter().map(|commit| commit.pairs.clone()).collect();
        assert_eq!(pairs, [vec![0, 1], vec![2], vec![3]]);
        assert_eq!(files.pairs_of(1), [0, 1, 2]);
        assert_eq!(files.pairs_of(3), [3]);
    }

    #[test]
    fn a_blob_is_one_file_whatever_is_said_of_it() {
        let mut merge = Merge::new(Same::Blob, MOST);
        merge
            .add(0, vec![file("__a", 1), file("__b", 2), file("__a", 3)])
            .unwrap();
        merge.add(1, vec![file("__b", 9), file("__a", 1)]).unwrap();
        let files = merge.finish();
        let lengths: Vec<_> = files.files.iter().map(|file| file.length).collect();
        assert_eq!(lengths, [1, 2]);
        assert_eq!(files.commits.len(), 1);
        assert_eq!(
            (&*files.commits[0].files, &*files.commits[0].pairs),
            (&[0, 1][..], &[0, 1][..])
        );
    }

    #[test]
    fn more_than_is_kept_is_refused() {
        let mut merge = Merge::new(Same::Description, MOST);
        let large = |pair: u32| {
            let mut large = file(&format!("__{pair}"), 1);
            match pair % 2 {
                0 => large.hash = vec![0; 1 << 20].into(),
                _ => large.written_by = "9".repeat(1 << 20).into(),
            }
            large
        };
        let added = (0..400).map(|pair| merge.add(pair, vec![large(pair)]));
        let added: Vec<_> = added.collect();
        assert_eq!((&added[0], &added[399]), (&Ok(()), &Err(TooMuch)));
        let taken = added.iter().filter(|added| added.is_ok()).count();
        assert_eq!((taken, merge.finish().commits.len()), (160, 160));
    }
}
