//! The storage's credentials that come with a request: checked through the repository's reader, then forgotten.
//!
//! They prove the caller's right to that storage. They are never sent to the engine, stored, logged or echoed.

use super::location::Wanted;
use super::repositories::Resolved;
use super::{Operations, StorageCredentials};
use crate::error::Result;
use crate::model::{Cluster, Failure, FailureKind, Reader};
use serde_json::Value;
use tintype_repository::storage::{S3Location, Storage};

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
    if platform.kind != "s3" {
        let message = format!(
            "a repository of type {} takes no username and password. Leave them out",
            platform.kind
        );
        return Err(invalid(message));
    }
    let Some(reader) = operations.store().reader(&platform.name).await? else {
        return Err(invalid(format!(
            "{} has no reader to check credentials with. Set one: `tintype repository reader set {}`",
            platform.name, platform.name
        )));
    };
    let reader = Reader {
        username: given.username.clone().or(reader.username),
        password: given.password.clone().or(reader.password),
        ..reader
    };
    let wanted = Wanted::new(platform, cluster, resolved.engine_name.clone());
    let text = |key: &str| {
        wanted
            .settings
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let location = S3Location {
        endpoint: reader.endpoint,
        region: reader.region,
        bucket: text("bucket"),
        prefix: text("base_path"),
    };
    let refused = |error: tintype_repository::storage::StorageError| {
        invalid(format!(
            "the storage of {} did not accept the credentials: {error}",
            platform.name
        ))
    };
    let storage = Storage::s3(
        &location,
        reader.username.as_deref(),
        reader.password.as_ref(),
        tintype_engine::address::refused,
    )
    .map_err(refused)?;
    storage.list_one().await.map_err(|error| {
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
