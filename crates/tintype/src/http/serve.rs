//! The listener: plain or TLS, HTTP/1, with bounds on headers, connections and on how long a stop may take.

use super::auth::Peer;
use crate::config::ServerConfig;
use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig as TlsConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How long a client may take for the TLS handshake, and for each request's headers.
const SLOWEST: Duration = Duration::from_secs(15);
/// How long a stop waits for running requests; the rest of the 10 s of a graceful stop is the store's.
const STOP: Duration = Duration::from_secs(8);
/// After an accept that failed, for instance for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

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
    connections: Arc<Semaphore>,
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
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| ServeError::Listen { address, source })?;
        let connections = Arc::new(Semaphore::new(config.max_connections as usize));
        Ok(Self {
            listener,
            tls,
            connections,
        })
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

/// Serves until `shutdown`, then lets running requests end, at most 8 s.
pub async fn serve(listen: Listen, router: Router, shutdown: CancellationToken) {
    let Listen {
        listener,
        tls,
        connections,
    } = listen;
    let graceful = Arc::new(GracefulShutdown::new());
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let Some((stream, permit)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let connection = connection(stream, tls.clone(), router.clone(), graceful.watcher());
        tokio::spawn(async move {
            connection.await;
            drop(permit);
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

/// The permit comes first: beyond the limit, connections wait in the system's queue.
async fn accept(listener: &TcpListener, limit: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(limit).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            None
        }
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Small answers should not wait for more to send; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let Ok(peer) = stream.peer_addr() else { return };
    let peer = Peer(peer.ip());
    let Some(tls) = tls else {
        return http1(stream, peer, router, watcher).await;
    };
    match timeout(SLOWEST, tls.accept(stream)).await {
        Ok(Ok(stream)) => http1(stream, peer, router, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn http1<S>(stream: S, peer: Peer, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let close = Close::default();
    let service = TowerToHyperService::new(router);
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(close.clone());
        service.call(request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = close.0.cancelled() => {}
        done = watcher.watch(connection) => {
            if let Err(error) = done {
                tracing::debug!(%error, "a connection broke");
            }
        }
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
