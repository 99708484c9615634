//! Directories for running processes, open to the user that engines run as.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Once,
};

use anyhow::Context;

const PREFIX: &str = "tintype-test-";
/// A file system in memory, where there is one.
const MEMORY: &str = "/dev/shm";

/// A temporary directory that anybody may enter, removed when dropped.
#[derive(Debug)]
pub struct WorkDir(tempfile::TempDir);

impl WorkDir {
    /// Makes `TMPDIR/tintype-test-PID-…`.
    ///
    /// # Errors
    /// When the temporary directory cannot be written.
    pub fn new() -> anyhow::Result<Self> {
        Self::within(&std::env::temp_dir())
    }

    /// Makes it in memory where that can be written, otherwise as [`Self::new`].
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn in_memory() -> anyhow::Result<Self> {
        Self::within(Path::new(MEMORY)).or_else(|_| Self::new())
    }

    fn within(parent: &Path) -> anyhow::Result<Self> {
        static SWEEP: Once = Once::new();
        SWEEP.call_once(|| {
            sweep(&std::env::temp_dir());
            sweep(Path::new(MEMORY));
        });
        let dir = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir_in(parent)?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
        Ok(Self(dir))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A subdirectory that every user may write, made if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open_dir(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.0.path().join(name);
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777))?;
        Ok(path)
    }
}

/// Shared engines live in statics, which are never dropped, and a run that is killed drops nothing: what a finished process
/// left is removed by the next.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
            continue;
        };
        let Some(pid) = rest.split('-').next().and_then(|pid| pid.parse::<u32>().ok()) else {
            continue;
        };
        if !Path::new(&format!("/proc/{pid}")).exists() {
            // Somebody else's left-over may be closed to us; it harms nobody.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_finished_process_left_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        // No process has so high a number.
        let left = format!("{PREFIX}{}-a", u32::MAX);
        let own = format!("{PREFIX}{}-b", std::process::id());
        let others = [own.as_str(), "tintype-test-c", "tintype-1-d"];
        for name in others.into_iter().chain([left.as_str()]) {
            fs::create_dir_all(parent.path().join(name).join("inside")).unwrap();
        }
        sweep(parent.path());
        assert!(!parent.path().join(left).exists());
        assert!(others.iter().all(|name| parent.path().join(name).exists()));
    }
}
