//! What an answer that is no success says about the effect of a call.

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::error::{Lost, Refusal, storage_denied};
use crate::wire::text::{Secrets, clean};

const REASON: usize = 2048;

/// What became of a call that was answered with something other than 2xx.
pub(crate) enum Verdict {
    Refused(Refusal),
    Unknown(Lost),
}

/// Reads a status and body. An engine's error means that it did not do what was asked, except, for a change, those that
/// leave it open (see [`is_definite`]). A status alone, from a proxy or a garbled engine, says nothing of the effect,
/// except where HTTP defines that the request was turned away at the door.
pub(crate) fn classify(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    change: bool,
    secrets: &Secrets,
) -> Verdict {
    let code = status.as_u16();
    if status.is_redirection() {
        let location = headers
            .get(header::LOCATION)
            .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
        let location = clean(&secrets.scrub(&location.unwrap_or_default()), 300);
        return Verdict::Unknown(Lost::Redirect {
            status: code,
            location,
        });
    }
    if let Some(refusal) = engine_error(code, body, secrets) {
        let definite = !change || is_definite(&refusal);
        return if definite {
            Verdict::Refused(refusal)
        } else {
            Verdict::Unknown(Lost::Engine(refusal))
        };
    }
    let excerpt = clean(secrets.scrub(&String::from_utf8_lossy(body)).trim(), 200);
    // Authentication, permission and size are checked before a request is acted upon; OpenSearch's security plugin
    // answers 401 with plain text.
    if matches!(code, 401 | 403 | 407 | 413 | 414 | 431) {
        let (kind, reason) = (format!("http_{code}"), excerpt);
        return Verdict::Refused(Refusal {
            status: code,
            kind,
            reason,
            storage_denied: false,
        });
    }
    Verdict::Unknown(Lost::Status {
        status: code,
        excerpt,
    })
}

/// Whether a change that was answered with this error has certainly not been made.
///
/// Below 500 the engines check a request before they act. From 500 on only these exceptions are known to be raised
/// before, or to undo, the change. All others leave it open: a node retries a request when the master is lost, so that
/// `master_not_discovered_exception`, `process_cluster_event_timeout_exception`, `cluster_block_exception` (503),
/// `not_master_exception`, `failed_to_commit_cluster_state_exception` and transport errors may follow an attempt that
/// was carried out.
fn is_definite(refusal: &Refusal) -> bool {
    const NOT_DONE: [&str; 17] = [
        "concurrent_snapshot_execution_exception",
        "invalid_snapshot_name_exception",
        "snapshot_name_already_in_use_exception",
        "snapshot_creation_exception",
        "snapshot_exception",
        "snapshot_missing_exception",
        "snapshot_restore_exception",
        "repository_exception",
        "repository_missing_exception",
        "repository_verification_exception",
        "illegal_argument_exception",
        "illegal_state_exception",
        "security_exception",
        "parsing_exception",
        "es_rejected_execution_exception",
        "opensearch_rejected_execution_exception",
        "circuit_breaking_exception",
    ];
    match refusal.status {
        408 => false,
        400..=499 => true,
        _ => NOT_DONE.contains(&refusal.kind.as_str()),
    }
}

/// The engine's error in the body: `{"error": {"type", "reason", "caused_by", …} | "text", "status": N}`.
fn engine_error(status: u16, body: &[u8], secrets: &Secrets) -> Option<Refusal> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match body.get("error")? {
        error @ Value::Object(_) => refusal(status, error, secrets),
        Value::String(text) if is_routing_error(status, text, body.get("status")) => Some(Refusal {
            status,
            kind: format!("http_{status}"),
            reason: clean(&secrets.scrub(text), REASON),
            storage_denied: false,
        }),
        _ => None,
    }
}

/// An engine's error from its object: `{"type", "reason", "caused_by", …}`.
pub(crate) fn refusal(status: u16, error: &Value, secrets: &Secrets) -> Option<Refusal> {
    let kind = error.get("type")?.as_str()?;
    error.get("reason")?;
    let causes = Causes::of(error);
    Some(Refusal {
        status,
        kind: clean(kind, 100),
        reason: clean(&secrets.scrub(&causes.text()), REASON),
        storage_denied: causes.0.iter().any(|(_, reason)| storage_denied(reason)),
    })
}

/// How the engines answer a wrong method or an unknown path: with a text, and the status repeated for the former only.
fn is_routing_error(status: u16, text: &str, repeated: Option<&Value>) -> bool {
    match repeated {
        Some(repeated) => status < 500 && *repeated == status,
        None => status == 400 && text.starts_with("no handler found"),
    }
}

/// The chain of an error's types and reasons, outermost first.
struct Causes(Vec<(String, String)>);

impl Causes {
    fn of(error: &Value) -> Self {
        let text = |value: &Value, key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let chain = std::iter::successors(Some(error), |error| error.get("caused_by"));
        Self(
            chain
                .take(20)
                .map(|error| (text(error, "type"), text(error, "reason")))
                .collect(),
        )
    }

