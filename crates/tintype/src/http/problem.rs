//! The one map from what went wrong to status, code, header and body: `BasicFailedReply` everywhere, never text.

use crate::error::{Error, Missing};
use crate::ids;
use crate::model::{Failure, FailureKind};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use std::any::Any;

/// The header in which clients read the codes of the errors in the body.
pub const ERROR_CODES: HeaderName = HeaderName::from_static("x-cloud-error-codes");

/// The code of the answer to who must show a second factor first.
pub const NOT_ELEVATED: &str = "root.unauthorized.rbac.elevated_permissions_required";

/// The body of every failed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BasicFailedReply {
    /// What went wrong, at least one.
    pub errors: Vec<BasicFailedReplyElement>,
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BasicFailedReplyElement {
    /// A stable code.
    pub code: String,
    /// What is wrong, where, and what would be right.
    pub message: String,
    /// The fields of the request at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub fields: Vec<String>,
}

/// A failed request.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    fields: Vec<String>,
    // Boxed, since most have none and every handler's result has room for it.
    header: Option<Box<(&'static str, HeaderValue)>>,
}

/// A handler's result.
pub type Result<T> = std::result::Result<T, Problem>;

impl Problem {
    /// A problem by its status, code and message.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            fields: Vec::new(),
            header: None,
        }
    }

    /// The request is wrong in one field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "root.invalid_request", message);
        problem.fields.push(field.into());
        problem
    }

    /// Nobody that we know: 401.
    pub fn unauthenticated(message: &str) -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "root.unauthenticated", message);
        problem.with_header(
            "www-authenticate",
            HeaderValue::from_static("Basic realm=\"tintype\", ApiKey, Bearer"),
        )
    }

    /// Known, but may not: 403.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "root.unauthorized.rbac", message)
    }

    /// Try later: 503.
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "root.busy", message).with_header("retry-after", 1.into())
    }

    /// Too many tries to sign in: 429, saying in how many seconds the next one is looked at.
    pub fn too_many(seconds: u64) -> Self {
        let message = format!("too many tries: the next one is looked at in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "root.too_many_requests", message)
            .with_header("retry-after", seconds.into())
    }

    /// May, but must show a second factor first: 449.
    pub fn not_elevated(message: impl Into<String>) -> Self {
        // ECE's own choice of a status, which the standard's list does not have.
        let status = StatusCode::from_u16(449).unwrap_or(StatusCode::FORBIDDEN);
        Self::new(status, NOT_ELEVATED, message)
    }

    /// Uses another code when the status is this one: what a route documents for its own case.
    pub fn code_at(mut self, status: StatusCode, code: &'static str) -> Self {
        if self.status == status {
            self.code = code;
        }
        self
    }

    /// Adds a field at fault.
    pub fn field(mut self, field: &str) -> Self {
        self.fields.push(field.to_owned());
        self
    }

    /// The status that it will be answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    fn with_header(self, name: &'static str, value: HeaderValue) -> Self {
        Self {
            header: Some(Box::new((name, value))),
            ..self
        }
    }

    fn internal(source: &(dyn std::error::Error + 'static)) -> Self {
        let id = HEXLOWER.encode(&ids::random::<8>());
        tracing::error!(error_id = %id, error = %chain(source), "internal error");
        Self::internal_with(&id)
    }

    fn internal_with(id: &str) -> Self {
        let message = format!("an internal error; its details are in the log under {id}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "root.internal_server_error",
            message,
        )
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Invalid { fields, message } => Self {
                fields,
                ..Self::new(StatusCode::BAD_REQUEST, "root.invalid_request", message)
            },
            Error::NotFound { what, message } => {
                Self::new(StatusCode::NOT_FOUND, missing_code(what), message)
            }
            Error::Forbidden(message) => Self::forbidden(message),
            Error::Failed(failure) => failure.into(),
            Error::KeyReused => {
                Self::new(StatusCode::CONFLICT, "idempotency.key_reused", message).field("Idempotency-Key")
            }
            Error::Conflict(_) => Self::new(StatusCode::CONFLICT, "root.conflict", message),
            Error::Precondition(_) => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "root.precondition_failed",
                message,
            ),
            Error::Busy(_) => Self::busy(message),
            Error::Internal(source) => Self::internal(source.as_ref()),
        }
    }
}

