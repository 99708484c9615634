//! JSON bodies. Absent, empty, `{}` and null mean the same; unknown members and wrong types are refused by name.

use crate::error::member_path;
use crate::http::problem::{Problem, Result};
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The largest body, bytes.
pub const MOST_BYTES: usize = 1024 * 1024;
/// What is read and thrown away beyond that, so that a client sees the answer and not a broken connection.
const DRAINED_BYTES: usize = 8 * MOST_BYTES;
/// How long a body may take to arrive.
const SLOWEST: Duration = Duration::from_secs(30);
/// The most that the bodies of all requests may hold at once, bytes: many slow ones must not fill the memory.
const ALL_BYTES: usize = 64 * MOST_BYTES;
/// What they hold.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// A body's share of [`HELD`].
#[derive(Default)]
struct Share(usize);

impl Share {
    fn grow(&mut self, by: usize) -> Result<()> {
        self.0 += by;
        if HELD.fetch_add(by, Ordering::Relaxed) + by > ALL_BYTES {
            return Err(Problem::busy("too many large requests at once; try again"));
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// A body of this type. The content type is not looked at: the documented example sends none.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let slow = |_| {
            let message = format!("the body did not arrive within {} s", SLOWEST.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, "root.request_timeout", message)
        };
        let mut share = Share::default();
        let bytes = tokio::time::timeout(SLOWEST, read(request, &mut share)).await;
        parse(&bytes.map_err(slow)??).map(Self)
    }
}

async fn read(request: Request, share: &mut Share) -> Result<Bytes> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let mut size = 0;
    let mut kept = BytesMut::new();
    let mut body = request.into_body();
    if announced.is_some_and(|length: usize| length > DRAINED_BYTES) {
        return Err(too_large());
    }
    while let Some(frame) = body.frame().await {
        let unread = |_| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "root.invalid_request",
                "the body broke off",
            )
        };
        let Ok(data) = frame.map_err(unread)?.into_data() else {
            continue;
        };
        size += data.len();
        if size <= MOST_BYTES {
            share.grow(data.len())?;
            kept.extend_from_slice(&data);
        } else if size > DRAINED_BYTES {
            break;
        }
    }
    if size > MOST_BYTES {
        Err(too_large())
    } else {
        Ok(kept.freeze())
    }
}

fn too_large() -> Problem {
    let message = format!("the body has more than {MOST_BYTES} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "root.body_too_large", message).field("body")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let text = match bytes.trim_ascii() {
        b"" | b"null" => b"{}",
        text => text,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer);
    let body = parsed.map_err(|error| explain(error.path(), error.inner()))?;
    deserializer.end().map_err(|error| syntax(&error))?;
    Ok(body.0)
}

/// Says what is wrong without the value: it may be a secret.
fn explain(path: &serde_path_to_error::Path, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        return syntax(error);
    }
    let at = path.to_string();
    let at = if at == "." {
        String::new()
    } else {
        member_path(&at)
    };
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    let quoted = member_path(text.split('`').nth(1).unwrap_or_default());
    let quoted = quoted.as_str();
    if text.starts_with("unknown field") {
        let field = within(&at, quoted);
        let known = text
            .split_once(", expected ")
            .map_or_else(String::new, |(_, known)| format!(": known is {known}"));
        return Problem::invalid(&field, format!("{field} is not a known member{known}"));
    }
    if text.starts_with("missing field") {
        let field = if at.ends_with(quoted) {
            at
        } else {
            join(&at, quoted)
        };
        return Problem::invalid(&field, format!("{field} is missing"));
    }
    if text.starts_with("duplicate field") {
        let field = within(&at, quoted);
        return Problem::invalid(&field, format!("{field} is there twice"));
    }
    let field = if at.is_empty() { "body".to_owned() } else { at };
    let wrong = [
        "invalid type: ",
        "invalid value: ",
        "unknown variant ",
        "invalid length ",
    ];
    let message = match text.split_once(", expected ") {
        Some((found, wanted)) if wrong.iter().any(|start| found.starts_with(start)) => {
            format!("{field} must be {wanted}")
        }
        _ => format!("{field}: {text}"),
    };
    Problem::invalid(field, message)
}

