//! Indices that Lucene 7 to 10 wrote, whole and damaged. Damage is sealed with a right checksum, since a wrong one is found
//! without any of this.

use super::testing::{self, Files};
use super::*;
use bytes::Bytes;

const MAJORS: [u8; 4] = [7, 8, 9, 10];

/// Opens and checks as a caller does, counting what is read.
fn examine(files: &Files) -> (Structure, Vec<Fault>, u64) {
    let listed: Vec<Listed<'_>> = files.iter().map(|(name, bytes)| listed(name, bytes)).collect();
    let (mut shard, mut faults) = Shard::open(&listed);
    let mut read = BTreeMap::new();
    loop {
        let needs = shard.needs(&read);
        if needs.is_empty() {
            break;
        }
        for need in needs {
            let bytes = &files[&need.file];
            let to = bytes.len().min((need.offset + need.length) as usize);
            let bytes = Bytes::copy_from_slice(&bytes[to.min(need.offset as usize)..to]);
            assert!(read.insert(need, bytes).is_none(), "asked twice");
        }
    }
    let (structure, more) = shard.check(&read);
    faults.extend(more);
    (
        structure,
        faults,
        read.values().map(|bytes| bytes.len() as u64).sum(),
    )
}

fn listed<'a>(name: &'a str, bytes: &'a [u8]) -> Listed<'a> {
    let checksum = bytes
        .last_chunk::<4>()
        .map_or(0, |last| u32::from_be_bytes(*last));
    let whole = name.starts_with("segments_") || name.ends_with(".si");
    Listed {
        name,
        length: bytes.len() as u64,
        checksum,
        content: if whole { bytes } else { &[] },
    }
}

/// The only fault of an index in which one file was changed.
fn fault(major: u8, index: &str, file: &str, change: impl FnOnce(&mut Vec<u8>)) -> Fault {
    let mut files = testing::index(major, index);
    let bytes = files.get_mut(file).unwrap();
    *bytes = testing::changed(bytes, change);
    only(&files)
}

