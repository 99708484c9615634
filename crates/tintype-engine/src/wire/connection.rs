//! One HTTP/1.1 connection to an engine.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::address::{ResolveError, resolve};
use crate::error::{Lost, NotSent};
use crate::wire::text::clean;

/// Where to connect.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// Host name or address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// TLS, and the name that the certificate must have.
    pub(crate) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// A whole answer.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How sending on a connection failed.
pub(crate) enum SendFailure {
    /// Not one byte of the request was written.
    Unsent,
    Lost(Lost),
}

pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
    /// No request is under way: the last answer was read to its end.
    idle: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Resolves, connects, and shakes hands, within `timeout`.
    pub(crate) async fn open(endpoint: &Endpoint, timeout: Duration) -> Result<Self, NotSent> {
        tokio::time::timeout(timeout, Self::dial(endpoint))
            .await
            .unwrap_or(Err(NotSent::ConnectTimeout(timeout)))
    }

    async fn dial(endpoint: &Endpoint) -> Result<Self, NotSent> {
        let unreachable = |error: std::io::Error| NotSent::Unreachable(clean(&error.to_string(), 300));
        let addresses = resolve(&endpoint.host, endpoint.port)
            .await
            .map_err(|error| match error {
                ResolveError::Unknown(error) => unreachable(error),
                refused @ ResolveError::Refused { .. } => NotSent::Address(refused.to_string()),
            })?;
        let tcp = TcpStream::connect(addresses.as_slice())
            .await
            .map_err(unreachable)?;
        tcp.set_nodelay(true).map_err(unreachable)?;
        match &endpoint.tls {
            None => Self::start(tcp).await,
            Some((config, name)) => {
                let stream = TlsConnector::from(Arc::clone(config))
                    .connect(name.clone(), tcp)
                    .await
                    .map_err(|error| NotSent::Tls(clean(&error.to_string(), 300)))?;
                Self::start(stream).await
            }
        }
    }

    async fn start<T>(io: T) -> Result<Self, NotSent>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::Builder::new()
            .max_headers(100)
            .max_buf_size(64 << 10)
            .handshake(TokioIo::new(io))
            .await
            .map_err(|error| NotSent::Unreachable(clean(&error.to_string(), 300)))?;
        // What goes wrong on the connection reaches the caller through the sender.
        let driver = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            driver,
            idle: true,
        })
    }

    /// May carry another request.
    pub(crate) fn is_reusable(&self) -> bool {
        self.idle && !self.sender.is_closed()
    }

    /// Sends the request and reads the whole answer, within `timeout`.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        limits: BodyLimits,
        timeout: Duration,
    ) -> Result<Received, SendFailure> {
        self.idle = false;
        let received = tokio::time::timeout(timeout, self.round_trip(request, limits))
            .await
            .unwrap_or(Err(SendFailure::Lost(Lost::Timeout(timeout))))?;
        self.idle = true;
        Ok(received)
    }

    async fn round_trip(
        &mut self,
        request: Request<Full<Bytes>>,
        limits: BodyLimits,
    ) -> Result<Received, SendFailure> {
        self.sender.ready().await.map_err(|_| SendFailure::Unsent)?;
        let response = self.sender.try_send_request(request).await.map_err(|mut error| {
            // The request comes back exactly when the connection never took it.
            match error.take_message() {
                Some(_) => SendFailure::Unsent,
                None => SendFailure::Lost(cut(error.error())),
            }
        })?;
        let (parts, body) = response.into_parts();
        let limit = if parts.status.is_success() {
            limits.success
        } else {
            limits.error
        };
        let body = read_body(&parts.headers, body, limit)
            .await
            .map_err(SendFailure::Lost)?;
        Ok(Received {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }
}

/// Largest bodies in bytes.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimits {
    pub(crate) success: usize,
    pub(crate) error: usize,
}

async fn read_body(headers: &HeaderMap, mut body: Incoming, limit: usize) -> Result<Bytes, Lost> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Lost::TooLarge(limit));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| cut(&error))?;
        if let Some(data) = frame.data_ref() {
            if whole.len() + data.len() > limit {
                return Err(Lost::TooLarge(limit));
            }
            whole.extend_from_slice(data);
        }
    }
    Ok(whole.freeze())
}

fn cut(error: &hyper::Error) -> Lost {
    let cause = std::error::Error::source(error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    Lost::Cut(clean(&format!("{error}{cause}"), 300))
}
