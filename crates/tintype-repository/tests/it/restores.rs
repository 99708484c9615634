//! Verdicts on damaged repositories are what a real restore does: each case a fresh copy under a fresh read-only
//! registration, since engines keep a root in memory; each index restored for itself under a new name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tintype_repository::Level;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::corpus::{Form, Taken, Written, content::NOWHERE, copy_tree};
use tintype_testkit::engines::{RealEngine, row, shared};
use tintype_testkit::noise::Noise;

use crate::corpora::Scratch;
use crate::faults::{Damage, Ground, Hit};
use crate::looking::{look, options, said, show};
use crate::truth::Class;

const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_are_what_opensearch_restores() {
    let forms = [
        Form::Plain,
        Form::Zstd,
        Form::Chunked,
        Form::HashedPrefix,
        Form::HashedInfix,
    ];
    compare("opensearch-2.19.0", &forms, 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_are_what_elasticsearch_restores() {
    let forms = [Form::Plain, Form::Deflate, Form::Chunked];
    compare("elasticsearch-8.17.0", &forms, 100).await;
}

/// Numbered generations, no files in the metadata, and other code that checks what it restores.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_are_what_an_old_elasticsearch_restores() {
    compare("elasticsearch-6.8.23", &[Form::Plain, Form::Chunked], 40).await;
}

/// What a restore reads, oftener; what it does not, too.
const CLASSES: [Class; 13] = [
    Class::Compound,
    Class::File,
    Class::Part,
    Class::ShardSnapshot,
    Class::IndexMetadata,
    Class::Snapshot,
    Class::Compound,
    Class::File,
    Class::ShardSnapshot,
    Class::GlobalState,
    Class::ShardGeneration,
    Class::Latest,
    Class::ShardPaths,
];

const DAMAGES: [Damage; 5] = [
    Damage::Flip,
    Damage::Truncate,
    Damage::Extend,
    Damage::Zero,
    Damage::Delete,
];
/// Each third case: what a restore reads of a shard is in another's place, or what was there before is.
const MOVES: [(Class, Damage); 8] = [
    (Class::File, Damage::Swap),
    (Class::ShardSnapshot, Damage::Older),
    (Class::Compound, Damage::Older),
    (Class::ShardSnapshot, Damage::Swap),
    (Class::Part, Damage::Swap),
    (Class::Compound, Damage::Swap),
    (Class::File, Damage::Older),
    (Class::Part, Damage::Older),
];

/// Tells names of registrations and restored indices apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct Seen {
    restored: u32,
    refused: u32,
    /// Restored from the files of another snapshot or shard; of these, with other documents than were taken.
    taken_in: u32,
    other_documents: u32,
    wrong: Vec<String>,
}

async fn compare(engine: &str, forms: &[Form], cases: u64) {
    let scratch = Scratch::new();
    let mut grounds = Vec::new();
    for form in forms {
        grounds.push(Ground::new(&scratch, engine, *form).await);
    }
    let node = shared(row(engine), false).await.unwrap();
    let mut prepared = Vec::new();
    for case in 0..cases {
        prepared.push(prepare(&grounds, &node, case).await);
    }
    let (seen, node) = (Arc::new(std::sync::Mutex::new(Seen::default())), &node);
    stream::iter(prepared)
        .for_each_concurrent(AT_ONCE, |case| {
            let seen = seen.clone();
            async move { case.restore(node, &seen).await }
        })
        .await;
    let seen = seen.lock().unwrap();
    show(&format!(
        "{engine}: {} indices restored, {} refused; {} restored from the files of others, {} of these with other documents\n",
        seen.restored, seen.refused, seen.taken_in, seen.other_documents
    ));
    assert!(seen.wrong.is_empty(), "{}", seen.wrong.join("\n"));
    let enough = u32::try_from(cases / 2).unwrap();
    assert!(
        seen.restored >= enough && seen.refused >= enough,
        "the cases are one-sided"
    );
    // That such a list of files is called not restorable is right: of a short run too few are tried to show it.
    assert!(seen.other_documents > 0 || cases < 100);
}

/// A damaged copy that the engine can read, and what Tintype says of one of its snapshots.
struct Case {
    number: u64,
    words: String,
    written: Written,
    snapshot: Taken,
    /// Indices of which a shard has the list of files of another snapshot or shard.
    other_files: BTreeSet<String>,
    verdicts: BTreeMap<String, (Verdict, Option<u64>)>,
}

