//! Where a shard's directory lies: fixed, or hashed by OpenSearch 2.17 and later.

use super::codec::Body;
use super::{FormatError, Limits, lenient::list};
use serde::Deserialize;

/// How shard directories are spread. `RemoteStoreEnums.PathType` of OpenSearch 2.17 and later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathType {
    /// `base/indices/{id}/{shard}`
    Fixed,
    /// `{hash}/base/indices/{id}/{shard}`: outside the base path.
    HashedPrefix,
    /// `base/{hash}/indices/{id}/{shard}`
    HashedInfix,
}

/// `snapshot_shard_paths/*`: JSON without a checksum. A restore does not read it. `SnapshotShardPaths` of OpenSearch 2.17
/// and later.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ShardPaths {
    /// The index's directory name.
    #[serde(rename = "indexId")]
    pub index_id: String,
    /// Each shard's directory from the store's root, the base path included, without `/` at either end.
    #[serde(deserialize_with = "list")]
    pub paths: Vec<String>,
}

impl PathType {
    /// From the root's number; `None`: not supported.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Fixed),
            1 => Some(Self::HashedPrefix),
            2 => Some(Self::HashedInfix),
            _ => None,
        }
    }

    /// The shard's directory from the store's root, without `/` at either end. `base` may be empty; `prefix` is what the
    /// cluster setting `cluster.snapshot.shard.path.prefix` puts before the hash, mostly empty.
    pub fn directory(self, base: &str, prefix: &str, index_id: &str, shard: u32) -> String {
        let hash = || format!("{prefix}{}", hash(index_id, shard));
        let (first, second, third) = match self {
            Self::Fixed => (base, String::new(), ""),
            Self::HashedPrefix => ("", hash(), base),
            Self::HashedInfix => (base, hash(), ""),
        };
        let parts = [first, &*second, third].map(|part| part.trim_matches('/'));
        let mut path: String = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .flat_map(|part| [part, "/"])
            .collect();
        path.push_str(&format!("indices/{index_id}/{shard}"));
        path
    }
}

/// FNV-1a of 64 bits over the shard's number and the index's directory: its upper 6 bits as a letter of URL-safe base 64,
/// the next 14 as digits. `RemoteStoreEnums.PathHashAlgorithm.FNV_1A_COMPOSITE_1`, the only one that snapshots use.
fn hash(index_id: &str, shard: u32) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in format!("{shard}{index_id}").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let letter = LETTERS.get((hash >> 58) as usize).copied().unwrap_or_default();
    format!("{}{:014b}", char::from(letter), (hash >> 44) & 0x3fff)
}

impl ShardPaths {
    /// Decodes the JSON.
    ///
    /// # Errors
    /// Not JSON, or a member is missing.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut read: Self = Body::plain(bytes, Limits::PATHS)?.decode()?;
        for path in &mut read.paths {
            let trimmed = path.trim_matches('/').len();
            if trimmed < path.len() {
                *path = path.trim_matches('/').to_owned();
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_laid_out_by_type() {
        let id = "aBcDeFgHiJkLmNoPqRsTuV";
        let hash = hash(id, 1);
        let path = |path: PathType, base, prefix| path.directory(base, prefix, id, 1);
        assert_eq!(path(PathType::Fixed, "a/b", "x"), format!("a/b/indices/{id}/1"));
        assert_eq!(path(PathType::Fixed, "", ""), format!("indices/{id}/1"));
        assert_eq!(
            path(PathType::HashedPrefix, "a/b", ""),
            format!("{hash}/a/b/indices/{id}/1")
        );
        assert_eq!(
            path(PathType::HashedPrefix, "", "x"),
            format!("x{hash}/indices/{id}/1")
        );
        assert_eq!(
            path(PathType::HashedInfix, "a/b", "x"),
            format!("a/b/x{hash}/indices/{id}/1")
        );
        assert_eq!(
            path(PathType::HashedInfix, "", ""),
            format!("{hash}/indices/{id}/1")
        );
    }

    #[test]
    fn hashes_are_those_of_opensearch() {
        // Read from `snapshot_shard_paths` of OpenSearch 3.3.2 and 2.19.0.
        for (id, shard, expected) in [
            ("3ytrcTV_TX-zN6H6R-IM3A", 0, "a00010100111100"),
            ("3ytrcTV_TX-zN6H6R-IM3A", 1, "Y11000011010001"),
            ("48BF_JkRSuqHS3TbEJnYxw", 0, "o00000000000000"),
            ("jM5p1mZFSzmDv3O7NXb5fQ", 0, "910010000010000"),
            ("jM5p1mZFSzmDv3O7NXb5fQ", 2, "211111000100001"),
            ("zBRFGLMfRjastcW9S8RGdg", 1, "k10011000001101"),
        ] {
            assert_eq!(hash(id, shard), expected);
        }
    }

    #[test]
    fn codes_beyond_two_are_not_supported() {
        let codes: Vec<_> = (0..4).map(PathType::from_code).collect();
        assert_eq!(
            codes,
            [
                Some(PathType::Fixed),
                Some(PathType::HashedPrefix),
                Some(PathType::HashedInfix),
                None
            ]
        );
    }

    #[test]
    fn the_engines_own_list_is_read() {
        let text = br#"{"indexId":"id","indexName":"a","number_of_shards":2,"shard_path_type":1,
            "shard_path_hash_algorithm":1,"paths":["x/base/indices/id/0/","/y/base/indices/id/1"]}"#;
        let read = ShardPaths::parse(text).unwrap();
        assert_eq!(read.index_id, "id");
        assert_eq!(read.paths, ["x/base/indices/id/0", "y/base/indices/id/1"]);
        assert!(ShardPaths::parse(b"{}").is_err());
        assert!(ShardPaths::parse(b"\xff").is_err());
    }
}
