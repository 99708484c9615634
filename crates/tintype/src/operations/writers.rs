//! Locations with more than one writable registration, anywhere in the fleet: found, and reported loudly.
//!
//! Two clusters that write to one location destroy each other's snapshots. Tintype refuses to create a second writer;
//! those that exist already are the operator's to mend.

use super::Operations;
use crate::model::ClusterId;
use crate::model::observation::ObservedRegistration;
use crate::store::{ClusterPage, Result};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Clusters read at a time.
const PAGE: u64 = 100;

/// A location with several writers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SharedLocation {
    /// Where, in one comparable line.
    pub location: String,
    /// Who writes there.
    pub writers: Vec<Writer>,
}

/// A writable registration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
pub struct Writer {
    /// The cluster's id.
    pub cluster_id: String,
    /// The registration's name on its engine.
    pub registration: String,
}

impl Operations {
    /// Looks through the last observations of the whole fleet. What is new since the last time is logged as a warning.
    ///
    /// # Errors
    /// The store's.
    pub async fn find_shared_locations(&self) -> Result<()> {
        let mut seen = Vec::new();
        let mut page = ClusterPage {
            from: 0,
            size: Some(PAGE),
            contains: None,
        };
        loop {
            let (clusters, _) = self.store().clusters(&page).await?;
            if clusters.is_empty() {
                break;
            }
            page.from += clusters.len() as u64;
            let ids: Vec<ClusterId> = clusters.into_iter().map(|cluster| cluster.id).collect();
            let found = self.store().observations(&ids).await?;
            // Of a whole fleet only what is compared is held.
            seen.extend(found.into_iter().map(|(id, seen)| (id, seen.registrations)));
        }
        let shared = shared(&seen);
        for one in &shared {
            if !self.live().shared_locations().contains(one) {
                tracing::warn!(location = one.location, writers = ?one.writers, "several clusters write to one location");
            }
        }
        self.live().set_shared_locations(shared);
        Ok(())
    }

    /// Waits until a cluster's registrations are not what they were.
    pub async fn registrations_to_change(&self) {
        self.live().registrations_to_change().await;
    }

    /// The clusters that write to a location which another registration writes to as well, as last found.
    pub fn sharing_clusters(&self) -> BTreeSet<String> {
        let shared = self.live().shared_locations();
        let writers = shared.into_iter().flat_map(|one| one.writers);
        writers.map(|writer| writer.cluster_id).collect()
    }

    /// The locations with several writers that concern a cluster, as last found.
    pub fn shared_locations(&self, cluster: &ClusterId) -> Vec<SharedLocation> {
        let mut shared = self.live().shared_locations();
        shared.retain(|one| {
            one.writers
                .iter()
                .any(|writer| writer.cluster_id == cluster.as_str())
        });
        shared
    }

    /// That a cluster's registration points to a location with several writers, in words: a delete there rewrites the
    /// repository's root.
    pub fn several_writers(&self, cluster: &ClusterId, registration: &str) -> Option<String> {
        let shared = self.shared_locations(cluster).into_iter().find(|one| {
            one.writers
                .iter()
                .any(|writer| writer.cluster_id == cluster.as_str() && writer.registration == registration)
        })?;
        let writers: Vec<String> = shared
            .writers
            .iter()
            .map(|one| format!("{}/{}", one.cluster_id, one.registration))
            .collect();
        Some(format!(
            "{} has several writers ({})",
            shared.location,
            writers.join(", ")
        ))
    }
}

/// By where they point, and by the uuid of what is stored there: one storage may be reached by several paths.
fn shared(seen: &[(ClusterId, Vec<ObservedRegistration>)]) -> Vec<SharedLocation> {
    let mut places: BTreeMap<String, Vec<(Writer, Option<&str>)>> = BTreeMap::new();
    for (id, registrations) in seen {
        for one in registrations.iter().filter(|one| !one.readonly) {
            let writer = Writer {
                cluster_id: id.to_string(),
                registration: one.name.clone(),
            };
            let uuid = one.uuid.as_deref().filter(|uuid| *uuid != "_na_");
            let keys = one
                .location
                .clone()
                .into_iter()
                .chain(uuid.map(|uuid| format!("{}:uuid {uuid}", one.kind)));
            for key in keys {
                places.entry(key).or_default().push((writer.clone(), uuid));
            }
        }
    }
    let mut found: Vec<SharedLocation> = Vec::new();
    for (location, writers) in places
        .into_iter()
        .filter(|(_, writers)| writers.len() > 1 && !all_different(writers))
    {
        let mut writers: Vec<Writer> = writers.into_iter().map(|(writer, _)| writer).collect();
        writers.sort();
        // The same registrations under their common uuid are one finding.
        if !found.iter().any(|one| one.writers == writers) {
            found.push(SharedLocation { location, writers });
        }
    }
    found
}

/// The same path on different machines' own disks: every engine shows another uuid of its contents.
fn all_different(writers: &[(Writer, Option<&str>)]) -> bool {
    let uuids: Option<BTreeSet<&str>> = writers.iter().map(|(_, uuid)| *uuid).collect();
    uuids.is_some_and(|uuids| uuids.len() == writers.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(
        id: &str,
        location: &str,
        uuid: Option<&str>,
        readonly: bool,
    ) -> (ClusterId, Vec<ObservedRegistration>) {
        let registration = ObservedRegistration {
            name: format!("backups-{id}"),
            kind: "fs".to_owned(),
            location: Some(location.to_owned()),
            uuid: uuid.map(str::to_owned),
            readonly,
        };
        (id.parse().unwrap(), vec![registration])
    }

    #[test]
    fn two_writers_of_one_location_are_found_and_readers_are_not_writers() {
        let found = shared(&[
            cluster("a", "fs:/x", None, false),
            cluster("b", "fs:/x", None, false),
            cluster("c", "fs:/x", None, true),
            cluster("d", "fs:/y", None, false),
        ]);
        assert_eq!(found.len(), 1);
        let writers: Vec<&str> = found[0]
            .writers
            .iter()
            .map(|writer| writer.cluster_id.as_str())
            .collect();
        assert_eq!(writers, ["a", "b"]);
    }

    #[test]
    fn one_path_with_different_contents_is_two_places() {
        let apart = [
            cluster("a", "fs:/x", Some("u1"), false),
            cluster("b", "fs:/x", Some("u2"), false),
        ];
        assert!(shared(&apart).is_empty());
        let together = [
            cluster("a", "fs:/x", Some("u1"), false),
            cluster("b", "fs:/x", Some("u1"), false),
        ];
        assert_eq!(shared(&together).len(), 1);
        let unknown = [
            cluster("a", "fs:/x", Some("u1"), false),
            cluster("b", "fs:/x", None, false),
        ];
        assert_eq!(shared(&unknown).len(), 1);
    }

    #[test]
    fn one_storage_under_two_paths_is_known_by_its_uuid() {
        let found = shared(&[
            cluster("a", "fs:/x", Some("u1"), false),
            cluster("b", "fs:/mnt/x", Some("u1"), false),
            cluster("c", "fs:/y", Some("_na_"), false),
            cluster("d", "fs:/z", Some("_na_"), false),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].location, "fs:uuid u1");
    }
}
