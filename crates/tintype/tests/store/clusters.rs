//! Clusters, their secrets and observations.

use crate::make::*;
use secrecy::ExposeSecret;
use tintype::model::observation::{ObservedNode, SnapshotSummary};
use tintype::model::{ClusterSecrets, Observation, Status};
use tintype::store::{ClusterPage, Conflict, StoreError};

fn exposed(secrets: &ClusterSecrets) -> Vec<Option<String>> {
    let open = |secret: &Option<secrecy::SecretString>| secret.as_ref().map(|s| s.expose_secret().to_owned());
    vec![
        secrets.username.clone(),
        open(&secrets.password),
        open(&secrets.api_key),
        open(&secrets.bearer),
        secrets.client_certificate.clone(),
        open(&secrets.client_key),
    ]
}

fn observation(millis: i64) -> Observation {
    Observation {
        at: at(millis),
        reachable: true,
        problem: None,
        health: Some("green".into()),
        nodes: vec![ObservedNode {
            id: "n".into(),
            name: "node".into(),
            version: "2.19.0".into(),
            roles: vec!["data".into()],
            master: true,
        }],
        registrations: vec![],
        repository: Some("main".parse().unwrap()),
        snapshots: SnapshotSummary {
            count: 3,
            latest_end_time: Some(at(millis)),
            ..Default::default()
        },
        strays: vec![],
        inventory: None,
    }
}

pub async fn attached_clusters_read_back_whole(store: TheStore) {
    let full = attach(&store, "a").await;
    assert_eq!(store.cluster(&full.id).await.unwrap().unwrap(), full);
    assert_eq!(
        exposed(&store.cluster_secrets(&full.id).await.unwrap()),
        exposed(&secrets("a"))
    );
    let ids = [full.id.clone(), id("nowhere")];
    let usernames = store.cluster_usernames(&ids).await.unwrap();
    assert_eq!(usernames, [(full.id.clone(), "a-user".to_owned())].into());

    let mut bare = cluster("b");
    (bare.ca, bare.fingerprint, bare.repository) = (None, None, None);
    (bare.engine_repository, bare.location, bare.allow_plain_http) = (None, None, false);
    store
        .attach_cluster(&bare, &ClusterSecrets::default())
        .await
        .unwrap();
    assert_eq!(store.cluster(&bare.id).await.unwrap().unwrap(), bare);
    assert_eq!(
        exposed(&store.cluster_secrets(&bare.id).await.unwrap()),
        vec![None::<String>; 6]
    );
}

pub async fn an_id_is_attached_once(store: TheStore) {
    attach(&store, "a").await;
    let mut again = cluster("a");
    again.uuid = "another".into();
    let error = store.attach_cluster(&again, &secrets("x")).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(Conflict::ClusterId(found)) if found == id("a")));
    assert_eq!(store.cluster(&id("a")).await.unwrap().unwrap(), cluster("a"));
    assert_eq!(
        exposed(&store.cluster_secrets(&id("a")).await.unwrap()),
        exposed(&secrets("a"))
    );
}

pub async fn an_engine_is_attached_once(store: TheStore) {
    attach(&store, "a").await;
    let mut twin = cluster("b");
    twin.uuid = "a-uuid".into();
    let error = store.attach_cluster(&twin, &secrets("b")).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(Conflict::ClusterUuid(found)) if found == id("a")));
    assert!(store.cluster(&id("b")).await.unwrap().is_none());
}

pub async fn a_page_is_in_the_order_of_ids_and_knows_the_total(store: TheStore) {
    for name in ["d", "b", "a", "c"] {
        attach(&store, name).await;
    }
    for (from, size, expected) in [
        (0, None, "abcd"),
        (1, Some(2), "bc"),
        (3, Some(9), "d"),
        (9, Some(1), ""),
        (0, Some(0), ""),
    ] {
        let (clusters, total) = store
            .clusters(&ClusterPage {
                from,
                size,
                contains: None,
            })
            .await
            .unwrap();
        let found: String = clusters.iter().map(|cluster| cluster.id.as_str()).collect();
        assert_eq!((found.as_str(), total), (expected, 4));
    }
}

pub async fn a_search_looks_at_ids_and_names_without_regard_to_case(store: TheStore) {
    for (name, shown) in [("one", "Ärzte"), ("TWO", "logs_100%"), ("three", "x")] {
        let mut cluster = cluster(name);
        cluster.name = shown.into();
        store.attach_cluster(&cluster, &secrets(name)).await.unwrap();
    }
    let found = async |word: &str| {
        let page = ClusterPage {
            contains: Some(word.into()),
            size: Some(1),
            ..Default::default()
        };
        let (clusters, total) = store.clusters(&page).await.unwrap();
        (
            clusters
                .into_iter()
                .map(|cluster| cluster.id.to_string())
                .collect::<String>(),
            total,
        )
    };
    assert_eq!(found("äRZ").await, ("one".into(), 1));
    assert_eq!(found("two").await, ("TWO".into(), 1));
    assert_eq!(found("0%").await, ("TWO".into(), 1));
    assert_eq!(found("s_1").await, ("TWO".into(), 1));
    assert_eq!(found("e").await, ("one".into(), 2), "one of two on the page");
    assert_eq!(found("nowhere").await, (String::new(), 0));
    let mut renamed = store.cluster(&id("three")).await.unwrap().unwrap();
    renamed.name = "nowhere".into();
    store.update_cluster(&renamed, None).await.unwrap();
    assert_eq!(found("nowhere").await, ("three".into(), 1));
}

