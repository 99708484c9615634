//! Making an attestation: what the snapshot consists of, read once.

use super::blob::Blob;
use super::digest::{self, crc32, sha256};
use super::envelope::fits;
use super::statement::{Digest, List, SCHEMA, Statement, Verified};
use super::units::in_order;
use super::{AttestError, Attestation, Extract, SigningKey, undecoded};
use crate::format::file::FileInfo;
use crate::format::index::IndexMetadata;
use crate::format::shard::ShardSnapshot;
use crate::format::snapshot::Snapshot;
use crate::repository::{Lacks, METADATA_CAP, Repository};
use crate::source::{Cause, SourceError};
use crate::verify::Progress;
use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use futures_util::TryStreamExt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What to attest.
#[derive(Debug, Clone)]
pub struct Request {
    /// The snapshot, by its position in the root.
    pub snapshot: u32,
    /// How data blobs are told apart.
    pub digest: Digest,
    /// What was verified before: see [`Verified::of`].
    pub verified: Option<Verified>,
    /// How many shards are read at a time.
    pub concurrency: usize,
    /// Now, in ms since 1970.
    pub now: i64,
    /// Counts what is read, and stops it.
    pub progress: Arc<Progress>,
}

/// Reads all metadata of a snapshot, and all its data for [`Digest::Sha256`], and signs what it consists of. Memory holds
/// a line of about 100 bytes for each blob, or 180 with its SHA-256.
///
/// # Errors
/// [`AttestError::TooLarge`]: [`Attestation::read`] would refuse it.
/// A blob that cannot be read or decoded, or whose bytes are not the recorded ones; a shard that is not there, unless the
/// snapshot says itself that it has it not.
pub async fn create(
    repository: Arc<Repository>,
    request: Request,
    key: &SigningKey,
) -> Result<Attestation, AttestError> {
    let extract = Extract::of(&repository.root, request.snapshot)
        .ok_or_else(|| AttestError::NoSnapshot(format!("at position {}", request.snapshot)))?;
    let (units, lacks) = units(&repository, &request).await?;
    let (mut list, mut absent_shards) = (Lines::default(), Vec::new());
    let (of, digest) = (repository.clone(), request.digest);
    let progress = request.progress.clone();
    let work = move |unit| read(of.clone(), unit, request.snapshot, digest, progress.clone());
    let read = in_order(
        units.into_iter(),
        request.concurrency,
        request.progress.clone(),
        work,
    );
    let mut read = pin!(read);
    while let Some(part) = read.try_next().await? {
        if let Some((index, shard)) = part.absent {
            absent_shards.push(absent(&repository, &lacks, index, shard)?);
        }
        for blob in part.blobs {
            list.add(&blob)?;
        }
    }
    let (lines, blobs) = list.end();
    let statement = Statement {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        attested: request.now,
        location: repository.source.location().to_owned(),
        repository_uuid: repository.root.uuid.as_deref().map(str::to_owned),
        generation: repository.generation,
        root_sha256: HEXLOWER.encode(&repository.root_sha256),
        extract,
        digest,
        proves: digest.into(),
        verified: request.verified,
        absent_shards,
        blobs,
    };
    Attestation::sign(&statement, lines, key)
}

/// The list as it grows.
struct Lines {
    text: Vec<u8>,
    count: u64,
    bytes: u64,
    sha256: Context,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            count: 0,
            bytes: 0,
            sha256: Context::new(&SHA256),
        }
    }
}

impl Lines {
    fn add(&mut self, blob: &Blob) -> Result<(), AttestError> {
        let line = blob.line()?;
        fits(self.text.len() + line.len())?;
        self.sha256.update(line.as_bytes());
        self.text.extend_from_slice(line.as_bytes());
        self.count += 1;
        self.bytes += blob.length;
        Ok(())
    }

