//! `PUT /platform/configuration/snapshots/repositories/{repository_name}`.

use super::{RepositoryConfig, with_version};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::resource::HEADERS;
use crate::http::extract::{Body, Path, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Problem, Result, ok};
use crate::operations::platform::{self, PutRepository};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

const QUERY: &[Parameter] = &[Parameter::integer(
    "version",
    "Refuse with 409 unless this is the repository's version.",
)];

/// Types that engines know and Tintype does not support yet.
const KNOWN_ELSEWHERE: [&str; 2] = ["hdfs", "source"];

/// For people.
const SUPPORTED: &str = "fs, s3, gcs, azure and url";

/// A repository as an engine would be told it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotRepositoryConfiguration {
    /// `fs`, `s3`, `gcs`, `azure` or `url`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Option<String>,
    /// The settings; members that engines and plugins add are free.
    #[schema(value_type = Object)]
    pub settings: Option<Map<String, Value>>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("set-snapshot-repository", "Set snapshot repository")
        .query(QUERY)
        .body::<SnapshotRepositoryConfiguration>()
        .answer_with::<RepositoryConfig>(200, "The repository as it is now.", HEADERS)
        .fails(404, super::NOT_FOUND)
        .fails(409, &["root.conflict"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    path: Path,
    Query(query): Query,
    Body(body): Body<SnapshotRepositoryConfiguration>,
) -> Result<Response> {
    let (kind, settings) = shape(body.kind, body.settings)?;
    let request = PutRepository {
        name: named(&path)?,
        kind,
        settings,
        default: None,
        expected_version: query.integer("version", 0..=i32::MAX)?.map(i64::from),
        require_preflight: false,
    };
    let repository = platform::put_repository(&http.app, request).await?;
    Ok(with_version(
        ok(&RepositoryConfig::new(&repository, &principal)),
        &repository,
    ))
}

/// The name of a repository to be made: a bad one is the request's mistake, not a missing repository.
///
/// # Errors
/// 400 naming the rule.
pub fn named(path: &Path) -> Result<crate::model::RepositoryName> {
    let text = path.text("repository_name");
    text.parse()
        .map_err(|error| crate::error::Error::name("repository_name", &error).into())
}

/// A repository's type and settings.
///
/// # Errors
/// 400 naming what is missing, or a type that is not supported.
pub fn shape(
    kind: Option<String>,
    settings: Option<Map<String, Value>>,
) -> Result<(String, Map<String, Value>)> {
    let missing = |member: &str| Problem::invalid(member, format!("{member} is missing"));
    let kind = kind.ok_or_else(|| missing("type"))?;
    let settings = settings.ok_or_else(|| missing("settings"))?;
    match kind.as_str() {
        "fs" | "s3" | "gcs" | "azure" | "url" => Ok((kind, settings)),
        known if KNOWN_ELSEWHERE.contains(&known) => Err(Problem::invalid(
            "type",
            format!("the type {known} is not supported yet: {SUPPORTED} are"),
        )),
        _ => Err(Problem::invalid(
            "type",
            format!("the type is not known: it must be one of {SUPPORTED}"),
        )),
    }
}