async fn prepare(grounds: &[Ground], node: &RealEngine, number: u64) -> Case {
    let mut noise = Noise(number);
    let start = noise.below(grounds.len());
    let mut moves = number
        .is_multiple_of(3)
        .then(|| MOVES[(number / 3) as usize % MOVES.len()]);
    let (class, damage, ground, hit) = loop {
        let (class, damage) = moves.take().unwrap_or_else(|| {
            (
                CLASSES[noise.below(CLASSES.len())],
                DAMAGES[noise.below(DAMAGES.len())],
            )
        });
        let mut all = (0..grounds.len()).map(|n| &grounds[(start + n) % grounds.len()]);
        let found = all.find_map(|ground| Some((ground, ground.hit(class, damage, &mut noise, grounds)?)));
        // Not every engine has blobs of each class.
        if let Some((ground, hit)) = found {
            break (class, damage, ground, hit);
        }
    };
    let report = look(&ground.written, options(Level::Structure)).await.unwrap();
    let snapshot = hurt_snapshot(&ground.written, &hit, &mut noise);
    let said = format!("{class:?} {damage:?} {}\n{}", hit.blob.path, said(&report));
    let found = report.snapshots.iter().find(|found| found.uuid == snapshot.uuid);
    let found = found.unwrap_or_else(|| panic!("{} is not reported: {said}", snapshot.name));
    let verdicts = found.indices.iter();
    let verdicts = verdicts
        .map(|index| (index.name.to_string(), (index.verdict, index.documents)))
        .collect();
    let mut other_files = BTreeSet::new();
    if class == Class::ShardSnapshot && matches!(damage, Damage::Swap | Damage::Older) {
        let hurt = [Some(hit.blob), hit.other].into_iter().flatten();
        let hurt = hurt.filter(|blob| blob.snapshots.contains(&snapshot.name));
        other_files.extend(hurt.filter_map(|blob| blob.index.clone()));
    }
    let root = node
        .location(&format!("case-{number}-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
        .unwrap();
    copy_tree(&ground.written.root, &root).unwrap();
    Case {
        number,
        words: format!("{} {}: {said}", ground.written.label(), snapshot.name),
        written: ground.written.at(&root),
        snapshot,
        other_files,
        verdicts,
    }
}

/// One that the damage hurts, of those that have more than one index to tell apart where there is one.
fn hurt_snapshot(written: &Written, hit: &Hit<'_>, noise: &mut Noise) -> Taken {
    let hurt = written.snapshots.iter();
    let hurt: Vec<&Taken> = hurt
        .filter(|taken| hit.blob.snapshots.contains(&taken.name))
        .collect();
    hurt[noise.below(hurt.len())].clone()
}

impl Case {
    async fn restore(&self, node: &RealEngine, seen: &std::sync::Mutex<Seen>) {
        let name = self.register(node).await;
        let indices = self.snapshot.indices.iter();
        for (index, taken) in indices.filter(|(index, _)| *index != NOWHERE) {
            let real = self.restore_index(node, &name, index).await;
            let (verdict, documents) = self
                .verdicts
                .get(index)
                .copied()
                .unwrap_or((Verdict::Unknown, None));
            let mut seen = seen.lock().unwrap();
            let same = match real {
                // The engine does not look whose list it is, and restores without a word what was not asked for.
                Ok(count) if verdict == Verdict::NotRestorable && self.other_files.contains(index) => {
                    seen.taken_in += 1;
                    seen.other_documents += u32::from(count != taken.documents);
                    true
                }
                Ok(count) => {
                    seen.restored += 1;
                    verdict == Verdict::Restorable && documents == count && count == taken.documents
                }
                Err(_) => {
                    seen.refused += 1;
                    verdict == Verdict::NotRestorable
                }
            };
            if !same {
                let number = self.number;
                let words = &self.words;
                seen.wrong.push(format!(
                    "case {number}, {index}: {verdict:?} {documents:?}, yet {real:?}: {words}"
                ));
            }
        }
        node.http("DELETE", &format!("/_snapshot/{name}"), Value::Null)
            .await
            .unwrap();
        remove(&self.written.root);
    }

    async fn register(&self, node: &RealEngine) -> String {
        let name = self
            .written
            .root
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let mut settings = json!({"location": self.written.root, "readonly": true});
        if !self.written.base.is_empty() {
            settings["base_path"] = self.written.base.clone().into();
        }
        let body = json!({"type": "fs", "settings": settings});
        let path = format!("/_snapshot/{name}?verify=false");
        let (status, answer) = node.http("PUT", &path, body).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        name
    }

    /// The live documents of a restored index, or that it was not restored.
    async fn restore_index(&self, node: &RealEngine, name: &str, index: &str) -> Result<Option<u64>, String> {
        let restored = format!("{name}-{index}");
        let body = json!({"indices": index, "include_global_state": false, "include_aliases": false,
            "rename_pattern": "^.+$", "rename_replacement": restored,
            // One try is enough: the bytes stay what they are.
            "index_settings": {"index.allocation.max_retries": 1}});
        let path = format!(
            "/_snapshot/{name}/{}/_restore?wait_for_completion=true",
            self.snapshot.name
        );
        let (status, answer) = node.http("POST", &path, body).await.unwrap();
        let shards = &answer["snapshot"]["shards"];
        let whole = status == 200 && shards["failed"] == 0 && shards["total"] == shards["successful"];
        let mut outcome = Err(answer.to_string());
        if whole {
            let path = format!("/{restored}/_stats/docs");
            let (_, stats) = node.http("GET", &path, Value::Null).await.unwrap();
            outcome = Ok(stats["indices"][&restored]["primaries"]["docs"]["count"].as_u64());
        }
        if status == 200 {
            node.http("DELETE", &format!("/{restored}"), Value::Null)
                .await
                .unwrap();
        }
        outcome
    }
}

fn remove(directory: &Path) {
    std::fs::remove_dir_all(directory).unwrap();
}
