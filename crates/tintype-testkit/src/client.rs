//! A small client for tests that look at a server's truth without the code under test.

use std::time::Duration;

use anyhow::Context;
use reqwest::{Certificate, Client, Identity, Method, header::AUTHORIZATION};
use serde_json::Value;

/// A base URL with credentials; every request is a new connection, so it works from any test's runtime.
#[derive(Debug, Clone)]
pub struct RawClient {
    base: String,
    authorization: Option<String>,
    client: Client,
}

/// Ends what hangs. An engine on a busy machine may take minutes to merge or to write.
const HANGS: Duration = Duration::from_secs(300);

impl RawClient {
    /// A client for `base`, trusting only `ca_pem` when given, and sending no credentials.
    ///
    /// # Errors
    /// When the certificate cannot be read.
    pub fn new(base: &str, ca_pem: Option<&str>) -> anyhow::Result<Self> {
        Self::build(base, ca_pem, None)
    }

    /// The same, showing a client certificate (`identity_pem` holds the key and the certificate).
    ///
    /// # Errors
    /// When a certificate or the key cannot be read.
    pub fn with_identity(base: &str, ca_pem: &str, identity_pem: &str) -> anyhow::Result<Self> {
        Self::build(base, Some(ca_pem), Some(identity_pem))
    }

    fn build(base: &str, ca_pem: Option<&str>, identity_pem: Option<&str>) -> anyhow::Result<Self> {
        let mut builder = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(HANGS);
        if let Some(pem) = ca_pem {
            builder = builder.tls_certs_only([Certificate::from_pem(pem.as_bytes())?]);
        }
        if let Some(pem) = identity_pem {
            builder = builder.identity(Identity::from_pem(pem.as_bytes())?);
        }
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            authorization: None,
            client: builder.build()?,
        })
    }

    /// The same client sending this `Authorization` header.
    #[must_use]
    pub fn authorized(&self, header: impl Into<String>) -> Self {
        Self {
            authorization: Some(header.into()),
            ..self.clone()
        }
    }

    /// Sends one request; `Value::Null` sends no body, a string goes as NDJSON, anything else as JSON. An answer
    /// that is no JSON comes back as a string.
    ///
    /// # Errors
    /// When no answer arrives.
    pub async fn send(&self, method: &str, path: &str, body: Value) -> anyhow::Result<(u16, Value)> {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(Method::from_bytes(method.as_bytes())?, &url);
        if let Some(header) = &self.authorization {
            request = request.header(AUTHORIZATION, header);
        }
        request = match body {
            Value::Null => request,
            Value::String(lines) => request.header("content-type", "application/x-ndjson").body(lines),
            json => request.json(&json),
        };
        let answer = request.send().await.with_context(|| format!("{method} {url}"))?;
        let status = answer.status().as_u16();
        let bytes = answer
            .bytes()
            .await
            .with_context(|| format!("the answer of {method} {url}"))?;
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text())))
    }
}

/// The value of an `Authorization` header for basic authentication.
pub fn basic(name: &str, password: &str) -> String {
    format!(
        "Basic {}",
        data_encoding::BASE64.encode(format!("{name}:{password}").as_bytes())
    )
}
