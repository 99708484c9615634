//! `tintype repository set NAME`.

use super::reader::{self, ReaderArgs};
use super::show;
use crate::cli::client::Request;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::secret;
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// What to make.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// Its name
    pub name: String,
    /// The type
    #[arg(long = "type", value_name = "TYPE", value_parser = ["fs", "s3", "gcs", "azure", "url"])]
    pub kind: Option<String>,
    /// fs: the directory that all nodes of the engines share, below which each cluster gets its own
    #[arg(long, value_name = "PATH")]
    pub location: Option<String>,
    /// s3, gcs: the bucket
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
    /// azure: the container
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// url: where it is read from, one place for every cluster
    #[arg(long, value_name = "URL")]
    pub from_url: Option<String>,
    /// s3, gcs, azure: the path in it, below which each cluster gets its own
    #[arg(long, value_name = "PATH")]
    pub base_path: Option<String>,
    /// s3, gcs, azure: the name of the client whose credentials are in the engines' keystores
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// Any other setting: key=text, or key:=json for numbers and truth values
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// s3: the access key, shown to whoever may read the repository
    #[arg(long, value_name = "KEY")]
    pub access_key: Option<String>,
    /// s3: a file with the secret key, never shown again
    #[arg(long, value_name = "FILE", requires = "access_key")]
    pub secret_key_file: Option<PathBuf>,
    /// A JSON file with "type" and "settings", as ECE's call takes it; `-` is standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Make it the platform's default
    #[arg(long)]
    pub default: bool,
    /// Refuse when the storage cannot be read through the reader
    #[arg(long)]
    pub require_preflight: bool,
    #[command(flatten)]
    reader: ReaderArgs,
}

/// Makes or replaces it, then sets its reader if one was given.
///
/// # Errors
/// See [`CliError`].
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let body = body(&args)?;
    let reader = args.reader.body()?;
    let client = context.client(false)?;
    let request = Request::native(Method::PUT, &["repositories", &args.name])?.body(body);
    let request = request.query("preflight", args.require_preflight.then_some("require"));
    let mut repository = client.send(&request).await?.body;
    if let Some(reader) = reader {
        reader::put(&client, &args.name, reader).await?;
        repository = client.get(&["repositories", &args.name]).await?;
    }
    show(context, &repository)
}

fn body(args: &Args) -> Result<Value> {
    let mut body = match &args.file {
        None => json!({"settings": {}}),
        Some(path) => serde_json::from_str(secret::from_file("--file", path)?.expose_secret())
            .map_err(|error| CliError::Usage(format!("--file: {}: not JSON: {error}", path.display())))?,
    };
    let bad = || CliError::Usage("--file: it must be an object with an object \"settings\"".into());
    let settings = body
        .get_mut("settings")
        .and_then(Value::as_object_mut)
        .ok_or_else(bad)?;
    settings.extend(given(args)?);
    if let Some(kind) = &args.kind {
        body["type"] = kind.clone().into();
    }
    if body.get("type").is_none() {
        return Err(CliError::Usage("give --type fs, s3, gcs, azure or url".into()));
    }
    if args.default {
        body["default"] = Value::Bool(true);
    }
    Ok(body)
}

fn given(args: &Args) -> Result<Map<String, Value>> {
    let mut settings = Map::new();
    for setting in &args.settings {
        let (key, value) = parse_setting(setting)?;
        settings.insert(key, value);
    }
    let named = [
        ("location", &args.location),
        ("bucket", &args.bucket),
        ("container", &args.container),
        ("url", &args.from_url),
        ("base_path", &args.base_path),
        ("client", &args.client),
        ("access_key", &args.access_key),
    ];
    settings.extend(
        named
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?.into()))),
    );
    if let Some(path) = &args.secret_key_file {
        let secret = secret::from_file("--secret-key-file", path)?;
        settings.insert("secret_key".into(), secret.expose_secret().into());
    }
    Ok(settings)
}

fn parse_setting(text: &str) -> Result<(String, Value)> {
    // The value may be a secret, so it is not repeated.
    let bad = |why: &str| CliError::Usage(format!("--setting: {why}: give key=text or key:=json"));
    let (key, value) = text.split_once('=').ok_or_else(|| bad("there is no '='"))?;
    match key.strip_suffix(':') {
        Some(key) if !key.is_empty() => Ok((
            key.to_owned(),
            serde_json::from_str(value).map_err(|_| bad("the value is not JSON"))?,
        )),
        None if !key.is_empty() => Ok((key.to_owned(), value.into())),
        _ => Err(bad("there is no key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_the_body_and_beat_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("r.json");
        std::fs::write(&file, r#"{"type": "s3", "settings": {"bucket": "old", "x": 1}}"#).unwrap();
        let args = Args {
            file: Some(file),
            bucket: Some("b".into()),
            settings: vec!["compress:=true".into(), "a=b=c".into()],
            default: true,
            ..Args::default()
        };
        let settings = json!({"bucket": "b", "x": 1, "compress": true, "a": "b=c"});
        assert_eq!(
            body(&args).unwrap(),
            json!({"type": "s3", "default": true, "settings": settings})
        );
    }

    #[test]
    fn bad_settings_are_usage_errors_that_do_not_repeat_the_value() {
        for bad in ["hidden", "=hidden", ":=1", "a:=hidden"] {
            let error = parse_setting(bad).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
        assert_eq!(body(&Args::default()).unwrap_err().exit_code(), 2);
    }
}
