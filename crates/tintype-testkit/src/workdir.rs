//! Directories for running processes, open to the user that engines run as.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Once,
};

use anyhow::Context;

const PREFIX: &str = "tintype-test-";

/// A temporary directory that anybody may enter, removed when dropped.
#[derive(Debug)]
pub struct WorkDir(tempfile::TempDir);

impl WorkDir {
    /// Makes `TMPDIR/tintype-test-PID-…`.
    ///
    /// # Errors
    /// When the temporary directory cannot be written.
    pub fn new() -> anyhow::Result<Self> {
        static SWEEP: Once = Once::new();
        SWEEP.call_once(sweep);
        let dir = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir()?;
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

/// Shared engines live in statics, which are never dropped: what a finished process left is removed by the next.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
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
