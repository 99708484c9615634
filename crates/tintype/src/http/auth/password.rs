//! Passwords are slow to check on purpose: a bounded number at once, off the async threads, and remembered for a minute.

use crate::error::Error;
use crate::http::problem::{Problem, Result};
use crate::ids;
use crate::model::Operator;
use crate::secrets::{SecretsError, hash_password, verify_password};
use aws_lc_rs::{constant_time, hmac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Checks at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Checks running or waiting; one more is told to come back.
const IN_ALL: usize = 64;
/// How long a checked password is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);
/// The hash of nobody's password, so that an unknown user costs as much time as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YVFC3n3dECxtgFFe3Be/yg$uPhULdi3q8uFI0/p23v2RmFmrqnJ8PSJMxPGK4x8+Xk";

/// Checks passwords; holds no password, only keyed MACs of those that were right.
#[derive(Debug)]
pub struct Authenticator {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    key: hmac::Key,
    remembered: Mutex<HashMap<String, (hmac::Tag, Timestamp)>>,
}

impl Default for Authenticator {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            admitted: Arc::new(Semaphore::new(IN_ALL)),
            key: hmac::Key::new(hmac::HMAC_SHA256, &ids::random::<32>()),
            remembered: Mutex::default(),
        }
    }
}

impl Authenticator {
    /// Whether this is the user's password. `None` takes as long and is never right.
    pub(super) async fn verify(
        &self,
        user: Option<&Operator>,
        password: SecretString,
        now: Timestamp,
    ) -> Result<bool> {
        let tag = user.map(|user| self.tag(user, &password));
        if let (Some(user), Some(tag)) = (user, &tag)
            && self.remembers(&user.name, tag, now)
        {
            return Ok(true);
        }
        let hash = user.map_or(NOBODY, |user| user.password_hash.as_str()).to_owned();
        let right = self.hash_and_compare(password, hash).await?;
        let Some((user, tag)) = user.zip(tag).filter(|_| right) else {
            return Ok(false);
        };
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.insert(user.name.clone(), (tag, now + REMEMBERED));
        Ok(true)
    }

    /// The hash of a new password, to be kept.
    ///
    /// # Errors
    /// 503 when too many passwords wait.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.bounded(move || hash_password(&password)).await
    }

    async fn hash_and_compare(&self, password: SecretString, hash: String) -> Result<bool> {
        self.bounded(move || verify_password(&password, &hash)).await
    }

    /// Runs slow work when there is a place for it, away from the async threads.
    async fn bounded<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, SecretsError> + Send + 'static,
    ) -> Result<T> {
        let busy = || Problem::busy("too many sign-ins at once; try again, or use an API key");
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| busy())?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| busy())?;
        // The permits move along: a caller that goes away must not let another check start beside this one.
        let job = move || {
            let done = work();
            drop((running, admitted));
            done
        };
        let done = tokio::task::spawn_blocking(job)
            .await
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(done.map_err(|error| Error::Internal(error.into()))?)
    }

    /// Covers the stored hash, so that a changed password is forgotten at once.
    fn tag(&self, user: &Operator, password: &SecretString) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [
            user.name.as_str(),
            user.password_hash.as_str(),
            password.expose_secret(),
        ] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.sign()
    }

    fn remembers(&self, name: &str, tag: &hmac::Tag, now: Timestamp) -> bool {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(name).is_some_and(|(known, until)| {
            now < *until && constant_time::verify_slices_are_equal(known.as_ref(), tag.as_ref()).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[tokio::test]
    async fn one_sign_in_too_many_is_told_to_come_back_and_none_before() {
        let passwords = Authenticator::default();
        let check = || passwords.verify(None, "wrong".into(), Timestamp::UNIX_EPOCH);
        let places = u32::try_from(IN_ALL).unwrap();
        let all_but_one = passwords
            .admitted
            .clone()
            .try_acquire_many_owned(places - 1)
            .unwrap();
        assert!(!check().await.unwrap());
        let last = passwords.admitted.clone().try_acquire_owned().unwrap();
        let refused = check().await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop((all_but_one, last));
        assert!(!check().await.unwrap());
    }
}
