//! `GET /repositories/{repository_name}/verifications/{operation_id}`: one, with its report.

use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::auth::{Permission, Principal};
use crate::http::ece::repositories::load;
use crate::http::extract::Path;
use crate::http::native::operations::OperationView;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::model::OperationKind;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

/// A verification.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VerificationView {
    /// The operation.
    #[serde(flatten)]
    pub operation: OperationView,
    /// What it found, in the form `tintype.verify/1`; absent before its end, and for those that found nothing to look at or
    /// are so old that their report is forgotten. Where the data lies is for those who may see a repository's contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub report: Option<Value>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-verification", "Show a verification with its report")
        .answer::<VerificationView>(200, "The verification.")
        .fails(
            404,
            &["clusters.snapshot.repository_not_found", "operations.not_found"],
        )
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal, path: Path) -> Result<Response> {
    let repository = load(&http, &path.repository()?).await?.name;
    let found = http.app.store.operation(path.text("operation_id")).await?;
    let found = found.filter(|one| {
        one.kind == OperationKind::VerifyRepository
            && one.parameters.get("repository").and_then(Value::as_str) == Some(repository.as_str())
    });
    let missing = || {
        let message = "there is no verification of this repository with this id";
        Error::missing(Missing::Operation, message)
    };
    let operation = found.ok_or_else(missing)?;
    let report = match http.app.store.report(&operation.id).await? {
        None => None,
        Some(text) => Some(shown(
            serde_json::from_str(&text).map_err(|error| Error::Internal(Box::new(error)))?,
            &principal,
        )),
    };
    let operation = OperationView::new(operation, &http).await?;
    Ok(ok(&VerificationView { operation, report }))
}

/// Without where the data lies, for callers who may not see that.
fn shown(mut report: Value, principal: &Principal) -> Value {
    if principal.may(Permission::ReadRepositoryContents) {
        return report;
    }
    if let Some(members) = report.as_object_mut() {
        members.remove("location");
    }
    let findings = report.get_mut("findings").and_then(Value::as_array_mut);
    for finding in findings.into_iter().flatten().filter_map(Value::as_object_mut) {
        finding.remove("key");
    }
    report
}
