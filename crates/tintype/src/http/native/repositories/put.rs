//! `PUT /repositories/{repository_name}`.

use super::view::RepositoryView;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::repositories::put::{named, shape};
use crate::http::extract::{Body, Path, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Problem, Result, ok};
use crate::operations::platform::{self, PutRepository};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

const QUERY: &[Parameter] = &[
    Parameter::text(
        "preflight",
        "`require`: refuse when the storage cannot be read with the reader.",
    ),
    Parameter::integer(
        "version",
        "Refuse with 409 unless this is the repository's version; 0: it must not exist.",
    ),
];

/// A platform repository to make or replace.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryBody {
    /// `fs`, `s3`, `gcs`, `azure` or `url`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Option<String>,
    /// The settings; members that engines and plugins add are free. A secret left out stays as it was.
    #[schema(value_type = Object)]
    pub settings: Option<Map<String, Value>>,
    /// Make it the platform's default, or no longer; stays when absent.
    #[schema(required = false)]
    pub default: Option<bool>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("put-repository", "Make or replace a platform repository")
        .query(QUERY)
        .body::<RepositoryBody>()
        .answer::<RepositoryView>(200, "The repository as it is now.")
        .fails(409, &["root.conflict"])
        .fails(412, &["root.precondition_failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    path: Path,
    Query(query): Query,
    Body(body): Body<RepositoryBody>,
) -> Result<Response> {
    let (kind, settings) = shape(body.kind, body.settings)?;
    let require_preflight = match query.text("preflight") {
        None => false,
        Some("require") => true,
        Some(_) => {
            return Err(Problem::invalid(
                "preflight",
                "the query parameter preflight must be require",
            ));
        }
    };
    let request = PutRepository {
        name: named(&path)?,
        kind,
        settings,
        default: body.default,
        expected_version: query.integer("version", 0..=i32::MAX)?.map(i64::from),
        require_preflight,
    };
    let repository = platform::put_repository(&http.app, request).await?;
    Ok(ok(&RepositoryView::new(repository, &principal)))
}
