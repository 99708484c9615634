//! Opening what is no repository says what was found, and what to try.

use super::*;
use crate::format::Problem;
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
    let parent = fixture.path().parent().unwrap().canonicalize().unwrap();
    let (here, words) = (parent.display(), refused(&parent).await);
    assert_eq!(
        words,
        format!("file://{here} is no repository, but repo in it is: use file://{here}/repo")
    );
}

#[tokio::test]
async fn a_path_inside_of_a_repository_names_it() {
    let fixture = Fixture::new();
    let repository = fixture.path().canonicalize().unwrap();
    let shard = fixture.repository.shard("books", 0).canonicalize().unwrap();
    for inside in shard.ancestors().take(3) {
        let words = refused(inside).await;
        let (inside, repository) = (inside.display(), repository.display());
        assert_eq!(
            words,
            format!("file://{inside} is inside of a repository: the repository is at {repository}")
        );
    }
    // With a base path, too.
    let access = Access {
        base_path: Some("repo/indices".to_owned()),
        ..Access::default()
    };
    let inside = repository.join("indices");
    let source = Source::open(inside.to_str().unwrap(), &access).unwrap();
    let error = Repository::open(source).await.unwrap_err().to_string();
    assert!(
        error.ends_with(&format!("the repository is at {}", repository.display())),
        "{error}"
    );
    // One whose root is lost is named as well, and no damage is told of a directory in it.
    std::fs::remove_file(fixture.root_path()).unwrap();
    let words = refused(&shard).await;
    assert!(
        words.ends_with(&format!("the repository is at {}", repository.display())),
        "{words}"
    );
}

#[tokio::test]
async fn what_is_there_instead_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str| std::fs::write(directory.path().join(name), "").unwrap();
    let words = refused(directory.path()).await;
    assert!(words.contains("empty"), "{words}");
    write("segments_4");
    let words = refused(directory.path()).await;
    assert!(words.contains("Lucene index"), "{words}");
    std::fs::remove_file(directory.path().join("segments_4")).unwrap();
    write("notes.txt");
    let words = refused(directory.path()).await;
    assert!(
        words.contains("1 blobs") && words.contains("notes.txt"),
        "{words}"
    );
    // A copy of a shard's directory.
    write("snap-aBc.dat");
    let words = refused(directory.path()).await;
    assert!(words.contains("2 blobs"), "{words}");
    // An engine's data path.
    for name in ["indices", "_state"] {
        std::fs::create_dir(directory.path().join(name)).unwrap();
    }
    std::fs::remove_file(directory.path().join("snap-aBc.dat")).unwrap();
    let words = refused(directory.path()).await;
    assert!(words.contains("data path"), "{words}");
}

/// What opening it fails with.
async fn failed(path: &Path) -> OpenError {
    let source = Source::open(path.to_str().unwrap(), &Access::default()).unwrap();
    Repository::open(source).await.unwrap_err()
}

fn removed(fixture: &Fixture, is_gone: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(fixture.path()).unwrap() {
        let entry = entry.unwrap();
        if is_gone(entry.file_name().to_str().unwrap()) {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_root_that_is_gone_is_lost_as_long_as_anything_shows_that_it_was_there() {
    let location = |fixture: &Fixture| format!("file://{}", fixture.path().canonicalize().unwrap().display());
    let fixture = Fixture::new();
    std::fs::remove_file(fixture.root_path()).unwrap();
    let lost = |latest| OpenError::RootLost {
        location: location(&fixture),
        latest,
    };
    assert_eq!(failed(fixture.path()).await, lost(Some(2)));
    // Without index.latest by the snapshots' own blobs.
    removed(&fixture, |name| name == "index.latest");
    assert_eq!(failed(fixture.path()).await, lost(None));
    // Without them a first snapshot may be running.
    removed(&fixture, |name| name.starts_with("snap-"));
    let words = refused(fixture.path()).await;
    assert!(
        words.contains("the first snapshot is not finished yet"),
        "{words}"
    );
    removed(&fixture, |name| name.starts_with("meta-"));
    let words = refused(fixture.path()).await;
    assert!(
        words.contains("the first snapshot is not finished yet"),
        "{words}"
    );
    // All that an engine leaves of a repository whose snapshots it deleted.
    let empty = tempfile::tempdir().unwrap();
    std::fs::write(empty.path().join("index.latest"), 7_u64.to_be_bytes()).unwrap();
    assert!(matches!(
        failed(empty.path()).await,
        OpenError::RootLost { latest: Some(7), .. }
    ));
}

#[tokio::test]
async fn a_listing_that_missed_the_root_is_made_again() {
    let fixture = Fixture::new();
    let root = fixture.root_path();
    let aside = root.with_file_name("aside");
    std::fs::rename(&root, &aside).unwrap();
    let source = Source::open(fixture.path().to_str().unwrap(), &Access::default()).unwrap();
    // The first listing is made before it is put back.
    let (opened, ()) = tokio::join!(Repository::open(source), async {
        std::fs::rename(&aside, &root).unwrap();
    });
    assert_eq!(opened.unwrap().generation, 2);
}

fn problem(error: &OpenError) -> Problem {
    match error {
        OpenError::Root { error, .. } => error.problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_root_that_is_no_text_is_damaged_unless_all_metadata_is_like_it() {
    let fixture = Fixture::new();
    let own: Vec<PathBuf> = ["one", "two"]
        .map(|name| fixture.uuid(name))
        .iter()
        .flat_map(|uuid| ["snap", "meta"].map(|kind| format!("{kind}-{uuid}.dat")))
        .map(|name| fixture.path().join(name))
        .collect();
    let mut bytes = std::fs::read(fixture.root_path()).unwrap();
    bytes[0] ^= 0x80;
    std::fs::write(fixture.root_path(), &bytes).unwrap();
    assert_eq!(problem(&failed(fixture.path()).await), Problem::Syntax);
    // Other metadata shows that it is not encrypted, even where most of that is damaged, too.
    std::fs::write(fixture.root_path(), [0x80, 0xff, 3, 9]).unwrap();
    assert_eq!(problem(&failed(fixture.path()).await), Problem::Syntax);
    let garble = |path: &PathBuf| std::fs::write(path, [0x80, 0xff, 3, 9, 7]).unwrap();
    own[1..].iter().for_each(garble);
    assert_eq!(problem(&failed(fixture.path()).await), Problem::Syntax);
    garble(&own[0]);
    let error = failed(fixture.path()).await;
    assert_eq!(problem(&error), Problem::Unsupported);
    assert!(error.to_string().contains("encrypted"), "{error}");
    // Text is damaged in any case.
    std::fs::write(fixture.root_path(), "{\"snapshots\":").unwrap();
    assert_eq!(problem(&failed(fixture.path()).await), Problem::Syntax);
    // Without other metadata the generation in index.latest is plain, or nothing is known.
    std::fs::write(fixture.root_path(), [0x80, 0xff, 3, 9]).unwrap();
    removed(&fixture, |name| {
        name.starts_with("snap-") || name.starts_with("meta-")
    });
    assert_eq!(problem(&failed(fixture.path()).await), Problem::Syntax);
    removed(&fixture, |name| name == "index.latest");
    assert_eq!(problem(&failed(fixture.path()).await), Problem::Unsupported);
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
