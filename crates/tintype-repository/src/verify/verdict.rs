//! Verdicts: what a restore with `include_global_state: false` into the writing engine would do.

use serde::{Deserialize, Serialize};

/// Whether a snapshot, or an index of it, can be restored; from the best to the worst: damage that was seen counts for more
/// than what could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All of it, as far as the level looked.
    Restorable,
    /// Something could not be read or is not supported.
    Unknown,
    /// Some indices, not others.
    InPart,
    /// Nothing of it.
    NotRestorable,
}

impl Verdict {
    /// The verdict of what has parts with these verdicts. Without parts, nothing is wrong.
    pub(super) fn of(parts: impl IntoIterator<Item = Self>) -> Self {
        let (mut good, mut lost, mut unknown) = (false, false, false);
        for part in parts {
            match part {
                Self::Restorable => good = true,
                Self::InPart => (good, lost) = (true, true),
                Self::NotRestorable => lost = true,
                Self::Unknown => unknown = true,
            }
        }
        match (lost, good, unknown) {
            (true, true, _) => Self::InPart,
            (_, _, true) => Self::Unknown,
            (true, false, false) => Self::NotRestorable,
            (false, _, false) => Self::Restorable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{self, *};

    #[test]
    fn the_worst_of_several_is_the_damage_that_was_seen() {
        assert_eq!([Unknown, InPart, Restorable].into_iter().max(), Some(InPart));
        assert_eq!(
            [Unknown, NotRestorable, InPart].into_iter().max(),
            Some(NotRestorable)
        );
        assert_eq!([Restorable, Unknown].into_iter().max(), Some(Unknown));
    }

    #[test]
    fn what_is_proven_of_some_is_in_part_and_what_is_not_known_is_not_claimed() {
        for (parts, whole) in [
            (&[][..], Restorable),
            (&[Restorable, Restorable], Restorable),
            (&[Restorable, NotRestorable], InPart),
            (&[Restorable, NotRestorable, Unknown], InPart),
            (&[NotRestorable, NotRestorable], NotRestorable),
            (&[NotRestorable, Unknown], Unknown),
            (&[Restorable, Unknown], Unknown),
        ] {
            assert_eq!(Verdict::of(parts.iter().copied()), whole, "{parts:?}");
        }
    }
}
