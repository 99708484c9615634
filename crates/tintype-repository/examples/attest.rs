//! Attests a snapshot, or checks a repository against an attestation:
//! `cargo run --example attest -- sign URL SNAPSHOT KEY_FILE [sha256] > FILE`, which makes the key when there is none, and
//! `cargo run --example attest -- check URL PUBLIC_KEY < FILE`.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tintype_repository::Level;
use tintype_repository::attest::{Attestation, Depth, Digest, Request, SigningKey, check, create};
use tintype_repository::repository::Repository;
use tintype_repository::source::{Access, Source};
use tintype_repository::verify::Progress;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["sign", url, snapshot, key] => sign(url, snapshot, key, Digest::Crc32).await,
        ["sign", url, snapshot, key, "sha256"] => sign(url, snapshot, key, Digest::Sha256).await,
        ["check", url, key] => compare(url, key).await,
        _ => anyhow::bail!("usage: attest sign URL SNAPSHOT KEY_FILE [sha256] | attest check URL PUBLIC_KEY"),
    }
}

async fn open(url: &str) -> anyhow::Result<Arc<Repository>> {
    let access = Access {
        from_environment: true,
        ..Access::default()
    };
    Ok(Arc::new(Repository::open(Source::open(url, &access)?).await?))
}

async fn sign(url: &str, snapshot: &str, key: &str, digest: Digest) -> anyhow::Result<()> {
    let path = Path::new(key);
    if !path.exists() {
        SigningKey::generate()?.write_new(path)?;
    }
    let key = SigningKey::read(path)?;
    let repository = open(url).await?;
    let Some(snapshot) = repository.find_snapshot(snapshot) else {
        anyhow::bail!("{url} has no snapshot {snapshot}");
    };
    let request = Request {
        snapshot,
        digest,
        verified: None,
        concurrency: 4,
        now: i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?,
        progress: Arc::new(Progress::default()),
    };
    create(repository, request, &key)
        .await?
        .write(std::io::stdout().lock())?;
    eprintln!("signed; to be trusted: {}", key.public());
    Ok(())
}

async fn compare(url: &str, key: &str) -> anyhow::Result<()> {
    let attestation = Attestation::read(std::io::stdin().lock())?;
    let depth = Depth::from(Level::Checksum);
    let (trusted, progress) = ([key.parse()?], Arc::new(Progress::default()));
    let checked = check(open(url).await?, &attestation, &trusted, depth, 4, progress).await?;
    println!("{}", serde_json::to_string_pretty(&checked)?);
    anyhow::ensure!(checked.agrees(), "the repository differs from what was attested");
    Ok(())
}
