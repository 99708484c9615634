//! Resident memory of a server that watches 1,000 fake clusters.

use std::time::{Duration, Instant};

use serde_json::json;
use tintype_testkit::{
    client::RawClient,
    fake::{Dialect, FakeHost, SnapshotState},
    figures::count,
    tintype::{TintypeOptions, TintypeProcess},
};

use crate::support::{Memory, api_key, ask};

const CLUSTERS: usize = 1_000;
const MINUTES: usize = 10;
/// Snapshots in each cluster's repository.
const SNAPSHOTS: usize = 20;

pub async fn run() -> anyhow::Result<()> {
    let minutes = count("TINTYPE_BENCH_MINUTES", MINUTES)?;
    let tintype = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"))).await?;
    let idle = Memory::of(&tintype)?;
    let engines = FakeHost::start()?;
    let client = RawClient::new(&tintype.url(), None)?.authorized(api_key(&tintype).await?);
    for number in 0..CLUSTERS {
        let engine = engines.add(&format!("cluster-{number}"), Dialect::Os2);
        let settings = json!({"type": "fs", "settings": {"location": format!("/backups/{number}")}});
        engine.put_repository("found-snapshots", settings);
        for snapshot in 0..SNAPSHOTS {
            engine.add_snapshot(
                "found-snapshots",
                &format!("scheduled-{snapshot}"),
                SnapshotState::Success,
            );
        }
        let body = json!({"url": engine.url(), "access": "observe"});
        ask(&client, "POST", "/api/tintype/v1/clusters", body).await?;
    }
    let attached = Memory::of(&tintype)?;
    // What the attaches needed for a moment is given back within this.
    tokio::time::sleep(Duration::from_secs(30)).await;
    Memory::forget_peak(&tintype)?;
    let begun = Instant::now();
    let length = Duration::from_secs(60 * minutes as u64);
    while begun.elapsed() < length {
        tokio::time::sleep(Duration::from_secs(5).min(length - begun.elapsed().min(length))).await;
    }
    let watched = Memory::of(&tintype)?;
    println!("| resident, MiB            |     now |    peak |");
    println!("|--------------------------|--------:|--------:|");
    for (name, Memory { now, peak }) in [
        ("started", idle),
        ("1,000 attached", attached),
        ("watched for minutes", watched),
    ] {
        println!("| {name:<24} | {now:>7.1} | {peak:>7.1} |");
    }
    println!(
        "\n{minutes} minutes; at the end it is to be under 40 MB (38.1 MiB). The last peak is that since 30 s after the \
         attaches\n"
    );
    Ok(())
}
