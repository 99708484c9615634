//! Passwords are slow to check on purpose: a bounded number at once, off the async threads, and remembered for a minute.

use super::throttle::Throttle;
use super::token::Tokens;
use crate::app::App;
use crate::error::Error;
use crate::http::problem::{Problem, Result};
use crate::ids;
use crate::model::Operator;
use crate::secrets::{Sealer, SecretsError, hash_password, verify_password};
use aws_lc_rs::{constant_time, hmac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Checks at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Checks running or waiting; one more is told to come back.
const IN_ALL: usize = 64;
/// How long a checked password is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);
/// The most users whose password is remembered.
const MOST: usize = 1024;
/// Queues in which equal credentials wait for the first of them to be checked.
const QUEUES: usize = 64;
/// The hash of nobody's password, so that an unknown user costs as much time as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YVFC3n3dECxtgFFe3Be/yg$uPhULdi3q8uFI0/p23v2RmFmrqnJ8PSJMxPGK4x8+Xk";

/// Checks credentials; holds no password, only keyed MACs of those that were right.
#[derive(Debug)]
pub struct Authenticator {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    queues: [tokio::sync::Mutex<()>; QUEUES],
    key: hmac::Key,
    remembered: Mutex<HashMap<String, (hmac::Tag, Timestamp)>>,
    pub(super) throttle: Throttle,
    pub(super) tokens: Tokens,
}

impl Authenticator {
    /// Nobody has tried anything yet.
    pub fn new(sealer: &Sealer) -> Self {
        Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            admitted: Arc::new(Semaphore::new(IN_ALL)),
            queues: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            key: hmac::Key::new(hmac::HMAC_SHA256, &ids::random::<32>()),
            remembered: Mutex::default(),
            throttle: Throttle::default(),
            tokens: Tokens::new(sealer),
        }
    }

    /// The user of that name and password. A wrong password, an unknown user and a disabled one take the same time,
    /// count alike and are `None`.
    pub(super) async fn verify(
        &self,
        app: &App,
        name: &str,
        password: SecretString,
        from: IpAddr,
    ) -> Result<Option<Operator>> {
        let user = app.store.user(name).await?;
        let hash = user.as_ref().map_or(NOBODY, |user| user.password_hash.as_str());
        let tag = self.tag(name, hash, &password);
        let hash = hash.to_owned();
        let user = user.filter(|user| user.enabled);
        if self.remembers(name, &tag, app.clock.now()) {
            return Ok(self.again(user, from, app.clock.now()));
        }
        // A client that sends the same credentials with many requests at once has tried once. The MAC's key is ours, so
        // nobody can choose a queue to fill.
        let queue = usize::from(tag.as_ref()[0]) % QUEUES;
        let _turn = self.queues[queue].lock().await;
        let now = app.clock.now();
        if self.remembers(name, &tag, now) {
            return Ok(self.again(user, from, now));
        }
        let tried = self.throttle.password(name, from, now)?;
        let right = match self.hash_and_compare(password, hash).await {
            Ok(right) => right,
            Err(problem) => {
                self.throttle.take_back(&tried);
                return Err(problem);
            }
        };
        let user = user.filter(|_| right);
        if user.is_some() {
            self.throttle.right(tried, now);
            self.remember(name, tag, now);
        }
        Ok(user)
    }

    /// A sign-in with a remembered password.
    fn again(&self, user: Option<Operator>, from: IpAddr, now: Timestamp) -> Option<Operator> {
        if let Some(user) = &user {
            self.throttle.again(&user.name, from, now);
        }
        user
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
    fn tag(&self, name: &str, hash: &str, password: &SecretString) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [name, hash, password.expose_secret()] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.sign()
    }

    fn remembers(&self, name: &str, tag: &hmac::Tag, now: Timestamp) -> bool {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(name).is_some_and(|(known, since)| {
            // A clock that was set back makes nothing last longer.
            let age = now.duration_since(*since);
            let fresh = !age.is_negative() && age < REMEMBERED;
            fresh && constant_time::verify_slices_are_equal(known.as_ref(), tag.as_ref()).is_ok()
        })
    }

    fn remember(&self, name: &str, tag: hmac::Tag, now: Timestamp) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST {
            remembered.retain(|_, (_, since)| now.duration_since(*since) < REMEMBERED);
        }
        if remembered.len() >= MOST {
            // Costs those users one check more; it needs a thousand right passwords in a minute.
            remembered.clear();
        }
        remembered.insert(name.to_owned(), (tag, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn authenticator() -> Authenticator {
        Authenticator::new(&Sealer::new(&[7; 32]))
    }

    #[tokio::test]
    async fn one_sign_in_too_many_is_told_to_come_back_and_none_before() {
        let passwords = authenticator();
        let check = || passwords.hash_and_compare("wrong".into(), NOBODY.to_owned());
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

    #[test]
    fn a_password_is_remembered_for_a_minute_and_for_so_many_users() {
        let passwords = authenticator();
        let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        let tag = |name: &str| passwords.tag(name, "hash", &"right".into());
        passwords.remember("a", tag("a"), at(0));
        assert!(passwords.remembers("a", &tag("a"), at(59)));
        assert!(!passwords.remembers("a", &tag("a"), at(60)));
        assert!(!passwords.remembers("a", &tag("a"), at(-1)));
        for wrong in [
            tag("b"),
            passwords.tag("a", "another hash", &"right".into()),
            passwords.tag("a", "hash", &"wrong".into()),
        ] {
            assert!(!passwords.remembers("a", &wrong, at(1)));
        }
        for n in 0..3 * MOST {
            let name = format!("user{n}");
            passwords.remember(&name, tag(&name), at(0));
            assert!(passwords.remembers(&name, &tag(&name), at(1)));
        }
        assert!(passwords.remembered.lock().unwrap().len() <= MOST);
    }
}
