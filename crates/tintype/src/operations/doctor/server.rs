//! What is wrong with this server itself: its key, its database, its configuration.

use super::{Check, Finding};
use crate::app::App;
use crate::config::Config;
use crate::error::Result;
use crate::secrets::Sealer;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

/// Examines this server. The worst comes first.
///
/// # Errors
/// The store's.
pub async fn examine_server(app: &App) -> Result<Vec<Finding>> {
    let mut findings = match app.store.ping().await {
        Ok(()) => Vec::new(),
        Err(error) => {
            let path = app.config.store_path().display().to_string();
            vec![Finding::error(
                Check::Store,
                path,
                format!("the database does not answer: {error}"),
            )]
        }
    };
    let (config, sealer) = (Arc::clone(&app.config), app.sealer.clone());
    let files = tokio::task::spawn_blocking(move || files(&config, &sealer)).await;
    findings.extend(files.map_err(|error| crate::error::Error::Internal(Box::new(error)))?);
    findings.extend(listener(&app.config));
    if !app.store.repositories().await?.iter().any(|one| one.is_default) {
        let message = "there is no default repository: a snapshot call must name one, or its cluster must";
        let finding = Finding::note(Check::Config, "repositories", message);
        findings.push(finding.remedy("`tintype repository set NAME --default …`"));
    }
    findings.sort_by_key(|finding| finding.severity);
    Ok(findings)
}

fn files(config: &Config, sealer: &Sealer) -> Vec<Finding> {
    let (key, store) = (config.key_file(), config.store_path());
    let mut findings = key_file(&key, sealer);
    findings.extend(owner(&key, Check::KeyFile));
    findings.extend(owner(&store, Check::Store));
    findings.extend(mode(&store));
    let real = |path: &Path| path.canonicalize().ok()?.parent().map(Path::to_owned);
    if real(&key).is_some() && real(&key) == real(&store) {
        let message = "it lies beside the database, so that one backup of the directory holds both, and one loss takes \
                       both";
        findings.push(Finding::note(Check::KeyFile, shown(&key), message).remedy(
            "keep a copy of it apart from the database's backups: without it what is sealed there is lost",
        ));
    }
    findings
}

/// The file is read again, since the key in memory says nothing about the next start.
fn key_file(path: &Path, sealer: &Sealer) -> Vec<Finding> {
    match Sealer::open_or_create(path, false) {
        Ok(read) if read.has_key_of(sealer) => Vec::new(),
        Ok(_) => {
            let message = "it holds another key than this server runs with: after a restart the database cannot be opened";
            vec![Finding::error(Check::KeyFile, shown(path), message).remedy("put the right key back")]
        }
        Err(error) => {
            let message = format!("this server would not start again: {error}");
            vec![
                Finding::error(Check::KeyFile, shown(path), message)
                    .remedy("mend it before the next restart"),
            ]
        }
    }
}

fn owner(path: &Path, check: Check) -> Option<Finding> {
    // `/proc/self` belongs to the user that the process runs as.
    let own = std::fs::metadata("/proc/self").ok()?.uid();
    let owner = std::fs::metadata(path).ok()?.uid();
    (owner != own).then(|| {
        let message = format!("it belongs to user {owner}, and the server runs as {own}");
        Finding::warning(check, shown(path), message).remedy(format!("chown {own} {}", shown(path)))
    })
}

fn mode(path: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(path).ok()?.mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let message = format!("others may read the database (mode {mode:04o})");
        Finding::warning(Check::Store, shown(path), message).remedy(format!("chmod 600 {}", shown(path)))
    })
}

fn listener(config: &Config) -> Option<Finding> {
    let open = config.server.tls().is_none() && !config.server.listen.ip().is_loopback();
    open.then(|| {
        let message =
            "the API is served without TLS beyond loopback: credentials cross the network in the clear";
        Finding::warning(Check::Config, "server.listen", message)
            .remedy("set server.tls_certificate and server.tls_key, or keep it behind a proxy that has TLS")
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::doctor::Severity;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    struct Files {
        dir: tempfile::TempDir,
        config: Config,
        sealer: Sealer,
    }

    impl Files {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let mut config = Config::default();
            config.server.data_dir = Some(dir.path().to_owned());
            let sealer = Sealer::open_or_create(&config.key_file(), true).unwrap();
            std::fs::write(config.store_path(), "").unwrap();
            std::fs::set_permissions(config.store_path(), Permissions::from_mode(0o600)).unwrap();
            Self { dir, config, sealer }
        }

        fn found(&self) -> Vec<(Severity, Check)> {
            let found = files(&self.config, &self.sealer);
            found.into_iter().map(|one| (one.severity, one.check)).collect()
        }
    }

    const BESIDE: (Severity, Check) = (Severity::Note, Check::KeyFile);

    #[test]
    fn a_key_beside_the_database_is_a_note_and_a_key_apart_is_nothing() {
        let mut files = Files::new();
        assert_eq!(files.found(), [BESIDE]);
        let apart = files.dir.path().join("apart");
        std::fs::create_dir(&apart).unwrap();
        std::fs::rename(files.config.key_file(), apart.join("key")).unwrap();
        files.config.secrets.key_file = Some(apart.join("key"));
        assert_eq!(files.found(), []);
    }

    #[test]
    fn a_key_that_would_not_open_the_store_again_is_an_error() {
        let files = Files::new();
        let key = files.config.key_file();
        std::fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(files.found()[0], (Severity::Error, Check::KeyFile));
        std::fs::remove_file(&key).unwrap();
        assert_eq!(files.found(), [(Severity::Error, Check::KeyFile)]);
        Sealer::open_or_create(&key, true).unwrap();
        assert_eq!(files.found(), [(Severity::Error, Check::KeyFile), BESIDE]);
    }

    #[test]
    fn a_database_that_others_may_read_is_a_warning() {
        let files = Files::new();
        std::fs::set_permissions(files.config.store_path(), Permissions::from_mode(0o640)).unwrap();
        assert_eq!(files.found(), [(Severity::Warning, Check::Store), BESIDE]);
    }
}
