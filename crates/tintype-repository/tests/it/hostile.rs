//! Hostile bytes: what engines wrote and what the tests write, changed and sealed again, and small blobs that are large when
//! they are read. No parser panics, hangs, or takes more than 256 MB. Each runs in a process of its own, since memory is
//! bounded by process.

mod bombs;
mod child;
mod gather;
mod mutate;

use std::io::BufWriter;
use std::path::Path;
use std::process::{Command, Stdio};

use futures_util::{StreamExt, stream};
use tintype_repository::testing::hostile::{PARSERS, attestation};
use tintype_testkit::process::mortal_command;

use crate::corpora::Scratch;

#[tokio::test(flavor = "multi_thread")]
async fn no_parser_panics_hangs_or_grows_on_hostile_bytes() {
    let scratch = Scratch::new();
    gather::gather(scratch.path()).await;
    bombs::write(&scratch.path().join(bombs::DIRECTORY));
    let children = PARSERS.iter().map(|parser| {
        let directory = scratch.path().to_owned();
        tokio::task::spawn_blocking(move || run("one_parser", parser.name, &directory))
    });
    let mut results = stream::iter(children).buffer_unordered(2);
    while let Some(result) = results.next().await {
        println!("{}", result.unwrap());
    }
}

#[test]
fn the_longest_attestation_is_read_within_the_memory() {
    let scratch = Scratch::new();
    let file = std::fs::File::create(scratch.path().join(child::LONGEST)).unwrap();
    attestation::write_longest(BufWriter::new(file));
    println!("{}", run("longest_attestation", "attestation", scratch.path()));
}

/// Runs this binary again for one test of a parser, its memory bounded; its last words.
fn run(test: &str, parser: &str, directory: &Path) -> String {
    let mut command: Command = mortal_command("bash");
    let limited = format!("ulimit -v {} && exec \"$0\" \"$@\"", child::ADDRESSES >> 10);
    command
        .args(["-c", &limited])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("hostile::child::{test}"),
            "--ignored",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        .env(child::PARSER, parser)
        .env(child::DIRECTORY, directory)
        // Each further arena of the allocator reserves 64 MB.
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{parser}: {}\n{said}", output.status);
    let line = said.lines().find(|line| line.contains(" inputs"));
    line.unwrap_or_else(|| panic!("{parser}: nothing ran:\n{said}"))
        .to_owned()
}
