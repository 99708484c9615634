//! Where a user's new password comes from, and `tintype user password`.

use super::{VIEW, at};
use crate::cli::cells::{column, text};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::global::process_env;
use crate::cli::output::{Format, View};
use crate::cli::secret;
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Where a new password comes from; a prompt, without any of these.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// A file that holds the user's new password [env: TINTYPE_NEW_PASSWORD]
    #[arg(long, value_name = "FILE", conflicts_with = "generate_password")]
    password_file: Option<PathBuf>,
    /// Make a password; it is shown once
    #[arg(long)]
    generate_password: bool,
}

/// A new password.
pub struct Given {
    /// The password.
    pub password: SecretString,
    /// Nobody knows it yet: it has to be shown.
    generated: bool,
}

/// With the password beside the name.
const MADE: View = View {
    name: |row| text(row, "/user_name"),
    columns: &[
        column!("NAME", "/user_name"),
        column!("PASSWORD", "/security/password"),
        column!("ROLES", "/security/roles"),
        column!("ENABLED", "/security/enabled"),
    ],
    details: &[],
};

impl Source {
    /// Reads, makes or asks for it.
    ///
    /// # Errors
    /// Usage: an unusable file, no source at all, or a format in which a made password would be lost.
    pub fn read(&self, context: &Context, question: &str) -> Result<Given> {
        if self.generate_password {
            if context.format() == Format::Name {
                return Err(CliError::Usage(
                    "--generate-password: the format \"name\" would not show the password".into(),
                ));
            }
            let password = secret::generate();
            return Ok(Given {
                password,
                generated: true,
            });
        }
        let file = self.password_file.as_deref();
        let password = match file.map(|path| secret::from_file("--password-file", path)) {
            Some(password) => Some(password?),
            None => match process_env("TINTYPE_NEW_PASSWORD") {
                Some(password) => Some(password.into()),
                None => secret::prompt_new(question)?,
            },
        };
        let missing = "no password: give --password-file FILE, TINTYPE_NEW_PASSWORD or --generate-password";
        Ok(Given {
            password: password.ok_or_else(|| CliError::Usage(missing.into()))?,
            generated: false,
        })
    }
}

impl Given {
    /// Shows the user, and the password if nobody knows it.
    ///
    /// # Errors
    /// Failed: standard output cannot be written.
    pub fn show(&self, user: &mut Value, context: &Context) -> Result<()> {
        if !self.generated {
            return context.one(&VIEW, user);
        }
        context.note("the password is shown only now");
        user["security"]["password"] = json!(self.password.expose_secret());
        context.one(&MADE, user)
    }
}

/// Changes the password of a user, or one's own.
///
/// # Errors
/// See [`CliError`].
pub async fn change(name: Option<String>, source: Source, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    let whose = name.as_deref().unwrap_or("you");
    let given = source.read(context, &format!("New password for {whose}"))?;
    let body = json!({"security": {"password": given.password.expose_secret()}});
    let request = at(Method::PATCH, name.as_deref())?.body(body);
    let mut changed = client.send(&request).await?.body;
    given.show(&mut changed, context)
}
