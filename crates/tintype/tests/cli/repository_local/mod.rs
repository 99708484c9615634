//! The commands that read a repository's storage themselves. The server's address leads nowhere, so none is needed.

mod attest;
mod resumed;
mod surveys;
mod verify;
mod wrong;

use crate::scripted::{Ran, run, tintype};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use tempfile::TempDir;
use tintype_repository::testing::Synthetic;
use tintype_repository::testing::lucene::index;
use tintype_testkit::schema::Schema;

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

/// When the first snapshot was taken.
const FIRST: i64 = 1_700_000_000_000;

const DAY: i64 = 86_400_000;

/// Two snapshots: both hold `logs` (two shards, 111 documents) as it was, and `shop` (27 documents, then 29).
struct Local {
    directory: TempDir,
    repository: Synthetic,
}

impl Local {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [mixed, sorted, updated] = ["mixed", "sorted", "updated"].map(|name| index(8, name));
        let mut repository = Synthetic::new(&directory.path().join("repository"));
        repository.take(
            "s1",
            FIRST,
            &[("logs", &[&mixed, &sorted]), ("shop", &[&updated])],
        );
        repository.change(
            "shop",
            json!({"index.number_of_replicas": "0"}),
            json!({"_doc": {}}),
        );
        repository.take(
            "s2",
            FIRST + DAY,
            &[("logs", &[&mixed, &sorted]), ("shop", &[&sorted])],
        );
        Self {
            directory,
            repository,
        }
    }

    fn url(&self) -> &str {
        self.repository.root().to_str().unwrap()
    }

    /// `repository VERB URL REST`, with a home of its own.
    fn command(&self, verb: &str, rest: &str) -> Command {
        let line = format!("repository {verb} {} {rest}", self.url());
        let mut command = tintype(NOWHERE, &line);
        command.env("HOME", self.home());
        command
    }

    fn run(&self, verb: &str, rest: &str) -> Ran {
        self.command(verb, rest).output().unwrap().into()
    }

    /// As [`Self::run`], and the document that it printed.
    fn json(&self, verb: &str, rest: &str) -> (i32, Value) {
        let ran = self.run(verb, &format!("{rest} -o json"));
        let value = serde_json::from_str(&ran.stdout);
        (ran.code, value.unwrap_or_else(|error| panic!("{error}: {ran:?}")))
    }

    fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// Changes one byte in the middle of a data blob.
    fn damage(&self, index: &str, shard: usize, file: &str) -> PathBuf {
        let path = self.repository.blob(index, shard, file);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Rewrites the root by a change of its JSON.
    fn change_root(&self, change: impl FnOnce(&mut Value)) {
        let path = self.repository.root().join("index-2");
        let mut root = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut root);
        std::fs::write(&path, root.to_string()).unwrap();
    }
}

/// Every file below a directory with its length and when it was written.
fn files(directory: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let about = path.metadata().unwrap();
            found.insert(path, (about.len(), about.modified().unwrap()));
        }
    }
    found
}

/// The document that a verb prints as JSON fits its schema, as do its lines, each of these kinds.
fn fits(local: &Local, (verb, rest): (&str, &str), schema: &str, kinds: &[&str]) -> Value {
    let schema = Schema::load(schema);
    let (_, document) = local.json(verb, rest);
    assert_eq!(document["schema"], schema.id(), "{verb} {rest}");
    assert_eq!(schema.faults(&document), [""; 0], "{verb} {rest}");
    let lines = lines(&local.run(verb, &format!("{rest} -o ndjson")).stdout);
    for line in &lines {
        assert_eq!(schema.faults_of_line(line), [""; 0], "{verb} {rest}: {line}");
    }
    let mut printed: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(printed.last(), Some(&"summary"), "{verb} {rest}");
    printed.dedup();
    assert_eq!(printed, kinds, "{verb} {rest}");
    document
}

/// The lines of `-o ndjson`.
fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