/// Depending on the error the path ends with the member itself or with its parent.
fn within(at: &str, member: &str) -> String {
    if at == member || at.ends_with(&format!(".{member}")) {
        at.to_owned()
    } else {
        join(at, member)
    }
}

fn join(at: &str, member: &str) -> String {
    if at.is_empty() {
        member.to_owned()
    } else {
        format!("{at}.{member}")
    }
}

fn syntax(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if text.starts_with("recursion limit") {
        return Problem::invalid("body", "the body is nested too deeply: at most 127 levels");
    }
    Problem::invalid("body", format!("the body is not valid JSON: {text}"))
}

/// A JSON object. Without it serde also takes a list as a struct's members in order.
#[derive(Debug, Clone, Default)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// Tells a member that is null from one that is absent: `#[serde(default, deserialize_with = "present")]`.
///
/// # Errors
/// Those of the member's own type.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use serde_json::Value;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Request {
        name: Option<String>,
        password: Option<String>,
        auth: Option<Object<Auth>>,
        #[serde(default)]
        settings: serde_json::Map<String, Value>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Auth {
        kind: String,
    }

    async fn refusal(body: &[u8]) -> (String, String) {
        let response = parse::<Request>(body).expect_err("refused").into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let reply: Value = serde_json::from_slice(&bytes).unwrap();
        let element = &reply["errors"][0];
        (
            element["fields"][0].as_str().unwrap().to_owned(),
            element["message"].as_str().unwrap().to_owned(),
        )
    }

    #[test]
    fn absent_empty_and_null_are_defaults() {
        for body in ["", " \n", "{}", "{}\n", "null", r#"{"name":null,"auth":null}"#] {
            let parsed: Request = parse(body.as_bytes()).unwrap();
            assert!(parsed.name.is_none() && parsed.auth.is_none(), "{body:?}");
        }
    }

    #[tokio::test]
    async fn each_mistake_names_its_field() {
        let deep = format!(
            r#"{{"settings":{{"a":{}1{}}}}}"#,
            "[".repeat(500),
            "]".repeat(500)
        );
        for (body, field, says) in [
            (r#"{"nmae":"x"}"#, "nmae", "not a known member"),
            (r#"{"auth":{"kind":"x","z":1}}"#, "auth.z", "not a known member"),
            (r#"{"s3cr3t-0f-mine":1}"#, "?", "not a known member"),
            (r#"{"auth":{}}"#, "auth.kind", "missing"),
            (r#"{"auth":["x"]}"#, "auth", "a JSON object"),
            (r#"["x"]"#, "body", "a JSON object"),
            (r#""x""#, "body", "a JSON object"),
            (r#"{"name":[]}"#, "name", "must be a string"),
            (r#"{"name":"a","name":"b"}"#, "name", "twice"),
            (r#"{"name":"#, "body", "not valid JSON"),
            (r#"{"name":"a"} x"#, "body", "not valid JSON"),
            ("{\"name\":\"\u{1}\"}", "body", "not valid JSON"),
            (deep.as_str(), "body", "nested too deeply"),
        ] {
            let (found, message) = refusal(body.as_bytes()).await;
            assert_eq!(found, field, "{body:.80}: {message}");
            assert!(message.contains(says), "{body:.80}: {message}");
        }
        assert_eq!(refusal(b"{\"name\":\"\xff\"}").await.0, "body");
    }

    #[test]
    fn bodies_have_a_bound_over_all_of_them() {
        let mut shares: Vec<Share> = (0..64).map(|_| Share::default()).collect();
        for share in &mut shares {
            share.grow(MOST_BYTES).unwrap();
        }
        let refused = Share::default().grow(1).unwrap_err();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(shares);
        Share::default().grow(1).unwrap();
    }

    #[tokio::test]
    async fn a_refused_value_is_not_repeated() {
        let (_, message) = refusal(br#"{"password":31337}"#).await;
        assert_eq!(message, "password must be a string");
    }
}
