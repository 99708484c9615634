//! What the call costs: `POST …/clusters/elasticsearch/{id}/_snapshot` through Tintype beside
//! `PUT _snapshot/R/S?wait_for_completion=false` straight to the same engine, in one run.
//!
//! `cargo bench -p tintype --bench call`; `TINTYPE_BENCH_CALLS` is the number of calls of each kind.
//! `docs/benchmarks/README.md` says what the figures mean.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tintype_testkit::{
    client::{RawClient, basic},
    engines::{self, RealEngine},
    tintype::{TintypeOptions, TintypeProcess},
    wait,
};
use tokio::net::TcpStream;

const ENGINE: &str = "opensearch-2.19.0";
/// The repository's name, on the platform and on the engine.
const REPOSITORY: &str = "bench";
const INDEX: &str = "flights";
const CALLS: usize = 200;
/// Rounds that are not counted: the first registers the repository, the next ones warm the engine's JVM.
const WARM_UP: usize = 5;
const END_BOUND: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // Cargo says so when it measures; `cargo test --all-targets` starts this too, and wants no minutes spent.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let calls = calls()?;
    let load = load();
    let options = engines::Options {
        heap_mb: 512,
        quick: false,
        ..engines::Options::default()
    };
    let engine = RealEngine::start(engines::row(ENGINE), options).await?;
    fill(&engine).await?;
    let tintype = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"))).await?;
    let mut through = Through::new(&tintype, &engine).await?;
    let mut straight = Straight::new(&engine).await?;
    let mut disk = Disk::beside(&tintype.data_dir())?;
    for number in 0..WARM_UP {
        through.call(&format!("warm-{number}")).await?;
        straight.call(&format!("warm-straight-{number}")).await?;
    }
    let mut samples = [const { Vec::new() }; 3];
    for number in 0..calls {
        // Who goes first changes each round, or what one leaves behind would always burden the other.
        for second in [false, true] {
            let which = usize::from(second) ^ (number % 2);
            let took = if which == 0 {
                through.call(&format!("through-{number}")).await?
            } else {
                straight.call(&format!("straight-{number}")).await?
            };
            samples[which].push(took);
        }
        samples[2].push(disk.sync()?);
    }
    report(calls, &load, samples.map(Figures::of));
    Ok(())
}

fn calls() -> anyhow::Result<usize> {
    let Ok(text) = std::env::var("TINTYPE_BENCH_CALLS") else {
        return Ok(CALLS);
    };
    let calls = text.parse().ok().filter(|calls| *calls > 0);
    calls.with_context(|| format!("TINTYPE_BENCH_CALLS is no number of calls: {text:?}"))
}

/// One shard with a hundred documents, the same in every snapshot.
async fn fill(engine: &RealEngine) -> anyhow::Result<()> {
    let client = engine.client();
    let settings = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0}});
    ask(client, "PUT", &format!("/{INDEX}"), settings).await?;
    let lines: String = (0..100)
        .map(|n| {
            format!(
                "{{\"index\":{{}}}}\n{}\n",
                json!({"n": n, "word": format!("word {n}")})
            )
        })
        .collect();
    let path = format!("/{INDEX}/_bulk?refresh=true");
    let answer = ask(client, "POST", &path, lines.into()).await?;
    ensure!(answer["errors"] == false, "{answer}");
    let health = format!("/_cluster/health/{INDEX}?wait_for_status=green&timeout=30s");
    ask(client, "GET", &health, Value::Null).await?;
    Ok(())
}

async fn ask(client: &RawClient, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
    let (status, answer) = client.send(method, path, body).await?;
    ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    Ok(answer)
}

/// The call.
struct Through {
    connection: Connection,
    path: String,
    /// Not the measured connection: it sets up and waits.
    aside: RawClient,
}

impl Through {
    async fn new(tintype: &TintypeProcess, engine: &RealEngine) -> anyhow::Result<Self> {
        let admin = basic("admin", TintypeProcess::ADMIN_PASSWORD);
        let aside = RawClient::new(&tintype.url(), None)?.authorized(admin);
        let named = json!({"description": "benchmark"});
        let made = ask(&aside, "POST", "/api/v1/users/auth/keys", named).await?;
        let key = format!("ApiKey {}", made["key"].as_str().context("no key")?);
        let aside = aside.authorized(&key);
        let settings = json!({"location": engine.location(REPOSITORY)?});
        let repository = json!({"type": "fs", "settings": settings, "default": true});
        let path = format!("/api/tintype/v1/repositories/{REPOSITORY}");
        ask(&aside, "PUT", &path, repository).await?;
        let cluster = json!({"url": engine.url(), "access": "operate"});
        let attached = ask(&aside, "POST", "/api/tintype/v1/clusters", cluster).await?;
        let id = attached["id"].as_str().context("no id")?;
        Ok(Self {
            connection: Connection::open(&tintype.url(), Some(key)).await?,
            path: format!("/api/v1/clusters/elasticsearch/{id}/_snapshot"),
            aside,
        })
    }

