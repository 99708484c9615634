//! The storage's credentials that come with a request: checked through the repository's reader, then forgotten.
//!
//! They prove the caller's right to that storage. They are never sent to the engine, stored, logged or echoed.

use super::location::{self, Wanted};
use super::repositories::Resolved;
use super::{Operations, StorageCredentials, reader};
use crate::error::Result;
use crate::model::{Cluster, Failure, FailureKind, Reader};
use serde_json::Value;

/// Each member given overrides the reader's own; the pair must be able to list one key under the location.
///
/// # Errors
/// `InvalidCredentials` for anything but a success.
pub async fn check(
    operations: &Operations,
    cluster: &Cluster,
    resolved: &Resolved,
    given: &StorageCredentials,
) -> Result<()> {
    let Some(platform) = &resolved.platform else {
        return Err(invalid(format!(
            "{} is known to the engine alone; without a platform repository and its reader the credentials cannot be \
             checked. Leave them out",
            resolved.engine_name
        )));
    };
    if location::bucket_member(&platform.kind).is_none() {
        let message = format!(
            "a repository of type {} takes no username and password. Leave them out",
            platform.kind
        );
        return Err(invalid(message));
    }
    let Some(own) = operations.store().reader(&platform.name).await? else {
        return Err(invalid(format!(
            "{} has no reader to check credentials with. Set one: `tintype repository reader set {}`",
            platform.name, platform.name
        )));
    };
    let asked_with = Reader {
        username: given.username.clone().or(own.username),
        password: given.password.clone().or(own.password),
        ..own
    };
    let wanted = Wanted::new(platform, cluster, resolved.engine_name.clone());
    let bucket = location::bucket(&platform.kind, &wanted.settings).unwrap_or_default();
    let base = wanted.settings.get(location::location_member(&platform.kind));
    let base = base.and_then(Value::as_str).unwrap_or_default().trim_matches('/');
    let scheme = location::reader_schemes(&platform.kind)[0];
    let looked = reader::holds_anything(&format!("{scheme}://{bucket}/{base}"), &asked_with).await;
    looked.map_err(|error| {
        invalid(format!(
            "the storage of {} did not accept the credentials: {error}",
            platform.name
        ))
    })?;
    Ok(())
}

fn invalid(message: String) -> crate::error::Error {
    Failure::new(FailureKind::InvalidCredentials, message).into()
}
