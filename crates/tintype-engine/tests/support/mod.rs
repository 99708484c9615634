//! A scripted server that speaks just enough HTTP/1.1, and remembers what it was sent and on which connection.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by test binaries that each use a part"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tintype_engine::{Access, Engine, EngineConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub const UUID: &str = "bA9x-uuid-of-the-cluster";

#[derive(Clone, Debug)]
pub struct Seen {
    pub connection: usize,
    pub method: String,
    pub target: String,
    pub head: String,
    pub body: String,
}

pub enum Reply {
    Json(u16, String),
    /// Exactly these bytes; then the connection is closed.
    Raw(Vec<u8>),
    /// An answer with keep-alive, and then the connection is closed all the same.
    JsonThenClose(String),
    /// The request is read, and the connection closed.
    Close,
    /// The request is read, and never answered.
    Hang,
    /// A body that does not end.
    Endless,
}

pub fn json(status: u16, body: impl Into<String>) -> Reply {
    Reply::Json(status, body.into())
}

pub fn engine_error(status: u16, kind: &str, reason: &str) -> Reply {
    json(
        status,
        format!(r#"{{"error":{{"root_cause":[],"type":"{kind}","reason":"{reason}"}},"status":{status}}}"#),
    )
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

#[derive(Clone)]
pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(None, Arc::new(handler)).await
    }

    pub async fn start_tls(
        acceptor: TlsAcceptor,
        handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(acceptor), Arc::new(handler)).await
    }

    async fn listen(tls: Option<TlsAcceptor>, handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
        };
        let (seen, connections) = (Arc::clone(&server.seen), AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let connection = connections.fetch_add(1, Ordering::SeqCst);
                let (handler, seen, tls) = (Arc::clone(&handler), Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(tcp, connection, &*handler, &seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(tcp).await {
                                serve(stream, connection, &*handler, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn config(&self, access: Access) -> EngineConfig {
        EngineConfig {
            access,
            ..EngineConfig::new(self.url())
        }
    }

    pub fn engine(&self, access: Access) -> Engine {
        Engine::new(self.config(access)).unwrap()
    }

    /// An engine that gives up soon.
    pub fn impatient(&self, access: Access) -> Engine {
        let mut config = self.config(access);
        config.limits.request_timeout = Duration::from_secs(2);
        Engine::new(config).unwrap()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn changes(&self) -> Vec<Seen> {
        self.seen()
            .into_iter()
            .filter(|seen| seen.method != "GET")
            .collect()
    }
}

async fn serve<T: AsyncRead + AsyncWrite + Unpin>(
    mut io: T,
    connection: usize,
    handler: &Handler,
    log: &Mutex<Vec<Seen>>,
) {
    while let Some(seen) = read_request(&mut io, connection).await {
        log.lock().unwrap().push(seen.clone());
        let written = match handler(&seen) {
            Reply::Json(status, body) => io.write_all(&response(status, &body)).await.is_ok(),
            Reply::JsonThenClose(body) => {
                let _ = io.write_all(&response(200, &body)).await;
                false
            }
            Reply::Raw(bytes) => {
                let _ = io.write_all(&bytes).await;
                false
            }
            Reply::Close => false,
            Reply::Hang => std::future::pending().await,
            Reply::Endless => {
                let _ = io
                    .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                    .await;
                let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
                while io.write_all(&chunk).await.is_ok() {}
                false
            }
        };
        if !written {
            let _ = io.shutdown().await;
            return;
        }
    }
}

pub fn response(status: u16, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn read_request<T: AsyncRead + Unpin>(io: &mut T, connection: usize) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if io.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse::<usize>()
                .ok()
        })
        .unwrap_or(0);
    while bytes.len() < end + length {
        if io.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ');
    Some(Seen {
        connection,
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        body: String::from_utf8(bytes[end..end + length].to_vec()).unwrap(),
        head,
    })
}

/// Answers as OpenSearch 2.19.0 does to what is read before a change; `then` answers the rest.
pub fn opensearch(
    then: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    version(
        r#"{"number":"2.19.0","distribution":"opensearch"}"#.to_owned(),
        then,
    )
}

pub fn elasticsearch(
    number: &str,
    then: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    version(
        format!(r#"{{"number":"{number}","build_flavor":"default"}}"#),
        then,
    )
}

fn version(
    version: String,
    then: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    let main = format!(
        r#"{{"name":"n","cluster_name":"c","cluster_uuid":"{UUID}","version":{version},"tagline":"T"}}"#
    );
    move |seen: &Seen| match seen.target.as_str() {
        target if target.starts_with("/_cluster/state/version") => json(200, uuid_body(UUID)),
        "/" => json(200, main.clone()),
        _ => then(seen),
    }
}

pub fn uuid_body(uuid: &str) -> String {
    format!(r#"{{"cluster_uuid":"{uuid}"}}"#)
}
