//! A real S3 server that enforces keys: versitygw over a directory.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, bail};

use crate::service::Service;

/// A running versitygw with one bucket. Dropping it kills the process and removes its files.
pub struct S3Server(Service);

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
    /// When it is not up within a minute; the message ends with its log.
    pub async fn start() -> anyhow::Result<Self> {
        let service = Service::start("versitygw", |command, dir, port| {
            let data = dir.join("data");
            let users = dir.join("users");
            // A directory of the posix backend is a bucket. What cannot be made fails at the start, with a log.
            let _ = std::fs::create_dir_all(data.join(Self::BUCKET));
            let _ = std::fs::create_dir_all(&users);
            command
                .args(["--port", &format!("127.0.0.1:{port}")])
                .args(["--region", Self::REGION, "--iam-cache-disable", "--iam-dir"])
                .arg(users)
                .arg("posix")
                .arg(data)
                .env("ROOT_ACCESS_KEY", Self::ACCESS_KEY)
                .env("ROOT_SECRET_KEY", Self::SECRET_KEY);
        });
        Ok(Self(service.await?))
    }

    /// Starts it again on the same port and data, killing it first if it runs.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.0.restart().await
    }

    /// The endpoint's URL, without the bucket.
    pub fn endpoint(&self) -> String {
        self.0.url()
    }

    /// The directory behind it: buckets are directories, objects are files.
    pub fn data(&self) -> PathBuf {
        self.0.data()
    }

    /// Kills it with SIGKILL.
    pub fn kill9(&self) {
        self.0.kill9();
    }

    /// Makes a user: `admin` may do everything, `user` only what a bucket grants.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn add_user(&self, access_key: &str, secret_key: &str, role: &str) -> anyhow::Result<()> {
        let user = [
            "create-user",
            "--access",
            access_key,
            "--secret",
            secret_key,
            "--role",
            role,
        ];
        self.administer(&user).await
    }

    /// Removes a user, whose keys are worth nothing from then on.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn remove_user(&self, access_key: &str) -> anyhow::Result<()> {
        self.administer(&["delete-user", "--access", access_key]).await
    }

    async fn administer(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(self.0.program());
        command
            .args([
                "admin",
                "--access",
                Self::ACCESS_KEY,
                "--secret",
                Self::SECRET_KEY,
            ])
            .args(["--endpoint-url", &self.endpoint()])
            .args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output())
            .await?
            .context("cannot run versitygw")?;
        if !output.status.success() {
            bail!("versitygw: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}
