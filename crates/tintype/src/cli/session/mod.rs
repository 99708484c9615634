//! `tintype login|logout|elevate`: a session instead of a password with each command.

use super::cells::{column, text};
use super::client::{Client, Request};
use super::context::Context;
use super::error::{CliError, Result};
use super::global::{Credentials, process_env};
use super::output::View;
use super::secret;
use http::Method;
use saved::Saved;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

pub mod saved;

/// How to elevate.
#[derive(Debug, clap::Args)]
pub struct ElevateArgs {
    /// A code of your TOTP device, or a recovery code; asked for when absent
    #[arg(conflicts_with = "end")]
    code: Option<String>,
    /// End the elevation instead
    #[arg(long)]
    end: bool,
}

const SIGNED_IN: View = View {
    name: |row| text(row, "/user"),
    columns: &[column!("USER", "/user"), column!("SERVER", "/server")],
    details: &[],
};

const ELEVATED: View = View {
    name: |row| text(row, "/has_elevated_permissions"),
    columns: &[
        column!("ELEVATED", "/has_elevated_permissions"),
        column!("UNTIL", "/elevated_permissions_expire_at"),
        column!("TOTP DEVICE", "/has_totp_device"),
    ],
    details: &[column!("TOKEN EXPIRES", "/expires_at")],
};

/// Signs in and keeps the session's token.
///
/// # Errors
/// See [`CliError`].
pub async fn login(context: &Context) -> Result<()> {
    let mut connection = context.connection()?;
    let credentials = std::mem::replace(&mut connection.credentials, Credentials::None);
    let Credentials::Basic(user, password) = credentials else {
        return Err(CliError::Usage(
            "a session begins with a user and a password: give --user NAME".into(),
        ));
    };
    // Before anything is sent: a session that cannot be kept would be of no use.
    let place = saved::Place::of(&process_env, &connection.url)?;
    let client = Client::new(connection, context.answer_timeout())?;
    let request = Request::ece(Method::POST, &["users", "auth", "_login"])?
        .body(json!({"username": user, "password": password.expose_secret()}));
    let token = token(&client.send(&request).await?.body)?;
    Saved::new(place, user.clone(), token).keep()?;
    context.note("signed in; `tintype logout` ends the session");
    let server = client.url().as_str();
    context.one(&SIGNED_IN, &json!({"user": user, "server": server}))
}

/// Ends the session and forgets its token.
///
/// # Errors
/// See [`CliError`]. The token is forgotten even when the server cannot be told.
pub async fn logout(context: &Context) -> Result<()> {
    let mut connection = context.connection_of_session()?;
    let place = saved::Place::of(&process_env, &connection.url)?;
    let Some(saved) = Saved::load(place)? else {
        context.note("there is no session to end");
        return Ok(());
    };
    saved.forget()?;
    connection.credentials = Credentials::Session(saved);
    let client = Client::new(connection, context.answer_timeout())?;
    let request = Request::ece(Method::POST, &["users", "auth", "_logout"])?;
    match client.send_as_is(&request).await {
        // Over already.
        Err(CliError::Api { status: 401, .. }) => {}
        ended => drop(ended?),
    }
    context.note("signed out");
    Ok(())
}

/// Elevates the session, or ends its elevation.
///
/// # Errors
/// See [`CliError`].
pub async fn elevate(args: ElevateArgs, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    if !client.has_session() {
        return Err(CliError::Usage(
            "only a session can be elevated: run `tintype login --user NAME` first, and give no other credentials".into(),
        ));
    }
    let path = ["users", "auth", "_elevate"];
    let request = if args.end {
        Request::ece(Method::DELETE, &path)?
    } else {
        let code = code(args.code)?;
        Request::ece(Method::POST, &path)?.body(json!({"token": code.expose_secret()}))
    };
    let answer = client.send(&request).await?.body;
    client.keep_token(token(&answer)?).await?;
    let info = Request::ece(Method::GET, &["users", "auth"])?;
    context.one(&ELEVATED, &client.send(&info).await?.body)
}

/// A code as given, or as asked for.
///
/// # Errors
/// Usage: there is none, and no terminal to ask on.
pub fn code(given: Option<String>) -> Result<SecretString> {
    if let Some(code) = given {
        return Ok(code.into());
    }
    let asked = secret::prompt("Code of your TOTP device, or a recovery code")?;
    asked.ok_or_else(|| CliError::Usage("give the code that your TOTP device shows now".into()))
}

/// The token in an answer.
///
/// # Errors
/// Failed: there is none.
pub fn token(answer: &Value) -> Result<SecretString> {
    let missing = || CliError::Failed("the server's answer holds no token".into());
    let token = answer.get("token").and_then(Value::as_str);
    token.map(SecretString::from).ok_or_else(missing)
}
