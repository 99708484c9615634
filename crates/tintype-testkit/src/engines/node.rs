//! One engine process: started, asked, killed, started again.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use serde_json::Value;

use super::{
    EngineRow,
    access::{Access, USERS, Users},
};
use crate::{
    certs::CertPair,
    client::RawClient,
    ports::free_port,
    process::{ProcessGroup, run_script, scripts, tail},
    wait,
    workdir::WorkDir,
};

/// A busy machine may need it.
const START_BOUND: Duration = Duration::from_secs(300);
/// A start is most of what an engine does in a test: less compiling, and no touching of a heap that it will not fill,
/// halve the start's work and the memory.
const QUICK: &str = "-XX:TieredStopAtLevel=1 -XX:-AlwaysPreTouch";

/// How an engine is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// File-realm users, roles and TLS; only where the distribution carries x-pack security.
    pub security: bool,
    /// Heap in MiB.
    pub heap_mb: u32,
    /// Starts in half the time and never runs at full speed: not for measurements.
    pub quick: bool,
    /// Lines appended to the engine's configuration.
    pub settings: String,
    /// A `roles.yml` in place of the roles of Tintype's access levels.
    pub roles: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            security: false,
            heap_mb: 400,
            quick: true,
            settings: String::new(),
            roles: None,
        }
    }
}

impl Options {
    /// The defaults, with security on.
    pub fn secured() -> Self {
        Self {
            security: true,
            ..Self::default()
        }
    }
}

/// A running engine of one node. Dropping it kills the process and removes its files.
pub struct RealEngine {
    row: &'static EngineRow,
    access: Option<Access>,
    admin: RawClient,
    url: String,
    heap_mb: u32,
    quick: bool,
    ports: (u16, u16),
    repositories: PathBuf,
    process: Mutex<Option<ProcessGroup>>,
    // Last, since fields drop in order: the process ends before its files go.
    dir: WorkDir,
}

impl RealEngine {
    /// Fetches the distribution if need be, starts it and waits until it answers.
    ///
    /// # Errors
    /// When it is not up within 300 s; the message ends with the engine's own log.
    pub async fn start(row: &'static EngineRow, options: Options) -> anyhow::Result<Self> {
        if options.security && !row.has_security {
            bail!(
                "{} has no security module; put a FaultProxy with TLS and a password in front of it",
                row.name
            );
        }
        tokio::task::spawn_blocking(|| run_script("fetch-engine", &[row.name])).await??;
        let dir = WorkDir::new()?;
        let repositories = dir.open_dir("repositories")?;
        let overlay = dir.path().join(row.name).join("overlay");
        fs::create_dir_all(&overlay)?;
        let access = if options.security {
            let major = row.version.split('.').next().unwrap_or_default().parse()?;
            Some(Access::install(&overlay, major, options.roles.as_deref())?)
        } else {
            None
        };
        append_settings(&overlay.join("settings.yml"), row, &options)?;
        let ports = (free_port()?, free_port()?);
        let scheme = if access.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://127.0.0.1:{}", ports.0);
        let ca = access.as_ref().map(|access| access.ca.pem());
        let mut admin = RawClient::new(&url, ca.as_deref())?;
        if access.is_some() {
            admin = admin.authorized(USERS.admin.basic());
        }
        let (heap_mb, quick) = (options.heap_mb, options.quick);
        let engine = Self {
            row,
            access,
            admin,
            url,
            heap_mb,
            quick,
            ports,
            repositories,
            process: Mutex::default(),
            dir,
        };
        engine.launch().await?;
        Ok(engine)
    }

