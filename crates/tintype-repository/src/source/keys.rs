//! Keys and prefixes. They come out of a repository's metadata, so they may be anything.

use super::errors::{Cause, SourceError};

/// Refuses what no store holds and what would lead out of a directory: an empty part, `.`, `..`, a control character.
pub(crate) fn check(key: &str) -> Result<(), SourceError> {
    let controls = key.bytes().any(|byte| byte < b' ' || byte == 0x7f)
        || (!key.is_ascii() && key.contains(char::is_control));
    if controls || key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        let message = format!("{:?} cannot be the key of a blob", shortened(key));
        return Err(SourceError::new(Cause::Missing, message));
    }
    Ok(())
}

/// As [`check`], where the empty prefix is the root.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), SourceError> {
    if prefix.is_empty() { Ok(()) } else { check(prefix) }
}

/// `name` under `prefix`, which may be empty.
pub(crate) fn join(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "") => prefix.to_owned(),
        // There is one for each blob, and formatting takes longer than this.
        (prefix, name) => [prefix, "/", name].concat(),
    }
}

fn shortened(key: &str) -> String {
    key.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_leads_elsewhere_is_missing() {
        for key in ["", "/etc/passwd", "a//b", "a/../b", "..", "./a", "a/", "a\0b"] {
            assert_eq!(check(key).unwrap_err().cause, Cause::Missing, "{key:?}");
        }
        for key in ["a", "-x/___x/%20.part0", "..a/b..", "indices/é"] {
            assert_eq!(check(key), Ok(()), "{key}");
        }
        assert_eq!(check_prefix(""), Ok(()));
    }
}
