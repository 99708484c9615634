//! What a corpus says of itself: its `manifest.json`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::Form;

/// All repositories that one engine wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The engine's line of the table, such as `opensearch-2.19.0`.
    pub engine: String,
    /// Each repository.
    pub repositories: Vec<Written>,
}

const NAME: &str = "manifest.json";

impl Manifest {
    pub(super) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        fs::write(dir.join(NAME), text).with_context(|| format!("cannot write {NAME}"))
    }

    pub(super) fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(NAME);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// The same with its directories elsewhere.
    pub(super) fn moved(&self, from: &Path, to: &Path) -> Self {
        let mut moved = self.clone();
        let place = |path: &Path| to.join(path.strip_prefix(from).unwrap_or(path));
        for repository in &mut moved.repositories {
            repository.root = place(&repository.root);
            repository.earlier = place(&repository.earlier);
        }
        moved
    }
}

/// A repository that an engine wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Written {
    /// The engine's line of the table.
    pub engine: String,
    /// How it was written.
    pub form: Form,
    /// The store's root: the `location` that the engine was given.
    pub root: PathBuf,
    /// Where the repository begins under [`Self::root`], without `/` at either end.
    pub base: String,
    /// A copy of [`Self::root`] after the first snapshot, for older copies of blobs.
    pub earlier: PathBuf,
    /// Its snapshots, oldest first.
    pub snapshots: Vec<Taken>,
}

impl Written {
    /// What a user would name: where `index-N` lies.
    pub fn path(&self) -> PathBuf {
        self.root.join(&self.base)
    }

    /// Engine and form in one word, for messages.
    pub fn label(&self) -> String {
        format!("{}/{}", self.engine, self.form.name())
    }

    /// The same repository in another directory.
    #[must_use]
    pub fn at(&self, root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            ..self.clone()
        }
    }
}

/// A snapshot in a repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Taken {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The engine's word: `SUCCESS` or `PARTIAL`.
    pub state: String,
    /// The snapshot that it is a clone of.
    pub cloned_from: Option<String>,
    /// Its indices.
    pub indices: BTreeMap<String, TakenIndex>,
}

/// An index in a snapshot.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct TakenIndex {
    /// How many shards it has.
    pub shards: u32,
    /// `_stats` primaries `docs.count` after a refresh, with no writes before the snapshot; `None`: no shard has started.
    pub documents: Option<u64>,
}
