//! Restoring indices from a snapshot.

use http::Method;
use serde_json::json;

use crate::api::names::{index, snapshot_path};
use crate::api::repositories::MASTER_TIMEOUT;
use crate::api::snapshots::{Accepted, accepted};
use crate::config::Access;
use crate::engine::Engine;
use crate::error::Error;
use crate::wire::client::Call;
use crate::wire::route::Route;

/// What to restore, and under which names. [`Restore::renaming`] builds it from pairs of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restore {
    /// The exact names of the indices in the snapshot; at least one.
    pub indices: Vec<String>,
    /// `rename_pattern` (a Java regular expression) and `rename_replacement`.
    pub rename: Option<(String, String)>,
    /// Restore the cluster's global state too, over the present one.
    pub include_global_state: bool,
    /// Restore the indices' aliases too, which may then name the present and the restored index.
    pub include_aliases: bool,
    /// Restore what there is of indices whose shards were not all stored.
    pub partial: bool,
}

impl Engine {
    /// Starts a restore and does not wait for it; its progress is in [`Engine::recovery`].
    pub async fn restore_snapshot(
        &self,
        repository: &str,
        name: &str,
        what: &Restore,
    ) -> Result<Accepted, Error> {
        let [root, repository, name] = snapshot_path("POST", repository, name)?;
        let path = [root, repository, name, "_restore"];
        // An empty list would mean everything.
        let listed = if what.indices.is_empty() {
            &[String::new()][..]
        } else {
            &what.indices
        };
        for each in listed {
            index("POST", "/_snapshot", each)?;
        }
        let timeout = self.dialect_before("POST", &path).await?.master_timeout();
        let mut body = json!({
            "indices": what.indices,
            "include_global_state": what.include_global_state,
            "include_aliases": what.include_aliases,
            "partial": what.partial,
        });
        if let Some((pattern, replacement)) = &what.rename {
            body["rename_pattern"] = json!(pattern);
            body["rename_replacement"] = json!(replacement);
        }
        let route = Route::new(&path)
            .query("wait_for_completion", "false")
            .query(timeout, MASTER_TIMEOUT);
        accepted(
            &self
                .send(Call::change(Method::POST, route, Access::Operate).json(body))
                .await?,
        )
    }
}
