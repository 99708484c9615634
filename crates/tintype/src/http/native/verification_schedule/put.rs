//! `PUT /repositories/{repository_name}/verification-schedule`.

use super::ScheduleView;
use crate::http::Http;
use crate::http::ece::repositories::NOT_FOUND;
use crate::http::extract::{Body, Object, Path};
use crate::http::native::verifications::OptionsBody;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

/// From a minute to a year.
const EVERY: std::ops::RangeInclusive<u64> = 60..=31_536_000;

/// A schedule.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleBody {
    /// From one start to the next, 60 to 31536000 seconds. The first is at once.
    #[schema(value_type = u64)]
    pub every_seconds: Option<u64>,
    /// Verify each snapshot that Tintype takes too, it alone and as soon as it is there, with the same options. `false` when
    /// absent.
    #[schema(required = false)]
    pub after_snapshots: Option<bool>,
    /// How. With `max_age_seconds` and a budget the reading is spread over several starts.
    #[schema(required = false, value_type = Option<OptionsBody>)]
    pub options: Option<Object<OptionsBody>>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "put-verification-schedule",
        "Verify a platform repository by itself, for each cluster that uses it",
    )
    .body::<ScheduleBody>()
    .answer::<ScheduleView>(200, "The schedule as it is now; its last start stays.")
    .fails(404, NOT_FOUND)
    .fails(412, &["root.precondition_failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    path: Path,
    Body(body): Body<ScheduleBody>,
) -> Result<Response> {
    let repository = http.app.operations.platform(&path.repository()?).await?.name;
    let options = body.options.unwrap_or_default().0.checked()?;
    let every_seconds = body
        .every_seconds
        .ok_or_else(|| Problem::invalid("every_seconds", "every_seconds is missing"))?;
    if !EVERY.contains(&every_seconds) {
        let message = format!("every_seconds must be {} to {}", EVERY.start(), EVERY.end());
        return Err(Problem::invalid("every_seconds", message));
    }
    let schedule = http
        .app
        .operations
        .put_verify_schedule(
            &repository,
            every_seconds,
            body.after_snapshots.unwrap_or(false),
            options,
        )
        .await?;
    Ok(ok(&ScheduleView::from(schedule)))
}
