//! The first user, made when there is none: by `serve` at its first start, or by `init`.

use super::error::{CliError, Result};
use super::secret;
use crate::config::AdminConfig;
use crate::ids;
use crate::model::audit::Origin;
use crate::model::{Operator, Role};
use crate::secrets::hash_password;
use crate::store::Store;
use jiff::Timestamp;
use secrecy::SecretString;

/// Characters of a password that is made here: 144 random bits.
const PASSWORD_LEN: usize = 24;

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
    let (password_hash, shown) = password(config).await?;
    let roles = vec![Role::EcePlatformAdmin];
    let user = Operator {
        name: config.name.clone(),
        password_hash,
        roles,
        enabled: true,
    };
    store.create_user(&user, now).await.map_err(failed)?;
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
    store
        .set_password(&config.name, &password_hash)
        .await
        .map_err(failed)?;
    Ok(Admin::Set {
        name: config.name.clone(),
        shown,
    })
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
        None => (SecretString::from(ids::secret()[..PASSWORD_LEN].to_owned()), true),
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
