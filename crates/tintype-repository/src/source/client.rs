//! The HTTP client under the stores: one for each source, which connects only where it may, reads no more of an answer
//! than it needs, and keeps what the stores' library throws away: why something was refused, and the storage class.

use super::listing::{Dialect, Page};
use crate::AddressRule;
use crate::address::{RefusedAddress, Resolver};
use async_trait::async_trait;
use futures_util::StreamExt;
use http::HeaderMap;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use reqwest::redirect::Policy;
use serde::Deserialize;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);
/// The longest that a stream may stand still.
const SILENCE: Duration = Duration::from_secs(30);
/// Where clouds hand out credentials to their own machines. Elsewhere nobody answers there, often without a refusal.
const METADATA: [&str; 5] = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "metadata.google.internal",
    "metadata",
];
const METADATA_ANSWER: Duration = Duration::from_secs(3);
/// A page of 1000 keys of 1024 bytes each, every character escaped, and what stands around them.
const LARGEST_PAGE: usize = 16 << 20;
const LARGEST_REFUSAL: usize = 16 << 10;

/// Why a store answered with anything but success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store answers {status}{}{}", spaced(code), quoted(message))]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// S3's, GCS's or Azure's code; empty when there is none.
    pub(crate) code: String,
    pub(crate) message: String,
    /// The region that S3 names.
    pub(crate) region: Option<String>,
}

fn spaced(code: &str) -> String {
    if code.is_empty() {
        String::new()
    } else {
        format!(" {code}")
    }
}

fn quoted(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(" ({message})")
    }
}

/// Nothing in the environment says who we are.
#[derive(Debug, thiserror::Error)]
#[error(
    "no credentials: set the store's environment variables (s3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; gs: \
         GOOGLE_APPLICATION_CREDENTIALS; az: AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY), or run on a \
         machine with a role of that cloud"
)]
pub(crate) struct NoCredentials;

/// Put into an answer about one blob that is archived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Archived;

/// Gives every part of a store the same client.
#[derive(Debug, Clone)]
pub(crate) struct Connector(pub(crate) HttpClient);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}

/// Makes the client. It follows no redirect: an address in one would not be checked, and a signature would not fit.
pub(crate) fn connect(refused: Option<AddressRule>) -> Result<HttpClient, reqwest::Error> {
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE);
    if let Some(rule) = refused {
        builder = builder.dns_resolver(Resolver(rule));
    }
    let inner = HttpClient::new(builder.build()?);
    Ok(HttpClient::new(Client { inner, refused }))
}

#[derive(Debug)]
struct Client {
    inner: HttpClient,
    refused: Option<AddressRule>,
}

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        // An address is never resolved, so the resolver cannot refuse it.
        if let Some(refused) = self.refused.and_then(|rule| RefusedAddress::literal(&host, rule)) {
            return Err(HttpError::new(HttpErrorKind::Unknown, refused));
        }
        if METADATA.contains(&host.as_str()) {
            let answer = tokio::time::timeout(METADATA_ANSWER, self.inner.execute(request)).await;
            return match answer {
                Ok(Ok(answer)) if answer.status().is_success() => Ok(answer),
                _ => Err(HttpError::new(HttpErrorKind::Unknown, NoCredentials)),
            };
        }
        let dialect = request.extensions().get::<Dialect>().copied();
        let answer = self.inner.execute(request).await?;
        if !answer.status().is_success() {
            return Err(HttpError::new(HttpErrorKind::Unknown, refusal(answer).await));
        }
        match dialect {
            Some(dialect) => page(answer, dialect).await,
            None => Ok(marked(answer)),
        }
    }
}

/// Reads a listing's page here, since the library's own reading has no storage class and fails on keys that it does not
/// like; the library gets an empty page.
async fn page(answer: HttpResponse, dialect: Dialect) -> Result<HttpResponse, HttpError> {
    let (mut parts, body) = answer.into_parts();
    let bytes = at_most(LARGEST_PAGE, body).await?;
    let page = Page::parse(dialect, &bytes).map_err(|error| HttpError::new(HttpErrorKind::Decode, error))?;
    parts.extensions.insert(std::sync::Arc::new(page));
    Ok(HttpResponse::from_parts(
        parts,
        dialect.empty_page().to_owned().into(),
    ))
}

