//! The lines of an attestation's list.

use super::AttestError;
use serde::{Deserialize, Serialize};

/// The longest line, in bytes: a path's two names have at most 255 each.
const LONGEST: usize = 16 << 10;

/// A blob of the snapshot: a line of the list, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// From the repository's base, as if no path was hashed.
    pub path: String,
    /// In bytes, all parts together.
    pub length: u64,
    /// For a file in parts (`{path}.part0`, …): the length of each but the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_size: Option<u64>,
    /// For data: the CRC-32 in its footer, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crc32: Option<String>,
    /// Of all its bytes, in hexadecimal: always for metadata, for data when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Blob {
    /// The line with its end.
    pub(super) fn line(&self) -> Result<String, AttestError> {
        let line = serde_json::to_string(self);
        let line = line.map_err(|error| AttestError::Malformed(error.to_string()))? + "\n";
        if line.len() > LONGEST {
            return Err(AttestError::TooLarge(format!(
                "a blob of the snapshot has a path of {} bytes, longer than an attestation can hold",
                self.path.len()
            )));
        }
        Ok(line)
    }

    /// Whether it is a file of Lucene rather than metadata.
    pub(super) fn is_data(&self) -> bool {
        self.crc32.is_some()
    }

    /// The names of its parts behind its directory, and their lengths.
    pub(super) fn parts(&self) -> impl Iterator<Item = (String, u64)> + '_ {
        let name = self.name();
        let size = self.part_size.filter(|size| *size > 0 && *size < self.length);
        let count = size.map_or(1, |size| self.length.div_ceil(size));
        (0..count).map(move |part| match size {
            None => (name.to_owned(), self.length),
            Some(size) => (format!("{name}.part{part}"), size.min(self.length - part * size)),
        })
    }

    /// The last part of its path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&self.path, |(_, name)| name)
    }

    /// The index's directory and the shard's number, for a blob of a shard.
    pub(super) fn shard(&self) -> Option<(&str, u32)> {
        let mut parts = self.path.strip_prefix("indices/")?.split('/');
        let (id, shard) = (parts.next()?, parts.next()?.parse().ok()?);
        parts.next()?;
        Some((id, shard))
    }
}

/// Reads the lines one by one.
pub(super) fn lines(list: &[u8]) -> impl Iterator<Item = Result<Blob, AttestError>> + '_ {
    list.split_inclusive(|byte| *byte == b'\n').map(|line| {
        if line.len() > LONGEST {
            let words = format!("a line of its list is longer than {LONGEST} bytes");
            return Err(AttestError::Malformed(words));
        }
        serde_json::from_slice(line)
            .map_err(|error| AttestError::Malformed(format!("a line of its list: {error}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(path: &str, length: u64, part_size: Option<u64>) -> Blob {
        Blob {
            path: path.into(),
            length,
            part_size,
            crc32: None,
            sha256: None,
        }
    }

    #[test]
    fn parts_are_as_long_as_their_file() {
        let parts = |length, size| -> Vec<_> { blob("a/__x", length, size).parts().collect() };
        assert_eq!(parts(10, None), [("__x".into(), 10)]);
        assert_eq!(parts(10, Some(10)), [("__x".into(), 10)]);
        assert_eq!(
            parts(8, Some(4)),
            [("__x.part0".into(), 4), ("__x.part1".into(), 4)]
        );
        assert_eq!(parts(9, Some(4)).last(), Some(&("__x.part2".into(), 1)));
        assert_eq!(parts(0, Some(4)), [("__x".into(), 0)]);
    }

    #[test]
    fn the_shard_of_a_blob_is_read_from_its_path() {
        assert_eq!(blob("indices/id/7/__x", 0, None).shard(), Some(("id", 7)));
        for path in ["snap-x.dat", "indices/id/meta-x.dat", "indices/id/7"] {
            assert_eq!(blob(path, 0, None).shard(), None);
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let blob = blob("indices/id/0/__x", 5, Some(2));
        let list = blob.line().unwrap().repeat(2);
        let read: Vec<_> = lines(list.as_bytes()).collect();
        assert_eq!(read, [Ok(blob.clone()), Ok(blob.clone())]);
        assert!(lines(b"{}\n").next().unwrap().is_err());
        let long = Blob {
            path: "x".repeat(LONGEST),
            ..blob
        };
        assert!(matches!(long.line(), Err(AttestError::TooLarge(_))));
        let line = serde_json::to_vec(&long).unwrap();
        assert!(matches!(
            lines(&line).next(),
            Some(Err(AttestError::Malformed(_)))
        ));
    }
}
