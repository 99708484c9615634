//! Opens the stores' library for a place: one function for each kind.

use super::access::Access;
use super::client::Connector;
use super::errors::SourceError;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::list::PaginatedListStore;
use object_store::{ObjectStore, RetryConfig, StaticCredentialProvider};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// An opened store and what its errors and its location name.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// `None` where it cannot list.
    pub(crate) lister: Option<Arc<dyn PaginatedListStore>>,
    pub(crate) region: Option<String>,
    /// Unless it is the cloud's own.
    pub(crate) endpoint: Option<String>,
    /// Azure's.
    pub(crate) account: Option<String>,
    pub(crate) secrets: Vec<SecretString>,
}

/// Attempts are counted in one place, which is not the library.
fn once() -> RetryConfig {
    RetryConfig {
        max_retries: 0,
        ..RetryConfig::default()
    }
}

/// An error of a builder: a setting, and never a secret's value.
fn unusable(error: &object_store::Error) -> String {
    format!("the store cannot be opened: {}", super::errors::words(error))
}

fn given(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

pub(crate) fn s3(bucket: &str, access: &Access, http: Connector) -> Result<Opened, String> {
    let environment = access.from_environment.then(AmazonS3Builder::from_env);
    let from_environment = |key| environment.as_ref().and_then(|all| all.get_config_value(&key));
    let region = (access.region.clone()).or_else(|| from_environment(AmazonS3ConfigKey::Region));
    let endpoint = (access.endpoint.clone())
        .or_else(|| from_environment(AmazonS3ConfigKey::S3Endpoint))
        .or_else(|| from_environment(AmazonS3ConfigKey::Endpoint));
    let endpoint = endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned());
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    // Keys that are given are not mixed with a token from the environment.
    let builder = match (&access.username, given(access.password.as_ref())) {
        (Some(key), Some(secret)) => AmazonS3Builder::new()
            .with_access_key_id(key)
            .with_secret_access_key(secret),
        (None, None) if access.anonymous => AmazonS3Builder::new().with_skip_signature(true),
        (None, None) => environment
            .clone()
            .ok_or("an access key and a secret key are both needed")?,
        _ => return Err("an access key and a secret key are both needed".to_owned()),
    };
    let mut builder = builder
        .with_bucket_name(bucket)
        .with_region(&region)
        .with_retry(once())
        .with_http_connector(http);
    if let Some(token) = given(access.token.as_ref()) {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = &endpoint {
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
    }
    let secrets = [
        AmazonS3ConfigKey::AccessKeyId,
        AmazonS3ConfigKey::SecretAccessKey,
        AmazonS3ConfigKey::Token,
    ];
    let secrets = secrets.iter().filter_map(|key| builder.get_config_value(key));
    let secrets = secrets.map(SecretString::from).collect();
    let store = Arc::new(builder.build().map_err(|error| unusable(&error))?);
    Ok(Opened {
        lister: Some(store.clone()),
        store,
        region: Some(region),
        endpoint,
        account: None,
        secrets,
    })
}

pub(crate) fn gcs(bucket: &str, access: &Access, http: Connector) -> Result<Opened, String> {
    let nobody = || {
        let nobody = GcpCredential {
            bearer: String::new(),
        };
        GoogleCloudStorageBuilder::new()
            .with_credentials(Arc::new(StaticCredentialProvider::new(nobody)))
            .with_skip_signature(true)
    };
    let builder = match (given(access.token.as_ref()), given(access.password.as_ref())) {
        (Some(token), _) => GoogleCloudStorageBuilder::new().with_bearer_token(token),
        (None, Some(key)) => GoogleCloudStorageBuilder::new()
            .with_service_account_key(service_account(access.username.as_deref(), key)?),
        (None, None) if access.anonymous => nobody(),
        (None, None) if access.from_environment => GoogleCloudStorageBuilder::from_env(),
        (None, None) => return Err("a service account is needed".to_owned()),
    };
    let mut builder = builder
        .with_bucket_name(bucket)
        .with_retry(once())
        .with_http_connector(http);
    let endpoint = access
        .endpoint
        .as_ref()
        .map(|one| one.trim_end_matches('/').to_owned());
    if let Some(endpoint) = &endpoint {
        builder = builder.with_base_url(endpoint);
    }
    let secrets = [given(access.token.as_ref()), given(access.password.as_ref())];
    let secrets = secrets.into_iter().flatten().map(SecretString::from);
    let from_environment = builder.get_config_value(&GoogleConfigKey::ServiceAccountKey);
    let secrets = secrets.chain(from_environment.map(SecretString::from)).collect();
    let store = Arc::new(builder.build().map_err(|error| unusable(&error))?);
    Ok(Opened {
        lister: Some(store.clone()),
        store,
        region: None,
        endpoint,
        account: None,
        secrets,
    })
}

/// A service account's JSON: given whole, or as its e-mail and its private key.
fn service_account(email: Option<&str>, key: &str) -> Result<String, String> {
    if key.trim_start().starts_with('{') {
        return Ok(key.to_owned());
    }
    let email =
        email.ok_or("beside a private key the service account's e-mail is needed, or its whole JSON")?;
    Ok(serde_json::json!({"type": "service_account", "client_email": email, "private_key": key, "private_key_id": ""})
        .to_string())
}

pub(crate) fn azure(container: &str, access: &Access, http: Connector) -> Result<Opened, String> {
    let environment = access.from_environment.then(azure_environment);
    let value = |key| environment.as_ref().and_then(|all| all.get_config_value(&key));
    let emulator = value(AzureConfigKey::UseEmulator).as_deref() == Some("true");
    let account = (access.username.clone()).or_else(|| value(AzureConfigKey::AccountName));
    let account = account.or_else(|| emulator.then(|| "devstoreaccount1".to_owned()));
    let account = account.ok_or("the storage account's name is needed (AZURE_STORAGE_ACCOUNT_NAME)")?;
    let endpoint = (access.endpoint.clone()).or_else(|| value(AzureConfigKey::Endpoint));
    let endpoint = endpoint.map(|endpoint| with_account(endpoint.trim_end_matches('/'), &account));
    let builder = match (given(access.token.as_ref()), given(access.password.as_ref())) {
        (Some(token), _) => MicrosoftAzureBuilder::new().with_config(AzureConfigKey::SasKey, token),
        (None, Some(key)) => MicrosoftAzureBuilder::new().with_access_key(key),
        (None, None) if access.anonymous => MicrosoftAzureBuilder::new()
            .with_skip_signature(true)
            .with_bearer_token_authorization(""),
        (None, None) => environment
            .clone()
            .ok_or("an account key or a SAS token is needed")?,
    };
    let mut builder = builder
        .with_container_name(container)
        .with_account(&account)
        .with_retry(once())
        .with_http_connector(http);
    if let Some(endpoint) = &endpoint {
        builder = builder.with_endpoint(endpoint.clone());
    }
    let secrets = [
        AzureConfigKey::AccessKey,
        AzureConfigKey::ClientSecret,
        AzureConfigKey::SasKey,
        AzureConfigKey::Token,
    ];
    let secrets = secrets.iter().filter_map(|key| builder.get_config_value(key));
    let secrets = secrets.map(SecretString::from).collect();
    let store = Arc::new(builder.build().map_err(|error| unusable(&error))?);
    Ok(Opened {
        lister: Some(store.clone()),
        store,
        region: None,
        endpoint,
        account: Some(account),
        secrets,
    })
}

/// The library's variables, and the two that Azure's own command line reads under another name.
fn azure_environment() -> MicrosoftAzureBuilder {
    let mut builder = MicrosoftAzureBuilder::from_env();
    for (key, name) in [
        (AzureConfigKey::AccountName, "AZURE_STORAGE_ACCOUNT"),
        (AzureConfigKey::AccessKey, "AZURE_STORAGE_KEY"),
    ] {
        if let (None, Ok(value)) = (builder.get_config_value(&key), std::env::var(name)) {
            builder = builder.with_config(key, value);
        }
    }
    builder
}

/// An endpoint of the account: where the host is not named after it, as with emulators, the path begins with it.
fn with_account(endpoint: &str, account: &str) -> String {
    let bare = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    if bare.contains('/') || bare.starts_with(&format!("{account}.")) {
        endpoint.to_owned()
    } else {
        format!("{endpoint}/{account}")
    }
}

pub(crate) fn web(url: &str, http: Connector) -> Result<Opened, String> {
    let builder = HttpBuilder::new()
        .with_url(url)
        .with_retry(once())
        .with_http_connector(http);
    Ok(Opened {
        store: Arc::new(builder.build().map_err(|error| unusable(&error))?),
        lister: None,
        region: None,
        endpoint: None,
        account: None,
        secrets: Vec::new(),
    })
}

impl From<String> for SourceError {
    fn from(message: String) -> Self {
        Self::usage(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulators_endpoint_gets_the_account() {
        assert_eq!(
            with_account("http://127.0.0.1:10000", "a"),
            "http://127.0.0.1:10000/a"
        );
        assert_eq!(
            with_account("http://127.0.0.1:10000/b", "a"),
            "http://127.0.0.1:10000/b"
        );
        assert_eq!(
            with_account("https://a.blob.example", "a"),
            "https://a.blob.example"
        );
    }

    #[test]
    fn a_service_account_is_its_json_or_is_made_of_its_parts() {
        assert_eq!(service_account(None, "{}").unwrap(), "{}");
        assert!(
            service_account(Some("me@x"), "key")
                .unwrap()
                .contains("\"client_email\":\"me@x\"")
        );
        assert!(service_account(None, "key").is_err());
    }
}
