//! The corpora hold what they are meant to hold, so that nothing is proved on too easy a ground.

use std::collections::BTreeSet;
use std::fs;

use tintype_repository::format::file::FileInfo;
use tintype_repository::format::shard::ShardSnapshot;
use tintype_testkit::corpus::{Corpus, Form, Written, content::SHARDS};

use crate::corpora;
use crate::truth::{self, Blob, Class};

#[tokio::test(flavor = "multi_thread")]
async fn the_corpora_hold_every_form_and_every_kind_of_file() {
    let mut majors = BTreeSet::new();
    let mut written_by = BTreeSet::new();
    for corpus in corpora::all().await {
        let plain = corpus.repository(Form::Plain);
        let files = lucene_files(plain);
        assert_kinds_of_files(&plain.label(), &files);
        // A commit without segments is written by the oldest version that could have made one.
        for file in files.iter().filter(|file| file.physical_name.ends_with(".si")) {
            let major = file.written_by.split('.').next().unwrap();
            majors.insert(major.parse::<u8>().unwrap());
            written_by.insert((corpus.manifest.engine.clone(), major.to_owned()));
        }
        assert_forms(&corpus);
        for written in &corpus.manifest.repositories {
            assert_snapshots(written);
        }
    }
    assert_eq!(majors, BTreeSet::from([7, 8, 9, 10]), "{written_by:?}");
    println!("{written_by:?}");
}

fn of_class(written: &Written, class: Class) -> Vec<Blob> {
    let all = truth::blobs(written).into_iter();
    all.filter(|blob| blob.class == class).collect()
}

fn lucene_files(written: &Written) -> Vec<FileInfo> {
    let snapshots = of_class(written, Class::ShardSnapshot);
    let files = snapshots.iter().flat_map(|blob| {
        let bytes = fs::read(written.root.join(&blob.file)).unwrap();
        ShardSnapshot::parse(&bytes).unwrap().files
    });
    files.collect()
}

fn assert_kinds_of_files(label: &str, files: &[FileInfo]) {
    let names: BTreeSet<&str> = files.iter().map(|file| &*file.physical_name).collect();
    let any = |what: &str, is: &dyn Fn(&str) -> bool| {
        assert!(
            names.iter().any(|name| is(name)),
            "{label}: no {what} in {names:?}"
        );
    };
    any("compound segment", &|name| name.ends_with(".cfs"));
    any("segment that is not compound", &|name| name.ends_with(".fdt"));
    any("document deleted in place", &|name| name.ends_with(".liv"));
    any("doc-values update", &is_update);
    any("commit", &|name| name.starts_with("segments_"));
}

/// `_3_1_Lucene90_0.dvd`: the second part is a generation where a segment's own file names the format.
fn is_update(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".dvd") else {
        return false;
    };
    let generation = stem.split('_').nth(2).unwrap_or_default();
    !generation.is_empty()
        && generation
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

fn assert_forms(corpus: &Corpus) {
    for written in &corpus.manifest.repositories {
        let label = written.label();
        let marks: [&[u8]; 2] = [b"DFL\0", b"ZSTD\0"];
        let expected = match written.form {
            Form::Plain | Form::HashedPrefix | Form::Based => None,
            Form::Zstd => Some(marks[1]),
            Form::Deflate | Form::Chunked | Form::HashedInfix => Some(marks[0]),
        };
        for blob in of_class(written, Class::Snapshot) {
            let bytes = fs::read(written.root.join(&blob.file)).unwrap();
            // Behind the header: magic, length and text of `snapshot`, version.
            let found = marks.into_iter().find(|mark| bytes[17..].starts_with(mark));
            assert_eq!(found, expected, "{label}: {}", blob.path);
        }
        let parts = of_class(written, Class::Part);
        assert_eq!(parts.len() >= 2, written.form == Form::Chunked, "{label}");
        let hashed = of_class(written, Class::ShardSnapshot);
        let beside = |blob: &Blob| !blob.file.starts_with(&written.base);
        let within = |blob: &Blob| blob.file == written.path().join(&blob.path);
        match written.form {
            Form::HashedPrefix => assert!(hashed.iter().all(beside), "{label}"),
            Form::HashedInfix => assert!(!hashed.iter().any(within), "{label}"),
            _ => {}
        }
    }
}

fn assert_snapshots(written: &Written) {
    let label = written.label();
    let states: BTreeSet<&str> = written.snapshots.iter().map(|taken| &*taken.state).collect();
    assert_eq!(states, BTreeSet::from(["PARTIAL", "SUCCESS"]), "{label}");
    let cloned = written.snapshots.iter().any(|taken| taken.cloned_from.is_some());
    assert_eq!(cloned, !written.engine.starts_with("elasticsearch-6."), "{label}");
    for taken in &written.snapshots {
        assert!(
            taken.indices.values().all(|index| index.shards >= SHARDS),
            "{label}"
        );
        // Nested documents are documents of their own: 150 books have 225 comments.
        if taken.name == "first" {
            assert_eq!(taken.indices["books"].documents, Some(373), "{label}");
        }
    }
    let shared = truth::blobs(written);
    let shared = shared
        .iter()
        .filter(|blob| blob.class.is_data() && blob.snapshots.len() > 2);
    assert!(shared.count() > 20, "{label}: snapshots share too little");
}