pub async fn a_change_names_the_version_it_read(store: TheStore) {
    let mut cluster = attach(&store, "a").await;
    cluster.name = "new".into();
    cluster.uuid = "new-uuid".into();
    cluster.repository = None;
    cluster.updated_at = at(9);
    cluster.created_at = at(9);
    let changed = store.update_cluster(&cluster, None).await.unwrap();
    assert_eq!((changed.version, changed.created_at), (2, at(1)));
    (cluster.version, cluster.created_at) = (2, at(1));
    assert_eq!(changed, cluster);
    assert_eq!(store.cluster(&id("a")).await.unwrap().unwrap(), cluster);

    cluster.version = 1;
    let error = store
        .update_cluster(&cluster, Some(&secrets("x")))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        StoreError::Conflict(Conflict::Version {
            expected: 1,
            found: 2
        })
    ));
    assert_eq!(
        exposed(&store.cluster_secrets(&id("a")).await.unwrap()),
        exposed(&secrets("a"))
    );
}

pub async fn a_change_keeps_secrets_unless_new_ones_are_given(store: TheStore) {
    let cluster = attach(&store, "a").await;
    let cluster = store.update_cluster(&cluster, None).await.unwrap();
    assert_eq!(
        exposed(&store.cluster_secrets(&id("a")).await.unwrap()),
        exposed(&secrets("a"))
    );
    store
        .update_cluster(&cluster, Some(&secrets("new")))
        .await
        .unwrap();
    assert_eq!(
        exposed(&store.cluster_secrets(&id("a")).await.unwrap()),
        exposed(&secrets("new"))
    );
}

pub async fn a_repin_to_an_engine_that_is_attached_is_refused(store: TheStore) {
    attach(&store, "a").await;
    let mut other = attach(&store, "b").await;
    other.uuid = "a-uuid".into();
    let error = store.update_cluster(&other, None).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(Conflict::ClusterUuid(found)) if found == id("a")));
    assert_eq!(store.cluster(&id("b")).await.unwrap().unwrap(), cluster("b"));
}

pub async fn concurrent_changes_of_one_version_have_one_winner(store: TheStore) {
    let cluster = attach(&store, "a").await;
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (store, mut cluster) = (store.clone(), cluster.clone());
            cluster.name = format!("by {n}");
            tokio::spawn(async move { store.update_cluster(&cluster, None).await })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(changed) => winners.push(changed),
            Err(error) => assert!(
                matches!(error, StoreError::Conflict(Conflict::Version { .. })),
                "{error:?}"
            ),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(store.cluster(&id("a")).await.unwrap().unwrap(), winners[0]);
}

pub async fn a_cluster_with_an_open_operation_is_not_detached(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let refused = async || {
        let error = store.detach_cluster(&id("a")).await.unwrap_err();
        matches!(error, StoreError::Conflict(Conflict::OperationRunning(by)) if by == "1")
    };
    assert!(refused().await, "while it is queued");
    let leased = lease_one(&store, "me", 0).await;
    assert!(refused().await, "while it runs");
    commit(&store, &leased, 1, ends(Status::Failed)).await;
    store.detach_cluster(&id("a")).await.unwrap();
}

pub async fn a_detach_forgets_secrets_and_observation_and_keeps_the_rest(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    store.put_observation(&id("a"), &observation(1)).await.unwrap();
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    commit(&store, &leased, 1, ends(Status::Succeeded)).await;

    store.detach_cluster(&id("a")).await.unwrap();
    assert!(store.cluster(&id("a")).await.unwrap().is_none());
    assert!(matches!(
        store.cluster_secrets(&id("a")).await,
        Err(StoreError::NotFound(_))
    ));
    assert!(store.observation(&id("a")).await.unwrap().is_none());
    assert_eq!(get(&store, "1").await.status, Status::Succeeded);
    assert_eq!(event_kinds(&store, "1").await, ["queued", "running"]);
    assert!(store.cluster(&id("b")).await.unwrap().is_some());

    attach(&store, "a").await;
    assert!(
        store.observation(&id("a")).await.unwrap().is_none(),
        "a new attach begins without a look"
    );
}

pub async fn observations_are_replaced_and_read_by_page(store: TheStore) {
    for name in ["a", "b", "c"] {
        attach(&store, name).await;
    }
    store.put_observation(&id("a"), &observation(1)).await.unwrap();
    store.put_observation(&id("b"), &observation(2)).await.unwrap();
    store.put_observation(&id("a"), &observation(3)).await.unwrap();
    assert_eq!(
        store.observation(&id("a")).await.unwrap().unwrap(),
        observation(3)
    );
    // A slow look that began before the one that is kept says nothing new.
    store.put_observation(&id("a"), &observation(2)).await.unwrap();
    assert_eq!(
        store.observation(&id("a")).await.unwrap().unwrap(),
        observation(3)
    );
    assert_eq!(store.observation(&id("c")).await.unwrap(), None);
    let page = store
        .observations(&[id("a"), id("c"), id("nowhere")])
        .await
        .unwrap();
    assert_eq!(page.into_iter().collect::<Vec<_>>(), [(id("a"), observation(3))]);
    assert!(store.observations(&[]).await.unwrap().is_empty());
}

pub async fn what_is_not_attached_is_not_found(store: TheStore) {
    let missing = id("missing");
    assert!(store.cluster(&missing).await.unwrap().is_none());
    assert!(store.observation(&missing).await.unwrap().is_none());
    let found = [
        store.cluster_secrets(&missing).await.map(drop),
        store.update_cluster(&cluster("missing"), None).await.map(drop),
        store.detach_cluster(&missing).await,
        store.put_observation(&missing, &observation(1)).await,
    ];
    for result in found {
        assert!(
            matches!(result, Err(StoreError::NotFound("cluster"))),
            "{result:?}"
        );
    }
}
