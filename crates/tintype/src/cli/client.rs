//! The HTTP client: one request, one answer, one error type.

use super::error::{ApiError, CliError, Result};
use super::global::{Connection, Credentials};
use super::session::{self, saved::Saved};
use crate::clock::{Clock, SystemClock};
use data_encoding::BASE64;
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::error::Error as _;
use std::time::Duration;
use url::Url;

/// How long one answer may take unless `--timeout` says otherwise: longer than the server's own wait for an engine.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// A year: no bound at all.
const ENDLESS: Duration = Duration::from_secs(366 * 86_400);
/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The code of the answer to who must show a second factor first.
const NOT_ELEVATED: &str = "root.unauthorized.rbac.elevated_permissions_required";
/// Everything but RFC 3986's unreserved characters is escaped in a path's segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    authorization: Authorization,
    region: Option<String>,
}

/// Who asks.
#[derive(Debug)]
enum Authorization {
    None,
    ApiKey(HeaderValue),
    Password(HeaderValue),
    /// A session's token is replaced by its next one in good time.
    Session(tokio::sync::Mutex<Saved>),
}

/// What a request asks for.
#[derive(Debug)]
pub struct Request {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    idempotency_key: Option<String>,
}

/// A good answer.
#[derive(Debug)]
pub struct Answer {
    /// The body; `Null` when empty.
    pub body: Value,
    /// The `x-tintype-operation` header: the operation that the request started.
    pub operation: Option<String>,
}

impl Request {
    /// A request of Tintype's own API.
    ///
    /// # Errors
    /// Usage: a segment that a URL cannot carry.
    pub fn native(method: Method, segments: &[&str]) -> Result<Self> {
        Self::at(method, "/api/tintype/v1", segments)
    }

    /// A request of the ECE-compatible API, outside any region.
    ///
    /// # Errors
    /// As [`Request::native`].
    pub fn ece(method: Method, segments: &[&str]) -> Result<Self> {
        Self::at(method, "/api/v1", segments)
    }

    fn at(method: Method, prefix: &str, segments: &[&str]) -> Result<Self> {
        let mut path = prefix.to_owned();
        for segment in segments {
            // URL parsers drop these, so that the request would go to another resource.
            if matches!(*segment, "" | "." | "..") {
                return Err(CliError::Usage(format!("{segment:?} is not a name or an id")));
            }
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Ok(Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            idempotency_key: None,
        })
    }

    /// With a query parameter, unless it is absent.
    pub fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// With a JSON body.
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// With an `Idempotency-Key`: safe to send again.
    pub fn idempotency_key(mut self, key: &str) -> Self {
        self.idempotency_key = Some(key.to_owned());
        self
    }
}

