//! Where each blob of a repository lies.

use super::Repository;
use crate::format::shard_path::PathType;

impl Repository {
    /// A blob's key from the store's root, by its path from the repository's base.
    pub fn key(&self, path: &str) -> String {
        match self.source.base() {
            "" => path.to_owned(),
            base => format!("{base}/{path}"),
        }
    }

    /// The uuid of a snapshot, in its blobs' names; empty for a position that the root has not.
    pub fn snapshot_uuid(&self, snapshot: u32) -> &str {
        let found = self.root.snapshots.get(snapshot as usize);
        found.map_or("", |snapshot| &snapshot.uuid)
    }

    /// The key of `snap-{uuid}.dat`.
    pub fn snapshot_key(&self, snapshot: u32) -> String {
        self.key(&format!("snap-{}.dat", self.snapshot_uuid(snapshot)))
    }

    /// The key of the snapshot's global state, `meta-{uuid}.dat`.
    pub fn global_key(&self, snapshot: u32) -> String {
        self.key(&format!("meta-{}.dat", self.snapshot_uuid(snapshot)))
    }

    /// The key of the index's metadata in that snapshot.
    pub fn index_metadata_key(&self, snapshot: u32, index: u32) -> String {
        let id = self.index_id(index);
        let name = self.index_metadata_id(snapshot, index);
        self.key(&format!("indices/{id}/meta-{name}.dat"))
    }

    /// The `X` of the `meta-X.dat` that holds the index's metadata in that snapshot: what the root's identifier leads to,
    /// otherwise the snapshot's uuid, as before 7.9 (`IndexMetaDataGenerations.indexMetaBlobId` of Elasticsearch 7.10).
    pub fn index_metadata_id(&self, snapshot: u32, index: u32) -> &str {
        self.root
            .metadata_of(snapshot, index)
            .map_or("", |(blob, _)| blob)
    }

    /// The index's directory under `indices/`; empty for a position that the root has not.
    pub fn index_id(&self, index: u32) -> &str {
        self.root
            .indices
            .get(index as usize)
            .map_or("", |index| &index.id)
    }

    /// How the index's shards are spread; `None`: in a way that this version does not know.
    pub fn path_type(&self, index: u32) -> Option<PathType> {
        PathType::from_code(self.root.indices.get(index as usize)?.path_type)
    }

    /// The shard's directory from the store's root. For a path type that this version does not know it is the fixed one.
    pub fn shard_directory(&self, index: u32, shard: u32) -> String {
        let kind = self.path_type(index).unwrap_or(PathType::Fixed);
        kind.directory(
            self.source.base(),
            &self.shard_prefix,
            self.index_id(index),
            shard,
        )
    }

    /// The key of the shard's `snap-{uuid}.dat`.
    pub fn shard_snapshot_key(&self, snapshot: u32, index: u32, shard: u32) -> String {
        let directory = self.shard_directory(index, shard);
        format!("{directory}/snap-{}.dat", self.snapshot_uuid(snapshot))
    }
}
