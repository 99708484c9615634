//! What engines wrote, for each parser.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tintype_repository::format::shard::ShardSnapshot;
use tintype_repository::testing::hostile::lucene::{self, File};
use tintype_repository::testing::hostile::{PARSERS, Shape};
use tintype_testkit::corpus::{Form, Written};

use crate::corpora;
use crate::truth::{self, Blob, Class};

/// Blobs of a class that are kept for mutation.
const SEEDS: usize = 60;

/// Lays blobs of every class of every corpus into a directory for each parser.
pub async fn gather(directory: &Path) {
    let mut kept = BTreeMap::<&str, Vec<Vec<u8>>>::new();
    for corpus in corpora::all().await {
        for written in &corpus.manifest.repositories {
            for blob in truth::blobs(written) {
                if let Some(parser) = parser_of(blob.class) {
                    let bytes = fs::read(written.root.join(&blob.file)).unwrap();
                    kept.entry(parser).or_default().push(bytes);
                }
                if blob.class == Class::ShardSnapshot && written.form == Form::Plain {
                    let files = lucene::pack(&files(written, &blob));
                    let of_lucene = PARSERS
                        .iter()
                        .filter(|parser| matches!(parser.shape, Shape::Lucene(_)));
                    for parser in of_lucene {
                        kept.entry(parser.name).or_default().push(files.clone());
                    }
                }
            }
        }
    }
    for (parser, mut blobs) in kept {
        let own = directory.join(parser);
        fs::create_dir_all(&own).unwrap();
        // Spread over all corpora.
        blobs.sort();
        blobs.dedup();
        let step = blobs.len().div_ceil(SEEDS);
        for (number, bytes) in blobs.iter().step_by(step).enumerate() {
            fs::write(own.join(format!("{number:03}")), bytes).unwrap();
        }
    }
}

/// The name of the parser of such a blob.
fn parser_of(class: Class) -> Option<&'static str> {
    match class {
        Class::Root => Some("root"),
        Class::Snapshot => Some("snapshot"),
        Class::GlobalState => Some("global"),
        Class::IndexMetadata => Some("index"),
        Class::ShardSnapshot => Some("shard_snapshot"),
        Class::ShardGeneration => Some("shard_generation"),
        Class::ShardPaths => Some("shard_paths"),
        _ => None,
    }
}

/// All files of a shard in a snapshot.
fn files(written: &Written, blob: &Blob) -> Vec<File> {
    let path = written.root.join(&blob.file);
    let snapshot = ShardSnapshot::parse(&fs::read(&path).unwrap()).unwrap();
    let files = snapshot.files.iter().map(|file| {
        let mut bytes = file.hash.to_vec();
        if bytes.is_empty() {
            for part in 0..file.parts() {
                bytes.extend(fs::read(path.with_file_name(&*file.part(part).0)).unwrap());
            }
        }
        File {
            name: file.physical_name.to_string(),
            in_metadata: !file.hash.is_empty(),
            bytes,
        }
    });
    files.collect()
}
