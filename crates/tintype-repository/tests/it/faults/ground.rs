//! Repositories to damage: a private copy of each, what it consists of, and its verdicts while it is whole.

use std::fs;

use tintype_repository::Level;
use tintype_testkit::corpus::{Form, Written};
use tintype_testkit::noise::Noise;

use super::attested::Attested;
use super::damage::{Changed, Damage, damaged};
use crate::corpora::{Scratch, files, one};
use crate::looking::{Verdicts, look, options, verdicts};
use crate::truth::{self, Blob, Class};

/// Every encoding, every kind of path, parts, numbered generations and those with a uuid.
pub const REPOSITORIES: [(&str, Form); 8] = [
    ("elasticsearch-6.8.23", Form::Plain),
    ("elasticsearch-7.17.29", Form::Deflate),
    ("elasticsearch-8.17.0", Form::Plain),
    ("elasticsearch-9.2.0", Form::Chunked),
    ("opensearch-1.3.0", Form::Chunked),
    ("opensearch-2.19.0", Form::Zstd),
    ("opensearch-2.19.0", Form::HashedInfix),
    ("opensearch-3.3.2", Form::HashedPrefix),
];

/// A repository under damage.
pub struct Ground {
    pub written: Written,
    pub blobs: Vec<Blob>,
    /// While it is whole.
    pub verdicts: Verdicts,
    pub attested: Attested,
    /// Blobs of places that the current root has no more, for older copies.
    earlier: Vec<Blob>,
    earlier_written: Written,
}

/// A blob that was damaged.
pub struct Hit<'a> {
    pub blob: &'a Blob,
    /// The other one, of a swap.
    pub other: Option<&'a Blob>,
    /// How many bytes lie there now; `None`: it is gone.
    pub length: Option<u64>,
    /// Mends it when dropped.
    pub _changed: Changed,
}

impl Ground {
    pub async fn new(scratch: &Scratch, engine: &str, form: Form) -> Self {
        let original = one(engine, form).await;
        let written = scratch.copy(&original, &format!("{engine}-{}", form.name()));
        let report = look(&written, options(Level::Checksum)).await.unwrap();
        let earlier_written = original.at(&original.earlier);
        Self {
            blobs: truth::blobs(&written),
            verdicts: verdicts(&report),
            attested: Attested::of(&written).await,
            earlier: truth::blobs(&earlier_written),
            earlier_written,
            written,
        }
    }

    /// Damages a blob of this class; `None` where this repository has none that can be damaged so.
    pub fn hit(&self, class: Class, damage: Damage, noise: &mut Noise, others: &[Self]) -> Option<Hit<'_>> {
        let candidates: Vec<&Blob> = self.blobs.iter().filter(|blob| blob.class == class).collect();
        if candidates.is_empty() {
            return None;
        }
        let first = noise.below(candidates.len());
        let (before, after) = candidates.split_at(first);
        after.iter().chain(before).find_map(|blob| match damage {
            Damage::Swap => self.swap(blob, noise, others),
            Damage::Older => self.older(blob, noise),
            _ => Some(self.spoil(blob, damage, noise)),
        })
    }

    fn read(&self, blob: &Blob) -> Vec<u8> {
        fs::read(self.written.root.join(&blob.file)).unwrap()
    }

    fn spoil<'a>(&self, blob: &'a Blob, damage: Damage, noise: &mut Noise) -> Hit<'a> {
        let own = self.read(blob);
        let mut bytes = damaged(damage, &own, noise);
        while blob.class == Class::Root && damage == Damage::Flip && self.only_uuid(&own, bytes.as_deref()) {
            bytes = damaged(damage, &own, noise);
        }
        self.put(blob, bytes.as_deref())
    }

    /// Whether the repository's own uuid is all that changed in the root: nothing else in the repository knows it.
    fn only_uuid(&self, own: &[u8], changed: Option<&[u8]>) -> bool {
        let changed = changed.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok());
        let (Some(mut changed), Ok(mut own)) = (changed, serde_json::from_slice::<serde_json::Value>(own))
        else {
            return false;
        };
        for root in [&mut changed, &mut own] {
            root["uuid"].take();
        }
        changed == own
    }

    fn put<'a>(&self, blob: &'a Blob, bytes: Option<&[u8]>) -> Hit<'a> {
        let mut changed = Changed::default();
        changed.replace(&self.written.root.join(&blob.file), bytes);
        Hit {
            blob,
            other: None,
            length: bytes.map(|bytes| bytes.len() as u64),
            _changed: changed,
        }
    }

    fn swap<'a>(&'a self, blob: &'a Blob, noise: &mut Noise, others: &[Self]) -> Option<Hit<'a>> {
        let own = self.read(blob);
        let fits = |other: &&Blob| {
            let same = other.class == blob.class && other.file != blob.file;
            // Another state of the same index is an older copy.
            let owner = blob.class != Class::IndexMetadata || other.index != blob.index;
            same && owner && (!blob.class.is_data() || other.length == blob.length)
        };
        let partners = self.blobs.iter().filter(fits);
        let partners = partners.map(|other| (other, self.read(other)));
        let partners: Vec<_> = partners.filter(|(_, bytes)| *bytes != own).collect();
        if partners.is_empty() {
            return self.foreign(blob, &own, noise, others);
        }
        let (other, bytes) = &partners[noise.below(partners.len())];
        let mut hit = self.put(blob, Some(bytes));
        let place = self.written.root.join(&other.file);
        hit._changed.replace(&place, Some(&own));
        hit.other = Some(other);
        Some(hit)
    }

    /// Of a class with one blob in each repository: another repository's.
    fn foreign<'a>(&self, blob: &'a Blob, own: &[u8], noise: &mut Noise, others: &[Self]) -> Option<Hit<'a>> {
        if !matches!(blob.class, Class::Root | Class::Latest) {
            return None;
        }
        let theirs = others.iter().flat_map(|other| {
            let fitting = other.blobs.iter().filter(|found| found.class == blob.class);
            fitting.map(|found| other.read(found))
        });
        let theirs: Vec<Vec<u8>> = theirs.filter(|bytes| bytes != own).collect();
        let bytes = theirs.get(noise.below(theirs.len().max(1)))?;
        Some(self.put(blob, Some(bytes)))
    }

    fn older<'a>(&self, blob: &'a Blob, noise: &mut Noise) -> Option<Hit<'a>> {
        let own = self.read(blob);
        let same_place = |other: &&Blob| {
            let place = (other.class, &other.index, other.shard, &other.extension);
            place == (blob.class, &blob.index, blob.shard, &blob.extension)
        };
        let here = self.blobs.iter().filter(same_place).map(|found| self.read(found));
        let earlier = self.earlier.iter().filter(same_place);
        let earlier = earlier.map(|found| fs::read(self.earlier_written.root.join(&found.file)).unwrap());
        let older: Vec<Vec<u8>> = here.chain(earlier).filter(|bytes| *bytes != own).collect();
        let bytes = older.get(noise.below(older.len().max(1)))?;
        Some(self.put(blob, Some(bytes)))
    }

    /// Whether every file is as it was written.
    pub fn assert_mended(&self, original: &Written) {
        let names = files(&self.written.root);
        assert_eq!(names, files(&original.root));
        for name in names {
            let (ours, theirs) = (self.written.root.join(&name), original.root.join(&name));
            assert!(fs::read(ours).unwrap() == fs::read(theirs).unwrap(), "{name:?}");
        }
    }
}
