//! `GET /events`: what changes, as server-sent events. Each stream reads the store from its own place, so that it may
//! begin where another one ended, and needs no memory however far behind it is.

mod stream;

use crate::http::Http;
use crate::http::auth::{Permission, Principal};
use crate::http::extract::{Params, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Problem, Result};
use crate::http::serve::Close;
use crate::model::ChangeKind;
use crate::store::changes::ChangeFilter;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use std::sync::Arc;

const CONTENT_TYPE: &str = "text/event-stream";
const LAST_EVENT_ID: &str = "last-event-id";

const QUERY: &[Parameter] = &[
    Parameter::text(
        "after",
        "Only changes after this sequence number; `Last-Event-ID` wins. Default: from now on.",
    ),
    Parameter::text("cluster", "Only those about this cluster."),
    Parameter::text(
        "kind",
        "Only of these kinds or groups, such as `operation,cluster.late`, separated by commas.",
    ),
    Parameter::boolean(
        "follow",
        "false: end with the last change that is there now. Default: true.",
    ),
];

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("stream-events", "Follow what changes")
        .query(QUERY)
        .request_headers(&[(
            "Last-Event-ID",
            "The id of the last event that was received: the stream goes on behind it.",
        )])
        .text(
            200,
            "Server-sent events: `id`, `event` and `data` of each change.",
            CONTENT_TYPE,
        )
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    headers: HeaderMap,
    close: Option<Extension<Close>>,
    Query(query): Query,
) -> Result<Response> {
    let filter = ChangeFilter {
        cluster_id: query.parsed("cluster")?,
        kinds: kinds(&query, &principal)?,
    };
    let after = match place(&headers, &query)? {
        Some(after) => after,
        None => http.app.store.newest_change().await?,
    };
    let busy = |_| Problem::busy("too many streams are open; close one, or raise events.streams");
    let permit = Arc::clone(&http.streams).try_acquire_owned().map_err(busy)?;
    let follow = query.boolean("follow").unwrap_or(true);
    let close = close.map(|Extension(close)| close).unwrap_or_default();
    let body = stream::body(
        &http.app,
        stream::From {
            after,
            filter,
            follow,
        },
        permit,
        close,
    );
    let headers = [
        (header::CONTENT_TYPE.as_str(), CONTENT_TYPE),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        // A proxy that gathers answers would keep events back.
        ("x-accel-buffering", "no"),
    ];
    Ok((headers, body).into_response())
}

/// Where the client was, in its own words.
fn place(headers: &HeaderMap, query: &Params) -> Result<Option<i64>> {
    let header = headers
        .get(LAST_EVENT_ID)
        .map(|value| value.to_str().unwrap_or("?"))
        .filter(|text| !text.is_empty());
    let (name, text) = match (header, query.text("after")) {
        (Some(text), _) => ("Last-Event-ID", text),
        (None, Some(text)) => ("after", text),
        (None, None) => return Ok(None),
    };
    let number = text.parse().ok().filter(|number| *number >= 0);
    let wrong = || {
        Problem::invalid(
            name,
            format!("{name} must be the id of an event: a whole number from 0"),
        )
    };
    number.map(Some).ok_or_else(wrong)
}

/// The kinds that were asked for, of those that the caller may see; all of them when empty.
fn kinds(query: &Params, principal: &Principal) -> Result<Vec<ChangeKind>> {
    let mut asked = Vec::new();
    for word in query.text("kind").into_iter().flat_map(|text| text.split(',')) {
        let named = ChangeKind::named(word.trim());
        if named.is_empty() {
            let known = ChangeKind::ALL.map(ChangeKind::as_str).join(", ");
            let message = format!("the query parameter kind must be of {known}, or the part before the dot");
            return Err(Problem::invalid("kind", message));
        }
        asked.extend(named);
    }
    let repository = [ChangeKind::RepositoryChanged, ChangeKind::RepositoryDeleted];
    if principal.may(Permission::ReadRepositories) {
        return Ok(asked);
    }
    let candidates = if asked.is_empty() {
        ChangeKind::ALL.to_vec()
    } else {
        asked
    };
    let seen: Vec<_> = candidates
        .into_iter()
        .filter(|kind| !repository.contains(kind))
        .collect();
    if seen.is_empty() {
        return Err(Problem::forbidden(
            "changes of repositories are for those who may read repositories",
        ));
    }
    Ok(seen)
}
