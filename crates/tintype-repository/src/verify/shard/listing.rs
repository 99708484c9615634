//! What lies in a shard's directory.

use crate::source::Entry;

/// A listing by name.
#[derive(Debug)]
pub(super) struct Listing {
    entries: Vec<Entry>,
    /// Names begin here in the keys.
    begin: usize,
}

impl Listing {
    pub fn new(directory: &str, mut entries: Vec<Entry>) -> Self {
        let begin = directory.len() + 1;
        // What is before the names is the same in all.
        entries.sort_unstable_by(|a, b| a.key.as_bytes().get(begin..).cmp(&b.key.as_bytes().get(begin..)));
        Self { entries, begin }
    }

    pub fn find(&self, name: &str) -> Option<&Entry> {
        let found = self
            .entries
            .binary_search_by(|entry| self.name(entry).cmp(name))
            .ok()?;
        self.entries.get(found)
    }

    /// The highest number of `index-{number}`: the current generation before 7.6.
    pub fn newest_generation(&self) -> Option<u64> {
        let numbers = self
            .entries
            .iter()
            .filter_map(|entry| crate::repository::generation(&entry.key));
        numbers.max()
    }

    fn name<'a>(&self, entry: &'a Entry) -> &'a str {
        entry.key.get(self.begin..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_found_by_name_and_the_highest_number_is_the_generation() {
        let names = [
            "snap-a.dat",
            "index-9",
            "index-10",
            "__b.part1",
            "index-aBc",
            "__b.part0",
        ];
        let entry = |name: &&str| Entry {
            key: format!("indices/i/0/{name}"),
            length: name.len() as u64,
            modified: 0,
            archived: false,
        };
        let listing = Listing::new("indices/i/0", names.iter().map(entry).collect());
        for name in names {
            assert_eq!(
                listing.find(name).map(|entry| entry.length),
                Some(name.len() as u64)
            );
        }
        assert_eq!(listing.find("__b"), None);
        assert_eq!(listing.newest_generation(), Some(10));
    }
}