    /// Takes a snapshot to its good end; returns how long the call took.
    async fn call(&mut self, name: &str) -> anyhow::Result<Duration> {
        let (took, answer) = self
            .connection
            .send("POST", &self.path, &json!({"name": name}))
            .await?;
        ensure!(answer.status() == StatusCode::ACCEPTED, "{answer:?}");
        let operation = answer.headers()["x-tintype-operation"].to_str()?;
        let path = format!("/api/tintype/v1/operations/{operation}");
        let ended = wait::until("the operation's end", END_BOUND, async || {
            let (_, seen) = self.aside.send("GET", &path, Value::Null).await.ok()?;
            (!seen["finished_at"].is_null()).then_some(seen)
        });
        let ended = ended.await?;
        ensure!(ended["status"] == "succeeded", "{ended}");
        Ok(took)
    }
}

/// The same snapshot, asked of the engine.
struct Straight {
    connection: Connection,
    aside: RawClient,
}

impl Straight {
    async fn new(engine: &RealEngine) -> anyhow::Result<Self> {
        Ok(Self {
            connection: Connection::open(engine.url(), None).await?,
            aside: engine.client().clone(),
        })
    }

    /// As [`Through::call`], with the body that Tintype sends.
    async fn call(&mut self, name: &str) -> anyhow::Result<Duration> {
        let path = format!("/_snapshot/{REPOSITORY}/{name}");
        let body = json!({"include_global_state": true, "partial": false, "expand_wildcards": "all",
            "metadata": {"benchmark": {"name": name}}});
        let put = format!("{path}?wait_for_completion=false");
        let (took, answer) = self.connection.send("PUT", &put, &body).await?;
        ensure!(answer.status() == StatusCode::OK, "{answer:?}");
        let state = wait::until("the snapshot's end", END_BOUND, async || {
            let (_, seen) = self.aside.send("GET", &path, Value::Null).await.ok()?;
            let state = seen["snapshots"][0]["state"].as_str()?.to_owned();
            (state != "IN_PROGRESS").then_some(state)
        });
        let state = state.await?;
        ensure!(state == "SUCCESS", "{name}: {state}");
        Ok(took)
    }
}

/// One connection, kept alive: a server that closes it fails the run.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    authorization: Option<String>,
}

impl Connection {
    async fn open(url: &str, authorization: Option<String>) -> anyhow::Result<Self> {
        let host = url.strip_prefix("http://").context("not plain HTTP")?.to_owned();
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
    async fn send(
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
        let request = request.body(Full::from(body.to_string()))?;
        self.sender.ready().await?;
        let start = Instant::now();
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((start.elapsed(), http::Response::from_parts(head, body)))
    }
}

/// What the disk alone takes for a durable commit.
struct Disk(File);

impl Disk {
    /// On the disk of Tintype's database.
    fn beside(data_dir: &Path) -> anyhow::Result<Self> {
        Ok(Self(File::create_new(data_dir.join("benchmark-fsync"))?))
    }

    /// Appends 4 KiB and waits for fsync.
    fn sync(&mut self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        self.0.write_all(&[0x5a; 4096])?;
        self.0.sync_all()?;
        Ok(start.elapsed())
    }
}

/// In milliseconds.
struct Figures {
    min: f64,
    median: f64,
    p95: f64,
}

impl Figures {
    fn of(mut samples: Vec<Duration>) -> Self {
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

fn report(calls: usize, load_before: &str, [through, straight, disk]: [Figures; 3]) {
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{calls} calls each, alternating, {ENGINE}, {profile} build, {processors} processors");
    println!("load {load_before} before, {} after (1, 5, 15 minutes)\n", load());
    println!("| ms                       |     min |  median |     p95 |");
    println!("|--------------------------|--------:|--------:|--------:|");
    let lines = [
        ("through Tintype", &through),
        ("straight to the engine", &straight),
        ("4 KiB append and fsync", &disk),
    ];
    for (name, Figures { min, median, p95 }) in lines {
        println!("| {name:<24} | {min:>7.2} | {median:>7.2} | {p95:>7.2} |");
    }
    let more = through.median - straight.median;
    println!(
        "\nmedians: ratio {:.2}, difference {more:.2} ms, which is {:.1} fsyncs",
        through.median / straight.median,
        more / disk.median
    );
}

/// The load averages of Linux; figures of a busy machine say little.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
