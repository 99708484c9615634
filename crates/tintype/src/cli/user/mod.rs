//! `tintype user …`: ECE's calls about users.

use super::cells::{column, text};
use super::client::Request;
use super::context::Context;
use super::error::Result;
use super::output::View;
use super::secret;
use clap::Subcommand;
use http::Method;

mod password;
mod write;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a user
    Create(write::Create),
    /// All users
    List {
        /// Also users who may not sign in
        #[arg(long)]
        include_disabled: bool,
    },
    /// A user; you, without a name
    Show {
        /// The user's name
        name: Option<String>,
    },
    /// Change a user; you, without a name
    Update(write::Update),
    /// Give a user another password; you, without a name
    Password {
        /// The user's name
        name: Option<String>,
        /// Where the password comes from
        #[command(flatten)]
        source: password::Source,
    },
    /// Delete a user and all its API keys
    Delete {
        /// The user's name
        name: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

const VIEW: View = View {
    name: |row| text(row, "/user_name"),
    columns: &[
        column!("NAME", "/user_name"),
        column!("ROLES", "/security/roles"),
        column!("ENABLED", "/security/enabled"),
        column!("BUILT IN", "/builtin"),
        column!("FULL NAME", "/full_name"),
        column!("EMAIL", "/email"),
    ],
    details: &[
        column!("CREATED", "/metadata/created_at"),
        column!("CREATED BY", "/metadata/created_by"),
        column!("UPDATED", "/metadata/updated_at"),
        column!("UPDATED BY", "/metadata/updated_by"),
    ],
};

/// Runs a verb.
///
/// # Errors
/// See [`super::error::CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Create(create) => write::create(create, context).await,
        Verb::List { include_disabled } => {
            let request = Request::ece(Method::GET, &["users"])?;
            let request = request.query("include_disabled", include_disabled.then_some(true));
            let answer = context.client(false)?.send(&request).await?.body;
            context.list(&VIEW, &answer, "users")
        }
        Verb::Show { name } => {
            let request = at(Method::GET, name.as_deref())?;
            context.one(&VIEW, &context.client(false)?.send(&request).await?.body)
        }
        Verb::Update(update) => write::update(update, context).await,
        Verb::Password { name, source } => password::change(name, source, context).await,
        Verb::Delete { name, yes } => {
            let request = at(Method::DELETE, Some(&name))?;
            secret::confirm(&format!("Delete user {name} and all its API keys?"), yes)?;
            context.client(false)?.send(&request).await?;
            context.note(&format!("deleted {name}"));
            Ok(())
        }
    }
}

/// The user of that name, or the caller.
fn at(method: Method, name: Option<&str>) -> Result<Request> {
    match name {
        Some(name) => Request::ece(method, &["users", name]),
        None => Request::ece(method, &["user"]),
    }
}