impl Client {
    /// A client for this connection; `timeout` bounds each answer.
    ///
    /// # Errors
    /// Usage: a CA file that holds no certificate, or a secret that no header can carry.
    pub fn new(connection: Connection, timeout: Duration) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tintype/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the credentials to a place that nobody named.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .tls_danger_accept_invalid_certs(connection.insecure);
        if let Some(pem) = &connection.ca {
            let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
            if certificates.is_empty() {
                return Err(CliError::Usage("--ca: there is no PEM certificate in it".into()));
            }
            builder = builder.tls_certs_only(certificates);
        }
        let http = builder.build().map_err(|error| CliError::Failed(chain(&error)))?;
        let authorization = authorization(connection.credentials)?;
        Ok(Self {
            http,
            authorization,
            url: connection.url,
            region: connection.region,
        })
    }

    /// The server's address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// A request of the ECE-compatible API, below the region when one was given.
    ///
    /// # Errors
    /// As [`Request::native`].
    pub fn regional(&self, method: Method, segments: &[&str]) -> Result<Request> {
        match &self.region {
            None => Request::ece(method, segments),
            Some(region) => Request::ece(method, &[&["regions", region], segments].concat()),
        }
    }

    /// Sends a request that has a body as its answer.
    ///
    /// # Errors
    /// `Api` for an error of the server, `Unreachable`, `Timeout`.
    pub async fn send(&self, request: &Request) -> Result<Answer> {
        self.refresh().await;
        self.send_as_is(request).await
    }

    /// As [`Client::send`], whatever the age of the session's token.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_as_is(&self, request: &Request) -> Result<Answer> {
        let authorization = self.header().await?;
        let response = self
            .build(request, authorization)
            .send()
            .await
            .map_err(|error| self.broken(error))?;
        let status = response.status();
        let operation = header(&response, "x-tintype-operation");
        let redirect = header(&response, "location").filter(|_| status.is_redirection());
        let bytes = response.bytes().await.map_err(|error| self.broken(error))?;
        if !status.is_success() {
            return Err(self.refusal(status, &bytes, redirect));
        }
        let body = if bytes.is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_slice(&bytes)
        };
        let body = body.map_err(|_| {
            CliError::Failed(format!(
                "{} does not speak Tintype's API: its answer is no JSON",
                self.url
            ))
        })?;
        Ok(Answer { body, operation })
    }

    /// Sends a request whose answer goes on for as long as the server likes.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn stream(
        &self,
        request: &Request,
    ) -> Result<impl futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + use<>> {
        self.refresh().await;
        let authorization = self.header().await?;
        let answer = self.build(request, authorization).timeout(ENDLESS).send();
        let response = tokio::time::timeout(ANSWER_TIMEOUT, answer)
            .await
            .map_err(|_| CliError::Timeout(format!("{} did not answer in time", self.url)))?
            .map_err(|error| self.broken(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.bytes_stream());
        }
        let redirect = header(&response, "location").filter(|_| status.is_redirection());
        let bytes = response.bytes().await.map_err(|error| self.broken(error))?;
        Err(self.refusal(status, &bytes, redirect))
    }

    /// GET of Tintype's own API.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn get(&self, segments: &[&str]) -> Result<Value> {
        Ok(self.send(&Request::native(Method::GET, segments)?).await?.body)
    }

    /// Requests carry a session's token.
    pub fn has_session(&self) -> bool {
        matches!(self.authorization, Authorization::Session(_))
    }

    /// Requests carry a password.
    pub fn has_password(&self) -> bool {
        matches!(self.authorization, Authorization::Password(_))
    }

    /// Goes on with another token of the session, and keeps it for later commands.
    ///
    /// # Errors
    /// Failed: it cannot be kept.
    pub async fn keep_token(&self, token: SecretString) -> Result<()> {
        match &self.authorization {
            Authorization::Session(saved) => saved.lock().await.replace(token),
            Authorization::None | Authorization::ApiKey(_) | Authorization::Password(_) => Ok(()),
        }
    }

    /// Replaces a token in the second half of its life. When that fails, the request itself will tell why.
    async fn refresh(&self) {
        let Authorization::Session(saved) = &self.authorization else {
            return;
        };
        if !saved.lock().await.is_due(SystemClock.now()) {
            return;
        }
        let Ok(request) = Request::ece(Method::POST, &["users", "auth", "_refresh"]) else {
            return;
        };
        if let Ok(answer) = self.send_as_is(&request).await
            && let Ok(token) = session::token(&answer.body)
        {
            // One that cannot be kept is good for this command all the same.
            let _ = saved.lock().await.renew(token);
        }
    }

    async fn header(&self) -> Result<Option<HeaderValue>> {
        match &self.authorization {
            Authorization::None => Ok(None),
            Authorization::ApiKey(value) | Authorization::Password(value) => Ok(Some(value.clone())),
            Authorization::Session(saved) => {
                let saved = saved.lock().await;
                sensitive(&format!("Bearer {}", saved.token().expose_secret())).map(Some)
            }
        }
    }

    fn build(&self, request: &Request, authorization: Option<HeaderValue>) -> RequestBuilder {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), request.path));
        url.set_query(None);
        let mut builder = self
            .http
            .request(request.method.clone(), url)
            .header("accept", "application/json");
        if !request.query.is_empty() {
            builder = builder.query(&request.query);
        }
        if let Some(key) = &request.idempotency_key {
            builder = builder.header("idempotency-key", key);
        }
        if let Some(value) = authorization {
            builder = builder.header("authorization", value);
        }
        match &request.body {
            Some(body) => builder.json(body),
            None => builder,
        }
    }

    fn broken(&self, error: reqwest::Error) -> CliError {
        let (connect, timeout) = (error.is_connect(), error.is_timeout());
        if error.is_builder() {
            return CliError::Usage(chain(&error.without_url()));
        }
        if timeout && !connect {
            return CliError::Timeout(format!("{} did not answer in time", self.url));
        }
        let what = if connect {
            "cannot be reached"
        } else {
            "did not answer"
        };
        let message = format!("{} {what}: {}", self.url, chain(&error.without_url()));
        CliError::Unreachable {
            message,
            not_sent: connect,
        }
    }

    fn refusal(&self, status: StatusCode, body: &[u8], redirect: Option<String>) -> CliError {
        #[derive(serde::Deserialize)]
        struct BasicFailedReply {
            errors: Vec<ApiError>,
        }
        let mut errors = match serde_json::from_slice::<BasicFailedReply>(body) {
            Ok(reply) if !reply.errors.is_empty() => reply.errors,
            _ => vec![ApiError {
                code: format!("http.{}", status.as_u16()),
                message: text_of(body, redirect),
                fields: None,
            }],
        };
        for error in &mut errors {
            error.message.push_str(self.advice(status, &error.code));
        }
        CliError::Api {
            status: status.as_u16(),
            errors,
        }
    }
}

