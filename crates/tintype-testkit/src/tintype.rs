//! The real `tintype` binary as a process, to be killed and started again on the same data.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{
    canary,
    client::RawClient,
    ports::free_port,
    process::{ProcessGroup, exit_code, mortal_command, tail},
    wait,
    workdir::WorkDir,
};

/// Answers without credentials as soon as the server is up.
const READY_PATH: &str = "/api/v1/users/auth/methods";
const START_BOUND: Duration = Duration::from_secs(60);

/// How the binary is started. `{data}`, `{listen}`, `{password_file}` and `{dir}` in arguments and values are filled in.
#[derive(Debug, Clone)]
pub struct TintypeOptions {
    /// Path of the binary: `env!("CARGO_BIN_EXE_tintype")` in the product's own tests.
    pub binary: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables beside the inherited ones; inherited `TINTYPE_*` are taken away.
    pub env: Vec<(String, String)>,
}

impl TintypeOptions {
    /// `tintype serve` on a free loopback port, with a temporary data directory and the admin's password in a file.
    pub fn serve(binary: impl Into<PathBuf>) -> Self {
        let args = [
            "serve",
            "--data-dir",
            "{data}",
            "--listen",
            "{listen}",
            "--admin-password-file",
            "{password_file}",
        ];
        Self {
            binary: binary.into(),
            args: args.map(str::to_owned).to_vec(),
            env: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// Adds an environment variable, in place of an earlier one of that name.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The level of the logs of every server that a test starts, unless the test sets its own.
const TEST_LOG: &str = "TEST_LOG_LEVEL";

/// A `tintype` server. Dropping it kills the process and removes its data.
pub struct TintypeProcess {
    options: Mutex<TintypeOptions>,
    port: u16,
    process: Mutex<Option<ProcessGroup>>,
    secrets: Mutex<Vec<String>>,
    // Last, since fields drop in order: the process ends before its files go.
    dir: WorkDir,
}

impl TintypeProcess {
    /// The admin's password, in the file that `--admin-password-file` names.
    pub const ADMIN_PASSWORD: &'static str = "password-of-the-first-admin";

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// When it ends or is not up within 60 s; the message ends with what it wrote.
    pub async fn start(options: TintypeOptions) -> anyhow::Result<Self> {
        let process = Self::prepare(options)?;
        process.restart().await?;
        Ok(process)
    }

    /// Everything but the process itself, so that a test can put files into [`Self::data_dir`] first, or expect the
    /// start to fail ([`Self::run_to_end`]).
    ///
    /// # Errors
    /// When no directory or port is to be had.
    pub fn prepare(options: TintypeOptions) -> anyhow::Result<Self> {
        let dir = WorkDir::new()?;
        fs::create_dir(dir.path().join("data"))?;
        fs::write(dir.path().join("admin-password"), Self::ADMIN_PASSWORD)?;
        Ok(Self {
            options: Mutex::new(options),
            port: free_port()?,
            process: Mutex::default(),
            secrets: Mutex::new(vec![Self::ADMIN_PASSWORD.to_owned()]),
            dir,
        })
    }

    /// Starts it again on the same data and port, killing it first if it runs, and waits until it answers.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.launch()?;
        let client = RawClient::new(&self.url(), None)?;
        let ready = wait::until("tintype's first answer", START_BOUND, async || {
            if let Some(code) = self.ended() {
                return Some(Err(anyhow::anyhow!("it ended with exit code {code}")));
            }
            let (200, _) = client.send("GET", READY_PATH, Value::Null).await.ok()? else {
                return None;
            };
            Some(Ok(()))
        })
        .await
        .flatten();
        ready.with_context(|| {
            format!(
                "tintype did not start:\n{}{}",
                self.stdout(),
                tail(&self.path("stderr"), 60)
            )
        })
    }

    /// Starts it again without waiting for anything: for a binary that is meant to die on its way up.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn launch(&self) -> anyhow::Result<()> {
        self.kill9();
        *self.slot() = Some(ProcessGroup::spawn(self.command()?)?);
        Ok(())
    }

    /// Starts it and waits for its end, returning the exit code (128 plus the signal when killed by one).
    ///
    /// # Errors
    /// When it still runs after 60 s.
    pub async fn run_to_end(&self) -> anyhow::Result<i32> {
        self.launch()?;
        self.wait_for_end(START_BOUND).await
    }

    /// Waits until it has ended by itself, as a failpoint makes it.
    ///
    /// # Errors
    /// When it still runs after `bound`.
    pub async fn wait_for_end(&self, bound: Duration) -> anyhow::Result<i32> {
        wait::until("tintype's end", bound, async || self.ended()).await
    }

    /// Sends SIGTERM and waits for its exit code, at most `bound`.
    ///
    /// # Errors
    /// When it does not run, or not end in time.
    pub async fn terminate(&self, bound: Duration) -> anyhow::Result<i32> {
        self.signal("TERM")?;
        self.wait_for_end(bound).await
    }

    /// Stops it in its tracks (SIGSTOP): when this returns, none of its threads does anything more until `CONT`.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.slot().as_ref().context("tintype does not run")?.freeze()
    }