/// Marks the answer about an archived blob.
fn marked(mut answer: HttpResponse) -> HttpResponse {
    let headers = answer.headers();
    let is = |name: &str, values: &[&str]| text(headers, name).is_some_and(|text| values.contains(&text));
    let thawed =
        text(headers, "x-amz-restore").is_some_and(|text| text.contains("ongoing-request=\"false\""));
    let archived = is("x-amz-storage-class", &["GLACIER", "DEEP_ARCHIVE"]) && !thawed
        || is("x-ms-access-tier", &["Archive"]);
    if archived {
        answer.extensions_mut().insert(Archived);
    }
    answer
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The members of an error answer that are looked at: others may hold keys and signatures.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ErrorBody {
    code: String,
    message: String,
    region: Option<String>,
}

async fn refusal(answer: HttpResponse) -> Refusal {
    let (parts, body) = answer.into_parts();
    let bytes = at_most(LARGEST_REFUSAL, body).await.unwrap_or_default();
    let body: ErrorBody = quick_xml::de::from_reader(bytes.as_slice()).unwrap_or_default();
    let header = |name| text(&parts.headers, name).map(str::to_owned);
    let code = if body.code.is_empty() {
        header("x-ms-error-code").unwrap_or_default()
    } else {
        body.code
    };
    let first_line = body.message.lines().next().unwrap_or_default();
    Refusal {
        status: parts.status.as_u16(),
        code,
        message: first_line.trim().chars().take(200).collect(),
        region: body.region.or_else(|| header("x-amz-bucket-region")),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the answer is larger than {0} bytes")]
struct TooMuch(usize);

async fn at_most(limit: usize, body: HttpResponseBody) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    let mut stream = body.bytes_stream();
    while let Some(part) = stream.next().await.transpose()? {
        if bytes.len() + part.len() > limit {
            return Err(HttpError::new(HttpErrorKind::Decode, TooMuch(limit)));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, header: (&str, &str), body: &str) -> HttpResponse {
        http::Response::builder()
            .status(status)
            .header(header.0, header.1)
            .body(body.to_owned().into())
            .unwrap()
    }

    #[tokio::test]
    async fn a_refusal_keeps_code_words_and_region_and_nothing_else() {
        let body = "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong\n\
                    more</Message><Region>eu-west-1</Region><StringToSign>secret</StringToSign></Error>";
        let refusal = refusal(answer(400, ("a", "b"), body)).await;
        assert_eq!(refusal.region.as_deref(), Some("eu-west-1"));
        assert_eq!(
            refusal.to_string(),
            "the store answers 400 AuthorizationHeaderMalformed (the region is wrong)"
        );
    }

    #[tokio::test]
    async fn a_refusal_without_a_body_is_told_by_its_headers() {
        let redirect = refusal(answer(301, ("x-amz-bucket-region", "eu-west-1"), "")).await;
        assert_eq!(redirect.region.as_deref(), Some("eu-west-1"));
        let azure = refusal(answer(409, ("x-ms-error-code", "BlobArchived"), "not XML")).await;
        assert_eq!(azure.code, "BlobArchived");
    }

    #[test]
    fn an_archived_blob_is_marked_by_its_headers() {
        let is = |name, value| {
            marked(answer(200, (name, value), ""))
                .extensions()
                .get::<Archived>()
                .is_some()
        };
        assert!(is("x-amz-storage-class", "DEEP_ARCHIVE"));
        assert!(is("x-ms-access-tier", "Archive"));
        assert!(!is("x-amz-storage-class", "GLACIER_IR"));
        assert!(!is("x-ms-access-tier", "Cool"));
    }

    #[tokio::test]
    async fn an_answer_without_end_is_cut_off() {
        let body: HttpResponseBody = "12345".to_owned().into();
        assert!(at_most(4, body).await.is_err());
    }
}
