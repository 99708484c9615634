//! Opening what is no repository says what was found, and what to try.

use super::*;
use crate::repository::OpenError;

async fn refused(path: &Path) -> String {
    let source = Source::open(path.to_str().unwrap(), &Access::default()).unwrap();
    match Repository::open(source).await {
        Err(OpenError::NotARepository(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_path_one_level_off_names_the_repository() {
    let fixture = Fixture::new();
    let words = refused(fixture.path().parent().unwrap()).await;
    assert!(
        words.contains("repo in it is") && words.contains("/repo"),
        "{words}"
    );
}

#[tokio::test]
async fn a_path_inside_of_a_repository_names_it() {
    let fixture = Fixture::new();
    let source = |url: &str, base: &str| {
        let access = Access {
            base_path: Some(base.to_owned()),
            ..Access::default()
        };
        Source::open(url, &access).unwrap()
    };
    let inside = fixture.path().join("indices");
    let error = Repository::open(source(inside.to_str().unwrap(), "repo/indices"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("inside of a repository") && error.contains("/repo"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_there_instead_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let words = refused(directory.path()).await;
    assert!(words.contains("empty"), "{words}");
    std::fs::write(directory.path().join("segments_4"), "").unwrap();
    let words = refused(directory.path()).await;
    assert!(words.contains("Lucene index"), "{words}");
    std::fs::remove_file(directory.path().join("segments_4")).unwrap();
    std::fs::write(directory.path().join("notes.txt"), "").unwrap();
    let words = refused(directory.path()).await;
    assert!(
        words.contains("1 blobs") && words.contains("notes.txt"),
        "{words}"
    );
    std::fs::write(directory.path().join("snap-aBc.dat"), "").unwrap();
    let words = refused(directory.path()).await;
    assert!(words.contains("the root is lost"), "{words}");
    std::fs::write(directory.path().join("index-4"), [0x80, 0xff, 3, 9]).unwrap();
    let words = refused(directory.path()).await;
    assert!(words.contains("encrypted"), "{words}");
}

#[tokio::test]
async fn a_root_that_does_not_decode_names_its_blob() {
    let fixture = Fixture::new();
    let path = fixture.root_path();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 1]).unwrap();
    let source = Source::open(fixture.path().to_str().unwrap(), &Access::default()).unwrap();
    match Repository::open(source).await {
        Err(OpenError::Root { blob, .. }) => assert_eq!(blob, "index-2"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn snapshots_are_found_by_name_and_uuid_and_the_newest_generation_is_opened() {
    let fixture = Fixture::new();
    let repository = fixture.open().await;
    assert_eq!((repository.generation, repository.latest), (2, Some(2)));
    assert_eq!(repository.find_snapshot("two"), Some(1));
    assert_eq!(repository.find_snapshot(&fixture.uuid("one")), Some(0));
    assert_eq!(repository.find_snapshot("three"), None);
    let own = repository.snapshot(1).await.unwrap();
    assert_eq!((own.name.as_str(), own.uuid), ("two", fixture.uuid("two")));
    let index = repository
        .root
        .indices
        .iter()
        .position(|index| &*index.name == "logs")
        .unwrap() as u32;
    assert_eq!(repository.index_metadata(0, index).await.unwrap().shards, 2);
    assert_eq!(repository.shard_snapshot(0, index, 1).await.unwrap().name, "one");
}

#[tokio::test]
async fn a_stray_blob_at_the_base_does_not_hide_the_repository() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path().join("__notes"), "x").unwrap();
    assert_eq!(fixture.verify().await.findings, []);
}
