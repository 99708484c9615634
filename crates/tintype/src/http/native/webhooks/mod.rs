//! Webhooks: who is told when a cluster is late, when something fails, and when it is well again.

pub mod change;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod test;
mod view;

pub use view::WebhookView;

use crate::http::extract::Body;
use crate::http::problem::{Problem, Result};
use crate::model::{ClusterId, WebhookEvent};
use secrecy::SecretString;
use serde::Deserialize;

/// What a route about one webhook answers when there is none.
pub const NOT_FOUND: &[&str] = &["webhooks.not_found"];

/// A webhook to make or to change; when it is changed, members that are absent stay.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookBody {
    /// Where it is sent: `http` or `https`, without credentials. Link-local and metadata addresses are refused.
    #[schema(required = false)]
    pub url: Option<String>,
    /// What deliveries are signed with: `whsec_` and base64 of 24 to 64 bytes. Made when absent, and shown only once.
    #[schema(required = false, value_type = Option<String>, write_only)]
    pub secret: Option<SecretString>,
    /// What it is told of: `cluster.late`, `cluster.failing`, `cluster.recovered`, `operation.failed`; all when empty.
    #[schema(required = false)]
    pub events: Option<Vec<WebhookEvent>>,
    /// The ids of the clusters that it is told of; all when empty.
    #[schema(required = false, value_type = Option<Vec<String>>)]
    pub clusters: Option<Vec<ClusterId>>,
    /// It is told.
    #[schema(required = false)]
    pub enabled: Option<bool>,
}

/// The body, without events that cannot be chosen.
fn checked(Body(body): Body<WebhookBody>) -> Result<WebhookBody> {
    let chosen = body.events.iter().flatten();
    if chosen.into_iter().any(|event| !WebhookEvent::ALL.contains(event)) {
        let known = WebhookEvent::ALL.map(WebhookEvent::as_str).join(", ");
        return Err(Problem::invalid("events", format!("events must be of {known}")));
    }
    let many = body
        .clusters
        .as_ref()
        .is_some_and(|clusters| clusters.len() > 1_000);
    if many {
        return Err(Problem::invalid(
            "clusters",
            "clusters must be at most 1000; leave it empty for all",
        ));
    }
    Ok(body)
}
