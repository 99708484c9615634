//! The server's keys for attestations.

use super::Operations;
use crate::error::{Error, Result};
use crate::model::AttestKey;
use crate::store::StoreError;
use jiff::Timestamp;
use secrecy::SecretString;
use tintype_repository::attest::{AttestError, SigningKey};

impl Operations {
    /// Makes the first key that signs.
    ///
    /// # Errors
    /// `Conflict` when there is one.
    pub async fn create_attest_key(&self) -> Result<AttestKey> {
        let (key, secret) = new_key(self.now())?;
        self.store().create_attest_key(&key, &secret).await?;
        Ok(key)
    }

    /// Puts a new key in the place of the one in use.
    ///
    /// # Errors
    /// `Precondition` when none is in use.
    pub async fn rotate_attest_key(&self) -> Result<AttestKey> {
        let now = self.now();
        let (key, secret) = new_key(now)?;
        match self.store().rotate_attest_key(&key, &secret, now).await {
            Err(StoreError::NotFound(_)) => Err(Error::Precondition(
                "there is no key to put another in the place of: make the first one with `tintype attest-key create`"
                    .to_owned(),
            )),
            other => Ok(other.map(|()| key)?),
        }
    }

    /// Something can be signed.
    ///
    /// # Errors
    /// `Precondition`, saying how to make a key.
    pub(super) async fn has_attest_key(&self) -> Result<()> {
        if self
            .store()
            .attest_keys()
            .await?
            .iter()
            .any(|key| key.retired_at.is_none())
        {
            return Ok(());
        }
        Err(Error::Precondition(
            "there is no key to attest with: make one with `tintype attest-key create`".to_owned(),
        ))
    }
}

fn new_key(now: Timestamp) -> Result<(AttestKey, SecretString)> {
    let failed = |error: AttestError| Error::Internal(Box::new(error));
    let signer = SigningKey::generate().map_err(failed)?;
    let secret = signer.to_pem().map_err(failed)?;
    let public = signer.public();
    let key = AttestKey {
        id: public.id(),
        public: public.to_string(),
        created_at: now,
        retired_at: None,
    };
    Ok((key, secret))
}
