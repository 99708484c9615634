//! `tintype user create|update`.

use super::password::Source;
use super::{VIEW, at};
use crate::cli::client::Request;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

/// A user to make.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// The user's name
    name: String,
    /// A role: ece_platform_admin, ece_platform_viewer, ece_deployment_manager, ece_deployment_viewer; may be repeated
    #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
    roles: Vec<String>,
    /// The name for people
    #[arg(long, value_name = "TEXT")]
    full_name: Option<String>,
    /// The address for people
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// It may not sign in yet
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    source: Source,
}

/// What to change of a user.
#[derive(Debug, clap::Args)]
pub struct Update {
    /// The user's name
    name: Option<String>,
    /// All the user's roles, instead of those it has; may be repeated
    #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
    roles: Vec<String>,
    /// Take all roles away
    #[arg(long, conflicts_with = "roles")]
    no_roles: bool,
    /// The name for people; empty to remove it
    #[arg(long, value_name = "TEXT")]
    full_name: Option<String>,
    /// The address for people; empty to remove it
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// It may sign in again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// It may not sign in any more, and its API keys are refused
    #[arg(long)]
    disable: bool,
}

/// Makes a user.
///
/// # Errors
/// See [`CliError`].
pub async fn create(create: Create, context: &Context) -> Result<()> {
    let given = create
        .source
        .read(context, &format!("Password for {}", create.name))?;
    let mut body = members([("full_name", &create.full_name), ("email", &create.email)]);
    body.insert("user_name".to_owned(), json!(create.name));
    let security = json!({
        "password": given.password.expose_secret(), "roles": create.roles, "enabled": !create.disabled,
    });
    body.insert("security".to_owned(), security);
    let request = Request::ece(Method::POST, &["users"])?.body(body.into());
    let mut made = context.client(false)?.send(&request).await?.body;
    given.show(&mut made, context)
}

/// Changes a user.
///
/// # Errors
/// See [`CliError`].
pub async fn update(update: Update, context: &Context) -> Result<()> {
    let mut body = members([("full_name", &update.full_name), ("email", &update.email)]);
    let mut security = Map::new();
    if update.no_roles || !update.roles.is_empty() {
        security.insert("roles".to_owned(), json!(update.roles));
    }
    if update.enable || update.disable {
        security.insert("enabled".to_owned(), json!(update.enable));
    }
    if !security.is_empty() {
        body.insert("security".to_owned(), security.into());
    }
    if body.is_empty() {
        return Err(CliError::Usage("nothing to change: give an option".into()));
    }
    let request = at(Method::PATCH, update.name.as_deref())?.body(body.into());
    context.one(&VIEW, &context.client(false)?.send(&request).await?.body)
}

/// The texts that were given; an empty one is null.
fn members<const N: usize>(texts: [(&str, &Option<String>); N]) -> Map<String, Value> {
    let given = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.as_deref()?)));
    let value = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    given.map(|(name, text)| (name.to_owned(), value(text))).collect()
}
