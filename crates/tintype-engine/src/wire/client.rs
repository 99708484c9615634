//! Sending calls under the rules: reads at any level, changes only when allowed and only to the pinned cluster.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::Full;
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny};
use serde_json::Value;
use url::Url;

use crate::config::{Access, ConfigError, EngineConfig, Limits};
use crate::error::{CallSite, Error, Lost, NotSent};
use crate::wire::classify::{Verdict, classify, refusal};
use crate::wire::connection::{BodyLimits, Connection, Endpoint, SendFailure};
use crate::wire::pool::Pool;
use crate::wire::route::Route;
use crate::wire::setup::{authorization, endpoint, host_header, is_ece_proxy, is_loopback, parse_base};
use crate::wire::text::{Secrets, clean};

const ERROR_BODY: usize = 64 << 10;

/// One call, and the access level that it needs.
pub(crate) struct Call {
    method: Method,
    route: Route,
    body: Option<Value>,
    needs: Access,
    listing: bool,
    latest: Option<Instant>,
}

impl Call {
    /// A read. There is no other way to make one: what [`Access::Observe`] sends is always a `GET`, a question with a
    /// body included.
    pub(crate) fn get(route: Route) -> Self {
        Self {
            method: Method::GET,
            route,
            body: None,
            needs: Access::Observe,
            listing: false,
            latest: None,
        }
    }

    /// A change, at the level that allows it.
    pub(crate) fn change(method: Method, route: Route, needs: Access) -> Self {
        Self {
            method,
            route,
            body: None,
            needs,
            listing: false,
            latest: None,
        }
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Allows the larger answer of a listing.
    pub(crate) fn listing(mut self) -> Self {
        self.listing = true;
        self
    }

    /// A change that is not written any more after this moment, however long the reads before it took.
    pub(crate) fn until(mut self, latest: Instant) -> Self {
        self.latest = Some(latest);
        self
    }

    fn is_change(&self) -> bool {
        self.method != Method::GET
    }

    fn site(&self) -> CallSite {
        let method = match self.method {
            Method::GET => "GET",
            Method::PUT => "PUT",
            Method::POST => "POST",
            _ => "DELETE",
        };
        CallSite {
            method,
            path: self.route.path(),
        }
    }
}

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    at: CallSite,
    body: Bytes,
}

impl Answer {
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.parse_with(PhantomData)
    }

    /// As [`Self::parse`], for what is worked off while it is read.
    pub(crate) fn parse_with<'de, S: DeserializeSeed<'de>>(&'de self, seed: S) -> Result<S::Value, Error> {
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        let parsed = seed
            .deserialize(&mut json)
            .and_then(|value| json.end().map(|()| value));
        parsed.map_err(|error| {
            let text = clean(&error.to_string(), 300);
            let json = serde_json::from_slice::<IgnoredAny>(&self.body).is_ok();
            self.lost(if json {
                Lost::Unexpected(text)
            } else {
                Lost::NotJson(text)
            })
        })
    }

    /// The error of an engine that answered 200 and put its error into the body.
    pub(crate) fn refused(&self, status: u16, error: &Value) -> Error {
        match refusal(status, error, &Secrets::default()) {
            Some(answer) => Error::Refused {
                at: self.at.clone(),
                answer,
            },
            None => self.unexpected("it tells of a failure without its type and reason"),
        }
    }

    pub(crate) fn unexpected(&self, what: impl Into<String>) -> Error {
        self.lost(Lost::Unexpected(what.into()))
    }

    pub(crate) fn lost(&self, why: Lost) -> Error {
        Error::Unknown {
            at: self.at.clone(),
            why,
        }
    }
}

/// How one engine is spoken to, and what may be asked of it.
pub(crate) struct Client {
    base: Url,
    host: HeaderValue,
    ece_proxy: bool,
    endpoint: Endpoint,
    authorization: Option<HeaderValue>,
    secrets: Secrets,
    access: Access,
    expected_uuid: Option<String>,
    limits: Limits,
}

impl Client {
    pub(crate) fn new(config: EngineConfig) -> Result<Self, ConfigError> {
        let base = parse_base(&config.url)?;
        let (authorization, secrets) = authorization(&config.auth)?;
        if authorization.is_some()
            && base.scheme() == "http"
            && !config.allow_plain_http
            && !is_loopback(&base)
        {
            return Err(ConfigError::PlainHttpCredentials(
                base.host_str().unwrap_or_default().to_owned(),
            ));
        }
        if base.scheme() == "http" && config.tls.identity.is_some() {
            return Err(ConfigError::Tls("a client certificate needs an https URL".into()));
        }
        Ok(Self {
            host: host_header(&base)?,
            ece_proxy: is_ece_proxy(&base),
            endpoint: endpoint(&base, &config)?,
            base,
            authorization,
            secrets,
            access: config.access,
            expected_uuid: config.expected_uuid,
            limits: config.limits,
        })
    }

