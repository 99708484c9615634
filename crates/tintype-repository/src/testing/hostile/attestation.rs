//! Attestations: of nothing that exists, signed by a key that everybody knows.

use crate::Level;
use crate::attest::{
    Attestation, Blob, Digest, Documents, Extract, ExtractIndex, LONGEST, LONGEST_LIST, List, Proof, SCHEMA,
    SigningKey, Statement, Verified,
};
use crate::format::testing::uuid;
use crate::verify::verdict::Verdict;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use std::io::Write;

/// The key that signs them: that of the first test of RFC 8032.
///
/// # Panics
/// Never: it is sound.
pub fn key() -> SigningKey {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";
    SigningKey::from_pem(pem).expect("a sound key")
}

/// Whether it is one, signed by [`key`], with a list that can be read. What is in the list is read even if nobody signed it.
pub fn parse(text: &[u8]) -> bool {
    let Ok(read) = Attestation::read(text) else {
        return false;
    };
    let lines = read.blobs().fold(true, |sound, blob| sound & blob.is_ok());
    lines & read.verified(&[key().public()]).is_ok()
}

/// The statement's bytes and the list of an attestation; `None`: it is none.
pub fn open(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let read = Attestation::read(text).ok()?;
    Some((read.payload().ok()?, read.list().to_vec()))
}

/// Signs bytes that may be no statement, before what may be no list.
pub fn sign(payload: &[u8], list: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let signed = Attestation::signed(payload, list.to_vec(), &key());
    signed.write(&mut text).expect("memory takes it");
    text
}

/// A few small ones.
pub fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        (0, 0, Digest::Crc32),
        (1, 3, Digest::Crc32),
        (3, 7, Digest::Sha256),
    ];
    let seed = |(indices, blobs, digest)| {
        let mut text = Vec::new();
        let list = list(digest).take(blobs).collect::<String>().into_bytes();
        let signed = Attestation::sign(&statement(indices, blobs, digest, &list), list, &key());
        signed
            .expect("a short one")
            .write(&mut text)
            .expect("memory takes it");
        text
    };
    seeds.map(seed).into()
}

/// Writes one that is nearly as long as any that is read: both its statement and its list.
///
/// # Panics
/// When it could not be read again, or cannot be written.
pub fn write_longest(to: impl Write) {
    let mut lines = Vec::new();
    let mut count = 0;
    for line in list(Digest::Crc32) {
        if lines.len() + line.len() > LONGEST_LIST {
            break;
        }
        lines.extend_from_slice(line.as_bytes());
        count += 1;
    }
    // In base 64 the statement is longer by a third.
    let room = LONGEST / 4 * 3;
    let each = serde_json::to_vec(&statement(1_000, 0, Digest::Crc32, &[]))
        .expect("JSON")
        .len()
        / 1_000;
    let statement = statement(room / (each + 8), count, Digest::Crc32, &lines);
    let signed = Attestation::sign(&statement, lines, &key()).expect("it is not too long");
    signed.write(to).expect("it is written");
}

/// Lines without an end.
fn list(digest: Digest) -> impl Iterator<Item = String> {
    (0_u64..).map(move |number| {
        let sha256 = HEXLOWER.encode(&[number as u8; 32]);
        let blob = Blob {
            path: format!("indices/{}/{}/__{}", uuid(number / 100), number % 7, uuid(number)),
            length: 1_000 + number,
            part_size: (number % 5 == 4).then_some(400),
            crc32: Some(format!("{number:08x}")),
            sha256: (digest == Digest::Sha256).then_some(sha256),
        };
        serde_json::to_string(&blob).expect("JSON") + "\n"
    })
}

fn statement(indices: usize, blobs: usize, digest_of: Digest, list: &[u8]) -> Statement {
    let index = |number: u64| ExtractIndex {
        id: uuid(number),
        name: format!("logs-{number:06}"),
        shards: Some(3),
        path_type: 0,
        metadata: uuid(number + 1),
        metadata_identifier: Some(format!("{}-{}-1-2-3", uuid(number), uuid(number + 2))),
    };
    let documents = |number: u64| Documents {
        index: format!("logs-{number:06}"),
        documents: Some(number * 1_000),
    };
    Statement {
        schema: SCHEMA.to_owned(),
        version: "1".to_owned(),
        attested: 1_700_000_000_000,
        location: "file:///repository".to_owned(),
        repository_uuid: Some(uuid(1)),
        generation: 7,
        root_sha256: HEXLOWER.encode(&[7; 32]),
        extract: Extract {
            name: "nightly".to_owned(),
            uuid: uuid(2),
            state: Some(1),
            version: Some("7.17.29".to_owned()),
            index_version: None,
            started: Some(1),
            ended: Some(2),
            policy: Some("daily".to_owned()),
            indices: (0..indices as u64).map(index).collect(),
        },
        digest: digest_of,
        proves: Proof::from(digest_of),
        verified: Some(Verified {
            version: "1".to_owned(),
            ended: 3,
            level: Some(Level::Structure),
            structure: true,
            oldest_check: Some(3),
            verdict: Verdict::Restorable,
            documents: (0..indices as u64).map(documents).collect(),
        }),
        absent_shards: vec!["logs-000000/1".to_owned()],
        blobs: List {
            count: blobs as u64,
            bytes: 1_000,
            sha256: HEXLOWER.encode(digest(&SHA256, list).as_ref()),
        },
    }
}
