//! Repositories written by real engines: every form that an engine knows, with all kinds of segments and deletes in them.
//! Nothing is kept between runs; within a test process each engine writes once.

pub mod content;
mod copy;
mod form;
mod manifest;
mod timeline;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use anyhow::Context;
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    engines::{EngineRow, Options, RealEngine},
    workdir::WorkDir,
};
use content::Owner;
pub use copy::{copy_tree, tree};
pub use form::Form;
pub use manifest::{Manifest, Taken, TakenIndex, Written};

/// A start keeps a core busy: so many engines write at a time.
static WRITERS: Semaphore = Semaphore::const_new(2);

/// What one engine wrote, with the engine stopped. Dropping it removes the repositories.
#[derive(Debug)]
pub struct Corpus {
    /// What was written, also beside the repositories as `manifest.json`.
    pub manifest: Manifest,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Temporary(WorkDir),
    Kept(PathBuf),
}

impl Corpus {
    /// Starts an engine, lets it write and stops it.
    ///
    /// # Errors
    /// When the engine does not start or refuses something.
    pub async fn write(row: &'static EngineRow) -> anyhow::Result<Self> {
        let _turn = WRITERS.acquire().await.context("never closed")?;
        let dir = WorkDir::new()?;
        let engine = RealEngine::start(row, Options::default()).await?;
        let mut repositories = timeline::run(&Owner(&engine), dir.path()).await?;
        engine.kill9();
        for repository in &mut repositories {
            let kept = dir.path().join(repository.form.name());
            fs::rename(&repository.root, &kept).context("cannot keep the repository")?;
            repository.root = kept;
        }
        let manifest = Manifest {
            engine: row.name.to_owned(),
            repositories,
        };
        manifest.write(dir.path())?;
        Ok(Self {
            manifest,
            place: Place::Temporary(dir),
        })
    }

    /// Where `manifest.json` and the repositories lie.
    pub fn path(&self) -> &Path {
        match &self.place {
            Place::Temporary(dir) => dir.path(),
            Place::Kept(dir) => dir,
        }
    }

    /// The repository of this form.
    ///
    /// # Panics
    /// When the engine does not know the form.
    pub fn repository(&self, form: Form) -> &Written {
        self.manifest
            .repositories
            .iter()
            .find(|written| written.form == form)
            .unwrap_or_else(|| panic!("{} does not write {}", self.manifest.engine, form.name()))
    }

    /// Copies everything to a directory that stays, for [`Self::kept`].
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn keep(&self, to: &Path) -> anyhow::Result<()> {
        copy_tree(self.path(), to)?;
        self.manifest.moved(self.path(), to).write(to)
    }

    /// One that was written before and kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn kept(dir: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            manifest: Manifest::read(dir)?,
            place: Place::Kept(dir.to_owned()),
        })
    }
}

type Cell = Arc<OnceCell<Arc<Corpus>>>;

static CORPORA: LazyLock<Mutex<HashMap<&'static str, Cell>>> = LazyLock::new(Mutex::default);

/// The test process's corpus of this engine, written at the first call. Only where `TINTYPE_CORPUS` names a directory of
/// kept ones, for work on the reader without the minutes that engines need, it is read there.
///
/// # Errors
/// As [`Corpus::write`].
pub async fn of(row: &'static EngineRow) -> anyhow::Result<Arc<Corpus>> {
    let cell = CORPORA
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(row.name)
        .or_default()
        .clone();
    let write = || async {
        let corpus = match std::env::var_os("TINTYPE_CORPUS") {
            Some(kept) => Corpus::kept(&Path::new(&kept).join(row.name)),
            None => Corpus::write(row).await,
        };
        corpus.map(Arc::new)
    };
    cell.get_or_try_init(write).await.cloned()
}
