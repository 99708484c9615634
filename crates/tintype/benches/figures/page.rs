//! A page of the list of clusters, in a fleet of 10,000 (rows of a store; no engine answers).

use std::time::Duration;

use anyhow::ensure;
use http::StatusCode;
use serde_json::Value;
use tintype::{
    model::{ClusterSecrets, Observation},
    secrets::Sealer,
    store::{Store, sqlite::SqliteStore},
};
use tintype_testkit::{
    client::RawClient,
    tintype::{TintypeOptions, TintypeProcess},
    wait,
};

use crate::support::{Connection, Figures, api_key, ask, cluster, table};

const CLUSTERS: usize = 10_000;
const PAGES: usize = 100;
/// Nothing listens there, so that a look ends at once.
const NOWHERE: &str = "http://127.0.0.1:1";
const BOUND: Duration = Duration::from_secs(300);

pub async fn run() -> anyhow::Result<()> {
    let options =
        TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")).env("TINTYPE_WATCH__INTERVAL_SECONDS", "3600");
    let tintype = TintypeProcess::start(options).await?;
    let key = api_key(&tintype).await?;
    tintype.terminate(Duration::from_secs(30)).await?;
    fill(&tintype).await?;
    tintype.restart().await?;
    let client = RawClient::new(&tintype.url(), None)?.authorized(&key);
    let path = format!("/api/tintype/v1/clusters/{:032x}", CLUSTERS - 1);
    // The first look at each is over: what is measured is the page alone.
    let looked = wait::until("the first looks", BOUND, async || {
        let seen = ask(&client, "GET", &path, Value::Null).await.ok()?;
        seen["observation"]["problem"].is_string().then_some(())
    });
    looked.await?;
    let mut connection = Connection::open(&tintype.url(), Some(key)).await?;
    let paths = [
        (
            "ECE, 100 of 10,000",
            "/api/v1/clusters/elasticsearch?from=5000&size=100",
        ),
        (
            "ECE, 1,000 of 10,000",
            "/api/v1/clusters/elasticsearch?from=5000&size=1000",
        ),
        (
            "native, 100 of 10,000",
            "/api/tintype/v1/clusters?from=5000&size=100",
        ),
        (
            "native, q, 100",
            "/api/tintype/v1/clusters?q=cluster%2077&size=100",
        ),
    ];
    let mut lines = Vec::new();
    for (name, path) in paths {
        let mut samples = Vec::new();
        for _ in 0..PAGES {
            let (took, answer) = connection.send("GET", path, &Value::Null).await?;
            ensure!(answer.status() == StatusCode::OK, "{answer:?}");
            samples.push(took);
        }
        lines.push((name, Figures::of(samples)));
    }
    println!("{PAGES} times each; a page is to take under 30 ms\n");
    table(
        &lines
            .iter()
            .map(|(name, figures)| (*name, figures))
            .collect::<Vec<_>>(),
    );
    Ok(())
}

async fn fill(tintype: &TintypeProcess) -> anyhow::Result<()> {
    let data = tintype.data_dir();
    let sealer = Sealer::open_or_create(&data.join("tintype.key"), false)?;
    let store = SqliteStore::open(&data.join("tintype.db"), sealer).await?;
    let observation = Observation::default();
    for number in 0..CLUSTERS {
        let cluster = cluster(number, NOWHERE);
        store.attach_cluster(&cluster, &ClusterSecrets::default()).await?;
        store.put_observation(&cluster.id, &observation).await?;
    }
    store.close().await;
    Ok(())
}
