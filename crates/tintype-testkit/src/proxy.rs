//! A proxy in front of a real engine that loses, cuts, delays and refuses by script.

use std::{pin::Pin, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, client::conn::http1, header::AUTHORIZATION};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{
    certs::CertPair,
    faults::{Faults, Recorded, engine_error},
    server::{Answer, Backend, Server, json_answer},
};

/// What stands behind the proxy and how the proxy shows itself.
#[derive(Debug, Clone, Default)]
pub struct ProxyOptions {
    /// The authority to trust when the upstream's URL is `https`.
    pub upstream_ca: Option<String>,
    /// The certificate to serve TLS with; without it the proxy is plain HTTP.
    pub certificate: Option<CertPair>,
    /// The only `Authorization` header let through (and not passed on); anything else is answered 401. With
    /// [`Self::certificate`] this stands in for a security plugin that a distribution lacks.
    pub require: Option<String>,
}

/// A proxy on 127.0.0.1. It speaks HTTP, opens a connection of its own for each request, and passes paths on byte
/// for byte. Dropping it closes everything.
pub struct FaultProxy {
    server: Server,
    faults: Faults,
}

impl FaultProxy {
    /// A plain proxy before `upstream` (`http://HOST:PORT`).
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(upstream: &str) -> anyhow::Result<Self> {
        Self::with(upstream, ProxyOptions::default())
    }

    /// A proxy before `upstream` (`http://HOST:PORT` or `https://HOST:PORT`).
    ///
    /// # Errors
    /// When it cannot listen, or a certificate cannot be read.
    pub fn with(upstream: &str, options: ProxyOptions) -> anyhow::Result<Self> {
        let tls = upstream
            .starts_with("https://")
            .then(|| connector(options.upstream_ca.as_deref()))
            .transpose()?;
        let address = upstream
            .split("://")
            .nth(1)
            .context("the upstream is no URL")?
            .trim_end_matches('/')
            .to_owned();
        let faults = Faults::default();
        let backend = Forward {
            address,
            tls,
            require: options.require,
            faults: faults.clone(),
        };
        let certificate = options.certificate.map(|pair| pair.server_config()).transpose()?;
        Ok(Self {
            server: Server::start(Arc::new(backend), certificate)?,
            faults,
        })
    }

    /// The proxy's own URL.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its script and its record.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Refuses connections and cuts the open ones, until [`Self::resume`].
    pub fn stop(&self) {
        self.server.stop();
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.server.resume()
    }
}

fn connector(ca: Option<&str>) -> anyhow::Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    let ca = ca.context("an https upstream needs upstream_ca")?;
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

struct Forward {
    address: String,
    tls: Option<TlsConnector>,
    require: Option<String>,
    faults: Faults,
}

impl Backend for Forward {
    fn faults(&self, _request: &Recorded) -> Faults {
        self.faults.clone()
    }

    fn handle(
        self: Arc<Self>,
        mut request: Recorded,
    ) -> Pin<Box<dyn Future<Output = Option<Answer>> + Send>> {
        Box::pin(async move {
            if let Some(wanted) = &self.require {
                let shown = request.headers.remove(AUTHORIZATION);
                if shown.is_none_or(|shown| shown.as_bytes() != wanted.as_bytes()) {
                    let reason = "missing or wrong authentication credentials";
                    return Some(json_answer(401, &engine_error(401, "security_exception", reason)));
                }
            }
            // An upstream that is gone looks to the client as if there were no proxy.
            self.forward(request).await.ok()
        })
    }
}

impl Forward {
    async fn forward(&self, request: Recorded) -> anyhow::Result<Answer> {
        let stream = TcpStream::connect(&self.address).await?;
        match &self.tls {
            None => exchange(stream, request).await,
            Some(tls) => {
                let host = self
                    .address
                    .rsplit_once(':')
                    .map_or(self.address.as_str(), |(host, _)| host)
                    .to_owned();
                exchange(tls.connect(ServerName::try_from(host)?, stream).await?, request).await
            }
        }
    }
}

/// Passes a request on over this connection.
pub(crate) async fn exchange<S>(stream: S, request: Recorded) -> anyhow::Result<Answer>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let target = match request.query.as_str() {
        "" => request.path,
        query => format!("{}?{query}", request.path),
    };
    let mut outgoing = Request::builder()
        .method(request.method)
        .uri(target)
        .body(Full::<Bytes>::from(request.body))?;
    *outgoing.headers_mut() = request.headers;
    let (mut parts, body) = sender.send_request(outgoing).await?.into_parts();
    // The body is sent on in one piece, with a length of its own.
    parts.headers.remove(hyper::header::TRANSFER_ENCODING);
    Ok(Answer::from_parts(
        parts,
        Full::from(body.collect().await?.to_bytes()),
    ))
}
