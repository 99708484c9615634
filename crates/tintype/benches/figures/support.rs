//! What the benchmarks share: a connection, samples, a store's commit, a process's memory.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tintype::{
    model::{AccessLevel, Cluster, ClusterId, ClusterSecrets, EngineAuth, Observation},
    secrets::Sealer,
    store::{Store, sqlite::SqliteStore},
};
use tintype_testkit::{
    client::{RawClient, basic},
    process::memory,
    tintype::TintypeProcess,
};
use tokio::net::TcpStream;

/// A call outside the measurement, which must succeed.
pub async fn ask(client: &RawClient, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
    let (status, answer) = client.send(method, path, body).await?;
    ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    Ok(answer)
}

/// An `Authorization` header with a new API key of the admin.
pub async fn api_key(tintype: &TintypeProcess) -> anyhow::Result<String> {
    let admin = basic("admin", TintypeProcess::ADMIN_PASSWORD);
    let client = RawClient::new(&tintype.url(), None)?.authorized(admin);
    let named = json!({"description": "benchmark"});
    let made = ask(&client, "POST", "/api/v1/users/auth/keys", named).await?;
    Ok(format!("ApiKey {}", made["key"].as_str().context("no key")?))
}

/// One connection, kept alive: a server that closes it fails the run.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    authorization: Option<String>,
}

impl Connection {
    pub async fn open(url: &str, authorization: Option<String>) -> anyhow::Result<Self> {
        let host = url
            .strip_prefix("http://")
            .context("not plain HTTP")?
            .trim_end_matches('/')
            .to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its end shows in the sender.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host,
            authorization,
        })
    }

    /// From the first byte sent to the last one read.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<(Duration, http::Response<Bytes>)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = request.body(Full::from(body))?;
        self.sender.ready().await?;
        let start = Instant::now();
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((start.elapsed(), http::Response::from_parts(head, body)))
    }
}

/// In milliseconds.
pub struct Figures {
    pub min: f64,
    pub median: f64,
    pub p95: f64,
}

impl Figures {
    pub fn of(mut samples: Vec<Duration>) -> Self {
        samples.sort_unstable();
        let ms = |at: usize| samples[at].as_secs_f64() * 1e3;
        let count = samples.len();
        Self {
            min: ms(0),
            median: f64::midpoint(ms((count - 1) / 2), ms(count / 2)),
            // The nearest rank.
            p95: ms((count * 95).div_ceil(100) - 1),
        }
    }
}

/// Prints lines of samples as a table.
pub fn table(lines: &[(&str, &Figures)]) {
    println!("| ms                       |     min |  median |     p95 |");
    println!("|--------------------------|--------:|--------:|--------:|");
    for (name, Figures { min, median, p95 }) in lines {
        println!("| {name:<24} | {min:>7.2} | {median:>7.2} | {p95:>7.2} |");
    }
    println!();
}

/// A store of its own on the disk that is measured: what one of Tintype's commits takes there.
pub struct Commits {
    store: SqliteStore,
    cluster: ClusterId,
}

impl Commits {
    pub async fn beside(data_dir: &Path) -> anyhow::Result<Self> {
        let store = SqliteStore::open(&data_dir.join("benchmark.db"), Sealer::new(&[7; 32])).await?;
        let cluster = cluster(0, "http://127.0.0.1:1");
        store.attach_cluster(&cluster, &ClusterSecrets::default()).await?;
        Ok(Self {
            store,
            cluster: cluster.id,
        })
    }

    pub async fn commit(&self) -> anyhow::Result<Duration> {
        let observation = Observation {
            at: Timestamp::now(),
            ..Observation::default()
        };
        let start = Instant::now();
        self.store.put_observation(&self.cluster, &observation).await?;
        Ok(start.elapsed())
    }
}

/// The cluster of a number, for stores that are filled without their engines.
pub fn cluster(number: usize, url: &str) -> Cluster {
    Cluster {
        id: format!("{number:032x}").parse().expect("a cluster's id"),
        name: format!("cluster {number}"),
        url: url.to_owned(),
        access: AccessLevel::Observe,
        auth: EngineAuth::None,
        uuid: format!("uuid-{number}"),
        distribution: "opensearch".to_owned(),
        engine_version: "2.19.0".to_owned(),
        ca: None,
        fingerprint: None,
        allow_plain_http: true,
        repository: None,
        engine_repository: None,
        location: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        version: 1,
    }
}

/// A process's resident memory in MiB: now, and at most so far.
pub struct Memory {
    pub now: f64,
    pub peak: f64,
}

impl Memory {
    /// Of this server.
    pub fn of(tintype: &TintypeProcess) -> anyhow::Result<Self> {
        let id = Self::id(tintype)?;
        let mib = |line| anyhow::Ok(memory(id, line)? as f64 / f64::from(1 << 20));
        Ok(Self {
            now: mib("VmRSS")?,
            peak: mib("VmHWM")?,
        })
    }

    /// From now on the peak is that of what follows.
    pub fn forget_peak(tintype: &TintypeProcess) -> anyhow::Result<()> {
        let id = Self::id(tintype)?;
        Ok(fs::write(format!("/proc/{id}/clear_refs"), "5")?)
    }

    fn id(tintype: &TintypeProcess) -> anyhow::Result<u32> {
        tintype.id().context("tintype does not run")
    }
}
