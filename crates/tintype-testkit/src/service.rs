//! A program that serves on a port: what the storage servers have in common.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method};

use crate::{
    ports::free_port,
    process::{ProcessGroup, mortal_command, run_script, tail},
    wait,
    workdir::WorkDir,
};

/// How to start it: its command with the program in it already, its directory and its port.
type Complete = fn(&mut Command, &Path, u16);

/// A running server with a directory of its own. Dropping it kills the process and removes its files.
pub(crate) struct Service {
    name: &'static str,
    port: u16,
    program: String,
    complete: Complete,
    client: Client,
    process: Mutex<Option<ProcessGroup>>,
    // Last, since fields drop in order: the process ends before its files go.
    dir: WorkDir,
}

impl Service {
    /// Fetches `name` of `scripts/fetch-stores` if need be, starts it and waits until it answers.
    pub async fn start(name: &'static str, complete: Complete) -> anyhow::Result<Self> {
        let program = tokio::task::spawn_blocking(move || run_script("fetch-stores", &[name])).await??;
        let dir = WorkDir::new()?;
        dir.open_dir("data")?;
        let service = Self {
            name,
            port: free_port()?,
            program,
            complete,
            // Nothing is kept open, so that it works from any test's runtime.
            client: Client::builder().no_proxy().pool_max_idle_per_host(0).build()?,
            process: Mutex::default(),
            dir,
        };
        service.restart().await?;
        Ok(service)
    }

    /// Starts it again on the same port and data, killing it first if it runs.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.kill9();
        *self.slot() = Some(ProcessGroup::spawn(self.command()?)?);
        let address = ("127.0.0.1", self.port);
        let up = wait::until(self.name, Duration::from_secs(60), async || {
            tokio::net::TcpStream::connect(address).await.ok()
        })
        .await;
        let runs = self
            .slot()
            .as_ref()
            .is_some_and(|process| process.ended().is_none());
        if up.is_err() || !runs {
            let log = tail(&self.dir.path().join("log"), 20);
            bail!("{} did not start; its log ends with:\n{log}", self.name);
        }
        Ok(())
    }

    fn command(&self) -> anyhow::Result<Command> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))?;
        let mut command = mortal_command(&self.program);
        (self.complete)(&mut command, self.dir.path(), self.port);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    fn slot(&self) -> MutexGuard<'_, Option<ProcessGroup>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn kill9(&self) {
        self.slot().take();
    }

    pub fn program(&self) -> &str {
        &self.program
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Sends one request and expects a success.
    pub async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> anyhow::Result<()> {
        let url = format!("{}{target}", self.url());
        let mut request = self.client.request(method, &url).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_empty() {
            // Azurite wants to be told.
            request = request.header("content-length", "0");
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("no answer from {}", self.name))?;
        if !answer.status().is_success() {
            let status = answer.status();
            bail!(
                "{} answers {status} to {target}: {}",
                self.name,
                answer.text().await?
            );
        }
        Ok(())
    }
}

const KEPT_IN_KEYS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A key in a URL's path.
pub(crate) fn encoded(key: &str) -> String {
    let parts: Vec<String> = key.split('/').map(encoded_part).collect();
    parts.join("/")
}

/// A text in a URL's query, or one part of its path.
pub(crate) fn encoded_part(text: &str) -> String {
    utf8_percent_encode(text, KEPT_IN_KEYS).to_string()
}
