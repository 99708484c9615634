//! `GET /repositories/{repository_name}/verification-schedule`.

use super::{NOT_FOUND, ScheduleView};
use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::ece::repositories::load;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "get-verification-schedule",
        "When a platform repository is verified by itself",
    )
    .answer::<ScheduleView>(200, "The schedule.")
    .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    let repository = load(&http, &path.repository()?).await?.name;
    let schedule = http.app.store.schedule(&repository).await?.ok_or_else(none)?;
    Ok(ok(&ScheduleView::from(schedule)))
}

/// The repository has no schedule.
pub fn none() -> Problem {
    let message = "the repository has no schedule: it is verified only when somebody asks";
    Error::missing(Missing::Schedule, message).into()
}