    fn end(self) -> (Vec<u8>, List) {
        let list = List {
            count: self.count,
            bytes: self.bytes,
            sha256: HEXLOWER.encode(self.sha256.finish().as_ref()),
        };
        (self.text, list)
    }
}

/// A part of the snapshot that is read at once.
enum Unit {
    /// A metadata blob that was read already.
    Read(Blob),
    /// A shard: its directory as if not hashed, with `/` at the end, and the positions of its index and itself.
    Shard(String, u32, u32),
}

impl Unit {
    fn path(&self) -> &str {
        match self {
            Self::Read(blob) => &blob.path,
            Self::Shard(path, ..) => path,
        }
    }
}

/// What a unit consists of.
struct Part {
    blobs: Vec<Blob>,
    /// The index's position and the shard's number, when that is not there.
    absent: Option<(u32, u32)>,
}

/// The name of a shard that the snapshot says itself that it has not.
fn absent(repository: &Repository, lacks: &Lacks, index: u32, shard: u32) -> Result<String, AttestError> {
    let index = repository.root.indices.get(index as usize);
    let name = index.map_or("", |index| &*index.name);
    if lacks.may_lack(name, shard) {
        return Ok(format!("{name}/{shard}"));
    }
    Err(AttestError::Damaged(format!(
        "shard {shard} of index {name} is not there, and the engine says that it wrote it"
    )))
}

/// All parts of a snapshot in the order of their paths, and which it need not have.
async fn units(repository: &Arc<Repository>, request: &Request) -> Result<(Vec<Unit>, Lacks), AttestError> {
    let snapshot = request.snapshot;
    let uuid = repository.snapshot_uuid(snapshot);
    let mut units = Vec::new();
    let key = repository.snapshot_key(snapshot);
    let (blob, own) = metadata(repository, &key, &format!("snap-{uuid}.dat")).await?;
    let own = Snapshot::parse(&own).map_err(|error| undecoded(&key, error))?;
    units.push(Unit::Read(blob));
    let global = metadata(
        repository,
        &repository.global_key(snapshot),
        &format!("meta-{uuid}.dat"),
    )
    .await;
    // Nothing but a restore of global state reads it, so its absence is the verification's matter.
    match global {
        Ok((blob, _)) => units.push(Unit::Read(blob)),
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(error),
    }
    let held = repository.root.indices.iter().zip(0u32..);
    let held = held.filter(|(index, _)| index.snapshots.binary_search(&snapshot).is_ok());
    let of = repository.clone();
    let work = move |index| index_units(of.clone(), snapshot, index);
    let positions: Vec<u32> = held.map(|(_, position)| position).collect();
    let read = in_order(
        positions.into_iter(),
        request.concurrency,
        request.progress.clone(),
        work,
    );
    let mut read = pin!(read);
    while let Some(more) = read.try_next().await? {
        units.extend(more);
    }
    units.sort_by(|a, b| a.path().cmp(b.path()));
    Ok((units, Lacks::of(&own)))
}

async fn index_units(
    repository: Arc<Repository>,
    snapshot: u32,
    index: u32,
) -> Result<Vec<Unit>, AttestError> {
    let id = repository.index_id(index);
    let key = repository.index_metadata_key(snapshot, index);
    let path = format!(
        "indices/{id}/meta-{}.dat",
        repository.index_metadata_id(snapshot, index)
    );
    let (blob, bytes) = metadata(&repository, &key, &path).await?;
    let metadata = IndexMetadata::parse(&bytes).map_err(|error| undecoded(&key, error))?;
    let shard = |shard| Unit::Shard(format!("indices/{id}/{shard}/"), index, shard);
    Ok((0..metadata.shards)
        .map(shard)
        .chain([Unit::Read(blob)])
        .collect())
}

