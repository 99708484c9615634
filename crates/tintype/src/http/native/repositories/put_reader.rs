//! `PUT /repositories/{repository_name}/reader`: read-only access for whatever looks at the storage itself.

use crate::http::Http;
use crate::http::ece::repositories::{NOT_FOUND, load};
use crate::http::extract::{Body, Path};
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use crate::model::Reader;
use crate::operations::platform;
use axum::extract::State;
use axum::response::Response;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

/// A reader.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReaderBody {
    /// `file:///mounted/path`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix` or `https://host/path`.
    #[schema(value_type = String)]
    pub url: Option<String>,
    /// s3, gs, az: the endpoint when it is not the cloud's own.
    #[schema(required = false)]
    pub endpoint: Option<String>,
    /// s3: the region.
    #[schema(required = false)]
    pub region: Option<String>,
    /// s3: access key; az: account; gs: client e-mail.
    #[schema(required = false)]
    pub username: Option<String>,
    /// s3: secret key; az: account key; gs: private key (PEM).
    #[schema(required = false, value_type = Option<String>, write_only)]
    pub password: Option<SecretString>,
}

/// What a look with the reader found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Preflight {
    /// For people.
    pub preflight: String,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("put-reader", "Set a platform repository's reader")
        .body::<ReaderBody>()
        .answer::<Preflight>(200, "It is set, and this is what a look with it found.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path, Body(body): Body<ReaderBody>) -> Result<Response> {
    let name = load(&http, &path.repository()?).await?.name;
    let preflight = platform::put_reader(&http.app, &name, Some(reader(body)?)).await?;
    Ok(ok(&Preflight { preflight }))
}

fn reader(body: ReaderBody) -> Result<Reader> {
    let url = body
        .url
        .ok_or_else(|| Problem::invalid("url", "url is missing"))?;
    let plain = |url: &Url| url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let parsed = Url::parse(&url).ok().filter(plain);
    let known = parsed.is_some_and(|url| match url.scheme() {
        "file" => !url.has_host() && url.path() != "/",
        "s3" | "gs" | "az" | "http" | "https" => url.has_host(),
        _ => false,
    });
    if !known {
        let rule = "url must be file:///path, s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or https://host/path, \
                    without credentials";
        return Err(Problem::invalid("url", rule));
    }
    let ends = |endpoint: &String| {
        Url::parse(endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && plain(&url))
    };
    if body.endpoint.as_ref().is_some_and(|endpoint| !ends(endpoint)) {
        return Err(Problem::invalid(
            "endpoint",
            "endpoint must be http:// or https://, without credentials",
        ));
    }
    Ok(Reader {
        url,
        endpoint: body.endpoint,
        region: body.region,
        username: body.username,
        password: body.password,
    })
}
