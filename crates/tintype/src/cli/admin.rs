//! The first user, made when there is none: by `serve` at its first start, or by `init`.

use super::error::{CliError, Result};
use super::secret;
use crate::config::AdminConfig;
use crate::model::audit::Origin;
use crate::model::{Operator, Role, UserChange, UserName};
use crate::secrets::hash_password;
use crate::store::Store;
use jiff::Timestamp;
use secrecy::SecretString;

/// What came of looking for the first user.
#[derive(Debug)]
pub enum Admin {
    /// There are users already.
    Exists,
    /// Its password is now in the store. `shown` is to be printed once; `None` when it came from a file.
    Set {
        /// The user's name.
        name: String,
        /// The password, when it was made here.
        shown: Option<SecretString>,
    },
}

/// Makes the admin when there is no user. The hash is durable before the password is shown; a crash in between costs
/// the password, and `tintype init --new-admin-password` makes another.
///
/// # Errors
/// Usage: the password's file. Failed: the store.
pub async fn ensure(store: &dyn Store, config: &AdminConfig, now: Timestamp) -> Result<Admin> {
    if store.user_count().await.map_err(failed)? > 0 {
        return Ok(Admin::Exists);
    }
    let name = config.name.parse::<UserName>();
    let name = name.map_err(|error| CliError::Usage(format!("admin.name: {error}")))?;
    let (password_hash, shown) = password(config).await?;
    let user = Operator {
        builtin: true,
        ..Operator::new(name, password_hash, vec![Role::EcePlatformAdmin], now)
    };
    store.create_user(&user).await.map_err(failed)?;
    Ok(Admin::Set {
        name: user.name,
        shown,
    })
}

/// Gives the admin another password, for whoever lost it; makes the admin when there is none.
///
/// # Errors
/// As [`ensure`].
pub async fn renew(store: &dyn Store, config: &AdminConfig, now: Timestamp) -> Result<Admin> {
    if store.user(&config.name).await.map_err(failed)?.is_none() {
        return ensure(store, config, now).await;
    }
    let (password_hash, shown) = password(config).await?;
    let change = UserChange {
        password_hash: Some(password_hash),
        ..UserChange::default()
    };
    let changed = store.change_user(&config.name, &change, None, now).await;
    changed.map_err(failed)?;
    Ok(Admin::Set {
        name: config.name.clone(),
        shown,
    })
}

/// Removes the admin's second factor, for whoever lost it and its recovery codes.
///
/// # Errors
/// Failed: the store.
pub async fn forget_totp(store: &dyn Store, config: &AdminConfig) -> Result<()> {
    store.remove_totp(&config.name, None).await.map_err(failed)?;
    Ok(())
}

/// For the audit log: whoever can run `tintype` on the data directory needs no credentials.
pub fn at_the_console(verb: &str, at: Timestamp) -> Origin {
    Origin {
        at,
        principal: None,
        address: None,
        request: String::new(),
        method: "console".to_owned(),
        route: format!("tintype {verb}"),
        target: String::new(),
    }
}

/// The hash, and the password if it was made here.
async fn password(config: &AdminConfig) -> Result<(String, Option<SecretString>)> {
    let (password, made) = match &config.password_file {
        Some(path) => (secret::from_file("admin.password_file", path)?, false),
        None => (secret::generate(), true),
    };
    let to_hash = password.clone();
    let hash = tokio::task::spawn_blocking(move || hash_password(&to_hash))
        .await
        .map_err(failed)?;
    Ok((hash.map_err(failed)?, made.then_some(password)))
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