    async fn launch(&self) -> anyhow::Result<()> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_path())?;
        let mut command = Command::new(scripts().join("run-engine"));
        command
            .arg(self.row.name)
            .arg(self.dir.path().join(self.row.name))
            .args([self.ports.0.to_string(), self.ports.1.to_string()])
            .arg(&self.repositories)
            .arg(self.heap_mb.to_string())
            .env("ENGINE_JAVA_OPTS", if self.quick { QUICK } else { "" })
            .env("DIE_WITH_PARENT", std::process::id().to_string())
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        *self.process() = Some(ProcessGroup::spawn(command)?);
        let ready = wait::until("the engine's first answer", START_BOUND, async || {
            self.look().await
        })
        .await;
        let failed = match ready {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(ended)) => ended,
            Err(late) => late,
        };
        self.kill9();
        Err(failed.context(format!(
            "{} did not start; its log ends with:\n{}",
            self.row.name,
            self.log_tail()
        )))
    }

    /// `None`: not yet; an error: it never will.
    async fn look(&self) -> Option<anyhow::Result<()>> {
        if let Some(status) = self.process().as_ref().and_then(ProcessGroup::ended) {
            return Some(Err(anyhow::anyhow!("it ended with {status}")));
        }
        let path = "/_cluster/health?filter_path=status";
        let (200, health) = self.admin.send("GET", path, Value::Null).await.ok()? else {
            return None;
        };
        (health["status"] != "red").then_some(Ok(()))
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<ProcessGroup>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("engine.log")
    }

    /// Its line in the table.
    pub fn row(&self) -> &'static EngineRow {
        self.row
    }

    /// `http://127.0.0.1:PORT`, or `https` when secured.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The users of a secured engine.
    ///
    /// # Panics
    /// When it was started without security.
    pub fn users(&self) -> Users {
        self.secured();
        USERS
    }

    fn secured(&self) -> &Access {
        self.access
            .as_ref()
            .expect("the engine was started without security")
    }

    /// The certificate of the authority that signed the engine's, PEM; `None` without security.
    pub fn ca_pem(&self) -> Option<String> {
        self.access.as_ref().map(|access| access.ca.pem())
    }

    /// The engine's own certificate, for its fingerprint.
    ///
    /// # Panics
    /// When it was started without security.
    pub fn server_cert(&self) -> &CertPair {
        &self.secured().server
    }

    /// A client certificate that the engine maps to the role `operate`.
    ///
    /// # Panics
    /// When it was started without security.
    pub fn client_cert(&self) -> &CertPair {
        &self.secured().client
    }

    /// A bearer token that lets in as this user of the file realm (Elasticsearch 8 and later).
    ///
    /// # Errors
    /// When it cannot be signed.
    ///
    /// # Panics
    /// When it was started without security.
    pub fn bearer_token(&self, user: &str) -> anyhow::Result<String> {
        self.secured().token(user)
    }

    /// The engine's only `path.repo`.
    pub fn repo_path(&self) -> &Path {
        &self.repositories
    }

    /// A directory below [`Self::repo_path`] that the engine and the test can both write, made if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn location(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.repositories.join(name);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777))?;
        Ok(path)
    }

    /// A raw client with the rights of the superuser.
    pub fn client(&self) -> &RawClient {
        &self.admin
    }

    /// Asks the engine directly, as superuser; see [`RawClient::send`] for the body.
    ///
    /// # Errors
    /// When no answer arrives.
    pub async fn http(&self, method: &str, path: &str, body: Value) -> anyhow::Result<(u16, Value)> {
        self.admin.send(method, path, body).await
    }

    /// Kills the engine with SIGKILL.
    pub fn kill9(&self) {
        self.process().take();
    }

    /// Starts the engine again on the same ports and data, killing it first if it runs.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.kill9();
        self.launch().await
    }

    /// Stops the engine in its tracks (SIGSTOP): connections are accepted, nothing answers.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.process()
            .as_ref()
            .context("the engine does not run")?
            .freeze()
    }

    /// Lets a paused engine go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.process()
            .as_ref()
            .context("the engine does not run")?
            .signal("CONT")
    }

    /// The last lines of the engine's log.
    pub fn log_tail(&self) -> String {
        tail(&self.log_path(), 40)
    }
}

fn append_settings(path: &Path, row: &EngineRow, options: &Options) -> anyhow::Result<()> {
    let mut text = fs::read_to_string(path).unwrap_or_default();
    if row.has_security && !options.security {
        text.push_str("xpack.security.enabled: false\n");
    }
    text.push_str(&options.settings);
    fs::write(path, text)?;
    Ok(())
}
