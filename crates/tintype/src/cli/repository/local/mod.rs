//! What is done with a repository's storage itself: no server, no credentials but the storage's, nothing written there.

pub mod access;
pub mod amount;
pub mod attest;
mod cells;
pub mod diff;
pub mod du;
pub mod ledger;
pub mod ls;
#[cfg(test)]
mod made;
pub mod meter;
pub mod orphans;
mod output;
mod report;
pub mod run;
pub mod show;
pub mod verify;
pub mod when;

use crate::cli::error::{CliError, Result};

/// A path or a URL, and not the name of one of the server's repositories: it holds a `/`, or begins with `.` or `~`.
pub fn is_location(text: &str) -> bool {
    text.contains('/') || text.starts_with(['.', '~'])
}

/// Refuses what could be the name of one of the server's repositories.
///
/// # Errors
/// Usage: it is neither a path nor a URL.
pub fn location(text: &str) -> Result<&str> {
    if is_location(text) {
        return Ok(text);
    }
    Err(CliError::Usage(format!(
        "{text:?} is neither a path nor a URL: write a directory as ./{text} or /…/{text}, or give s3://bucket/path, \
         gs://bucket/path, az://container/path or https://…"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_told_from_a_name() {
        for location in [
            "/backups",
            "./backups",
            ".",
            "..",
            "~/backups",
            "a/b",
            "s3://bucket",
            "https://h/p",
        ] {
            assert!(is_location(location), "{location}");
        }
        for name in ["backups", "nightly-1", "a.b", "a:b"] {
            assert!(!is_location(name), "{name}");
            assert!(
                location(name)
                    .unwrap_err()
                    .to_string()
                    .contains(&format!("./{name}"))
            );
        }
    }
}
