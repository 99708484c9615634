//! Who may: users and their API keys.

use super::Result;
use crate::model::{ApiKey, Operator, UserChange};
use async_trait::async_trait;
use jiff::Timestamp;

/// The users and their API keys.
///
/// As long as there was ever an enabled user with the role `ece_platform_admin` there is one: the change that would end
/// this is `Conflict::LastAdmin`, also when several come at once.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Makes a user. `Conflict::UserExists` when there is one of that name, without regard to case.
    async fn create_user(&self, user: &Operator) -> Result<()>;
    /// One user, by the exact name.
    async fn user(&self, name: &str) -> Result<Option<Operator>>;
    /// All users, by name.
    async fn users(&self) -> Result<Vec<Operator>>;
    /// The number of users.
    async fn user_count(&self) -> Result<u64>;
    /// Changes what the change names of the user as it is then, so that changes of different members do not undo each
    /// other. `NotFound`; `Conflict::BuiltInUser` when more than the password of a built-in user would change;
    /// `Conflict::LastAdmin`.
    async fn change_user(
        &self,
        name: &str,
        change: &UserChange,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<Operator>;
    /// Forgets the user and all its keys. `NotFound`, `Conflict::BuiltInUser`, `Conflict::LastAdmin`.
    async fn delete_user(&self, name: &str) -> Result<()>;

    /// Makes a key. `NotFound` when there is no such user.
    async fn create_api_key(&self, key: &ApiKey) -> Result<()>;
    /// A key by its public part.
    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>>;
    /// A user's keys, oldest first.
    async fn api_keys(&self, user: &str) -> Result<Vec<ApiKey>>;
    /// All keys of all users, oldest first.
    async fn all_api_keys(&self) -> Result<Vec<ApiKey>>;
    /// Deletes keys, each named by its user and its id, all or none of them; the number that were there.
    async fn delete_api_keys(&self, keys: &[(String, String)]) -> Result<u64>;
    /// Deletes all keys of a user; the number that were there. `NotFound` when there is no such user.
    async fn delete_api_keys_of(&self, user: &str) -> Result<u64>;
}
