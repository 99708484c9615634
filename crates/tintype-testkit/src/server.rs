//! The in-process HTTP server beneath the fake engine and the proxy: it can hang up at any moment.

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener as StdListener},
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::faults::{Fault, Faults, Recorded};

/// Servers outlive the runtime of the test that made them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(2)
        .thread_name("testkit")
        .enable_all()
        .build()
        .expect("cannot start the testkit's runtime")
});

pub(crate) type Answer = Response<Full<Bytes>>;
type Future<T> = Pin<Box<dyn std::future::Future<Output = T> + Send>>;

/// What carries a request out; `None` closes the connection. The faults are those of the server it belongs to.
pub(crate) trait Backend: Send + Sync + 'static {
    /// The script and record that apply to the request.
    fn faults(&self, request: &Recorded) -> Faults;
    /// The path as the record shows it.
    fn shown_path<'a>(&self, path: &'a str) -> &'a str {
        path
    }
    /// Carries the request out.
    fn handle(self: Arc<Self>, request: Recorded) -> Future<Option<Answer>>;
}

/// A listener that can go away and come back on the same port. Dropping it closes everything.
pub(crate) struct Server {
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    backend: Arc<dyn Backend>,
    running: Mutex<CancellationToken>,
}

impl Server {
    pub fn start(backend: Arc<dyn Backend>, tls: Option<Arc<rustls::ServerConfig>>) -> anyhow::Result<Self> {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], crate::ports::free_port()?)))?;
        let address = listener.local_addr()?;
        let server = Self {
            address,
            tls: tls.map(TlsAcceptor::from),
            backend,
            running: Mutex::default(),
        };
        server.serve(listener)?;
        Ok(server)
    }

    pub fn url(&self) -> String {
        format!(
            "{}://{}",
            if self.tls.is_some() { "https" } else { "http" },
            self.address
        )
    }

    /// Refuses connections from now on and cuts those that are open.
    pub fn stop(&self) {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .cancel();
    }

    /// Listens again on the same port.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.stop();
        self.serve(bind(self.address)?)
    }

    fn serve(&self, listener: StdListener) -> anyhow::Result<()> {
        let running = CancellationToken::new();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running.clone();
        listener.set_nonblocking(true)?;
        let listener = {
            let _guard = RUNTIME.enter();
            TcpListener::from_std(listener)?
        };
        let (tls, backend) = (self.tls.clone(), self.backend.clone());
        RUNTIME.spawn(async move {
            let accept = async {
                loop {
                    let Ok((stream, _)) = listener.accept().await else {
                        continue;
                    };
                    // Without this a cut body waits in the kernel for the client's acknowledgement.
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(running.clone().run_until_cancelled_owned(connection(
                        stream,
                        tls.clone(),
                        backend.clone(),
                    )));
                }
            };
            running.run_until_cancelled(accept).await;
        });
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Retried, since a listener cancelled a moment ago may not be closed yet.
fn bind(address: SocketAddr) -> anyhow::Result<StdListener> {
    for _ in 0..200 {
        if let Ok(listener) = StdListener::bind(address) {
            return Ok(listener);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    StdListener::bind(address).with_context(|| format!("cannot listen on {address}"))
}

async fn connection(stream: tokio::net::TcpStream, tls: Option<TlsAcceptor>, backend: Arc<dyn Backend>) {
    let service = service_fn(move |request| answer(request, backend.clone()));
    // A connection that breaks is the purpose here, or the client's doing.
    match tls {
        None => drop(
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await,
        ),
        Some(tls) => {
            let Ok(stream) = tls.accept(stream).await else {
                return;
            };
            drop(
                http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        }
    }
}

type Body = UnsyncBoxBody<Bytes, HangUp>;

/// Makes hyper close the connection.
#[derive(Debug)]
struct HangUp;

impl std::fmt::Display for HangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hung up on purpose")
    }
}

impl std::error::Error for HangUp {}

async fn answer(request: Request<Incoming>, backend: Arc<dyn Backend>) -> Result<Response<Body>, HangUp> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| HangUp)?.to_bytes();
    let request = Recorded {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        method: parts.method,
        headers: parts.headers,
        body,
        reached: false,
        status: None,
        fault: None,
    };
    // Its own task, so that a request goes on when its sender has given up, as in a real engine.
    tokio::spawn(suffer(request, backend)).await.map_err(|_| HangUp)?
}

