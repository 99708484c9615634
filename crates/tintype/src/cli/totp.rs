//! `tintype totp enrol|confirm|show|remove`: the second factor.

use super::cells::{column, text};
use super::client::Request;
use super::context::Context;
use super::error::{CliError, Result};
use super::output::{Format, View, print};
use super::secret;
use super::session;
use clap::Subcommand;
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Enrol a device; its secret is shown once, and it counts once it is confirmed
    Enrol {
        /// A file that holds your password, which a session or a key alone does not replace; asked for when absent
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Confirm the device by its first code; the recovery codes are shown once
    Confirm {
        /// What the device shows now; asked for when absent
        code: Option<String>,
    },
    /// Whether you have a device, and how many recovery codes are left
    Show,
    /// Remove your device: with a code, or from an elevated session
    Remove {
        /// A code of the device, or a recovery code
        #[arg(long, value_name = "CODE", conflicts_with = "of")]
        code: Option<String>,
        /// Remove the device of this user, who lost it; for administrators
        #[arg(long, value_name = "USER")]
        of: Option<String>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

const ENROLLED: View = View {
    name: |row| text(row, "/secret"),
    columns: &[column!("SECRET", "/secret"), column!("URI", "/uri")],
    details: &[],
};

const DEVICE: View = View {
    name: |row| text(row, "/status"),
    columns: &[
        column!("STATUS", "/status"),
        column!("ENROLLED", "/enrolled_at"),
        column!("RECOVERY CODES", "/recovery_codes_left"),
    ],
    details: &[column!("CONFIRMED", "/confirmed_at")],
};

/// Runs a verb.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Enrol { password_file } => enrol(password_file, context).await,
        Verb::Confirm { code } => confirm(code, context).await,
        Verb::Show => context.one(&DEVICE, &context.client(false)?.get(&["user", "totp"]).await?),
        Verb::Remove { code, of, yes } => remove(code, of, yes, context).await,
    }
}

async fn enrol(password_file: Option<PathBuf>, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    let password = match password_file {
        Some(path) => Some(secret::from_file("--password-file", &path)?),
        None if client.has_password() => None,
        None => secret::prompt("Your password")?,
    };
    let request = Request::native(Method::POST, &["user", "totp"])?;
    let request = match &password {
        Some(password) => request.body(json!({"password": password.expose_secret()})),
        None => request,
    };
    let enrolled = client.send(&request).await?.body;
    context.note(
        "the secret is shown only now: give it to your authenticator app, then run `tintype totp confirm`",
    );
    context.one(&ENROLLED, &enrolled)
}

async fn confirm(code: Option<String>, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    let code = session::code(code)?;
    let request = Request::native(Method::POST, &["user", "totp", "_confirm"])?;
    let request = request.body(json!({"code": code.expose_secret()}));
    let confirmed = client.send(&request).await?.body;
    context.note("the recovery codes are shown only now, and each counts once: keep them in a safe place");
    let missing = || CliError::Failed("the server's answer holds no recovery codes".into());
    let codes = confirmed.get("recovery_codes").and_then(Value::as_array);
    let codes = codes.ok_or_else(missing)?;
    print(&match context.format() {
        Format::Table | Format::Name => codes
            .iter()
            .filter_map(Value::as_str)
            .map(|code| format!("{code}\n"))
            .collect(),
        format => super::output::document(format, &confirmed)?,
    })
}

async fn remove(code: Option<String>, of: Option<String>, yes: bool, context: &Context) -> Result<()> {
    let whose = of.as_deref().map_or("your TOTP device".to_owned(), |user| {
        format!("the TOTP device of {user}")
    });
    secret::confirm(&format!("Remove {whose}?"), yes)?;
    let request = match &of {
        Some(user) => Request::native(Method::DELETE, &["users", user, "totp"])?,
        None => Request::native(Method::DELETE, &["user", "totp"])?,
    };
    let request = match code {
        Some(code) => request.body(json!({"code": code})),
        None => request,
    };
    context.client(false)?.send(&request).await?;
    context.note(&format!("removed {whose}"));
    Ok(())
}
