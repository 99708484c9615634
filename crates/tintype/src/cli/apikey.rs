//! `tintype apikey create|list|delete`: ECE's calls, for one's own keys.

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
    /// Your keys
    List,
    /// Delete a key: what uses it is refused from then on
    Delete {
        /// The key's id
        id: String,
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
        Verb::List => {
            let answer = client
                .send(&Request::ece(Method::GET, &["users", "auth", "keys"])?)
                .await?
                .body;
            context.list(&VIEW, &answer, "keys")
        }
        Verb::Delete { id, yes } => {
            secret::confirm(&format!("Delete API key {id}?"), yes)?;
            client
                .send(&Request::ece(Method::DELETE, &["users", "auth", "keys", &id])?)
                .await?;
            context.note(&format!("deleted {id}"));
            Ok(())
        }
    }
}
