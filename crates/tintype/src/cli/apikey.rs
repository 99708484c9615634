//! `tintype apikey create|list|delete`: ECE's calls, for one's own keys, and for those of others.

use super::cells::{column, text};
use super::client::Request;
use super::context::Context;
use super::error::{CliError, Result};
use super::output::{View, print};
use super::secret;
use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a key; it is shown once
    Create {
        /// What it is for
        #[arg(
            short,
            long,
            default_value = "made with tintype apikey create",
            value_name = "TEXT"
        )]
        description: String,
        /// Print the key and nothing else
        #[arg(long)]
        key_only: bool,
    },
    /// Your keys, or those of others
    List {
        /// The keys of this user
        #[arg(long, value_name = "USER", conflicts_with = "all")]
        owner: Option<String>,
        /// The keys of all users
        #[arg(long)]
        all: bool,
    },
    /// Delete a key: what uses it is refused from then on
    Delete {
        /// The key's id
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// The user whose key it is, instead of you
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
        /// Every key of the owner
        #[arg(long, requires = "owner", conflicts_with = "id")]
        all: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

const VIEW: View = View {
    name: |row| text(row, "/id"),
    columns: &[
        column!("ID", "/id"),
        column!("USER", "/user_id"),
        column!("CREATED", "/creation_date"),
        column!("DESCRIPTION", "/description"),
    ],
    details: &[column!("KEY", "/key")],
};

/// Runs a verb.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    match verb {
        Verb::Create {
            description,
            key_only,
        } => {
            let request = Request::ece(Method::POST, &["users", "auth", "keys"])?;
            let made = client
                .send(&request.body(json!({"description": description})))
                .await?
                .body;
            context.note("the key is shown only now: keep it in a safe place");
            if !key_only {
                return context.one(&VIEW, &made);
            }
            let missing = || CliError::Failed("the server's answer holds no key".into());
            print(&format!(
                "{}\n",
                made.get("key").and_then(Value::as_str).ok_or_else(missing)?
            ))
        }
        Verb::List { owner, all } => {
            let last = if all { Some("_all") } else { None };
            let request = Request::ece(Method::GET, &keys(owner.as_deref(), last))?;
            context.list(&VIEW, &client.send(&request).await?.body, "keys")
        }
        Verb::Delete { id, owner, yes, .. } => {
            let request = Request::ece(Method::DELETE, &keys(owner.as_deref(), id.as_deref()))?;
            let what = match (&id, &owner) {
                (Some(id), _) => id.clone(),
                (None, owner) => format!("all keys of {}", owner.as_deref().unwrap_or_default()),
            };
            secret::confirm(&format!("Delete API key: {what}?"), yes)?;
            client.send(&request).await?;
            context.note(&format!("deleted {what}"));
            Ok(())
        }
    }
}

/// The path of one's own keys, or of another user's; `last` follows.
fn keys<'a>(owner: Option<&'a str>, last: Option<&'a str>) -> Vec<&'a str> {
    let mut path = vec!["users"];
    path.extend(owner);
    path.extend(["auth", "keys"]);
    path.extend(last);
    path
}
