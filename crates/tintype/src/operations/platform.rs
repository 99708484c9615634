//! Platform repositories and their readers.

use super::location::{self, SUPPORTED, URL, is_secret};
use super::reader;
use crate::app::App;
use crate::error::{Error, Missing, Result};
use crate::model::{PlatformRepository, Reader, RepositoryName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tintype_repository::source::SourceError;
use url::Url;

/// What a caller asks of a platform repository.
#[derive(Clone)]
pub struct PutRepository {
    /// Its name.
    pub name: RepositoryName,
    /// `fs`, `s3`, `gcs`, `azure` or `url`.
    pub kind: String,
    /// As given; secrets among them are sealed and not shown again.
    pub settings: Map<String, Value>,
    /// Make it the platform's default (`Some(true)`), or no longer (`Some(false)`).
    pub default: Option<bool>,
    /// The version that the caller read.
    pub expected_version: Option<i64>,
    /// Refuse when the preflight fails.
    pub require_preflight: bool,
}

/// Makes or replaces a platform repository. Shape errors are `Invalid`; a failed preflight is kept and shown.
///
/// # Errors
/// `Invalid`, or `Precondition` when the preflight is required and fails.
pub async fn put_repository(app: &App, request: PutRepository) -> Result<PlatformRepository> {
    check_shape(&request)?;
    let (secrets, settings): (Map<String, Value>, Map<String, Value>) = request
        .settings
        .into_iter()
        .partition(|(key, _)| is_secret(key) && key != "access_key");
    let existing = app.store.repository(&request.name).await?;
    let existing_kind = existing.as_ref().map(|one| one.kind.clone());
    let is_default = request
        .default
        .or(existing.as_ref().map(|one| one.is_default))
        .unwrap_or(false);
    if is_default && request.kind == URL {
        let message = "a repository of type url is only read, so it cannot be where snapshots go by default";
        return Err(Error::invalid("default", message));
    }
    let now = crate::clock::to_millis(app.clock.now());
    let mut repository = PlatformRepository {
        name: request.name,
        kind: request.kind,
        settings,
        is_default,
        has_reader: existing.as_ref().is_some_and(|one| one.has_reader),
        preflight: None,
        created_at: existing.map_or(now, |one| one.created_at),
        updated_at: now,
        version: 0,
    };
    let reader = app.store.reader(&repository.name).await?;
    let result = preflight(reader.as_ref()).await;
    if request.require_preflight && result.is_err() {
        let why = result.err().map(|error| error.to_string()).unwrap_or_default();
        return Err(Error::Precondition(format!(
            "the preflight failed, and it was required: {why}"
        )));
    }
    repository.preflight = Some(in_words(&result));
    let same_kind = existing_kind.is_none_or(|kind| kind == repository.kind);
    let sealed = merged_secrets(app, &repository.name, secrets, same_kind).await?;
    let stored = app
        .store
        .put_repository(&repository, sealed.as_ref(), request.expected_version)
        .await?;
    match request.default {
        Some(true) => app.store.set_default_repository(Some(&stored.name)).await?,
        Some(false) if stored.is_default => app.store.set_default_repository(None).await?,
        _ => {}
    }
    app.store.repository(&stored.name).await?.ok_or_else(gone)
}

/// The secrets to seal: those given over those kept. `None` keeps what there is; another type starts without.
async fn merged_secrets(
    app: &App,
    name: &RepositoryName,
    given: Map<String, Value>,
    same_kind: bool,
) -> Result<Option<SecretString>> {
    if given.is_empty() && same_kind {
        return Ok(None);
    }
    let kept = if same_kind {
        app.store.repository_secrets(name).await?
    } else {
        None
    };
    let mut all: Map<String, Value> = kept
        .and_then(|kept| serde_json::from_str(kept.expose_secret()).ok())
        .unwrap_or_default();
    all.extend(given);
    Ok(Some(SecretString::from(Value::Object(all).to_string())))
}

/// Sets or removes the reader; the result of looking with it, for people.
///
/// # Errors
/// `NotFound`; `Invalid` for an address that cannot be used.
pub async fn put_reader(app: &App, name: &RepositoryName, reader: Option<Reader>) -> Result<String> {
    let repository = app.store.repository(name).await?.ok_or_else(gone)?;
    if let Some(reader) = &reader {
        check_reader(&repository, reader)?;
    }
    app.store.put_reader(name, reader.as_ref()).await?;
    Ok(in_words(&preflight(reader.as_ref()).await))
}

fn gone() -> Error {
    Error::missing(Missing::Repository, "the platform has no repository of this name")
}

fn check_shape(request: &PutRepository) -> Result<()> {
    if let Some(path) = nested_secret("settings", &request.settings) {
        let message = format!(
            "{path} is a secret inside an object, which cannot be kept apart; write its key with dots"
        );
        return Err(Error::invalid(&path, message));
    }
    if !SUPPORTED.contains(&request.kind.as_str()) {
        let message = format!(
            "this type is not supported yet; supported: {}",
            SUPPORTED.join(", ")
        );
        return Err(Error::invalid("type", message));
    }
    let member = location::location_member(&request.kind);
    let required = location::bucket_member(&request.kind).unwrap_or(member);
    match request.settings.get(required) {
        Some(Value::String(value)) if !value.trim().is_empty() => {}
        Some(_) => {
            return Err(Error::invalid(
                &format!("settings.{required}"),
                format!("{required} must be a text"),
            ));
        }
        None => {
            let message = format!("a repository of type {} needs settings.{required}", request.kind);
            return Err(Error::invalid(&format!("settings.{required}"), message));
        }
    }
    match request.settings.get(member) {
        Some(Value::String(url)) if request.kind == URL => check_url(url),
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(Error::invalid(
            &format!("settings.{member}"),
            format!("{member} must be a text"),
        )),
    }
}

/// Engines read these; credentials in one would be shown to whoever may see the repository.
fn check_url(text: &str) -> Result<()> {
    let plain = |url: &Url| url.username().is_empty() && url.password().is_none();
    let known = |url: &Url| matches!(url.scheme(), "http" | "https" | "ftp" | "file" | "jar");
    match Url::parse(text) {
        Ok(url) if plain(&url) && known(&url) => Ok(()),
        _ => Err(Error::invalid(
            "settings.url",
            "url must be http, https, ftp, file or jar, without credentials",
        )),
    }
}

/// A secret below the first level: only members of `settings` itself are sealed.
fn nested_secret(path: &str, settings: &Map<String, Value>) -> Option<String> {
    fn within(path: String, value: &Value) -> Option<String> {
        match value {
            Value::Object(members) => members.iter().find_map(|(key, value)| {
                let path = format!("{path}.{key}");
                if is_secret(key) {
                    Some(path)
                } else {
                    within(path, value)
                }
            }),
            Value::Array(items) => items.iter().find_map(|item| within(path.clone(), item)),
            _ => None,
        }
    }
    settings
        .iter()
        .find_map(|(key, value)| within(format!("{path}.{key}"), value))
}

fn check_reader(repository: &PlatformRepository, reader: &Reader) -> Result<()> {
    let schemes = location::reader_schemes(&repository.kind);
    let scheme = reader.url.split_once("://").map_or("", |(scheme, _)| scheme);
    if !schemes.contains(&scheme) {
        let message = format!(
            "the reader of a repository of type {} begins with {}",
            repository.kind,
            schemes
                .iter()
                .map(|scheme| format!("{scheme}://"))
                .collect::<Vec<_>>()
                .join(" or ")
        );
        return Err(Error::invalid("url", message));
    }
    if reader.url.contains('@') {
        return Err(Error::invalid(
            "url",
            "credentials do not belong into the address; give username and password",
        ));
    }
    match &reader.endpoint {
        Some(endpoint) if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") => Err(
            Error::invalid("endpoint", "the endpoint begins with http:// or https://"),
        ),
        _ => Ok(()),
    }
}

/// Looks at the storage through the reader. `None`: there is no reader to look with.
async fn preflight(reader: Option<&Reader>) -> std::result::Result<Option<bool>, SourceError> {
    match reader {
        None => Ok(None),
        Some(reader) => reader::holds_anything(&reader.url, reader).await.map(Some),
    }
}

fn in_words(result: &std::result::Result<Option<bool>, SourceError>) -> String {
    match result {
        Ok(None) => "not looked at: there is no reader".to_owned(),
        Ok(Some(true)) => "readable".to_owned(),
        Ok(Some(false)) => "readable, and empty".to_owned(),
        Err(error) => format!("not readable: {error}"),
    }
}
