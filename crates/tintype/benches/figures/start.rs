//! From the start of the process on an existing store to 200 on `GET /users/auth/methods`.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use http::StatusCode;
use serde_json::Value;
use tintype_testkit::{
    figures::count,
    tintype::{TintypeOptions, TintypeProcess},
};

use crate::support::{Connection, Figures, table};

const STARTS: usize = 20;
const BOUND: Duration = Duration::from_secs(30);

pub async fn run() -> anyhow::Result<()> {
    let starts = count("TINTYPE_BENCH_STARTS", STARTS)?;
    let tintype = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"))).await?;
    let mut samples = Vec::new();
    for _ in 0..starts {
        ensure!(tintype.terminate(BOUND).await? == 0, "{}", tintype.stderr());
        let begun = Instant::now();
        tintype.launch()?;
        first_answer(&tintype, begun)
            .await
            .with_context(|| tintype.stderr())?;
        samples.push(begun.elapsed());
    }
    println!("{starts} starts on an existing store; the median is to be under 150 ms\n");
    table(&[("start to the first 200", &Figures::of(samples))]);
    Ok(())
}

async fn first_answer(tintype: &TintypeProcess, begun: Instant) -> anyhow::Result<()> {
    while begun.elapsed() < BOUND {
        if let Ok(mut connection) = Connection::open(&tintype.url(), None).await {
            let (_, answer) = connection
                .send("GET", "/api/v1/users/auth/methods", &Value::Null)
                .await?;
            ensure!(answer.status() == StatusCode::OK, "{answer:?}");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    anyhow::bail!("no answer within {BOUND:?}")
}
