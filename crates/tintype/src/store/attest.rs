//! The server's keys for attestations, and the attestations that it keeps.

use super::Result;
use crate::model::{AttestKey, Attestation, ClusterId};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use std::collections::HashMap;

/// Attestations.
#[async_trait]
pub trait Attestations: Send + Sync {
    /// Makes the first key that signs; `secret` is its private half in PEM. `Conflict::AttestKeyInUse` when there is one.
    async fn create_attest_key(&self, key: &AttestKey, secret: &SecretString) -> Result<()>;
    /// Puts a key in the place of the one in use, which signs no more from `now` on. `NotFound` when none is in use.
    async fn rotate_attest_key(&self, key: &AttestKey, secret: &SecretString, now: Timestamp) -> Result<()>;
    /// All keys, newest first.
    async fn attest_keys(&self) -> Result<Vec<AttestKey>>;
    /// The key in use with its private half in PEM, opened; `None` when none is.
    async fn attest_secret(&self) -> Result<Option<(AttestKey, SecretString)>>;
    /// Keeps the first attestation of a snapshot at a cluster's location; later ones change nothing.
    async fn put_attestation(
        &self,
        cluster: &ClusterId,
        location: &str,
        attestation: &Attestation,
    ) -> Result<()>;
    /// The newest attestation of a snapshot of this name at a cluster's location.
    async fn attestation(
        &self,
        cluster: &ClusterId,
        location: &str,
        name: &str,
    ) -> Result<Option<Attestation>>;
    /// When each of these snapshots, by their uuids, was attested; those that were not are absent.
    async fn attested(
        &self,
        cluster: &ClusterId,
        location: &str,
        snapshots: &[&str],
    ) -> Result<HashMap<String, Timestamp>>;
}
