//! `tintype snapshot take CLUSTER`: ECE's own call.

use crate::cli::cells::{column, text};
use crate::cli::client::{Answer, Client, Request};
use crate::cli::cluster;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::follow::{Follower, Repeat, WaitArgs};
use crate::cli::global::process_env;
use crate::cli::output::View;
use crate::cli::secret;
use crate::ids;
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// What to take.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// The cluster's id or name
    pub cluster: String,
    /// The snapshot's name; one with the time is made when absent
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The platform's or the engine's name of a repository; the cluster's own when absent
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// The storage's access key, to prove that you may use it; checked and forgotten
    #[arg(long, value_name = "KEY")]
    pub username: Option<String>,
    /// A file with the storage's secret key, to prove that you may use it
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Sent again with the same key within 24 hours, the same snapshot is meant; one is made when absent
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

const STARTED: View = View {
    name: |row| text(row, "/name"),
    columns: &[column!("SNAPSHOT", "/name"), column!("OPERATION", "/operation")],
    details: &[],
};

/// Takes it; with `--wait` follows the operation to its end.
///
/// # Errors
/// See [`CliError`].
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let body = body(&args, process_env("TINTYPE_STORAGE_PASSWORD"))?;
    let client = context.client(args.wait.wait)?;
    let key = args.idempotency_key.clone().unwrap_or_else(ids::secret);
    if !args.wait.wait {
        let started = send(&client, &args, body, &key).await?;
        return context.one(&STARTED, &shown(&started));
    }
    let mut follower = Follower::new(&client, context)?;
    let id = follower.resolve(&args.cluster).await?;
    let started = follower
        .start(&request(&client, &id, body, &key)?, Repeat::Always)
        .await?;
    let name = text(&started.body, "/name");
    let unnamed = || {
        CliError::Failed(format!(
            "snapshot {name} was started, but the server names no operation"
        ))
    };
    let operation = started.operation.ok_or_else(unnamed)?;
    context.note(&format!("snapshot {name}: operation {operation}"));
    follower.follow(&operation).await
}

async fn send(client: &Client, args: &Args, body: Value, key: &str) -> Result<Answer> {
    let id = cluster::resolve(client, &args.cluster).await?;
    let result = client.send(&request(client, &id, body, key)?).await;
    result.map_err(|error| match error {
        CliError::Timeout(message) => CliError::Timeout(message + &again(key)),
        CliError::Unreachable {
            message,
            not_sent: false,
        } => CliError::Unreachable {
            message: message + &again(key),
            not_sent: false,
        },
        other => other,
    })
}

/// A lost answer is neither success nor failure: asking again with the key is safe.
fn again(key: &str) -> String {
    format!("; the snapshot may have been started: repeat with --idempotency-key {key} to get the same one")
}

fn request(client: &Client, id: &str, body: Value, key: &str) -> Result<Request> {
    let request = client.regional(Method::POST, &["clusters", "elasticsearch", id, "_snapshot"])?;
    Ok(request.body(body).idempotency_key(key))
}

/// ECE's `ClusterSnapshotRequest`; what is absent means a default.
fn body(args: &Args, password_variable: Option<String>) -> Result<Value> {
    let mut body = Map::new();
    let mut set =
        |name: &str, value: Option<String>| body.extend(value.map(|value| (name.to_owned(), value.into())));
    set("name", args.name.clone());
    set("repository_name", args.repository.clone());
    set("username", args.username.clone());
    let password = match &args.password_file {
        Some(path) => Some(
            secret::from_file("--password-file", path)?
                .expose_secret()
                .to_owned(),
        ),
        None => password_variable,
    };
    set("password", password);
    Ok(Value::Object(body))
}

fn shown(started: &Answer) -> Value {
    let mut shown = started.body.clone();
    if let (Some(members), Some(operation)) = (shown.as_object_mut(), &started.operation) {
        members.insert("operation".into(), operation.clone().into());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_body_is_ece_s_and_holds_only_what_was_given() {
        assert_eq!(body(&Args::default(), None).unwrap(), json!({}));
        let args = Args {
            name: Some("n".into()),
            repository: Some("r".into()),
            username: Some("u".into()),
            ..Args::default()
        };
        let expected = json!({"name": "n", "repository_name": "r", "username": "u", "password": "p"});
        assert_eq!(body(&args, Some("p".into())).unwrap(), expected);
    }
}