    /// Sends it a signal: `CONT`, `INT`, …
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        self.slot().as_ref().context("tintype does not run")?.signal(name)
    }

    /// The process's id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.slot().as_ref().map(ProcessGroup::id)
    }

    /// Kills it with SIGKILL.
    pub fn kill9(&self) {
        self.slot().take();
    }

    /// The exit code of a process that has ended by itself or by [`Self::signal`].
    pub fn ended(&self) -> Option<i32> {
        self.slot().as_ref().and_then(ProcessGroup::ended).map(exit_code)
    }

    /// Changes how the next start is done.
    pub fn change(&self, change: impl FnOnce(TintypeOptions) -> TintypeOptions) {
        let mut options = self.options.lock().unwrap_or_else(PoisonError::into_inner);
        *options = change(options.clone());
    }

    /// Notes a secret that the server was given: at the end its logs and data are searched for it, in every form of
    /// [`crate::canary::forms`], and the test fails when one is found.
    pub fn keep_secret(&self, secret: &str) {
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(secret.to_owned());
    }

    /// Where a noted secret turned up: in what the server wrote, in its arguments or in its data.
    pub fn leaks(&self) -> Vec<String> {
        let mut places = vec![
            ("standard output".to_owned(), self.stdout().into_bytes()),
            ("standard error".to_owned(), self.stderr().into_bytes()),
        ];
        let arguments = self
            .id()
            .map(|id| fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default());
        places.extend(arguments.map(|arguments| ("its arguments".to_owned(), arguments)));
        for file in fs::read_dir(self.data_dir()).into_iter().flatten().flatten() {
            places.push((
                file.path().display().to_string(),
                fs::read(file.path()).unwrap_or_default(),
            ));
        }
        let secrets = self
            .secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut leaks = Vec::new();
        for (place, bytes) in &places {
            for secret in &secrets {
                leaks.extend(
                    canary::find(bytes, secret).map(|form| format!("{secret} is in {place} as {form}")),
                );
            }
        }
        leaks
    }

    fn command(&self) -> anyhow::Result<Command> {
        let options = self
            .options
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if !options.binary.exists() {
            bail!("there is no binary {}", options.binary.display());
        }
        let append = |name: &str| {
            fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(self.path(name))
        };
        let mut command = mortal_command(&options.binary);
        // The developer's own settings must not reach the process under test.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TINTYPE_"))
        {
            command.env_remove(name);
        }
        if let Ok(level) = std::env::var(TEST_LOG) {
            command.env("TINTYPE_LOG__LEVEL", level);
        }
        command
            .args(options.args.iter().map(|arg| self.fill(arg)))
            .envs(options.env.iter().map(|(name, value)| (name, self.fill(value))))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(append("stdout")?)
            .stderr(append("stderr")?);
        Ok(command)
    }

    fn fill(&self, text: &str) -> String {
        let show = |path: PathBuf| path.display().to_string();
        text.replace("{data}", &show(self.data_dir()))
            .replace("{listen}", &format!("127.0.0.1:{}", self.port))
            .replace("{password_file}", &show(self.path("admin-password")))
            .replace("{dir}", &show(self.dir.path().to_owned()))
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<ProcessGroup>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `http://127.0.0.1:PORT`, the same over restarts.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The data directory, the same over restarts.
    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    /// A directory for the test's own files, removed with the rest.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Everything written to standard output, over all starts.
    pub fn stdout(&self) -> String {
        fs::read_to_string(self.path("stdout")).unwrap_or_default()
    }

    /// Everything written to standard error, over all starts.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap_or_default()
    }
}

impl Drop for TintypeProcess {
    fn drop(&mut self) {
        // A test that fails anyway says why by itself.
        if std::thread::panicking() {
            return;
        }
        let leaks = self.leaks();
        assert!(leaks.is_empty(), "secrets leaked:\n{}", leaks.join("\n"));
    }
}
