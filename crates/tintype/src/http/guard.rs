//! What every request passes before its handler: who it is, whether they may, which region, and typed parameters.

use super::Http;
use super::audit::Call;
use super::auth::{ClientAddress, Permission, Principal, Role, elevation};
use super::extract::Params;
use super::openapi::Parameter;
use super::problem::{Problem, Result};
use super::route::REGIONS;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// A route's own part of the check.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The server's state.
    pub http: Http,
    /// Who may.
    pub permission: Permission,
    /// The caller must be elevated.
    pub elevated: bool,
    /// The code of a 401.
    pub unauthenticated: &'static str,
    /// The query parameters that the route knows.
    pub query: &'static [Parameter],
}

/// 401, 403, 449, a foreign region's 404 and a malformed parameter's 400, in that order; then the handler. What it changes
/// and what was refused is in the audit log before the answer is sent.
pub async fn check(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let from = ClientAddress::of(&request, &guard.http.app.config.server.trusted_proxies);
    request.extensions_mut().insert(from);
    let mut call = Call::of(&guard.http, &mut request).await;
    let response = match admit(&guard, &mut request, &mut call, from).await {
        Ok(()) => call.run(next.run(request)).await,
        Err(problem) => problem.into_response(),
    };
    // In parts: a body cannot be held while something is waited for.
    let (head, body) = response.into_parts();
    call.refused(&guard.http, head.status, &head.headers).await;
    Response::from_parts(head, body)
}

async fn admit(guard: &Guard, request: &mut Request, call: &mut Call, from: ClientAddress) -> Result<()> {
    let app = &guard.http.app;
    if guard.permission != Permission::Public {
        let authenticated = guard
            .http
            .authenticator
            .authenticate(app, request.headers(), from);
        let principal = authenticated
            .await
            .map_err(|problem| problem.code_at(StatusCode::UNAUTHORIZED, guard.unauthenticated))?;
        call.by(&principal, guard.permission);
        permit(&principal, guard.permission)?;
        if guard.elevated {
            elevation::require(app, &principal).await?;
        }
        tracing::Span::current().record("user", principal.name.as_str());
        request.extensions_mut().insert(principal);
    }
    region(request.uri().path(), &guard.http.region)?;
    let params = Params::parse(request.uri().query().unwrap_or_default(), guard.query)?;
    request.extensions_mut().insert(params);
    Ok(())
}

fn permit(principal: &Principal, permission: Permission) -> Result<()> {
    if principal.may(permission) {
        return Ok(());
    }
    let roles: Vec<_> = Role::ALL
        .into_iter()
        .filter(|role| permission.granted_to(*role))
        .map(Role::as_str)
        .collect();
    Err(Problem::forbidden(format!(
        "{} may not do this: it needs one of {}",
        principal.name,
        roles.join(", ")
    )))
}

/// A path below the region that is configured, or below none.
///
/// # Errors
/// 404 naming both regions.
pub fn region(path: &str, configured: &str) -> Result<()> {
    let Some(rest) = path.strip_prefix(REGIONS) else {
        return Ok(());
    };
    let named = rest.split('/').next().unwrap_or_default();
    let named = percent_encoding::percent_decode_str(named).decode_utf8_lossy();
    if named == configured {
        return Ok(());
    }
    let message = format!("there is no such region: this server is region {configured:?}");
    Err(Problem::new(StatusCode::NOT_FOUND, "root.region_not_found", message).field("region"))
}
