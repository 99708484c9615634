//! What `docs/faults.md` says is missed.

use std::collections::BTreeMap;

use super::damage::Damage;
use super::tally::Tally;
use crate::truth::Class;

/// Fewer than these may be all found in another run: which bits are hit depends on what the engines wrote.
const FEW: u32 = 10;

/// Missed without and with an attestation, by the names of class and damage.
type Table = BTreeMap<(String, String), (u32, Option<u32>)>;

fn table() -> Table {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/faults.md");
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split('|').map(str::trim).collect();
        let [class, damage, _, _, _, missed, attested, ""] = cells[..] else {
            return None;
        };
        let key = (class.to_owned(), damage.to_owned());
        Some((key, (missed.parse().ok()?, attested.parse().ok())))
    };
    text.lines().filter_map(row).collect()
}

/// Nothing is missed where the page says that nothing is, and what it says is missed by design still is.
pub fn assert_documented(tally: &Tally, combinations: &[(Class, Damage)]) {
    let table = table();
    let words = "docs/faults.md should say what this run's table says";
    assert_eq!(table.len(), combinations.len(), "{words}");
    for (class, damage) in combinations {
        let (missed, attested) = tally.missed(*class, *damage);
        let key = (format!("{class:?}"), format!("{damage:?}"));
        let Some((said, said_attested)) = table.get(&key) else {
            panic!("{key:?}: {words}");
        };
        assert_eq!(attested, *said_attested, "{key:?}, with an attestation: {words}");
        // Of the bits of a root a few may be missed, which is held to a bound of its own.
        let some = *said > 0 || (*class, *damage) == (Class::Root, Damage::Flip);
        assert!(missed == 0 || some, "{key:?}, {missed} missed: {words}");
        assert!(missed > 0 || *said < FEW, "{key:?}, none missed: {words}");
    }
}
