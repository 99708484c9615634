//! Storage servers beside [`crate::s3`]: S3 with storage classes (moto, which checks no keys), Azure Blob Storage
//! (Azurite) and Google Cloud Storage (fake-gcs-server). Each has one empty bucket, and gets what a test puts into it.

use anyhow::Context;
use aws_lc_rs::hmac;
use data_encoding::BASE64;
use reqwest::Method;

use crate::service::{Service, encoded, encoded_part};

/// The bucket, or container, that is there from the start.
pub const BUCKET: &str = "snapshots";

/// A running moto.
pub struct Moto(Service);

impl Moto {
    /// Installs it if need be, starts it and waits until it answers.
    ///
    /// # Errors
    /// When it is not up within a minute.
    pub async fn start() -> anyhow::Result<Self> {
        let service = Service::start("moto", |command, _, port| {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        });
        let server = Self(service.await?);
        server.make_bucket(BUCKET).await?;
        Ok(server)
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn make_bucket(&self, bucket: &str) -> anyhow::Result<()> {
        self.0.send(Method::PUT, &format!("/{bucket}"), &[], &[]).await
    }

    /// The endpoint's URL, without the bucket.
    pub fn endpoint(&self) -> String {
        self.0.url()
    }

    /// Puts an object of a storage class, `STANDARD` mostly.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn put(&self, key: &str, bytes: &[u8], class: &str) -> anyhow::Result<()> {
        self.put_in(BUCKET, key, bytes, class).await
    }

    /// As [`Self::put`], into another bucket.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn put_in(&self, bucket: &str, key: &str, bytes: &[u8], class: &str) -> anyhow::Result<()> {
        let target = format!("/{bucket}/{}", encoded(key));
        // Anybody may read and replace it, so that it serves as a web server as well.
        let headers = [("x-amz-storage-class", class), ("x-amz-acl", "public-read-write")];
        self.0.send(Method::PUT, &target, &headers, bytes).await
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        let target = format!("/{BUCKET}/{}", encoded(key));
        self.0.send(Method::DELETE, &target, &[], &[]).await
    }
}

/// A running Azurite with one account.
pub struct Azurite(Service);

/// A SAS token that is good until the end of the century.
const LATER: &str = "2099-01-01T00:00:00Z";
/// One that has expired.
const EARLIER: &str = "2020-01-01T00:00:00Z";

impl Azurite {
    /// The storage account.
    pub const ACCOUNT: &'static str = "testkit";
    /// Its key, in Base64.
    pub const KEY: &'static str = "c3RvcmFnZS1hY2NvdW50LWtleS1vZi10aGUtdGVzdGtpdA==";

    /// Installs it if need be, starts it and waits until it answers.
    ///
    /// # Errors
    /// When it is not up within a minute.
    pub async fn start() -> anyhow::Result<Self> {
        let service = Service::start("azurite", |command, dir, port| {
            command
                .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
                .args([
                    "--silent",
                    "--skipApiVersionCheck",
                    "--disableTelemetry",
                    "--location",
                ])
                .arg(dir.join("data"))
                .env("AZURITE_ACCOUNTS", format!("{}:{}", Self::ACCOUNT, Self::KEY));
        });
        let server = Self(service.await?);
        server.make_container(BUCKET).await?;
        Ok(server)
    }

