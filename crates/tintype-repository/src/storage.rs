//! The storage under a repository, looked at for whether it answers and lets us in.

use crate::address::AddressRule;
use crate::source::{Access, Source, SourceError};
use secrecy::SecretString;
use std::time::Duration;

/// The longest that one look at the storage may take.
const LOOK: Duration = Duration::from_secs(10);

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

impl From<SourceError> for StorageError {
    fn from(error: SourceError) -> Self {
        Self(error.message)
    }
}

/// A repository's storage.
#[derive(Debug, Clone)]
pub struct Storage(Source);

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
        let access = Access {
            endpoint: location.endpoint.clone(),
            region: location.region.clone(),
            username: access_key.map(str::to_owned),
            password: secret_key.cloned(),
            // Somebody waits for the answer.
            retries: Some(1),
            refused: Some(refused),
            ..Access::default()
        };
        let url = format!("s3://{}/{}", location.bucket, location.prefix.trim_matches('/'));
        Ok(Self(Source::open(&url, &access)?))
    }

    /// Opens a mounted directory.
    ///
    /// # Errors
    /// The directory is not there.
    pub fn directory(path: &std::path::Path) -> Result<Self, StorageError> {
        let path = path
            .to_str()
            .ok_or_else(|| StorageError::new("the path is not UTF-8"))?;
        Ok(Self(Source::open(path, &Access::default())?))
    }

    /// Asks for one key under the location: proves that the storage answers and lets us in. `false`: it is empty.
    ///
    /// # Errors
    /// The storage's refusal in its own words.
    pub async fn list_one(&self) -> Result<bool, StorageError> {
        match tokio::time::timeout(LOOK, self.0.holds_anything()).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(StorageError(format!("no answer within {LOOK:?}"))),
        }
    }
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
