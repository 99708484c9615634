//! Sessions and second factors.

use super::Result;
use crate::model::{Factor, Session, TotpDevice, TotpSecret};
use async_trait::async_trait;
use jiff::Timestamp;

/// Sessions and second factors. Both go with their user; a user's sessions also end, in the same transaction, when its
/// password changes or it is disabled.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins a session, and forgets those of anybody that are over at its `created_at`. A user has at most 1000: the
    /// oldest make room. `NotFound` when there is no such user.
    async fn begin_session(&self, session: &Session) -> Result<()>;
    /// A session by its id; also one that is over and not forgotten yet.
    async fn session(&self, id: &str) -> Result<Option<Session>>;
    /// Ends a session; `false` when there is none.
    async fn end_session(&self, id: &str) -> Result<bool>;
    /// Uses the factor up, elevates the session and gives it another secret, all or nothing: `false` when the factor is
    /// not (any more) good. `NotFound` when the session is gone; then the factor is not used up.
    async fn elevate_session(
        &self,
        id: &str,
        factor: &Factor,
        until: Timestamp,
        secret_hash: &[u8; 32],
    ) -> Result<bool>;
    /// Ends a session's elevation and gives it another secret. `NotFound`.
    async fn lower_session(&self, id: &str, secret_hash: &[u8; 32]) -> Result<()>;

    /// Enrols a device, unconfirmed, in the place of an unconfirmed one. `Conflict::TotpEnrolled` when there is a
    /// confirmed one; `NotFound` when there is no such user.
    async fn enrol_totp(&self, user: &str, device: &TotpSecret, now: Timestamp) -> Result<()>;
    /// Confirms the device of that id by the first right code's step, with these recovery codes' hashes. `NotFound`
    /// when there is no such unconfirmed device.
    async fn confirm_totp(
        &self,
        user: &str,
        device: &str,
        step: i64,
        recovery: &[[u8; 32]],
        now: Timestamp,
    ) -> Result<()>;
    /// A user's device, confirmed or not.
    async fn totp_device(&self, user: &str) -> Result<Option<TotpDevice>>;
    /// Its secret, opened.
    async fn totp_secret(&self, user: &str) -> Result<Option<TotpSecret>>;
    /// Forgets a user's device and recovery codes and ends the elevation of all its sessions. With a factor that is
    /// not good nothing changes. `false` when nothing was removed.
    async fn remove_totp(&self, user: &str, factor: Option<&Factor>) -> Result<bool>;
}
