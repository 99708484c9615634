//! Every byte of a large repository in versitygw on the loopback.

use crate::bare::{self, Found};
use crate::checksum::shape;
use crate::child::Verification;
use crate::support::{Line, ratio, rounds, timed, turns};
use anyhow::Context;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::signer::Signer;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tintype_testkit::s3::S3Server;
use tintype_testkit::synthetic;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Requests at once.
const CONCURRENCY: [usize; 2] = [4, 32];
const BASE: &str = "repository";
const SIGNED: Duration = Duration::from_secs(24 * 3600);

pub fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let server = runtime.block_on(S3Server::start())?;
    let bucket = server.data().join(S3Server::BUCKET);
    synthetic::write(&bucket.join(BASE), &shape()?)?;
    let mut found = bare::list(&bucket.join(BASE), 1)?;
    found.retain(bare::is_data);
    let urls = Arc::new(runtime.block_on(signed(&server, &bucket, &found))?);
    let bytes = found.iter().map(|(_, length)| length).sum::<u64>();
    println!(
        "{} blobs, {:.2} GiB\n",
        urls.len(),
        bytes as f64 / f64::from(1 << 30)
    );
    let url = format!("s3://{}/{BASE}", S3Server::BUCKET);
    let keys = [S3Server::ACCESS_KEY, S3Server::SECRET_KEY];
    for concurrency in CONCURRENCY {
        let verification = Verification {
            url: &url,
            level: "L3",
            concurrency,
            ledger: None,
            s3: Some([server.endpoint(), keys[0].to_owned(), keys[1].to_owned()]),
        };
        let mut lines = [
            Line::new(format!("L3, {concurrency} at once"), || verification.run()),
            Line::new("plain GETs", || {
                timed(|| get(&runtime, &urls, concurrency, bytes))
            }),
        ];
        turns(rounds()?, &mut lines)?;
        let [checksum, plain] = &lines;
        ratio(checksum, plain);
        println!();
    }
    Ok(())
}

/// URLs that need no more signing.
async fn signed(server: &S3Server, bucket: &Path, found: &[Found]) -> anyhow::Result<Vec<String>> {
    let store: AmazonS3 = AmazonS3Builder::new()
        .with_bucket_name(S3Server::BUCKET)
        .with_region(S3Server::REGION)
        .with_endpoint(server.endpoint())
        .with_access_key_id(S3Server::ACCESS_KEY)
        .with_secret_access_key(S3Server::SECRET_KEY)
        .with_allow_http(true)
        .build()?;
    let mut urls = Vec::new();
    for (path, _) in found {
        let key = path
            .strip_prefix(bucket)?
            .to_str()
            .context("a path that is no text")?;
        let url = store.signed_url(http::Method::GET, &key.into(), SIGNED).await?;
        urls.push(url.to_string());
    }
    Ok(urls)
}

/// Gets all of them, with so many at once, and throws away what comes.
fn get(runtime: &Runtime, urls: &Arc<Vec<String>>, concurrency: usize, expected: u64) -> anyhow::Result<()> {
    let got = runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..concurrency {
            let (client, next, urls) = (client.clone(), next.clone(), urls.clone());
            workers.spawn(async move {
                let mut got = 0;
                while let Some(url) = urls.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut answer = client.get(url).send().await?.error_for_status()?;
                    while let Some(bytes) = answer.chunk().await? {
                        got += bytes.len() as u64;
                    }
                }
                anyhow::Ok(got)
            });
        }
        let mut all = 0;
        while let Some(got) = workers.join_next().await {
            all += got??;
        }
        anyhow::Ok(all)
    })?;
    anyhow::ensure!(got == expected, "{got} of {expected} bytes came");
    Ok(())
}
