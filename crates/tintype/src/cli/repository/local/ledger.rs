//! The ledger of a verification: what was checked when, kept on this machine.

use crate::cli::error::{CliError, Result};
use crate::cli::global::Env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tintype_repository::ledger::{FileLedger, Ledger, MemoryLedger};

/// Which ledger.
#[derive(Debug, Default, clap::Args)]
pub struct LedgerArgs {
    /// The file that remembers what was checked when [default: tintype/ledger in the user's directory for state]
    #[arg(long, value_name = "FILE", conflicts_with = "no_ledger")]
    pub ledger: Option<PathBuf>,
    /// Remember nothing, and know nothing of before
    #[arg(long)]
    pub no_ledger: bool,
}

impl LedgerArgs {
    /// Opens it.
    ///
    /// # Errors
    /// Usage: it cannot be read or written, is none, or another process holds it.
    pub fn open(&self, env: Env<'_>) -> Result<Arc<dyn Ledger>> {
        if self.no_ledger {
            return Ok(Arc::new(MemoryLedger::default()));
        }
        let path = self.ledger.clone().or_else(|| usual(env));
        let missing = || CliError::Usage("nowhere to keep a ledger: set HOME or XDG_STATE_HOME, or give --ledger FILE or --no-ledger".into());
        let ledger = FileLedger::open(&path.ok_or_else(missing)?);
        let ledger = ledger.map_err(|error| CliError::Usage(format!("--ledger: {error}")))?;
        Ok(Arc::new(ledger))
    }
}

/// `$XDG_STATE_HOME/tintype/ledger`, else `~/.local/state/tintype/ledger`.
fn usual(env: Env<'_>) -> Option<PathBuf> {
    let state = env("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = state.or_else(|| env("HOME").map(|home| Path::new(&home).join(".local/state")))?;
    Some(base.join("tintype/ledger"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_place_is_the_user_s_own() {
        let env = |name: &str| (name == "HOME").then(|| "/home/u".to_owned());
        assert_eq!(usual(&env), Some("/home/u/.local/state/tintype/ledger".into()));
        let env = |name: &str| Some(if name == "HOME" { "/home/u" } else { "/state" }.to_owned());
        assert_eq!(usual(&env), Some("/state/tintype/ledger".into()));
        assert_eq!(usual(&|_| None), None);
        assert_eq!(LedgerArgs::default().open(&|_| None).err().map(|error| error.exit_code()), Some(2));
    }
}
