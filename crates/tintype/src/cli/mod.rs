//! The command line. The client's verbs speak only to the HTTP API; `serve` and `init` are the server's own.

use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

pub mod cells;
pub mod client;
pub mod context;
pub mod duration;
pub mod error;
pub mod follow;
pub mod global;
pub mod output;
pub mod progress;
pub mod secret;
pub mod seen;

pub mod admin;
pub mod apikey;
pub mod attest_key;
pub mod audit;
pub mod cluster;
pub mod completion;
pub mod config;
pub mod doctor;
pub mod events;
pub mod import;
pub mod init;
pub mod operation;
pub mod repository;
pub mod role;
pub mod serve;
pub mod session;
pub mod snapshot;
pub mod sources;
pub mod status;
pub mod totp;
pub mod user;
pub mod version;
pub mod webhook;

use context::Context;
use error::{CliError, Result};

/// Snapshots for fleets of Elasticsearch and OpenSearch clusters.
#[derive(Debug, Parser)]
#[command(
    name = "tintype",
    version,
    about,
    propagate_version = true,
    infer_subcommands = false
)]
#[command(
    after_help = "Exit codes: 0 success, 1 error, 2 usage, 3 ended but not good (status, doctor, verify: something is wrong), 4 not found or not readable,\n\
5 not allowed, 6 conflict or precondition, 7 server unreachable or busy, 124 timeout, 130 interrupted"
)]
pub struct Cli {
    #[command(flatten)]
    global: global::Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(sources::SourceArgs),
    /// Make the data directory, the key, the database and the admin, and exit
    Init(init::Args),
    /// The configuration
    #[command(subcommand)]
    Config(config::Verb),
    /// The version of this program, and of the server with --server
    Version(version::Args),
    /// The fleet on one screen, the worst first; exit code 3 when a cluster is not ok
    Status(status::Args),
    /// What is wrong with this server and its clusters, and what to do; exit code 3 when something is
    Doctor(doctor::Args),
    /// Clusters: attach, list, show, update, alert, detach
    #[command(subcommand)]
    Cluster(cluster::Verb),
    /// Take over what another control plane looks after
    #[command(subcommand)]
    Import(import::Verb),
    /// Repositories: where snapshots go
    #[command(subcommand)]
    Repository(repository::Verb),
    /// Snapshots: take, list, show, restore, delete
    #[command(subcommand)]
    Snapshot(snapshot::Verb),
    /// Operations: what runs and what became of it
    #[command(subcommand)]
    Operation(operation::Verb),
    /// Users: create, list, show, update, delete, and their passwords
    #[command(subcommand)]
    User(user::Verb),
    /// Begin a session: give --user; later commands use it when they are given no other credentials
    Login,
    /// End the session
    Logout,
    /// Elevate the session with a code of your TOTP device, for commands that change things
    Elevate(session::ElevateArgs),
    /// Your second factor
    #[command(subcommand)]
    Totp(totp::Verb),
    /// What changes: clusters, operations, repositories
    Events(events::Args),
    /// Webhooks: who is told when a cluster is late, fails or recovers
    #[command(subcommand)]
    Webhook(webhook::Verb),
    /// API keys: your own, and those of others
    #[command(subcommand)]
    Apikey(apikey::Verb),
    /// The keys that the server attests snapshots with
    #[command(subcommand)]
    AttestKey(attest_key::Verb),
    /// The audit log: who changed what, and who was refused
    #[command(subcommand)]
    Audit(audit::Verb),
    /// The roles that an access level needs on an engine
    #[command(subcommand)]
    Role(role::Verb),
    /// A completion script for your shell
    Completion(completion::Args),
}

/// Parses the command line, runs it, and says how it ended.
pub fn main() -> ExitCode {
    // Prints help, version and usage errors itself, and exits with 0 or 2.
    let cli = Cli::parse();
    let json = cli.global.output.is_json();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, json);
            ExitCode::from(error.exit_code())
        }
    }
}

fn report(error: &CliError, json: bool) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{}", error.render(json));
}

/// The whole command line, for completion scripts, documentation and tests.
pub fn command() -> clap::Command {
    Cli::command()
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Serve(args) => serve::run(&args),
        Command::Init(args) => init::run(&args, &cli.global),
        Command::Config(verb) => config::run(&verb, cli.global.output),
        Command::Completion(args) => completion::run(&args),
        client => {
            // What reads a storage itself blocks while it reads, and its progress goes on meanwhile.
            let mut builder = match &client {
                Command::Repository(verb) if verb.is_local() => tokio::runtime::Builder::new_multi_thread(),
                _ => tokio::runtime::Builder::new_current_thread(),
            };
            let runtime = builder.enable_all().build();
            let runtime = runtime.map_err(|error| CliError::Failed(format!("cannot start: {error}")))?;
            let result = runtime.block_on(run_client(client, &Context::new(cli.global)));
            // Who interrupts twice does not wait for a reading that hangs.
            runtime.shutdown_background();
            result
        }
    }
}

async fn run_client(command: Command, context: &Context) -> Result<()> {
    match command {
        Command::Version(args) => version::run(&args, context).await,
        Command::Status(args) => status::run(&args, context).await,
        Command::Doctor(args) => doctor::run(&args, context).await,
        Command::Cluster(verb) => cluster::run(verb, context).await,
        Command::Import(verb) => import::run(verb, context).await,
        Command::Repository(verb) => repository::run(verb, context).await,
        Command::Snapshot(verb) => snapshot::run(verb, context).await,
        Command::Operation(verb) => operation::run(verb, context).await,
        Command::User(verb) => user::run(verb, context).await,
        Command::Login => session::login(context).await,
        Command::Logout => session::logout(context).await,
        Command::Elevate(args) => session::elevate(args, context).await,
        Command::Totp(verb) => totp::run(verb, context).await,
        Command::Events(args) => events::run(args, context).await,
        Command::Webhook(verb) => webhook::run(verb, context).await,
        Command::Apikey(verb) => apikey::run(verb, context).await,
        Command::AttestKey(verb) => attest_key::run(verb, context).await,
        Command::Audit(verb) => audit::run(verb, context).await,
        Command::Role(verb) => role::run(verb, context).await,
        Command::Serve(_) | Command::Init(_) | Command::Config(_) | Command::Completion(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
