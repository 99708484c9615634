//! Which snapshots and indices were asked for. Pure.

use super::options::Options;
use crate::format::root::Root;

/// The asked snapshots' positions in the root, in its order.
pub(super) fn snapshots(root: &Root, options: &Options) -> Vec<u32> {
    let asked = |position: &u32| {
        let Some(snapshot) = root.snapshots.get(*position as usize) else {
            return false;
        };
        let by = |text: &String| **text == *snapshot.name || **text == *snapshot.uuid;
        options.snapshots.is_empty() || options.snapshots.iter().any(by)
    };
    let all: Vec<u32> = (0u32..).take(root.snapshots.len()).filter(asked).collect();
    if !options.latest {
        return all;
    }
    let finished = all
        .iter()
        .copied()
        .filter(|position| is_finished(root, *position));
    // The root lists what was taken last at the end, and some roots tell no times.
    let newest = finished.max_by_key(|position| {
        let snapshot = root.snapshots.get(*position as usize);
        (snapshot.and_then(|snapshot| snapshot.started), *position)
    });
    newest.into_iter().collect()
}

fn is_finished(root: &Root, snapshot: u32) -> bool {
    let state = root
        .snapshots
        .get(snapshot as usize)
        .map(|snapshot| snapshot.state);
    matches!(state, Some(None | Some(1 | 3)))
}

/// Whether an index was asked for.
pub(super) fn index(options: &Options, name: &str) -> bool {
    options.indices.is_empty() || options.indices.iter().any(|pattern| matches(pattern, name))
}

/// What was asked for and is not in the repository: snapshots by name or uuid, then patterns of indices.
pub fn unknown(root: &Root, options: &Options) -> Vec<String> {
    let is_there = |text: &&String| {
        let is = |snapshot: &crate::format::root::RootSnapshot| {
            ***text == *snapshot.name || ***text == *snapshot.uuid
        };
        !root.snapshots.iter().any(is)
    };
    let unmatched = |pattern: &&String| !root.indices.iter().any(|index| matches(pattern, &index.name));
    let snapshots = options.snapshots.iter().filter(is_there);
    snapshots
        .chain(options.indices.iter().filter(unmatched))
        .cloned()
        .collect()
}

/// Whether a name matches a pattern, whose `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else {
        return rest.is_empty();
    };
    for piece in middle {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::testing::{options, root};

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name) in [
            ("a", "a"),
            ("*", ""),
            ("logs-*", "logs-1"),
            ("*-1", "logs-1"),
            ("l*g*1", "logs-g-1"),
            ("a*a", "aa"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("a*a", "a"), ("*x*", "logs"), ("", "a")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn the_latest_is_the_newest_that_finished() {
        let root = root(&["a", "b", "c"], &[]);
        let mut options = options();
        assert_eq!(snapshots(&root, &options), [0, 1, 2]);
        options.latest = true;
        assert_eq!(snapshots(&root, &options), [2]);
        let mut failed = root.clone();
        failed.snapshots[2].state = Some(2);
        assert_eq!(snapshots(&failed, &options), [1]);
        failed.snapshots[0].started = Some(5);
        failed.snapshots[1].started = Some(4);
        assert_eq!(snapshots(&failed, &options), [0]);
    }

    #[test]
    fn names_that_are_not_there_are_told() {
        let root = root(&["a", "b"], &[("logs-1", &[0])]);
        let mut options = options();
        options.snapshots = vec!["b".into(), "uuid-a".into(), "c".into()];
        options.indices = vec!["logs*".into(), "x*".into()];
        assert_eq!(snapshots(&root, &options), [0, 1]);
        assert_eq!(unknown(&root, &options), ["c", "x*"]);
        assert!(index(&options, "logs-2") && !index(&options, "y"));
    }
}
