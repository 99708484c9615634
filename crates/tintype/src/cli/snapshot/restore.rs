//! `tintype snapshot restore CLUSTER REPOSITORY/NAME`.

use super::parse_snapshot;
use crate::cli::client::Request;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::follow::{WaitArgs, start};
use http::Method;
use serde_json::{Map, Value, json};

/// What to restore.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// The cluster's id or name
    pub cluster: String,
    /// REPOSITORY/NAME, or REPOSITORY NAME
    #[arg(num_args = 1..=2, required = true, value_name = "REPOSITORY/NAME")]
    pub snapshot: Vec<String>,
    /// Names or wildcards, by commas or repeated; all indices when absent
    #[arg(long = "index", value_delimiter = ',', value_name = "NAME")]
    pub indices: Vec<String>,
    /// Put before each name
    #[arg(long, value_name = "TEXT")]
    pub rename_prefix: Option<String>,
    /// Put behind each name
    #[arg(long, value_name = "TEXT")]
    pub rename_suffix: Option<String>,
    /// One index under exactly this name; beats prefix and suffix
    #[arg(long = "rename", value_name = "FROM=TO")]
    pub renames: Vec<String>,
    /// Restore the aliases too
    #[arg(long)]
    pub include_aliases: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Restores it; with `--wait` follows the operation to its end.
///
/// # Errors
/// See [`CliError`].
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let (repository, name) = parse_snapshot(&args.snapshot)?;
    let body = body(&args)?;
    let client = context.client(args.wait.wait)?;
    let request = |id: &str| {
        let path = ["clusters", id, "snapshots", &repository, &name, "_restore"];
        Ok(Request::native(Method::POST, &path)?.body(body.clone()))
    };
    start(&client, context, &args.cluster, args.wait.wait, request).await
}

fn body(args: &Args) -> Result<Value> {
    let mut body = Map::new();
    if !args.indices.is_empty() {
        body.insert("indices".into(), json!(args.indices));
    }
    for (name, value) in [
        ("rename_prefix", &args.rename_prefix),
        ("rename_suffix", &args.rename_suffix),
    ] {
        body.extend(value.clone().map(|value| (name.to_owned(), value.into())));
    }
    let mut renames = Map::new();
    for rename in &args.renames {
        let pair = rename
            .split_once('=')
            .filter(|(from, to)| !from.is_empty() && !to.is_empty());
        let (from, to) = pair.ok_or_else(|| CliError::Usage(format!("--rename {rename}: give FROM=TO")))?;
        if renames.insert(from.to_owned(), to.into()).is_some() {
            return Err(CliError::Usage(format!("--rename: {from} is renamed twice")));
        }
    }
    if !renames.is_empty() {
        body.insert("rename".into(), renames.into());
    }
    if args.include_aliases {
        body.insert("include_aliases".into(), Value::Bool(true));
    }
    Ok(Value::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_holds_only_what_was_given() {
        assert_eq!(body(&Args::default()).unwrap(), json!({}));
        let args = Args {
            indices: vec!["a".into(), "b*".into()],
            rename_prefix: Some("restored-".into()),
            renames: vec!["a=c".into()],
            ..Args::default()
        };
        let expected = json!({"indices": ["a", "b*"], "rename_prefix": "restored-", "rename": {"a": "c"}});
        assert_eq!(body(&args).unwrap(), expected);
    }

    #[test]
    fn a_rename_needs_both_names_and_comes_once() {
        for bad in [&["a"][..], &["=b"], &["a="], &["a=b", "a=c"]] {
            let args = Args {
                renames: bad.iter().map(|r| (*r).to_owned()).collect(),
                ..Args::default()
            };
            assert_eq!(body(&args).unwrap_err().exit_code(), 2);
        }
    }
}
