//! Who asks what, for the audit log: a change's row is the store's, a refusal's is written here, in one place.

use super::Http;
use super::auth::{ClientAddress, Permission, Principal};
use super::extract::Path;
use super::problem::ERROR_CODES;
use super::refusals::Refusals;
use super::trace::RequestId;
use crate::model::audit::{Origin, Refusal};
use crate::store::audit::asked;
use axum::RequestExt;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};

/// A request, as far as the log is concerned.
pub struct Call {
    origin: Origin,
    path: Option<Path>,
    changes: bool,
}

impl Call {
    /// Notes a request before anything is known of who asks.
    pub async fn of(http: &Http, request: &mut Request) -> Self {
        let extensions = request.extensions();
        let text = |found: Option<&str>| found.unwrap_or_default().to_owned();
        let origin = Origin {
            at: http.app.clock.now(),
            principal: None,
            address: extensions
                .get::<ClientAddress>()
                .map(|ClientAddress(address)| address.to_string()),
            request: text(extensions.get::<RequestId>().map(|RequestId(id)| id.as_ref())),
            method: request.method().as_str().to_owned(),
            route: text(extensions.get::<MatchedPath>().map(MatchedPath::as_str)),
            target: String::new(),
        };
        Self {
            origin,
            changes: !matches!(*request.method(), Method::GET | Method::HEAD),
            // One that is not UTF-8 is refused by the handler.
            path: request.extract_parts::<Path>().await.ok(),
        }
    }

    /// Notes who asks, and whether it is about themselves.
    pub fn by(&mut self, principal: &Principal, permission: Permission) {
        self.origin.principal = Some(principal.name.clone());
        if permission == Permission::Own {
            self.origin.target.clone_from(&principal.name);
        }
    }

    /// Runs the handler, so that each of its changes leaves a row.
    pub async fn run(&self, handler: impl Future<Output = Response>) -> Response {
        if !self.changes {
            return handler.await;
        }
        let mut origin = self.origin.clone();
        let named = self.path.as_ref().map(Path::target).unwrap_or_default();
        if !named.is_empty() {
            origin.target = named;
        }
        asked(origin, handler).await
    }

    /// Records an answer that is a refusal, before it is sent.
    pub async fn refused(mut self, http: &Http, status: StatusCode, headers: &HeaderMap) {
        if !self.counts(status) {
            return;
        }
        let code = headers.get(ERROR_CODES);
        let code = code.and_then(|code| code.to_str().ok()).unwrap_or_default();
        let Some(times) = http.refusals.admit(&self.origin, code) else {
            return;
        };
        self.origin.target = self.known_target(http).await;
        let refusal = Refusal {
            origin: self.origin,
            status: status.as_u16(),
            code: code.to_owned(),
            times,
        };
        if let Err(error) = http.app.store.record_refusals(&[refusal]).await {
            tracing::error!(%error, "a refusal could not be recorded");
        }
    }

    /// Who may not is recorded for every call, what may not be now for those that change something.
    fn counts(&self, status: StatusCode) -> bool {
        match status.as_u16() {
            401 | 403 | 429 | 449 => true,
            404 | 409 | 412 => self.changes,
            _ => false,
        }
    }

    /// The names in the path, if the first of them names something. What does not may be anything, even a password
    /// that was pasted into the wrong place: it is not written down.
    async fn known_target(&self, http: &Http) -> String {
        let Some(path) = &self.path else {
            return String::new();
        };
        let store = &http.app.store;
        let known = match path.first() {
            Some(("cluster_id", id)) => match id.parse() {
                Ok(id) => store
                    .cluster(&id)
                    .await
                    .ok()
                    .flatten()
                    .map(|one| one.id.to_string()),
                Err(_) => None,
            },
            Some(("repository_name", name)) => match name.parse() {
                Ok(name) => store
                    .repository(&name)
                    .await
                    .ok()
                    .flatten()
                    .map(|one| one.name.to_string()),
                Err(_) => None,
            },
            Some(("operation_id", id)) => store.operation(id).await.ok().flatten().map(|one| one.id),
            Some(("user_name" | "user_id", name)) => {
                store.user(name).await.ok().flatten().map(|one| one.name)
            }
            Some(("webhook_id", id)) => store.webhook(id).await.ok().flatten().map(|one| one.id),
            Some(("api_key_id", id)) => {
                let key = store.api_key(id).await.ok().flatten();
                key.map(|one| format!("{}/{}", one.user, one.id))
            }
            None => return self.origin.target.clone(),
            _ => None,
        };
        known.unwrap_or_default()
    }
}

impl Refusals {
    fn admit(&self, origin: &Origin, code: &str) -> Option<u32> {
        self.count(
            origin.principal.as_deref(),
            origin.address.as_deref(),
            code,
            origin.at,
        )
    }
}
