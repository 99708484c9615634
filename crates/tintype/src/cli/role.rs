//! `tintype role show LEVEL`.

use super::context::Context;
use super::error::{CliError, Result};
use super::output::{Format, document, print};
use clap::Subcommand;
use serde_json::Value;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The roles that an access level needs, ready to paste
    Show {
        /// The access level
        #[arg(value_parser = ["observe", "take", "operate"])]
        level: String,
    },
}

/// Prints the roles of a level, for Elasticsearch and OpenSearch.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    let Verb::Show { level } = verb;
    let answer = context.client(false)?.get(&["roles"]).await?;
    let roles = find(&answer, &level)
        .ok_or_else(|| CliError::Failed(format!("the server's answer has no roles for {level:?}")))?;
    print(&match context.format() {
        Format::Table => paste(roles),
        Format::Name => format!("{level}\n"),
        format => document(format, roles)?,
    })
}

/// The level's member, at the top or below `roles`; a list of roles names its level in `level` or `access`.
fn find<'a>(answer: &'a Value, level: &str) -> Option<&'a Value> {
    let roles = answer.get("roles").unwrap_or(answer);
    match roles {
        Value::Array(list) => list.iter().find(|role| [&role["level"], &role["access"]].iter().any(|l| **l == level)),
        other => other.get(level),
    }
}

/// Each engine's role as the request that makes it.
fn paste(roles: &Value) -> String {
    let mut text = String::new();
    for (name, role) in roles.as_object().into_iter().flatten() {
        let body = match role {
            Value::String(words) => words.clone(),
            role => serde_json::to_string_pretty(role).unwrap_or_default(),
        };
        text.push_str(&format!("# {name}\n{}\n", super::cells::plain(&body)));
    }
    text
}
