//! Changes bytes, at every depth: the blob as it lies there, its packed body, and its body unpacked; sealed again, so that the
//! checksum does not stop the reader.

use tintype_repository::format::Limits;
use tintype_repository::format::codec::Body;
use tintype_repository::format::testing::{Packing, pack, reseal, seal};
use tintype_repository::testing::hostile::{Parser, Shape, attestation, lucene};
use tintype_testkit::noise::Noise;

/// A changed blob, or shard.
pub fn mutated(parser: &Parser, seeds: &[Vec<u8>], noise: &mut Noise) -> Vec<u8> {
    let seed = &seeds[noise.below(seeds.len())];
    let other = &seeds[noise.below(seeds.len())];
    match parser.shape {
        Shape::Bare => change(seed, other, noise),
        Shape::Sealed(codec) => sealed(codec, seed, other, noise),
        Shape::Signed => signed(seed, other, noise),
        Shape::Lucene(part) => shard(part, seed, other, noise),
    }
}

fn sealed(codec: &str, seed: &[u8], other: &[u8], noise: &mut Noise) -> Vec<u8> {
    if noise.below(4) == 0 {
        let mut blob = change(seed, other, noise);
        if noise.below(8) > 0 {
            reseal(&mut blob);
        }
        return blob;
    }
    let bodies = [seed, other].map(|blob| Body::open(blob, codec, Limits::SHARD).unwrap().bytes().to_vec());
    let body = change(&bodies[0], &bodies[1], noise);
    let packing = [Packing::Plain, Packing::Deflate, Packing::Zstd][noise.below(3)];
    let mut packed = pack(packing, &body);
    if noise.below(8) == 0 {
        packed = change(&packed, other, noise);
    }
    seal(codec, &packed)
}

/// An attestation changed as it lies there, or its statement or list, and signed again.
fn signed(seed: &[u8], other: &[u8], noise: &mut Noise) -> Vec<u8> {
    let [(statement, list), (statements, lists)] = [seed, other].map(|text| attestation::open(text).unwrap());
    match noise.below(4) {
        0 => change(seed, other, noise),
        1 => attestation::sign(&statement, &change(&list, &lists, noise)),
        _ => attestation::sign(&change(&statement, &statements, noise), &list),
    }
}

/// The shard with one of its files with this in their names changed and sealed again.
fn shard(part: &str, seed: &[u8], other: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut files = lucene::unpack(seed);
    let matching = |file: &&mut lucene::File| file.name.contains(part);
    let count = files.iter_mut().filter(matching).count();
    if let Some(file) = files.iter_mut().filter(matching).nth(noise.below(count.max(1))) {
        file.bytes = change(&file.bytes, other, noise);
        reseal(&mut file.bytes);
    }
    lucene::pack(&files)
}

/// One to eight changes.
fn change(bytes: &[u8], other: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=noise.below(8) {
        if bytes.is_empty() {
            break;
        }
        let at = noise.below(bytes.len());
        let end = bytes.len().min(at + 1 + noise.below(64));
        match noise.below(9) {
            0 => bytes[at] ^= 1 << noise.below(8),
            1 => bytes[at] = noise.number() as u8,
            2 => bytes[at..end].fill([0, 0xff, 0x7f, 0x80][noise.below(4)]),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let piece = bytes[at..end].to_vec();
                let again = 1 + noise.below(40);
                bytes.splice(at..at, piece.repeat(again));
            }
            6 => {
                let from = noise.below(other.len().max(1));
                let to = other.len().min(from + 1 + noise.below(256));
                bytes.splice(at..end, other[from.min(to)..to].iter().copied());
            }
            // Openings of objects and arrays, in SMILE and JSON: depth.
            7 => {
                let deep = [0xf8_u8, 0xfa, b'[', b'{'][noise.below(4)];
                bytes.splice(at..at, std::iter::repeat_n(deep, 1 << noise.below(16)));
            }
            // Long numbers and lengths.
            _ => {
                let long = [0xff_u8, 0x7f, 0xfd, 0xe4, b'9'][noise.below(5)];
                bytes.splice(at..end, std::iter::repeat_n(long, 1 + noise.below(24)));
            }
        }
    }
    bytes
}