fn only(files: &Files) -> Fault {
    let (_, mut faults, _) = examine(files);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

#[test]
fn whole_indices_have_no_fault_and_their_documents_are_counted() {
    for major in MAJORS {
        for (index, segments, live, deleted, soft) in [
            ("mixed", 3, 82, 3, 0),
            ("updated", 4, 27, 2, 5),
            ("sorted", 1, 29, 0, 0),
            ("empty", 0, 0, 0, 0),
        ] {
            let (structure, faults, _) = examine(&testing::index(major, index));
            assert_eq!(faults, [], "{major} {index}");
            let counts = (
                structure.segments,
                structure.live_documents,
                structure.deleted,
                structure.soft_deleted,
            );
            assert_eq!(counts, (segments, live, deleted, soft), "{major} {index}");
            assert_eq!(structure.created_major, Some(major));
            let majors = if segments > 0 { vec![major] } else { vec![] };
            assert_eq!(structure.lucene_majors, majors);
            let history = structure.user_data.get("history_uuid").map(String::as_str);
            assert_eq!(history, (index == "empty").then_some("h"));
        }
    }
}

#[test]
fn a_file_that_is_missing_left_over_or_listed_twice_is_named() {
    for major in MAJORS {
        let whole = testing::index(major, "updated");
        for name in whole.keys() {
            let mut files = whole.clone();
            files.remove(name);
            let (_, faults, _) = examine(&files);
            let expected = if name.starts_with("segments_") {
                "segments_N"
            } else {
                name
            };
            assert!(
                faults
                    .iter()
                    .any(|fault| fault.file == expected && fault.message.contains("is missing")),
                "{major} {name}: {faults:?}"
            );
            assert!(faults.iter().all(|fault| !fault.unsupported));
        }
        let mut files = whole.clone();
        files.insert("write.lock".into(), Vec::new());
        let fault = only(&files);
        assert!(fault.harmless && fault.file == "write.lock", "{fault:?}");
        let mut files = whole.clone();
        files.insert("segments_1".into(), files["segments_5"].clone());
        assert!(only(&files).message.contains("second commit"));
    }
    let files = testing::index(9, "empty");
    let twice: Vec<_> = files
        .iter()
        .chain(&files)
        .map(|(name, bytes)| listed(name, bytes))
        .collect();
    let (_, faults) = Shard::open(&twice);
    assert!(faults.iter().any(|fault| fault.message == "is listed twice"));
}

#[test]
fn live_documents_must_be_as_many_as_the_commit_counts() {
    for major in MAJORS {
        let bits = |bytes: &[u8]| bytes.len() - 16;
        let deleted = fault(major, "mixed", "_0_2.liv", |bytes| {
            let first = bits(bytes);
            bytes[first + 1] &= 0x7f;
        });
        assert_eq!(deleted.expected.as_deref(), Some("68"), "{major}: {deleted:?}");
        assert_eq!(deleted.actual.as_deref(), Some("67"));
        let behind = fault(major, "mixed", "_0_2.liv", |bytes| {
            let last = bytes.len() - if major < 9 { 8 } else { 1 };
            bytes[last] |= 0x80;
        });
        assert!(behind.message.contains("behind the last"), "{major}: {behind:?}");
        let short = fault(major, "mixed", "_0_2.liv", |bytes| {
            bytes.truncate(bytes.len() - 8)
        });
        assert_eq!(short.expected.as_deref(), Some("16"));
        let other = fault(major, "mixed", "_0_2.liv", |bytes| {
            let suffix = bytes.len() - 17;
            assert_eq!(bytes[suffix], b'2');
            bytes[suffix] = b'1';
        });
        assert!(other.message.contains("another generation"), "{other:?}");
    }
}

#[test]
fn compound_entries_must_fill_their_file() {
    for major in MAJORS {
        let header = 9 + "Lucene50CompoundEntries".len() + 17;
        let name = usize::from(testing::index(major, "sorted")["_3.cfe"][header + 1]);
        let offset = header + 2 + name;
        let low = if major < 9 { 7 } else { 0 };
        for (change, at) in [("offset", offset + low), ("length", offset + 8 + low)] {
            let fault = fault(major, "sorted", "_3.cfe", |bytes| bytes[at] ^= 64);
            assert_eq!(fault.file, "_3.cfe", "{major} {change}: {fault:?}");
        }
        let negative = fault(major, "sorted", "_3.cfe", |bytes| bytes[offset + 7 - low] = 0x80);
        assert!(negative.message.contains("negative"), "{negative:?}");
        let fewer = fault(major, "sorted", "_3.cfe", |bytes| bytes[header] -= 1);
        assert!(fewer.message.contains("left over"), "{fewer:?}");
    }
}

#[test]
fn files_inside_a_compound_file_have_headers_and_footers_of_their_segment() {
    for major in MAJORS {
        let files = testing::index(major, "sorted");
        let cfs = &files["_3.cfs"];
        let listed: Vec<Listed<'_>> = files.iter().map(|(name, bytes)| listed(name, bytes)).collect();
        let id = Shard::open(&listed).0.segment_id("_3.cfe").unwrap();
        let entries = compound::parse("_3.cfe", &files["_3.cfe"], &id, Some(cfs.len() as u64)).unwrap();
        assert!(entries.len() > 5);
        for at in entries.iter().map(|entry| entry.offset as usize) {
            let wrong = fault(major, "sorted", "_3.cfs", |bytes| bytes[at] ^= 1);
            assert_eq!(wrong.offset, Some(at as u64), "{wrong:?}");
            let id = at + 9 + usize::from(cfs[at + 4]);
            let wrong = fault(major, "sorted", "_3.cfs", |bytes| bytes[id + 3] ^= 1);
            assert!(wrong.message.contains("another segment"), "{wrong:?}");
        }
        let at = (entries[0].offset + entries[0].length) as usize - 16;
        let wrong = fault(major, "sorted", "_3.cfs", |bytes| bytes[at + 1] ^= 1);
        assert_eq!(wrong.offset, Some(at as u64));
        assert!(wrong.message.contains("inside of it"), "{wrong:?}");
    }
}

#[test]
fn fields_are_read_inside_and_outside_of_a_compound_file() {
    for major in MAJORS {
        let inside = testing::index(major, "sorted");
        let at = position(&inside["_3.cfs"], b"FieldInfos") + 30;
        let wrong = fault(major, "sorted", "_3.cfs", |bytes| bytes[at] ^= 1);
        assert!(
            wrong.message.contains(".fnm inside of it: its bytes do not"),
            "{wrong:?}"
        );
        let outside = testing::index(major, "mixed");
        // The field "id" is number 0; its name's first byte is followed by number, bits and index options.
        let id = position(&outside["_2.fnm"], b"\x02id") + 3;
        let wrong = fault(major, "mixed", "_2.fnm", |bytes| bytes[id + 2] = 9);
        assert!(wrong.message.contains("index options"), "{wrong:?}");
        let wrong = fault(major, "mixed", "_2.fnm", |bytes| bytes[id] = 1);
        assert!(wrong.message.contains("there twice"), "{wrong:?}");
        let wrong = fault(major, "mixed", "_2.fnm", |bytes| bytes.push(0));
        assert!(wrong.message.contains("left over"), "{wrong:?}");
    }
}

#[test]
fn newer_doc_values_and_their_fields_must_name_each_other() {
    for major in MAJORS {
        let files = testing::index(major, "updated");
        let soft = position(&files["_3_1.fnm"], b"__soft_deletes") + 14;
        let renumbered = fault(major, "updated", "_3_1.fnm", |bytes| bytes[soft] = 99);
        assert!(renumbered.message.contains("field 99"), "{renumbered:?}");
    }
}

#[test]
fn a_commit_that_counts_too_many_deletions_is_wrong() {
    for major in MAJORS {
        let files = testing::index(major, "mixed");
        let commit = &files["segments_5"];
        // Name, id, codec, generation of the deletions, and then their number.
        let name = position(commit, b"\x02_0");
        let codec = name + 3 + 16;
        let deleted = codec + 1 + usize::from(commit[codec]) + 8;
        assert_eq!(commit[deleted..deleted + 4], [0, 0, 0, 2]);
        let wrong = fault(major, "mixed", "segments_5", |bytes| bytes[deleted + 2] = 1);
        assert!(wrong.message.contains("more deleted documents"), "{wrong:?}");
        let wrong = fault(major, "mixed", "segments_5", |bytes| bytes[deleted] = 0x80);
        assert!(wrong.message.contains("negative"), "{wrong:?}");
        let wrong = fault(major, "mixed", "segments_5", |bytes| bytes[name + 5] ^= 1);
        assert!(wrong.message.contains("another segment"), "{wrong:?}");
        assert_eq!(wrong.file, "_0.si");
    }
}

#[test]
fn an_unknown_version_is_said_to_be_unknown() {
    for (file, codec) in [
        ("segments_5", "segments"),
        ("_2.si", "SegmentInfo"),
        ("_0.cfe", "CompoundEntries"),
        ("_0_2.liv", "LiveDocs"),
        ("_2.fnm", "FieldInfos"),
    ] {
        let fault = fault(10, "mixed", file, |bytes| {
            let version = position(bytes, codec.as_bytes()) + codec.len() + 3;
            bytes[version] = 77;
        });
        assert!(fault.unsupported && fault.message.contains("77"), "{fault:?}");
    }
}

#[test]
fn the_metadata_must_hold_the_content_that_was_recorded() {
    let files = testing::index(9, "empty");
    let (name, bytes) = files.first_key_value().unwrap();
    let open = |listed: Listed<'_>| Shard::open(&[listed]).1;
    assert_eq!(open(listed(name, bytes)), []);
    let absent = open(Listed {
        content: &[],
        ..listed(name, bytes)
    });
    assert!(absent[0].unsupported);
    let longer = open(Listed {
        length: 1,
        ..listed(name, bytes)
    });
    assert!(longer[0].message.contains("another length"));
    let other = open(Listed {
        checksum: 1,
        ..listed(name, bytes)
    });
    assert_eq!(other[0].offset, Some(bytes.len() as u64 - 8));
    let mut flipped = bytes.clone();
    flipped[40] ^= 1;
    assert!(
        open(listed(name, &flipped))[0]
            .message
            .contains("do not have the checksum")
    );
}

#[test]
fn ids_are_those_of_the_segments() {
    let files = testing::index(10, "updated");
    let listed: Vec<Listed<'_>> = files.iter().map(|(name, bytes)| listed(name, bytes)).collect();
    let (shard, _) = Shard::open(&listed);
    for (name, bytes) in &files {
        let id = shard.segment_id(name);
        assert_eq!(id.is_none(), name.starts_with("segments_"));
        assert_eq!(check_header(name, &bytes[..bytes.len().min(64)], id), Ok(()));
        if let Some(mut id) = id {
            id[0] ^= 1;
            assert!(check_header(name, &bytes[..64], Some(id)).is_err());
        }
    }
    assert_eq!(shard.segment_id("_9.fdt"), None);
}

#[test]
fn little_is_read_beside_the_data() {
    let files = testing::index(10, "updated");
    let (_, _, read) = examine(&files);
    let all: usize = files.values().map(Vec::len).sum();
    assert!(read < all as u64, "{read} of {all}");
}

#[test]
fn no_change_makes_it_panic() {
    for major in MAJORS {
        for index in ["mixed", "updated", "sorted", "empty"] {
            let whole = testing::index(major, index);
            let read = |name: &str| {
                let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
                ["", "si", "cfe", "liv", "fnm"].contains(&ending)
            };
            for (name, bytes) in whole.iter().filter(|(name, _)| read(name)) {
                let mut files = whole.clone();
                for at in (usize::from(major) % 3..bytes.len() - 16).step_by(3) {
                    let value = [0x00, 0x7f, 0x80, 0xff][at % 4];
                    files.insert(name.clone(), testing::changed(bytes, |bytes| bytes[at] = value));
                    examine(&files);
                    files.insert(name.clone(), testing::changed(bytes, |bytes| bytes.truncate(at)));
                    examine(&files);
                }
            }
        }
    }
}
