//! What two snapshots have differently.

use super::*;

#[tokio::test]
async fn what_could_not_be_compared_is_not_called_the_same() {
    let fixture = Fixture::new();
    let of = |diff: &Diff, name: &str| {
        let found = diff.indices.iter().find(|index| index.name == name);
        found.cloned().unwrap()
    };
    // A shard's metadata: gone, then damaged.
    let own = fixture.own("s2", "logs", 1).await;
    std::fs::remove_file(&own).unwrap();
    for damage in [None, Some(b"damaged")] {
        if let Some(damage) = damage {
            std::fs::write(&own, damage).unwrap();
        }
        let diff = fixture.survey().await.diff("s1", "s2").await.unwrap();
        let logs = of(&diff, "logs");
        assert_eq!((logs.change, diff.unreadable.count), (Change::Unknown, 1));
        assert_eq!(logs.b.and_then(|b| b.documents), None);
        assert_eq!((logs.blobs.added, logs.blobs.removed), (0, 0));
        assert_eq!(of(&diff, "shop").change, Change::Changed);
    }
    // The index's metadata.
    let mut twice = Synthetic::new(&fixture.repository.root().join("beside"));
    twice.take("a", FIRST, &[("one", &[&fixture.mixed])]);
    twice.change(
        "one",
        json!({"index.number_of_replicas": "2"}),
        json!({"_doc": {}}),
    );
    twice.take("b", FIRST + DAY, &[("one", &[&fixture.mixed])]);
    let survey = survey_of(twice.root()).await;
    assert_eq!(
        of(&survey.diff("a", "b").await.unwrap(), "one").change,
        Change::Changed
    );
    let key = survey.repository.index_metadata_key(survey.find("b").unwrap(), 0);
    std::fs::write(twice.root().join(key), b"damaged").unwrap();
    let diff = survey.diff("a", "b").await.unwrap();
    assert_eq!(
        (of(&diff, "one").change, diff.unreadable.count),
        (Change::Unknown, 1)
    );
}

#[tokio::test]
async fn two_snapshots_differ_in_indices_documents_and_blobs() {
    let fixture = Fixture::new();
    let survey = fixture.survey().await;
    let (sorted, updated) = (data(&fixture.sorted), data(&fixture.updated));
    let diff = survey.diff("s1", "s2").await.unwrap();
    let of = |name: &str| diff.indices.iter().find(|index| index.name == name).unwrap();
    assert_eq!(of("logs").change, Change::Same);
    assert_eq!(of("shop").change, Change::Changed);
    let state = |documents, files| State {
        shards: 1,
        documents: Some(documents),
        bytes: whole(&[files]),
    };
    assert_eq!(of("shop").a, Some(state(27, &fixture.updated)));
    assert_eq!(of("shop").b, Some(state(29, &fixture.sorted)));
    assert_eq!(
        (diff.blobs.added_bytes, diff.blobs.removed_bytes),
        (sorted, updated)
    );
    assert_eq!(diff.blobs.kept_bytes, data(&fixture.mixed) + sorted);
    assert_eq!(diff.unreadable.count, 0, "{:?}", diff.unreadable);
}

#[tokio::test]
async fn two_snapshots_differ_in_settings_and_mappings() {
    let fixture = Fixture::new();
    let diff = fixture.survey().await.diff("s1", "s3").await.unwrap();
    let changes: Vec<_> = diff
        .indices
        .iter()
        .map(|index| (index.name.as_str(), index.change))
        .collect();
    assert_eq!(
        changes,
        [
            ("logs", Change::Changed),
            ("new", Change::Added),
            ("shop", Change::Removed)
        ]
    );
    let logs = &diff.indices[0];
    let paths: Vec<_> = logs
        .mappings
        .first
        .iter()
        .map(|change| change.path.as_str())
        .collect();
    assert_eq!(paths, ["properties.at", "properties.message.type"]);
    let setting = &logs.settings.first[0];
    assert_eq!(
        (setting.path.as_str(), setting.b.clone()),
        ("index.number_of_replicas", Some(json!("2")))
    );
    assert!(!logs.recreated);
    assert_eq!((diff.indices[1].a, diff.indices[2].b), (None, None));
    assert!(matches!(
        fixture.survey().await.diff("s1", "nil").await,
        Err(SurveyError::NoSnapshot(_))
    ));
}
