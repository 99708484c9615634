//! Lists the snapshots of a repository, the newest last: `cargo run --example list -- URL`.

use std::sync::Arc;
use tintype_repository::repository::Repository;
use tintype_repository::source::{Access, Source};
use tintype_repository::survey::Survey;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Some(url) = std::env::args().nth(1) else {
        anyhow::bail!("usage: list URL");
    };
    let access = Access {
        from_environment: true,
        ..Access::default()
    };
    let repository = Arc::new(Repository::open(Source::open(&url, &access)?).await?);
    let survey = Survey {
        repository,
        concurrency: 4,
        progress: Arc::default(),
    };
    let listed = survey.ls(true).await;
    for one in &listed.snapshots {
        let (snapshot, unknown) = (&one.snapshot, || "?".to_owned());
        let documents = one
            .documents
            .map_or_else(unknown, |documents| documents.to_string());
        let bytes = one.bytes.map_or_else(unknown, |bytes| bytes.to_string());
        println!(
            "{} {} indices, {documents} documents, {bytes} bytes",
            snapshot.name, one.indices
        );
    }
    Ok(())
}