    /// The first reason and the deepest one that adds something.
    fn text(&self) -> String {
        let first = self
            .0
            .first()
            .map(|(_, reason)| reason.as_str())
            .unwrap_or_default();
        let deepest = self
            .0
            .iter()
            .skip(1)
            .rev()
            .find(|(_, reason)| !reason.is_empty() && !first.contains(reason.as_str()));
        match deepest {
            None => first.to_owned(),
            // Room for both: a very long first reason must not hide the cause.
            Some((kind, reason)) => format!("{} (caused by {kind}: {reason})", clean(first, REASON / 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str, change: bool) -> Verdict {
        let status = StatusCode::from_u16(status).unwrap();
        classify(
            status,
            &HeaderMap::new(),
            body.as_bytes(),
            change,
            &Secrets::default(),
        )
    }

    fn error(kind: &str, status: u16) -> String {
        format!(r#"{{"error":{{"root_cause":[],"type":"{kind}","reason":"because"}},"status":{status}}}"#)
    }

    #[test]
    fn a_4xx_and_known_5xx_of_the_engine_are_definite_for_a_change() {
        for (status, kind) in [
            (404, "repository_missing_exception"),
            (400, "invalid_snapshot_name_exception"),
            (403, "cluster_block_exception"),
            (429, "es_rejected_execution_exception"),
            (429, "circuit_breaking_exception"),
            (500, "repository_exception"),
            (500, "snapshot_exception"),
            (503, "concurrent_snapshot_execution_exception"),
        ] {
            assert!(
                matches!(verdict(status, &error(kind, status), true), Verdict::Refused(_)),
                "{status} {kind}"
            );
        }
    }

    #[test]
    fn errors_after_which_a_change_may_have_happened_are_unknown_and_refuse_a_read() {
        for (status, kind) in [
            (503, "process_cluster_event_timeout_exception"),
            (503, "master_not_discovered_exception"),
            (503, "cluster_block_exception"),
            (500, "node_disconnected_exception"),
            (500, "null_pointer_exception"),
        ] {
            let body = error(kind, status);
            assert!(
                matches!(verdict(status, &body, true), Verdict::Unknown(Lost::Engine(_))),
                "{kind}"
            );
            assert!(
                matches!(verdict(status, &body, false), Verdict::Refused(_)),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_status_without_an_engines_error_is_unknown_unless_it_turns_away_at_the_door() {
        for status in [400, 404, 429, 500, 502, 503, 504] {
            let got = verdict(status, "<html>upstream</html>", true);
            assert!(matches!(got, Verdict::Unknown(Lost::Status { .. })), "{status}");
        }
        let Verdict::Refused(refusal) = verdict(401, "Unauthorized", true) else {
            panic!("401 is definite")
        };
        assert_eq!(
            (refusal.kind.as_str(), refusal.reason.as_str()),
            ("http_401", "Unauthorized")
        );
    }

    #[test]
    fn a_reason_has_the_deepest_cause_and_says_whether_the_storage_denied() {
        let body = r#"{"error":{"root_cause":[],"type":"repository_verification_exception","reason":"[r] path is not accessible on master node",
            "caused_by":{"type":"i_o_exception","reason":"Unable to upload object","caused_by":{"type":"amazon_s3_exception",
            "reason":"Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)"}}},"status":500}"#;
        let Verdict::Refused(refusal) = verdict(500, body, true) else {
            panic!("definite")
        };
        assert!(refusal.storage_denied);
        assert!(
            refusal.reason.starts_with("[r] path is not accessible"),
            "{}",
            refusal.reason
        );
        assert!(
            refusal
                .reason
                .contains("caused by amazon_s3_exception: Access Denied"),
            "{}",
            refusal.reason
        );
    }

    #[test]
    fn a_file_systems_denial_is_not_a_matter_of_storage_credentials() {
        assert!(!storage_denied("java.nio.file.AccessDeniedException: /backups/x"));
        assert!(storage_denied("com.amazonaws…: InvalidAccessKeyId"));
    }

    #[test]
    fn a_wrong_method_is_a_refusal_with_the_engines_text() {
        let body =
            r#"{"error":"Incorrect HTTP method for uri [/] and method [GET], allowed: [POST]","status":405}"#;
        let Verdict::Refused(refusal) = verdict(405, body, false) else {
            panic!("definite")
        };
        assert!(refusal.reason.starts_with("Incorrect HTTP method"));
        assert_eq!(refusal.kind, "http_405");
        let body = r#"{"error":"no handler found for uri [/x] and method [PUT]"}"#;
        assert!(matches!(verdict(400, body, true), Verdict::Refused(_)));
    }

    #[test]
    fn json_of_something_in_between_is_no_engines_error() {
        for body in [
            r#"{"error":"rate limited"}"#,
            r#"{"error":{"type":"overload","message":"m"}}"#,
            r#"{"ok":false}"#,
        ] {
            for status in [404, 429, 503] {
                assert!(
                    matches!(verdict(status, body, true), Verdict::Unknown(Lost::Status { .. })),
                    "{status} {body}"
                );
            }
        }
    }
}