/// A metadata blob as the list has it, and its bytes.
async fn metadata(
    repository: &Repository,
    key: &str,
    path: &str,
) -> Result<(Blob, bytes::Bytes), AttestError> {
    let bytes = repository.source.get(key, METADATA_CAP).await?;
    let blob = Blob {
        path: path.to_owned(),
        length: bytes.len() as u64,
        part_size: None,
        crc32: None,
        sha256: Some(sha256(&bytes)),
    };
    Ok((blob, bytes))
}

fn is_missing(error: &AttestError) -> bool {
    use crate::repository::BlobError;
    let AttestError::Blob(BlobError::Source(SourceError { cause, .. })) = error else {
        return false;
    };
    *cause == Cause::Missing
}

async fn read(
    repository: Arc<Repository>,
    unit: Unit,
    snapshot: u32,
    digest: Digest,
    progress: Arc<Progress>,
) -> Result<Part, AttestError> {
    let (path, index, shard) = match unit {
        Unit::Read(blob) => {
            return Ok(Part {
                blobs: vec![blob],
                absent: None,
            });
        }
        Unit::Shard(path, index, shard) => (path, index, shard),
    };
    let directory = repository.shard_directory(index, shard);
    let uuid = repository.snapshot_uuid(snapshot);
    let mut blobs = Vec::new();
    // OpenSearch's shallow copies have the other one, and their data elsewhere.
    for name in [format!("snap-{uuid}.dat"), format!("shallow-snap-{uuid}.dat")] {
        let key = format!("{directory}/{name}");
        match metadata(&repository, &key, &format!("{path}{name}")).await {
            Ok((blob, bytes)) => {
                if name.starts_with("snap-") {
                    let files = ShardSnapshot::parse(&bytes).map_err(|error| undecoded(&key, error))?;
                    for file in files.files.iter().filter(|file| !file.is_virtual()) {
                        blobs.push(data(&repository, &path, &directory, file, digest, &progress).await?);
                    }
                }
                blobs.push(blob);
                break;
            }
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(error),
        }
    }
    blobs.sort_by(|a, b| a.path.cmp(&b.path));
    let absent = blobs.is_empty().then_some((index, shard));
    Ok(Part { blobs, absent })
}

/// A file as the list has it.
async fn data(
    repository: &Repository,
    path: &str,
    directory: &str,
    file: &FileInfo,
    digest: Digest,
    progress: &Progress,
) -> Result<Blob, AttestError> {
    let mut blob = Blob {
        path: format!("{path}{}", file.name),
        length: file.length,
        part_size: file.part_size.filter(|_| file.parts() > 1),
        crc32: Some(crc32(file.checksum)),
        sha256: None,
    };
    if digest == Digest::Sha256 {
        let parts: Vec<_> = blob
            .parts()
            .map(|(name, length)| (format!("{directory}/{name}"), length))
            .collect();
        let digested = digest::read(&repository.source, &parts, true).await?;
        progress.bytes.fetch_add(blob.length, Ordering::Relaxed);
        // Who attested other bytes than the recorded ones would attest damage.
        if !digested.is_whole(blob.crc32.as_deref()) {
            let path = &blob.path;
            return Err(AttestError::Damaged(format!(
                "{path}: its bytes do not have the recorded checksum"
            )));
        }
        blob.sha256 = digested.sha256;
    }
    Ok(blob)
}

#[cfg(test)]
mod tests {
    use super::super::envelope::LONGEST_LIST;
    use super::*;

    #[test]
    fn a_list_ends_where_it_could_not_be_read_again() {
        let blob = Blob {
            path: "indices/a/0/__b".to_owned(),
            length: 1,
            part_size: None,
            crc32: None,
            sha256: None,
        };
        let line = blob.line().unwrap().len();
        let with_room_for = |bytes: usize| Lines {
            text: vec![b' '; LONGEST_LIST - bytes],
            ..Lines::default()
        };
        assert!(with_room_for(line).add(&blob).is_ok());
        let refused = with_room_for(line - 1).add(&blob);
        assert!(matches!(refused, Err(AttestError::TooLarge(_))), "{refused:?}");
    }
}
