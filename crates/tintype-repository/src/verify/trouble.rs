//! What it means when a blob of metadata cannot be had.

use super::findings::{Found, Place};
use super::outcome::Effect;
use crate::finding::{Kind, Severity};
use crate::format::{FormatError, Problem};
use crate::source::{Cause, SourceError};

/// Why a blob cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    Source(SourceError),
    Format(FormatError),
}

impl Trouble {
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Source(error) if error.cause == Cause::Missing)
    }

    pub fn effect(&self) -> Effect {
        match self {
            Self::Source(error) => source_effect(error.cause),
            Self::Format(error) if error.problem == Problem::Unsupported => {
                Effect::Unknown(Kind::Unsupported)
            }
            Self::Format(_) => Effect::Lost(Kind::MetadataDamaged),
        }
    }

    /// A finding about a blob that a restore reads.
    pub fn found(&self, place: Place) -> Found {
        let (severity, kind) = match self.effect() {
            Effect::Lost(kind) => (Severity::Error, kind),
            Effect::Unknown(kind) => (Severity::Warning, kind),
        };
        match self {
            Self::Source(error) if error.cause == Cause::Missing => {
                Found::new(severity, kind, place, "is not there")
            }
            Self::Source(error) => Found::new(severity, kind, place, &error.message),
            Self::Format(error) => Found::new(severity, kind, place, &error.message)
                .at(error.offset)
                .instead(error.expected.clone(), error.actual.clone()),
        }
    }

    /// A finding about a blob that a restore without global state does not read.
    pub fn warning(&self, place: Place) -> Found {
        let mut found = self.found(place);
        found.severity = Severity::Warning;
        found
    }
}

/// What it does to a file that the store does not give one of its blobs.
pub(super) fn source_effect(cause: Cause) -> Effect {
    match cause {
        Cause::Missing => Effect::Lost(Kind::BlobMissing),
        Cause::Archived => Effect::Lost(Kind::BlobArchived),
        Cause::TooLarge => Effect::Unknown(Kind::Unsupported),
        Cause::NoStore | Cause::Denied | Cause::Unavailable | Cause::Usage => {
            Effect::Unknown(Kind::BlobUnreadable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_lost_only_where_its_store_is_there_and_says_so() {
        assert_eq!(source_effect(Cause::Missing), Effect::Lost(Kind::BlobMissing));
        for cause in [Cause::NoStore, Cause::Denied, Cause::Unavailable, Cause::Usage] {
            assert_eq!(
                source_effect(cause),
                Effect::Unknown(Kind::BlobUnreadable),
                "{cause:?}"
            );
        }
    }
}
