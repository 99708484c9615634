//! The listener: plain or TLS, HTTP/1, with bounds on headers, connections and on how long anything may take.

use super::auth::Peer;
use super::seats::{Busy, Seat, Seats};
use super::stall::Stall;
use crate::config::ServerConfig;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig as TlsConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How long a client may take for the TLS handshake, and from the end of an answer to the end of the next request's
/// headers: a connection that is idle for longer is closed.
const SLOWEST: Duration = Duration::from_secs(15);
/// How long a client may leave an answer lie without taking any of it.
const STALLED: Duration = Duration::from_secs(60);
/// How long a connection may be quiet before it gives way to another.
const GRACE: Duration = Duration::from_secs(1);
/// How long a stop waits for running requests; the rest of the 10 s of a graceful stop is the store's.
const STOP: Duration = Duration::from_secs(8);
/// After an accept that failed, for instance for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);
/// Connections that wait in the system for their accept: a burst is taken up, not refused.
const BACKLOG: u32 = 4096;
/// The most that is buffered of what a client sends: the longest path and headers that we answer, and some more.
const BUFFER: usize = 88 * 1024;
/// Headers of one request.
const HEADERS: usize = 100;
/// File descriptors for everything that is not a client's connection: the database, logs, engines.
const RESERVED: u64 = 512;

/// Why the server cannot listen: what, and where.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's word.
        source: std::io::Error,
    },
    /// A certificate or key cannot be used.
    #[error("{path}: {reason}")]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Closes the connection that a request came on, without waiting for what its reader does not take.
#[derive(Debug, Clone, Default)]
pub struct Close(CancellationToken);

impl Close {
    /// Closes it.
    pub fn now(&self) {
        self.0.cancel();
    }

    /// It was closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// A bound listener.
pub struct Listen {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    seats: Arc<Seats>,
}

impl std::fmt::Debug for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listen")
            .field("listener", &self.listener)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}

impl Listen {
    /// Reads certificate and key, and binds.
    ///
    /// # Errors
    /// When a file cannot be used, or the address cannot be bound.
    pub async fn bind(config: &ServerConfig) -> Result<Self, ServeError> {
        let tls = config
            .tls()
            .map(|(certificate, key)| acceptor(certificate, key))
            .transpose()?;
        let address = config.listen;
        let listener = listen(address).map_err(|source| ServeError::Listen { address, source })?;
        let seats = Seats::new(connections(config.max_connections), GRACE);
        Ok(Self { listener, tls, seats })
    }

    /// Where it listens: the port that the system chose when 0 was asked for.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // So that a restart need not wait for the connections of before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// As many as are wanted, or as the limit of file descriptors leaves room for: beyond it, accepting only fails.
fn connections(wanted: u32) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Shells and service managers begin with a low soft limit; raising it needs no privilege.
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let room = files.unwrap_or(u64::MAX).saturating_sub(RESERVED).max(16);
    if room < u64::from(wanted) {
        tracing::warn!(
            wanted,
            room,
            "the limit of open files leaves room for fewer connections than server.max_connections"
        );
    }
    usize::try_from(room.min(wanted.into())).unwrap_or(usize::MAX)
}

/// Serves until `shutdown`, then lets running requests end, at most 8 s.
pub async fn serve(listen: Listen, router: Router, shutdown: CancellationToken) {
    let Listen { listener, tls, seats } = listen;
    let graceful = Arc::new(GracefulShutdown::new());
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &seats) => accepted,
        };
        let Some((stream, peer, seat)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let (sending, sent) = watch::channel(false);
        let http = Http {
            router: router.clone(),
            watcher: graceful.watcher(),
            peer,
            seat: Arc::clone(&seat),
            sending,
        };
        let tls = tls.clone();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = connection(stream, tls, http) => {}
                () = makes_room(&seat, sent) => tracing::debug!("a quiet connection was closed to make room"),
            }
        });
    }
    drop(listener);
    let Some(graceful) = Arc::into_inner(graceful) else {
        return;
    };
    if timeout(STOP, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the stop's time was over");
    }
}

/// The place is needed for another connection, and the last answer is sent.
async fn makes_room(seat: &Seat, mut sending: watch::Receiver<bool>) {
    seat.gives_way().await;
    // An error means that the connection is gone.
    let _ = sending.wait_for(|sending| !sending).await;
}

/// The connection comes first: a place is only taken from another when somebody wants it.
async fn accept(listener: &TcpListener, seats: &Arc<Seats>) -> Option<(TcpStream, Peer, Arc<Seat>)> {
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, Peer(peer.ip().to_canonical()), seats.take().await)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            seats.one_gives_way();
            None
        }
    }
}

/// What a connection's requests need.
struct Http {
    router: Router,
    watcher: Watcher,
    peer: Peer,
    seat: Arc<Seat>,
    sending: watch::Sender<bool>,
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, http: Http) {
    // Until the first byte comes, a connection is a socket and no more: no buffers, no TLS.
    if !matches!(timeout(SLOWEST, stream.readable()).await, Ok(Ok(()))) {
        return;
    }
    // Small answers should not wait for more to send; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return http.serve(stream).await;
    };
    match timeout(SLOWEST, tls.accept(stream)).await {
        Ok(Ok(stream)) => http.serve(stream).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

impl Http {
    async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (peer, seat) = (self.peer, self.seat);
        let router = TowerToHyperService::new(self.router);
        let close = Close::default();
        let closing = close.clone();
        let answer = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(closing.clone());
            let busy = seat.begin();
            let answer = router.call(request);
            async move {
                let answered = answer.await;
                answered.map(|response| response.map(|body| Answering { body, _busy: busy }))
            }
        };
        let stream = Stall::new(stream, STALLED, self.sending);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(SLOWEST)
            .max_headers(HEADERS)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::select! {
            () = close.0.cancelled() => {}
            done = self.watcher.watch(connection) => {
                if let Err(error) = done {
                    tracing::debug!(%error, "a connection broke");
                }
            }
        }
    }
}

/// An answer's body: its connection keeps its place until it is sent.
struct Answering {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, ServeError> {
    let unusable = |path: &Path, reason: String| ServeError::Tls {
        path: path.to_owned(),
        reason,
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|error| unusable(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable(certificate, "there is no certificate in it".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = TlsConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| unusable(certificate, error.to_string()))?;
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| unusable(key, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
