//! What the engines of the suite wrote, and private copies to damage.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::join_all;
use tintype_testkit::corpus::{Corpus, Form, Written, copy_tree, of};
use tintype_testkit::engines::{row, suite};
use tintype_testkit::workdir::WorkDir;

/// What every engine of the suite wrote.
pub async fn all() -> Vec<Arc<Corpus>> {
    join_all(suite().map(async |row| of(row).await.unwrap())).await
}

/// What this engine wrote in this form.
pub async fn one(engine: &str, form: Form) -> Written {
    of(row(engine)).await.unwrap().repository(form).clone()
}

/// A directory in memory where there is one: damaging and mending it ten thousand times costs no disk.
pub struct Scratch(WorkDir);

impl Scratch {
    pub fn new() -> Self {
        Self(WorkDir::in_memory().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A copy of a repository, store's root and all.
    pub fn copy(&self, written: &Written, name: &str) -> Written {
        let root = self.path().join(name);
        copy_tree(&written.root, &root).unwrap();
        written.at(&root)
    }
}

/// Every file below a directory, by its path from there, sorted.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(root.join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let path = directory.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
