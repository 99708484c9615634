//! Repositories that the testkit makes up for measurements are whole at every level, so that what is measured is the work that
//! real ones cost.

use tintype_repository::Level;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::synthetic::{Shape, write};

use crate::looking::{look_at, options, said};

async fn assert_whole(shape: Shape) {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &shape).unwrap();
    let report = look_at(directory.path(), "", options(Level::Structure))
        .await
        .unwrap();
    assert!(report.findings.is_empty(), "{}", said(&report));
    assert_eq!(report.verdict, Verdict::Restorable);
    let indices = &report.snapshots[0].indices;
    assert_eq!(indices.len(), shape.indices as usize);
    for index in indices {
        assert_eq!(index.documents, Some(shape.documents()));
    }
    let blobs = u64::from(shape.indices * shape.shards * shape.segments * 2);
    assert_eq!(report.read.blobs, blobs);
}

#[tokio::test]
async fn one_of_large_files_is_whole() {
    let shape = Shape {
        segment_bytes: 3 << 20,
        indices: 2,
        shards: 2,
        segments: 2,
        ..Shape::LARGE
    };
    assert_whole(shape).await;
}

#[tokio::test]
async fn one_of_many_files_is_whole() {
    let shape = Shape {
        indices: 20,
        ..Shape::MANY
    };
    assert_whole(shape).await;
}
