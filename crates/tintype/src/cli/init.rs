//! `tintype init`: everything that the first start makes, without a start.

use super::admin::{self, Admin};
use super::error::{CliError, Result};
use super::global::Global;
use super::output::{Format, document, print, say};
use super::{serve, sources};
use crate::clock::{Clock, SystemClock};
use crate::store::audit::asked;
use secrecy::ExposeSecret;
use serde_json::json;

/// What to make.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    #[command(flatten)]
    sources: sources::SourceArgs,
    /// Give the admin another password, for when it was lost; the server must not be running
    #[arg(long)]
    new_admin_password: bool,
    /// Remove the admin's TOTP device, for when it and the recovery codes were lost; the server must not be running
    #[arg(long)]
    remove_admin_totp: bool,
}

/// Makes the data directory, the key, the database and the admin; what is there already stays as it is.
///
/// # Errors
/// Usage: the configuration. Failed: the store, with what to do.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let config = args.sources.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::Failed(format!("cannot start: {error}")))?;
    let admin = runtime.block_on(async {
        let (store, _) = serve::open_store(&config).await?;
        let now = SystemClock.now();
        let make = async {
            if args.remove_admin_totp {
                admin::forget_totp(&*store, &config.admin).await?;
            }
            match args.new_admin_password {
                true => admin::renew(&*store, &config.admin, now).await,
                false => admin::ensure(&*store, &config.admin, now).await,
            }
        };
        let admin = asked(admin::at_the_console("init", now), make).await;
        store.close().await;
        admin
    })?;
    if !global.quiet {
        let data_dir = config.data_dir().display();
        say(&match &admin {
            Admin::Exists => format!("{data_dir} was initialised before: nothing was changed"),
            Admin::Set { .. } => format!(
                "{data_dir} is ready: run `tintype serve`; keep a copy of {}",
                config.key_file().display()
            ),
        });
    }
    show(&admin, global.output)
}

/// Prints a password that was made here: the only time that it is seen.
///
/// # Errors
/// Failed: standard output cannot be written; then the password is lost, and the message says what to do.
pub fn show(admin: &Admin, format: Format) -> Result<()> {
    let Admin::Set {
        name,
        shown: Some(password),
    } = admin
    else {
        return Ok(());
    };
    let password = password.expose_secret();
    let text = match format {
        Format::Table | Format::Name => format!("admin user: {name}\nadmin password: {password}\n"),
        format => document(format, &json!({"user": name, "password": password}))?,
    };
    let lost = "; make another password with `tintype init --new-admin-password`";
    print(&text).map_err(|error| CliError::Failed(error.to_string() + lost))
}
