//! `tintype repository reader set|delete`, and the same options of `repository set`.

use crate::cli::client::{Client, Request};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::{cells, secret};
use clap::Subcommand;
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Set the reader and look at the storage with it
    Set {
        /// The repository
        name: String,
        /// The reader.
        #[command(flatten)]
        reader: ReaderArgs,
    },
    /// Remove the reader and its credentials
    Delete {
        /// The repository
        name: String,
    },
}

/// A reader.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Reader")]
pub struct ReaderArgs {
    /// `file:///mounted/path`, `s3://bucket/base/path`, `gs://…`, `az://container/base/path` or `https://host/path`
    #[arg(long, value_name = "URL")]
    pub reader_url: Option<String>,
    /// s3, gcs, azure: the endpoint, when it is not the cloud's own
    #[arg(long, value_name = "URL", requires = "reader_url")]
    pub reader_endpoint: Option<String>,
    /// s3: the storage's region
    #[arg(long, value_name = "REGION", requires = "reader_url")]
    pub reader_region: Option<String>,
    /// s3: access key; azure: account; gcs: client e-mail
    #[arg(long, value_name = "KEY", requires = "reader_url")]
    pub reader_user: Option<String>,
    /// A file with the secret key, the account key or the private key; else it is asked for
    #[arg(long, value_name = "FILE", requires = "reader_user")]
    pub reader_password_file: Option<PathBuf>,
}

impl ReaderArgs {
    /// The API's body, when a reader was given.
    ///
    /// # Errors
    /// Usage: a file that cannot be used, or a secret key that is missing.
    pub fn body(&self) -> Result<Option<Value>> {
        let Some(url) = &self.reader_url else {
            return Ok(None);
        };
        let mut body = json!({"url": url});
        let named = [
            ("endpoint", &self.reader_endpoint),
            ("region", &self.reader_region),
            ("username", &self.reader_user),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                body[name] = value.clone().into();
            }
        }
        if let Some(user) = &self.reader_user {
            let password = match &self.reader_password_file {
                Some(path) => Some(secret::from_file("--reader-password-file", path)?),
                None => secret::prompt(&format!("Secret key of {user}"))?,
            };
            let missing =
                || CliError::Usage("no secret key for the reader: give --reader-password-file FILE".into());
            body["password"] = password.ok_or_else(missing)?.expose_secret().into();
        }
        Ok(Some(body))
    }
}

/// Sets a repository's reader; what the look with it gave, for people.
///
/// # Errors
/// What the server refuses.
pub async fn put(client: &Client, name: &str, reader: Value) -> Result<Value> {
    let request = Request::native(Method::PUT, &["repositories", name, "reader"])?.body(reader);
    Ok(client.send(&request).await?.body)
}

/// Runs a verb.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Set { name, reader } => {
            let body = reader
                .body()?
                .ok_or_else(|| CliError::Usage("give --reader-url URL".into()))?;
            let answer = put(&context.client(false)?, &name, body).await?;
            context.note(&format!(
                "the reader of {name} is set: {}",
                cells::text(&answer, "/preflight")
            ));
        }
        Verb::Delete { name } => {
            let request = Request::native(Method::DELETE, &["repositories", &name, "reader"])?;
            context.client(false)?.send(&request).await?;
            context.note(&format!("the reader of {name} is removed"));
        }
    }
    Ok(())
}