impl From<crate::store::StoreError> for Problem {
    fn from(error: crate::store::StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        const NO_REPOSITORY: &str = "clusters.snapshot.repository_not_found";
        let (status, code) = match failure.kind {
            FailureKind::InvalidCredentials => {
                (StatusCode::UNAUTHORIZED, "clusters.snapshot.invalid_credentials")
            }
            FailureKind::RepositoryNotFound => (StatusCode::NOT_FOUND, NO_REPOSITORY),
            FailureKind::RepositoryConflict => (StatusCode::INTERNAL_SERVER_ERROR, NO_REPOSITORY),
            FailureKind::NameConflict => (StatusCode::CONFLICT, "clusters.snapshot.name_conflict"),
            FailureKind::AccessLevel => return Self::forbidden(failure.message),
            FailureKind::SnapshotNotFound => (StatusCode::NOT_FOUND, "clusters.snapshot.not_found"),
            FailureKind::IndexConflict => (StatusCode::CONFLICT, "clusters.snapshot.index_conflict"),
            FailureKind::NotOurs => (StatusCode::CONFLICT, "root.conflict"),
            FailureKind::InUse => (StatusCode::PRECONDITION_FAILED, "root.precondition_failed"),
            // The description knows one code for everything else, and its clients decide by it.
            FailureKind::UuidMismatch
            | FailureKind::EngineRefused
            | FailureKind::EngineUnreachable
            | FailureKind::OutcomeUnknown
            | FailureKind::Vanished
            | FailureKind::EngineFailed
            | FailureKind::Incomplete
            | FailureKind::Empty
            | FailureKind::NotDelivered
            | FailureKind::StorageUnreadable
            | FailureKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "clusters.snapshot.failed"),
        };
        Self::new(status, code, failure.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let element = BasicFailedReplyElement {
            code: self.code.to_owned(),
            message: self.message,
            fields: self.fields,
        };
        let mut response = json(
            self.status,
            &BasicFailedReply {
                errors: vec![element],
            },
        );
        if let Some(header) = self.header {
            response.headers_mut().insert(header.0, header.1);
        }
        response
            .headers_mut()
            .insert(ERROR_CODES, HeaderValue::from_static(self.code));
        response
    }
}

/// A JSON answer. The content type is exactly `application/json`: others break clients.
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let bytes = match serde_json::to_vec(body) {
        Ok(bytes) => bytes,
        Err(error) => return Problem::internal(&error).into_response(),
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A 200 with this body.
pub fn ok<T: Serialize>(body: &T) -> Response {
    json(StatusCode::OK, body)
}

/// The answer when a handler panicked. The panic hook has logged where.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    let id = HEXLOWER.encode(&ids::random::<8>());
    tracing::error!(error_id = %id, "a handler panicked");
    Problem::internal_with(&id).into_response()
}

fn missing_code(what: Missing) -> &'static str {
    match what {
        Missing::Cluster => "clusters.cluster_not_found",
        Missing::Repository => "clusters.snapshot.repository_not_found",
        Missing::Webhook => "webhooks.not_found",
        Missing::Schedule => "repositories.no_schedule",
        Missing::Attestation => "clusters.snapshot.not_attested",
        Missing::Snapshot => "clusters.snapshot.not_found",
        Missing::Operation => "operations.not_found",
        Missing::ApiKey => "api_keys.key_not_found",
        Missing::User => "user.not_found",
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind};

    #[test]
    fn a_panic_is_answered_in_the_form_of_every_other_problem() {
        let response = panicked(Box::new("secret details"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[ERROR_CODES], "root.internal_server_error");
    }

    #[test]
    fn failures_have_the_statuses_and_codes_that_clients_decide_by() {
        for (kind, status, code) in [
            (
                FailureKind::InvalidCredentials,
                401,
                "clusters.snapshot.invalid_credentials",
            ),
            (
                FailureKind::RepositoryNotFound,
                404,
                "clusters.snapshot.repository_not_found",
            ),
            (
                FailureKind::RepositoryConflict,
                500,
                "clusters.snapshot.repository_not_found",
            ),
            (FailureKind::NameConflict, 409, "clusters.snapshot.name_conflict"),
            (FailureKind::AccessLevel, 403, "root.unauthorized.rbac"),
            (FailureKind::NotOurs, 409, "root.conflict"),
            (FailureKind::InUse, 412, "root.precondition_failed"),
            (FailureKind::EngineUnreachable, 500, "clusters.snapshot.failed"),
            (FailureKind::Internal, 500, "clusters.snapshot.failed"),
        ] {
            let response = Problem::from(Failure::new(kind, "why")).into_response();
            assert_eq!(response.status(), status, "{kind:?}");
            assert_eq!(response.headers()[ERROR_CODES], code, "{kind:?}");
        }
    }
}
