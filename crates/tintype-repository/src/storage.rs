//! The storage under a repository, opened for reading.

use crate::address::{self, AddressRule, Checked};
use futures_util::StreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// The longest that one request to the storage may take.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a repository lies on S3 or what speaks its protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Location {
    /// The endpoint when it is not the cloud's own: `http` or `https`, without a path.
    pub endpoint: Option<String>,
    /// The region; `us-east-1` when absent.
    pub region: Option<String>,
    /// The bucket.
    pub bucket: String,
    /// The repository's base path; empty for the bucket's root.
    pub prefix: String,
}

/// The storage refused, or could not be reached. Holds its own words, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StorageError(String);

impl StorageError {
    /// An error in words that hold no secret.
    pub fn new(words: &str) -> Self {
        Self(words.to_owned())
    }
}

/// A repository's storage.
#[derive(Debug, Clone)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The pair of keys: a storage's error may repeat what it was given.
    keys: Vec<SecretString>,
}

impl Storage {
    /// Opens an S3 location. Nothing is sent yet, and nothing ever to an address that `refused` names.
    ///
    /// # Errors
    /// A key missing, or an endpoint or bucket that cannot be used.
    pub fn s3(
        location: &S3Location,
        access_key: Option<&str>,
        secret_key: Option<&SecretString>,
        refused: AddressRule,
    ) -> Result<Self, StorageError> {
        let (Some(access_key), Some(secret_key)) = (access_key, secret_key) else {
            return Err(StorageError(
                "an access key and a secret key are both needed".to_owned(),
            ));
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&location.bucket)
            .with_region(location.region.as_deref().unwrap_or("us-east-1"))
            .with_access_key_id(access_key)
            .with_secret_access_key(secret_key.expose_secret())
            .with_client_options(ClientOptions::new().with_allow_http(true))
            .with_http_connector(Checked(refused))
            .with_retry(RetryConfig {
                max_retries: 1,
                retry_timeout: REQUEST_TIMEOUT,
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &location.endpoint {
            address::check(endpoint, refused)?;
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        let keys = vec![SecretString::from(access_key), secret_key.clone()];
        let store = builder.build().map_err(|error| in_words(&error, &keys))?;
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::from(location.prefix.trim_matches('/')),
            keys,
        })
    }

    /// Opens a mounted directory.
    ///
    /// # Errors
    /// The directory is not there.
    pub fn directory(path: &std::path::Path) -> Result<Self, StorageError> {
        let store =
            LocalFileSystem::new_with_prefix(path).map_err(|error| StorageError(error.to_string()))?;
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::default(),
            keys: Vec::new(),
        })
    }

    /// Asks for one key under the location: proves that the storage answers and lets us in. `false`: it is empty.
    ///
    /// # Errors
    /// The storage's refusal in its own words.
    pub async fn list_one(&self) -> Result<bool, StorageError> {
        match self.store.list(Some(&self.prefix)).next().await {
            None => Ok(false),
            Some(Ok(_)) => Ok(true),
            Some(Err(error)) => Err(in_words(&error, &self.keys)),
        }
    }
}

fn in_words(error: &object_store::Error, keys: &[SecretString]) -> StorageError {
    let shown = keys
        .iter()
        .map(ExposeSecret::expose_secret)
        .filter(|key| !key.is_empty())
        .fold(words(error), |text, key| text.replace(key, "***"));
    StorageError(shown.chars().take(500).collect())
}

/// An error with its causes, in one line, without control characters, at most 500 of them.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_answers_whether_it_holds_anything() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::directory(dir.path()).unwrap();
        assert_eq!(storage.list_one().await, Ok(false));
        std::fs::write(dir.path().join("index-0"), b"{}").unwrap();
        assert_eq!(storage.list_one().await, Ok(true));
        assert!(Storage::directory(&dir.path().join("missing")).is_err());
    }

    #[test]
    fn half_a_pair_of_keys_is_refused_before_anything_is_sent() {
        let location = S3Location {
            endpoint: None,
            region: None,
            bucket: "b".into(),
            prefix: String::new(),
        };
        let error = Storage::s3(&location, Some("key"), None, |_| None).unwrap_err();
        assert!(error.to_string().contains("both needed"));
    }

    #[tokio::test]
    async fn nobody_at_the_endpoint_is_an_error_without_the_secret() {
        let location = S3Location {
            endpoint: Some("http://127.0.0.1:1".into()),
            region: None,
            bucket: "bucket".into(),
            prefix: "base".into(),
        };
        let storage = Storage::s3(&location, Some("key"), Some(&"s3cr3t-value".into()), |_| None).unwrap();
        let error = storage.list_one().await.unwrap_err().to_string();
        assert!(!error.contains("s3cr3t-value"), "{error}");
    }
}
