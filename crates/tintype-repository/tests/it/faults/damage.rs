//! The ways in which a blob is damaged, and mended again.

use std::fs;
use std::path::{Path, PathBuf};

use tintype_testkit::noise::Noise;

/// What happens to a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// One bit.
    Flip,
    /// Its end is gone.
    Truncate,
    /// Bytes behind its end.
    Extend,
    /// A run of zeros in it.
    Zero,
    Delete,
    /// It and another of its class in each other's place; data blobs of equal length.
    Swap,
    /// What an older blob of its place holds.
    Older,
}

impl Damage {
    pub const ALL: [Self; 7] = [
        Self::Flip,
        Self::Truncate,
        Self::Extend,
        Self::Zero,
        Self::Delete,
        Self::Swap,
        Self::Older,
    ];
}

/// The bytes after damage that needs no other blob; `None`: the blob is gone. Never the bytes as they were.
pub fn damaged(damage: Damage, bytes: &[u8], noise: &mut Noise) -> Option<Vec<u8>> {
    let mut changed = bytes.to_vec();
    let length = bytes.len();
    match damage {
        Damage::Flip => changed[noise.below(length)] ^= 1 << noise.below(8),
        Damage::Truncate => changed.truncate(noise.below(length)),
        Damage::Extend => changed.extend((0..=noise.below(64)).map(|_| noise.number() as u8)),
        Damage::Zero => {
            while changed == bytes {
                let start = noise.below(length);
                let end = length.min(start + 1 + noise.below(512));
                changed[start..end].fill(0);
            }
        }
        Damage::Delete => return None,
        Damage::Swap | Damage::Older => unreachable!("needs another blob"),
    }
    Some(changed)
}

/// Files that were changed, put back when dropped.
#[derive(Default)]
pub struct Changed(Vec<(PathBuf, Vec<u8>)>);

impl Changed {
    /// Puts `bytes` in the place of a file; `None` removes it.
    pub fn replace(&mut self, path: &Path, bytes: Option<&[u8]>) {
        self.0.push((path.to_owned(), fs::read(path).unwrap()));
        match bytes {
            Some(bytes) => fs::write(path, bytes).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        for (path, bytes) in self.0.drain(..).rev() {
            fs::write(path, bytes).unwrap();
        }
    }
}