    /// Makes a container.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn make_container(&self, container: &str) -> anyhow::Result<()> {
        let target = format!("{container}?restype=container&{}", self.sas("rwdlac")?);
        self.send(Method::PUT, &target, &[], &[]).await
    }

    /// The endpoint's URL, without the account.
    pub fn endpoint(&self) -> String {
        self.0.url()
    }

    /// Puts a blob.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn put(&self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.put_in(BUCKET, key, bytes).await
    }

    /// As [`Self::put`], into another container.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn put_in(&self, container: &str, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let target = format!("{container}/{}?{}", encoded(key), self.sas("rwdlac")?);
        let headers = [("x-ms-blob-type", "BlockBlob")];
        self.send(Method::PUT, &target, &headers, bytes).await
    }

    /// Deletes a blob.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        let target = format!("{BUCKET}/{}?{}", encoded(key), self.sas("rwdlac")?);
        self.send(Method::DELETE, &target, &[], &[]).await
    }

    /// Moves a blob to the archive tier.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn archive(&self, key: &str) -> anyhow::Result<()> {
        let target = format!("{BUCKET}/{}?comp=tier&{}", encoded(key), self.sas("rwdlac")?);
        let headers = [("x-ms-access-tier", "Archive")];
        self.send(Method::PUT, &target, &headers, &[]).await
    }

    async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> anyhow::Result<()> {
        let target = format!("/{}/{target}", Self::ACCOUNT);
        let version = ("x-ms-version", "2021-12-02");
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain([version]).collect();
        self.0.send(method, &target, &headers, body).await
    }

    /// A token for the whole account with these permissions, such as `rl` for reading and listing.
    ///
    /// # Errors
    /// When the key is no Base64.
    pub fn sas(&self, permissions: &str) -> anyhow::Result<String> {
        Self::sign(permissions, LATER)
    }

    /// A token that has expired.
    ///
    /// # Errors
    /// When the key is no Base64.
    pub fn expired_sas(&self) -> anyhow::Result<String> {
        Self::sign("rl", EARLIER)
    }

    /// Azure's account SAS, in the form before the encryption scope was added.
    fn sign(permissions: &str, until: &str) -> anyhow::Result<String> {
        let version = "2020-10-02";
        let text = format!(
            "{}\n{permissions}\nb\nsco\n\n{until}\n\n\n{version}\n",
            Self::ACCOUNT
        );
        let key = BASE64.decode(Self::KEY.as_bytes()).context("the account's key")?;
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes());
        let signature = encoded_part(&BASE64.encode(signature.as_ref()));
        let until = encoded_part(until);
        Ok(format!(
            "sv={version}&ss=b&srt=sco&sp={permissions}&se={until}&sig={signature}"
        ))
    }
}

/// A running fake-gcs-server. It serves reads of the XML API; what is put goes through the JSON API.
pub struct FakeGcs(Service);

impl FakeGcs {
    /// Builds it if need be, starts it and waits until it answers.
    ///
    /// # Errors
    /// When it is not up within a minute.
    pub async fn start() -> anyhow::Result<Self> {
        let service = Service::start("fake-gcs-server", |command, _, port| {
            let host = format!("127.0.0.1:{port}");
            command
                .args([
                    "-scheme",
                    "http",
                    "-host",
                    "127.0.0.1",
                    "-port",
                    &port.to_string(),
                ])
                .args(["-backend", "memory", "-public-host", &host])
                .args(["-external-url", &format!("http://{host}")]);
        });
        let server = Self(service.await?);
        server.make_bucket(BUCKET).await?;
        Ok(server)
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn make_bucket(&self, bucket: &str) -> anyhow::Result<()> {
        let body = format!("{{\"name\":\"{bucket}\"}}");
        let json = [("content-type", "application/json")];
        let target = "/storage/v1/b?project=testkit";
        self.0.send(Method::POST, target, &json, body.as_bytes()).await
    }

    /// The endpoint's URL, without the bucket.
    pub fn endpoint(&self) -> String {
        self.0.url()
    }

    /// Puts an object.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn put(&self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.put_in(BUCKET, key, bytes).await
    }

    /// As [`Self::put`], into another bucket.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn put_in(&self, bucket: &str, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let name = encoded_part(key);
        let target = format!("/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}");
        let kind = [("content-type", "application/octet-stream")];
        self.0.send(Method::POST, &target, &kind, bytes).await
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        let target = format!("/storage/v1/b/{BUCKET}/o/{}", encoded_part(key));
        self.0.send(Method::DELETE, &target, &[], &[]).await
    }
}