async fn suffer(request: Recorded, backend: Arc<dyn Backend>) -> Result<Response<Body>, HangUp> {
    let faults = backend.faults(&request);
    let shown = Recorded {
        path: backend.shown_path(&request.path).to_owned(),
        ..request.clone()
    };
    let (index, fault) = faults.arrive(shown);
    let carry_out = async || {
        faults.note(index, None);
        let answer = backend.handle(request).await;
        faults.note(index, answer.as_ref().map(|answer| answer.status().as_u16()));
        answer.ok_or(HangUp)
    };
    match fault {
        None => carry_out().await.map(whole),
        Some(Fault::DropRequest) => Err(HangUp),
        Some(Fault::DropAnswer) => carry_out().await.and(Err(HangUp)),
        Some(Fault::CutBody(bytes)) => carry_out().await.map(|answer| cut(answer, bytes)),
        Some(Fault::DelayRequest(time)) => {
            tokio::time::sleep(time).await;
            carry_out().await.map(whole)
        }
        Some(Fault::DelayAnswer(time)) => {
            let answer = carry_out().await;
            tokio::time::sleep(time).await;
            answer.map(whole)
        }
        Some(Fault::HoldRequest(gate)) => {
            gate.passed().await;
            carry_out().await.map(whole)
        }
        Some(Fault::HoldAnswer(gate)) => {
            let answer = carry_out().await;
            gate.passed().await;
            answer.map(whole)
        }
        Some(Fault::Status(status, body)) => Ok(whole(json_answer(status, &body))),
        Some(Fault::Garbage) => Ok(whole(text_answer(
            200,
            "application/json",
            "<html>\u{0} this is no JSON",
        ))),
        Some(Fault::Redirect(url)) => Ok(whole(redirect(&url))),
        Some(Fault::Huge(bytes)) => Ok(huge(bytes)),
    }
}

/// An answer with a JSON body.
pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    text_answer(status, "application/json", &body.to_string())
}

/// An answer with this body.
pub(crate) fn text_answer(status: u16, content_type: &'static str, body: &str) -> Answer {
    let mut answer = Response::new(Full::from(body.to_owned()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, content_type.parse().expect("a content type"));
    answer
}

fn redirect(url: &str) -> Answer {
    let mut answer = text_answer(307, "text/plain", "");
    answer
        .headers_mut()
        .insert(LOCATION, url.parse().expect("a URL that fits a header"));
    answer
}

fn whole(answer: Answer) -> Response<Body> {
    answer.map(|body| body.map_err(|never: Infallible| match never {}).boxed_unsync())
}

/// Announces the whole length, sends `bytes` of it, and hangs up.
fn cut(answer: Answer, bytes: usize) -> Response<Body> {
    let (mut parts, body) = answer.into_parts();
    let whole = futures_util::FutureExt::now_or_never(body.collect())
        .and_then(Result::ok)
        .map(|body| body.to_bytes());
    let whole = whole.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, whole.len().into());
    let first = whole.slice(..bytes.min(whole.len().saturating_sub(1)));
    let frames = stream::unfold(Some(first), async |left| match left {
        Some(first) if !first.is_empty() => Some((Ok(Frame::data(first)), Some(Bytes::new()))),
        // Gives the connection time to flush what came before the end.
        Some(_) => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Err(HangUp), None))
        }
        None => None,
    });
    Response::from_parts(parts, StreamBody::new(Box::pin(frames)).boxed_unsync())
}

fn huge(bytes: u64) -> Response<Body> {
    const CHUNK: u64 = 64 * 1024;
    let chunk = Bytes::from(vec![b' '; CHUNK as usize]);
    let frames = stream::iter((0..bytes / CHUNK).map(move |_| Ok(Frame::data(chunk.clone()))));
    let mut answer = Response::new(StreamBody::new(frames).boxed_unsync());
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, "application/json".parse().expect("a content type"));
    answer
}
