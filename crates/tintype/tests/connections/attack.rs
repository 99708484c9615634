//! A server among 2,000 clients that never finish a request and 10,000 that send none, and what good clients see.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tintype_testkit::{client::RawClient, process::memory, tintype::TintypeProcess, wait};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

const SLOW: usize = 2_000;
const IDLE: usize = 10_000;
const GOOD: usize = 8;
const CALLS: usize = 50;
const PATH: &str = "/api/tintype/v1/version";
/// After which one that was sent away comes back.
const BACK: Duration = Duration::from_secs(10);
/// All attackers have been let in by then, even on a busy machine.
const SETTLED: Duration = Duration::from_secs(120);

/// What good clients saw.
pub struct Figures {
    /// How long each call took, sorted.
    pub calls: Vec<Duration>,
    /// The most memory that the server ever had resident, MiB.
    pub peak_mib: u64,
}

impl Figures {
    /// The call that so many percent are not slower than.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.calls.len() * percent).div_ceil(100).max(1);
        self.calls.get(rank - 1).copied().unwrap_or_default()
    }
}

/// Attacks the server, calls it meanwhile, and fails when one good call does.
pub async fn attack(server: &TintypeProcess) -> anyhow::Result<Figures> {
    many_files()?;
    let address: SocketAddr = server
        .url()
        .strip_prefix("http://")
        .context("a plain address")?
        .parse()?;
    let settled = Arc::new(AtomicUsize::new(0));
    let mut attackers = JoinSet::new();
    for number in 0..SLOW + IDLE {
        attackers.spawn(attacker(address, number, Arc::clone(&settled)));
    }
    let all = || (settled.load(Ordering::Relaxed) >= SLOW + IDLE).then_some(());
    wait::until("all attackers", SETTLED, async || all()).await?;
    let mut good = JoinSet::new();
    for _ in 0..GOOD {
        good.spawn(calls(RawClient::new(&server.url(), None)?));
    }
    let mut figures = Vec::new();
    while let Some(calls) = good.join_next().await {
        figures.extend(calls??);
    }
    figures.sort();
    let pid = server.id().context("the server runs")?;
    Ok(Figures {
        calls: figures,
        peak_mib: memory(pid, "VmHWM")? >> 20,
    })
}

/// One that is sent away comes back.
async fn attacker(address: SocketAddr, number: usize, settled: Arc<AtomicUsize>) {
    // From several addresses: one has no ports for all of them.
    let from = IpAddr::V4(Ipv4Addr::new(
        127,
        0,
        1,
        u8::try_from(number % 8 + 1).unwrap_or(1),
    ));
    let mut first = true;
    loop {
        if let Ok(stream) = connect(address, from).await {
            if std::mem::take(&mut first) {
                settled.fetch_add(1, Ordering::Relaxed);
            }
            // An error is what the server should answer this with.
            let _ = match number {
                ..SLOW => never_ending(stream).await,
                number if number % 2 == 0 => silent(stream).await,
                _ => idle(stream).await,
            };
        }
        tokio::time::sleep(BACK).await;
    }
}

async fn connect(address: SocketAddr, from: IpAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(address).await
}

/// A request whose headers never end.
async fn never_ending(mut stream: TcpStream) -> std::io::Result<()> {
    stream
        .write_all(format!("GET {PATH} HTTP/1.1\r\nhost: x\r\n").as_bytes())
        .await?;
    loop {
        stream.write_all(b"x: y\r\n").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Nothing at all.
async fn silent(mut stream: TcpStream) -> std::io::Result<()> {
    stream.read(&mut [0]).await.map(drop)
}

/// One request, and then nothing.
async fn idle(mut stream: TcpStream) -> std::io::Result<()> {
    stream
        .write_all(format!("GET {PATH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
        .await?;
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

async fn calls(client: RawClient) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(CALLS);
    for number in 0..CALLS {
        let start = Instant::now();
        let (status, answer) = client
            .send("GET", PATH, Value::Null)
            .await
            .with_context(|| format!("good call {number}"))?;
        ensure!(status == 200, "good call {number}: {status} {answer}");
        took.push(start.elapsed());
    }
    Ok(took)
}

/// Each attacker is a file of this process, too.
fn many_files() -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    let wanted = SLOW + IDLE + 500;
    let limit = Command::new("prlimit")
        .args(["--pid", &own, "--nofile", "--output", "HARD", "--noheadings"])
        .output()
        .context("prlimit of util-linux")?;
    let limit = String::from_utf8(limit.stdout)?.trim().to_owned();
    if limit.parse().is_ok_and(|limit: usize| limit < wanted) {
        bail!("this needs {wanted} open files, and the hard limit is {limit}: raise it (ulimit -Hn)");
    }
    let raised = Command::new("prlimit")
        .args(["--pid", &own, &format!("--nofile={limit}:{limit}")])
        .status()?;
    ensure!(raised.success(), "the limit of open files cannot be raised");
    Ok(())
}
