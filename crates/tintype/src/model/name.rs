//! Names that end up in an engine's URL. Each is checked when it is made, so that a value of these types is safe.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a name was refused: the rule, in words for the caller. What was given is not repeated, since it may be a secret
/// that was pasted into the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("that {what} is not valid: {rule}")]
pub struct NameError {
    /// What kind of name, such as `snapshot name`.
    pub what: &'static str,
    /// What would be right.
    pub rule: &'static str,
}

macro_rules! name_type {
    ($(#[$doc:meta])* $type:ident, $what:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The rule that every such name obeys, in words.
            pub const RULE: &'static str = $rule;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(value: String) -> Result<Self, NameError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&value) {
                    return Ok(Self(value));
                }
                Err(NameError { what: $what, rule: Self::RULE })
            }
        }

        impl std::str::FromStr for $type {
            type Err = NameError;

            fn from_str(value: &str) -> Result<Self, NameError> {
                Self::try_from(value.to_owned())
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// A snapshot that Tintype may create or address. The engines accept more (`.`, `a:b`, date math), but URL
    /// parsers turn `/R/.` into `/R/`, so anything outside this alphabet is refused before it can reach a URL.
    SnapshotName,
    "snapshot name",
    "1 to 200 characters of a-z, 0-9, '.', '_' and '-', beginning with a letter or a digit",
    |v| (1..=200).contains(&v.len())
        && v.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && v.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
);

name_type!(
    /// A repository, on the platform or on an engine. Engines allow upper case here.
    RepositoryName,
    "repository name",
    "1 to 200 characters of letters, digits, '.', '_' and '-', beginning with a letter, a digit or '_'",
    |v| (1..=200).contains(&v.len())
        && v.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
);

name_type!(
    /// A cluster's id: made here as ECE's 32 hexadecimal digits, or kept from the scripts that already use it.
    ClusterId,
    "cluster id",
    "1 to 64 characters of letters, digits, '_' and '-', beginning with a letter or a digit",
    |v| (1..=64).contains(&v.len())
        && v.starts_with(|c: char| c.is_ascii_alphanumeric())
        && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
);

name_type!(
    /// A user who may be made. A colon would end the name in Basic credentials; `auth` is a path beside the users' own.
    UserName,
    "user name",
    "1 to 64 characters of letters, digits, '.', '_', '-' and '@', beginning with a letter or a digit, and not \"auth\"",
    |v| (1..=64).contains(&v.len())
        && v != "auth"
        && v.starts_with(|c: char| c.is_ascii_alphanumeric())
        && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b))
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_url_would_change_are_refused() {
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a:b",
            "A",
            "_x",
            "-x",
            "a b",
            "a#b",
            "<snap-{now/d}>",
            "ä",
            "a,b",
            "a*",
        ] {
            assert!(bad.parse::<SnapshotName>().is_err(), "{bad:?} was accepted");
        }
        assert!("x".repeat(201).parse::<SnapshotName>().is_err());
        for good in ["a", "0", "snap.1_x-y", "nightly-2026.11.23"] {
            assert_eq!(good.parse::<SnapshotName>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn user_names_fit_a_path_and_basic_credentials() {
        for bad in [
            "", "auth", ".", "..", "_all", "a/b", "a:b", "a b", "ä", "a%2Fb", "a?", "@x",
        ] {
            assert!(bad.parse::<UserName>().is_err(), "{bad:?} was accepted");
        }
        assert!("x".repeat(65).parse::<UserName>().is_err());
        for good in ["a", "0", "Jane.Doe@example.org", "ci_nightly-2", "author"] {
            assert_eq!(good.parse::<UserName>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn an_error_names_the_rule_and_not_what_was_given() {
        let error = "Ünlike".parse::<SnapshotName>().unwrap_err().to_string();
        assert!(
            error.contains("1 to 200 characters") && !error.contains("nlike"),
            "{error}"
        );
    }
}
