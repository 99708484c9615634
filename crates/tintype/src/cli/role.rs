//! `tintype role show LEVEL`.

use super::cells::{plain, text};
use super::context::{Context, members};
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
    let levels = members(&answer, "levels")?;
    let missing = || CliError::Failed(format!("the server knows no access level {level:?}"));
    let role = levels
        .iter()
        .find(|role| role["access"] == *level)
        .ok_or_else(missing)?;
    print(&match context.format() {
        Format::Table => paste(role),
        Format::Name => format!("{level}\n"),
        format => document(format, role)?,
    })
}

/// Each engine's role as the request that makes it, for the engine's console or curl.
fn paste(role: &Value) -> String {
    let engines = [("elasticsearch", "Elasticsearch"), ("opensearch", "OpenSearch")];
    let request = |(member, name): (&str, &str)| Some(format!("# {name}\n{}", request(role.get(member)?)?));
    engines
        .into_iter()
        .filter_map(request)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The request that makes one role.
pub fn request(role: &Value) -> Option<String> {
    let body = serde_json::to_string_pretty(role.get("body")?).ok()?;
    Some(format!("PUT {}\n{}\n", text(role, "/path"), plain(&body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_is_the_request_that_makes_it() {
        let role = json!({"elasticsearch": {"path": "/_security/role/t", "body": {"cluster": []}}});
        assert_eq!(
            paste(&role),
            "# Elasticsearch\nPUT /_security/role/t\n{\n  \"cluster\": []\n}\n"
        );
    }
}
