//! `GET /operations/{operation_id}/events`: its append-only log.

use super::{NOT_FOUND, load};
use crate::http::Http;
use crate::http::extract::{Path, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, ok};
use crate::model::Event;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

const QUERY: &[Parameter] = &[
    Parameter::integer("after", "Only events after this sequence number. Default: 0."),
    Parameter::integer("limit", "At most so many, 1 to 1000. Default: 100."),
];

/// Events, in order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventList {
    /// The events.
    pub events: Vec<EventView>,
}

/// One line of an operation's log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Counts within the operation, from 1.
    pub sequence: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// A stable word.
    pub kind: String,
    /// For people.
    pub message: String,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            sequence: event.sequence,
            at: event.at.to_string(),
            kind: event.kind,
            message: event.message,
        }
    }
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("list-operation-events", "An operation's log")
        .query(QUERY)
        .answer::<EventList>(200, "The events, in order.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path, Query(query): Query) -> Result<Response> {
    let operation = load(&http, &path).await?;
    let after = query.integer("after", 0..=i32::MAX)?.unwrap_or(0);
    let limit = query.integer("limit", 1..=1000)?.unwrap_or(100).unsigned_abs();
    let events = http.app.store.events(&operation.id, after.into(), limit).await?;
    Ok(ok(&EventList {
        events: events.into_iter().map(Into::into).collect(),
    }))
}
