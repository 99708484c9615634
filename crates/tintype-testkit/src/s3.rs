//! A real S3 server that enforces keys: versitygw over a directory.

use std::{fs, path::PathBuf, process::Command, sync::Mutex, time::Duration};

use anyhow::bail;

use crate::{
    ports::free_port,
    process::{ProcessGroup, mortal_command, run_script, tail},
    wait,
    workdir::WorkDir,
};

/// A running versitygw with one bucket. Dropping it kills the process and removes its files.
pub struct S3Server {
    port: u16,
    binary: String,
    process: Mutex<Option<ProcessGroup>>,
    // Last, since fields drop in order: the process ends before its files go.
    dir: WorkDir,
}

impl S3Server {
    /// The root access key.
    pub const ACCESS_KEY: &'static str = "AKIATINTYPETESTKIT00";
    /// The root secret key: unmistakable, so that a test can look for it where it must not be.
    pub const SECRET_KEY: &'static str = "storage-secret-key-of-the-testkit";
    /// The bucket that is there from the start.
    pub const BUCKET: &'static str = "snapshots";
    /// The region it signs for.
    pub const REGION: &'static str = "us-east-1";

    /// Builds versitygw if need be, starts it and waits until it answers.
    ///
    /// # Errors
    /// When it is not up within 30 s; the message ends with its log.
    pub async fn start() -> anyhow::Result<Self> {
        let binary = tokio::task::spawn_blocking(|| run_script("fetch-versitygw", &[])).await??;
        let dir = WorkDir::new()?;
        // A directory of the posix backend is a bucket.
        dir.open_dir("data")?;
        dir.open_dir(&format!("data/{}", Self::BUCKET))?;
        let server = Self {
            port: free_port()?,
            binary,
            process: Mutex::default(),
            dir,
        };
        server.restart().await?;
        Ok(server)
    }

    /// Starts it again on the same port and data, killing it first if it runs.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.kill9();
        *self.slot() = Some(ProcessGroup::spawn(self.command()?)?);
        let address = ("127.0.0.1", self.port);
        let up = wait::until("versitygw's port", Duration::from_secs(30), async || {
            tokio::net::TcpStream::connect(address).await.ok()
        })
        .await;
        match up {
            Ok(_)
                if self
                    .slot()
                    .as_ref()
                    .is_some_and(|process| process.ended().is_none()) =>
            {
                Ok(())
            }
            _ => bail!(
                "versitygw did not start; its log ends with:\n{}",
                tail(&self.dir.path().join("log"), 20)
            ),
        }
    }

    fn command(&self) -> anyhow::Result<Command> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))?;
        let mut command = mortal_command(&self.binary);
        command
            .args([
                "--port",
                &format!("127.0.0.1:{}", self.port),
                "--region",
                Self::REGION,
                "posix",
            ])
            .arg(self.data())
            .env("ROOT_ACCESS_KEY", Self::ACCESS_KEY)
            .env("ROOT_SECRET_KEY", Self::SECRET_KEY)
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<ProcessGroup>> {
        self.process
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The endpoint's URL, without the bucket.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The directory behind it: buckets are directories, objects are files.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Kills it with SIGKILL.
    pub fn kill9(&self) {
        self.slot().take();
    }
}
