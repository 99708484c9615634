//! A file of a shard, as `snap-*.dat` and `index-*` of a shard directory describe it.

/// One Lucene file in a snapshot. `BlobStoreIndexShardSnapshot.FileInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// The blob's name (`__…`), or that of a virtual blob (`v__…`) whose content is [`FileInfo::hash`].
    pub name: Box<str>,
    /// The file's name in Lucene.
    pub physical_name: Box<str>,
    /// In bytes.
    pub length: u64,
    /// The CRC-32 in the file's footer: of all its bytes but the last 8. Written in base 36.
    pub checksum: u32,
    /// The length of each part but the last; `None`: one part.
    pub part_size: Option<u64>,
    /// The Lucene version that wrote the file.
    pub written_by: Box<str>,
    /// The whole content of `segments_N` and `.si`, when at most 1 MB; empty when absent.
    pub hash: Box<[u8]>,
}

impl FileInfo {
    /// Whether no blob exists, the content being [`FileInfo::hash`].
    pub fn is_virtual(&self) -> bool {
        self.name.starts_with("v__")
    }

    /// How many blobs hold the file: 0 for a virtual one, otherwise at least 1.
    pub fn parts(&self) -> u64 {
        match self.part_size {
            _ if self.is_virtual() => 0,
            Some(size) if self.length > 0 => 1 + (self.length - 1) / size,
            _ => 1,
        }
    }

    /// The name and length in bytes of part `number`, counted from 0.
    pub fn part(&self, number: u64) -> (String, u64) {
        let Some(size) = self.part_size.filter(|_| self.parts() > 1) else {
            return (self.name.to_string(), self.length);
        };
        let before = number * size;
        (
            format!("{}.part{number}", self.name),
            size.min(self.length - before),
        )
    }
}
