//! How a store is reached, and who takes its bytes.

use crate::AddressRule;
use secrecy::SecretString;

/// How to reach a store, beside its URL. What is absent comes from the usual variables of the environment
/// (`AWS_*`, `AZURE_*`, `GOOGLE_*`) where `from_environment` allows that: the command line does, the server does not.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Read credentials, region and endpoint from the environment where they are absent here.
    pub from_environment: bool,
    /// The endpoint when it is not the cloud's own: `http` or `https`.
    pub endpoint: Option<String>,
    /// S3: the region.
    pub region: Option<String>,
    /// How many of the last parts of the URL's path are the repository's `base_path`; what is before them is the store's
    /// root. It has to be what the URL ends with, and may be empty. Needed where OpenSearch's hashed prefixes lie beside
    /// the base: for a path (`/mnt/backup/prod` with `prod`), and for a copied bucket (`s3://other/copies/2024/prod` with
    /// `prod`). Without it a bucket's root is the bucket, and a path is its own root.
    pub base_path: Option<String>,
    /// s3: access key; az: account; gs: client e-mail.
    pub username: Option<String>,
    /// s3: secret key; az: account key; gs: private key (PEM) or a whole service account (JSON).
    pub password: Option<SecretString>,
    /// s3: session token, beside the keys; az: a SAS token in place of the account key; gs: an OAuth token.
    pub token: Option<SecretString>,
    /// Sign nothing: public buckets.
    pub anonymous: bool,
    /// How often what failed for a moment is tried again; 5 when absent.
    pub retries: Option<u32>,
    /// Which addresses may not be connected to; `None`: all may.
    pub refused: Option<AddressRule>,
}

/// Takes bytes in order.
pub trait Sink: Send + 'static {
    /// The next bytes; never empty.
    fn take(&mut self, bytes: &[u8]);
}
