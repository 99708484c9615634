//! Keeps what the engines of the suite write, for work on readers.

use tintype_testkit::{corpus::Corpus, engines::suite};

/// By hand: `TINTYPE_CORPUS=DIR cargo test -p tintype-testkit --test it -- --ignored corpora`; with the variable set, tests
/// of the reader then take what is there.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "keeps corpora for looking at them"]
async fn keeps_the_corpora_of_the_suite() {
    let dir = std::path::PathBuf::from(std::env::var("TINTYPE_CORPUS").unwrap());
    let only = std::env::var("CORPUS_ENGINE").unwrap_or_default();
    let writing = suite().filter(|row| row.name.contains(&only)).map(async |row| {
        let corpus = Corpus::write(row).await.unwrap();
        corpus.keep(&dir.join(row.name)).unwrap();
    });
    futures_util::future::join_all(writing).await;
}
