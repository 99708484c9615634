//! `GET /audit`: newest first.

use crate::http::Http;
use crate::http::extract::{Params, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Problem, Result, ok};
use crate::model::audit::AuditEntry;
use crate::store::audit::AuditFilter;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

const QUERY: &[Parameter] = &[
    Parameter::text("principal", "Only what this user asked for."),
    Parameter::text(
        "action",
        "Only this action, such as `detach_cluster` or `refused`.",
    ),
    Parameter::text("target", "Only what was about this, such as a cluster's id."),
    Parameter::text("since", "Only what is not older than this RFC 3339 time."),
    Parameter::text("outcome", "Only changes (`done`), or only refusals (`refused`)."),
    Parameter::text(
        "before",
        "Only rows older than this sequence number: `next` of the page before.",
    ),
    Parameter::integer("limit", "At most so many, 1 to 1000. Default: 100."),
];

/// A page of the audit log, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditList {
    /// The rows.
    pub entries: Vec<AuditEntryView>,
    /// The value of `before` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One change, or refusals of one kind.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryView {
    /// Counts over the whole log.
    pub sequence: i64,
    /// When the request came.
    #[schema(format = DateTime)]
    pub at: String,
    /// The change's name, or `refused`.
    pub action: String,
    /// `done` or `refused`.
    pub outcome: &'static str,
    /// Who asked; absent when that was not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The address that the connection came from; absent at the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The request's id, as in its `X-Request-Id`.
    pub request: String,
    /// The method; `console` for what was done with the data directory at hand.
    pub method: String,
    /// The route.
    pub route: String,
    /// What it was about; empty when the path named nothing that exists.
    pub target: String,
    /// More about it, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub detail: String,
    /// A refusal's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// A refusal's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How many refusals of one kind the row stands for.
    pub times: u32,
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        let origin = entry.origin;
        Self {
            sequence: entry.sequence,
            at: origin.at.to_string(),
            action: entry.action,
            outcome: if entry.status.is_some() { "refused" } else { "done" },
            principal: origin.principal,
            address: origin.address,
            request: origin.request,
            method: origin.method,
            route: origin.route,
            target: origin.target,
            detail: entry.detail,
            status: entry.status,
            code: entry.code,
            times: entry.times,
        }
    }
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "list-audit",
        "The audit log: who changed what, and who was refused",
    )
    .query(QUERY)
    .answer::<AuditList>(200, "A page, newest first.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, Query(query): Query) -> Result<Response> {
    let limit = query.integer("limit", 1..=1000)?.unwrap_or(100).unsigned_abs();
    let filter = AuditFilter {
        principal: query.text("principal").map(str::to_owned),
        action: query.text("action").map(str::to_owned),
        target: query.text("target").map(str::to_owned),
        since: since(&query)?,
        refused: refused(&query)?,
        before: before(&query)?,
        limit,
    };
    let found = http.app.store.audit(&filter).await?;
    let full = found.len() == limit as usize;
    let last = found.last().filter(|_| full);
    Ok(ok(&AuditList {
        next: last.map(|entry| entry.sequence.to_string()),
        entries: found.into_iter().map(Into::into).collect(),
    }))
}

fn since(query: &Params) -> Result<Option<Timestamp>> {
    let wanted = |_| {
        let message = "the query parameter since must be an RFC 3339 time, such as 2026-01-31T00:00:00Z";
        Problem::invalid("since", message)
    };
    query
        .text("since")
        .map(|text| text.parse().map_err(wanted))
        .transpose()
}

fn refused(query: &Params) -> Result<Option<bool>> {
    match query.text("outcome") {
        None => Ok(None),
        Some("done") => Ok(Some(false)),
        Some("refused") => Ok(Some(true)),
        Some(_) => Err(Problem::invalid(
            "outcome",
            "the query parameter outcome must be done or refused",
        )),
    }
}

fn before(query: &Params) -> Result<Option<i64>> {
    let wanted = |_| Problem::invalid("before", "the query parameter before must be a sequence number");
    query
        .text("before")
        .map(|text| text.parse().map_err(wanted))
        .transpose()
}