impl Client {
    /// What to do about a refusal, where this side knows more than the server.
    fn advice(&self, status: StatusCode, code: &str) -> &'static str {
        match &self.authorization {
            Authorization::None if status == StatusCode::UNAUTHORIZED => {
                "; no credentials were given: set TINTYPE_API_KEY, or --user and --pass-file, or run `tintype login`"
            }
            Authorization::Session(_) if status == StatusCode::UNAUTHORIZED => "; run `tintype login`",
            Authorization::Session(_) if code == NOT_ELEVATED => "; run `tintype elevate`",
            _ if code == NOT_ELEVATED => {
                "; run `tintype login` and `tintype elevate`, and give no other credentials"
            }
            _ => "",
        }
    }
}

/// The `Authorization` header, marked so that the HTTP client's own logs redact it.
fn authorization(credentials: Credentials) -> Result<Authorization> {
    Ok(match credentials {
        Credentials::None => Authorization::None,
        Credentials::ApiKey(key) => {
            Authorization::ApiKey(sensitive(&format!("ApiKey {}", key.expose_secret()))?)
        }
        Credentials::Basic(user, password) => {
            let pair = format!("{user}:{}", password.expose_secret());
            Authorization::Password(sensitive(&format!("Basic {}", BASE64.encode(pair.as_bytes())))?)
        }
        Credentials::Session(saved) => Authorization::Session(tokio::sync::Mutex::new(saved)),
    })
}

fn sensitive(text: &str) -> Result<HeaderValue> {
    let bad = |_| CliError::Usage("the credentials hold characters that no HTTP header can carry".into());
    let mut value = HeaderValue::from_str(text).map_err(bad)?;
    value.set_sensitive(true);
    Ok(value)
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// The beginning of an answer that is not the API's, such as a proxy's page.
fn text_of(body: &[u8], redirect: Option<String>) -> String {
    if let Some(location) = redirect {
        return format!("the server redirects to {location}; give that address if it is right");
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(1_000)]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        "an answer without a body".to_owned()
    } else {
        text.chars().take(200).collect()
    }
}

/// An error with its causes, each said once.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_segment() {
        let request = Request::native(Method::GET, &["clusters", "a/b?c#d e%", "x-._~"]).unwrap();
        assert_eq!(
            request.path,
            "/api/tintype/v1/clusters/a%2Fb%3Fc%23d%20e%25/x-._~"
        );
        for bad in ["", ".", ".."] {
            assert_eq!(
                Request::native(Method::GET, &["clusters", bad])
                    .unwrap_err()
                    .exit_code(),
                2
            );
        }
    }

    #[test]
    fn a_page_that_is_not_the_api_s_is_cut() {
        assert_eq!(text_of(b"<html>\n  bad\t gateway", None), "<html> bad gateway");
        assert_eq!(text_of(&[b'x'; 5_000], None).len(), 200);
    }
}
