//! Looking at a storage with a repository's reader.

use crate::model::Reader;
use std::time::Duration;
use tintype_repository::source::{Access, Cause, Source, SourceError};

/// The longest that a look may take for which somebody waits.
const LOOK: Duration = Duration::from_secs(10);

/// How a reader gets in. The server's own environment lends it nothing, and addresses that engines may not have are not
/// connected to.
pub fn access(reader: &Reader) -> Access {
    Access {
        from_environment: false,
        endpoint: reader.endpoint.clone(),
        region: reader.region.clone(),
        username: reader.username.clone(),
        password: reader.password.clone(),
        refused: Some(tintype_engine::address::refused),
        ..Access::default()
    }
}

/// Whether anything lies at a URL: proves that the storage answers and lets the reader in.
///
/// # Errors
/// The storage's refusal in its own words.
pub async fn holds_anything(url: &str, reader: &Reader) -> Result<bool, SourceError> {
    let access = Access {
        // Somebody waits for the answer.
        retries: Some(1),
        ..access(reader)
    };
    let url = url.to_owned();
    let look = async {
        // A mount that hangs must not hold up a thread of the runtime.
        let runtime = tokio::runtime::Handle::current();
        let looked = tokio::task::spawn_blocking(move || {
            let source = Source::open(&url, &access)?;
            runtime.block_on(look(&source))
        });
        looked
            .await
            .unwrap_or_else(|error| Err(unavailable(error.to_string())))
    };
    let late = |_| unavailable(format!("no answer within {LOOK:?}"));
    tokio::time::timeout(LOOK, look).await.map_err(late)?
}

async fn look(source: &Source) -> Result<bool, SourceError> {
    if source.lists() {
        return source.holds_anything().await;
    }
    // A web server shows no listing; this blob every repository has.
    let base = source.base();
    let key = if base.is_empty() {
        "index.latest".to_owned()
    } else {
        format!("{base}/index.latest")
    };
    match source.head(&key).await {
        Ok(_) => Ok(true),
        Err(error) if error.cause == Cause::Missing => Ok(false),
        Err(error) => Err(error),
    }
}

fn unavailable(message: String) -> SourceError {
    SourceError {
        cause: Cause::Unavailable,
        message,
    }
}
