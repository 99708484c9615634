//! A small repository for what becomes of one of its blobs.

use super::ground::Ground;
use crate::looking::options;
use tintype_repository::Level;
use tintype_repository::ledger::BlobKey;
use tintype_repository::source::Source;
use tintype_repository::testing::Synthetic;
use tintype_repository::testing::lucene::index;
use tintype_repository::verify::options::Options;
use tintype_testkit::corpus::tree;
use tintype_testkit::stores::BUCKET;

/// Every byte, and the structure.
pub fn deep() -> Options {
    Options {
        structure: true,
        concurrency: 4,
        ..options(Level::Checksum)
    }
}

/// The snapshot `one` of the index `logs`, and `two` of `books`.
pub struct Sample {
    pub tree: Vec<(String, Vec<u8>)>,
    /// A data blob of `logs`, by its path from the repository's base.
    pub blob: String,
    /// The metadata of the shard that it is of.
    pub shard: String,
}

impl Sample {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut repository = Synthetic::new(&directory.path().join("repository"));
        let (mixed, sorted) = (index(8, "mixed"), index(8, "sorted"));
        let uuid = repository.take("one", 1000, &[("logs", &[&mixed])]);
        repository.take("two", 5000, &[("books", &[&sorted])]);
        let name = mixed.keys().find(|name| name.ends_with(".cfs")).unwrap();
        let shard = repository.shard("logs", 0).join(format!("snap-{uuid}.dat"));
        let [blob, shard] = [repository.blob("logs", 0, name), shard].map(|path| {
            let path = path.strip_prefix(repository.root()).unwrap();
            path.to_str().unwrap().to_owned()
        });
        let tree = tree(repository.root()).unwrap();
        Self { tree, blob, shard }
    }

    /// Puts it below a path of the store.
    pub async fn put(&self, ground: &Ground, below: &str) {
        ground.put_tree(BUCKET, below, &self.tree).await;
    }

    pub fn bytes(&self, path: &str) -> &[u8] {
        let found = self.tree.iter().find(|(known, _)| known == path);
        &found.unwrap().1
    }

    /// How many data blobs it has.
    pub fn blobs(&self) -> u64 {
        let is_data = |path: &str| path.rsplit('/').next().unwrap().starts_with("__");
        self.tree.iter().filter(|(path, _)| is_data(path)).count() as u64
    }

    /// How a ledger knows [`Self::blob`]: by the checksum in its footer, among other things.
    pub fn key(&self, source: &Source) -> BlobKey {
        let bytes = self.bytes(&self.blob);
        let checksum = u32::from_be_bytes(*bytes.last_chunk().unwrap());
        BlobKey::of(source.location(), &self.blob, bytes.len() as u64, checksum)
    }
}