    /// Sends a call, on a connection of this pool, or says why not.
    pub(crate) async fn call(&self, pool: &Arc<Pool>, call: Call) -> Result<Answer, Error> {
        let target = call
            .route
            .target(&self.base)
            .map_err(|why| not_sent(&call, why))?;
        if call.needs > self.access {
            return Err(not_sent(
                &call,
                NotSent::Forbidden {
                    needs: call.needs,
                    has: self.access,
                },
            ));
        }
        // A kept connection may turn out to be dead. Then, and only if nothing of a change was written, once more.
        if let Some(kept) = pool.take() {
            match self.call_on(pool, kept, &call, &target).await {
                Err(error) if is_stale(&error, call.is_change()) => {}
                done => return done,
            }
        }
        let fresh = Connection::open(&self.endpoint, self.limits.connect_timeout).await;
        let fresh = fresh.map_err(|why| not_sent(&call, why))?;
        self.call_on(pool, fresh, &call, &target).await
    }

    async fn call_on(
        &self,
        pool: &Arc<Pool>,
        mut connection: Connection,
        call: &Call,
        target: &str,
    ) -> Result<Answer, Error> {
        if call.is_change() {
            self.check_uuid(&mut connection)
                .await
                .map_err(|why| not_sent(call, why))?;
        }
        if call.latest.is_some_and(|latest| Instant::now() > latest) {
            pool.put(connection);
            return Err(not_sent(call, NotSent::Late));
        }
        let answer = self.exchange(&mut connection, call, target).await;
        pool.put(connection);
        answer
    }

    /// Reads which cluster is at the other end of this very connection, and compares.
    async fn check_uuid(&self, connection: &mut Connection) -> Result<(), NotSent> {
        let call = uuid_call();
        let precheck = |error: Error| NotSent::Precheck(Box::new(error));
        let target = call.route.target(&self.base)?;
        let answer = self
            .exchange(connection, &call, &target)
            .await
            .map_err(precheck)?;
        let found = parse_uuid(&answer).map_err(precheck)?.ok_or(NotSent::NotReady)?;
        match &self.expected_uuid {
            Some(expected) if *expected != found => Err(NotSent::UuidMismatch {
                expected: expected.clone(),
                found: clean(&found, 100),
            }),
            _ => Ok(()),
        }
    }

    async fn exchange(
        &self,
        connection: &mut Connection,
        call: &Call,
        target: &str,
    ) -> Result<Answer, Error> {
        let success = if call.listing {
            self.limits.max_listing
        } else {
            self.limits.max_body
        };
        let limits = BodyLimits {
            success,
            error: ERROR_BODY,
        };
        let request = self.request(call, target).map_err(|why| not_sent(call, why))?;
        let at = call.site();
        let received = match connection
            .exchange(request, limits, self.limits.request_timeout)
            .await
        {
            Ok(received) => received,
            Err(SendFailure::Unsent) => {
                return Err(Error::NotSent {
                    at,
                    why: NotSent::Closed,
                });
            }
            Err(SendFailure::Lost(why)) => return Err(Error::Unknown { at, why }),
        };
        // Names in the path are the caller's: what is no secret is in the operation's own log.
        let asked = at.path.split('/').nth(1).unwrap_or_default();
        tracing::debug!(
            method = at.method,
            asked,
            status = received.status.as_u16(),
            "engine answered"
        );
        if received.status.is_success() {
            return Ok(Answer {
                at,
                body: received.body,
            });
        }
        let change = call.is_change();
        Err(
            match classify(
                received.status,
                &received.headers,
                &received.body,
                change,
                &self.secrets,
            ) {
                Verdict::Refused(answer) => Error::Refused { at, answer },
                Verdict::Unknown(why) => Error::Unknown { at, why },
            },
        )
    }

    fn request(&self, call: &Call, target: &str) -> Result<Request<Full<Bytes>>, NotSent> {
        let body = call.body.as_ref().map(|body| Bytes::from(body.to_string()));
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(target)
            .header(header::HOST, &self.host)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("tintype/", env!("CARGO_PKG_VERSION")));
        if let Some(value) = &self.authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        if self.ece_proxy {
            request = request.header("x-management-request", "true");
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request
            .body(Full::new(body.unwrap_or_default()))
            .map_err(|_| NotSent::InvalidName {
                what: "a path",
                name: clean(target, 200),
            })
    }
}

/// The read of the cluster's uuid: in 1 to 2 ms on every engine.
pub(crate) fn uuid_call() -> Call {
    Call::get(Route::new(&["_cluster", "state", "version"]).query("filter_path", "cluster_uuid"))
}

/// The uuid in the answer to [`uuid_call`]; `None` until the cluster has formed.
pub(crate) fn parse_uuid(answer: &Answer) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Body {
        cluster_uuid: Option<String>,
    }
    let body: Body = answer.parse()?;
    Ok(body
        .cluster_uuid
        .filter(|uuid| !matches!(uuid.as_str(), "_na_" | "")))
}

fn not_sent(call: &Call, why: NotSent) -> Error {
    Error::NotSent { at: call.site(), why }
}

/// Whether a failure on a kept connection only says that the connection was dead. A read may be repeated whatever came
/// of it; of a change nothing may have been written.
fn is_stale(error: &Error, change: bool) -> bool {
    match error {
        Error::NotSent {
            why: NotSent::Closed, ..
        } => true,
        Error::NotSent {
            why: NotSent::Precheck(inner),
            ..
        } => is_stale(inner, false),
        Error::Unknown {
            why: Lost::Cut(_), ..
        } => !change,
        _ => false,
    }
}
