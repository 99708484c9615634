//! One attempt to deliver: a signed POST, and what the receiver said to it.

use super::addresses::{Resolver, check_host};
use super::sign;
use crate::config::WebhooksConfig;
use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use reqwest::{Response, StatusCode, header, redirect};
use secrecy::SecretString;
use std::sync::OnceLock;
use std::time::Duration;
use url::Url;

/// What is read of an answer.
const EXCERPT: usize = 2_000;
/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// Sends deliveries.
#[derive(Debug)]
pub struct Post {
    timeout: Duration,
    /// Made for the first delivery: reading the system's certificates would slow down every start.
    client: OnceLock<Option<reqwest::Client>>,
}

/// What is sent.
#[derive(Debug)]
pub struct Letter<'a> {
    /// Where to.
    pub url: &'a str,
    /// What it is signed with.
    pub secret: &'a SecretString,
    /// The delivery's id, the same for each attempt.
    pub id: &'a str,
    /// Now.
    pub at: Timestamp,
    /// The body.
    pub body: Vec<u8>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// The receiver has it.
    Accepted(u16),
    /// The receiver wants no more, ever.
    Gone,
    /// It is to be tried again: why, in words without the URL, which may hold a secret; and not before this.
    Refused(String, Option<Duration>),
}

impl Received {
    /// One of few words: for counting.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Gone => "gone",
            Self::Refused(..) => "refused",
        }
    }
}

impl Post {
    /// Nothing is connected or read yet.
    pub fn new(config: &WebhooksConfig) -> Self {
        Self {
            timeout: Duration::from_secs(config.timeout_seconds),
            client: OnceLock::new(),
        }
    }

    fn client(&self) -> Option<&reqwest::Client> {
        self.client.get_or_init(|| build(self.timeout)).as_ref()
    }

    /// Sends it once.
    pub async fn send(&self, letter: Letter<'_>) -> Received {
        let refused = |why: &str| Received::Refused(why.to_owned(), None);
        let Some(client) = self.client() else {
            return refused("this machine's TLS settings cannot be used: see the log");
        };
        let Ok(url) = Url::parse(letter.url) else {
            return refused("its URL cannot be used");
        };
        if let Err(error) = check_host(&url) {
            return refused(&error.to_string());
        }
        let Some(signature) = sign::signature(letter.secret, letter.id, letter.at, &letter.body) else {
            return refused("its secret cannot be used");
        };
        let request = client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", letter.id)
            .header("webhook-timestamp", letter.at.as_second().to_string())
            .header("webhook-signature", signature)
            .body(letter.body);
        match request.send().await {
            Ok(response) => received(response).await,
            Err(error) => Received::Refused(reason(error), None),
        }
    }
}

/// Proxies of the environment are not used: behind one, the receiver's address could not be checked.
fn build(timeout: Duration) -> Option<reqwest::Client> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("tintype/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Resolver)
        .connect_timeout(timeout)
        .timeout(timeout)
        .pool_max_idle_per_host(1)
        .build();
    client
        .inspect_err(|error| tracing::error!(%error, "webhooks cannot be told"))
        .ok()
}

async fn received(response: Response) -> Received {
    let status = response.status();
    if status.is_success() {
        return Received::Accepted(status.as_u16());
    }
    if status == StatusCode::GONE {
        return Received::Gone;
    }
    let pause = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(LONGEST_PAUSE));
    let hint = if status.is_redirection() {
        " (redirects are not followed)"
    } else {
        ""
    };
    let words = excerpt(response).await;
    let words = if words.is_empty() {
        words
    } else {
        format!(": {words}")
    };
    Received::Refused(
        format!("the receiver answered {}{hint}{words}", status.as_u16()),
        pause,
    )
}

/// The beginning of an answer, as one line.
async fn excerpt(response: Response) -> String {
    let mut kept: Vec<u8> = Vec::new();
    let mut body = response.bytes_stream();
    while kept.len() < EXCERPT
        && let Some(Ok(chunk)) = body.next().await
    {
        let chunk: Bytes = chunk;
        kept.extend_from_slice(&chunk[..chunk.len().min(EXCERPT - kept.len())]);
    }
    let text = String::from_utf8_lossy(&kept);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The innermost cause says most; the URL is left out.
fn reason(error: reqwest::Error) -> String {
    let what = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "the receiver did not answer in time",
        (_, true) => "the receiver cannot be reached",
        _ => "the connection to the receiver broke",
    };
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    format!("{what}: {cause}")
}
