//! Names from callers, checked before they go into a path or a list.

use crate::error::{CallSite, Error};
use crate::wire::route::Named;

/// The repository's name, as a segment of a path.
pub(crate) fn repository_path<'a>(method: &'static str, repository: &'a str) -> Result<&'a str, Error> {
    check(Named::Repository, method, "/_snapshot", repository)
}

/// The segments of a snapshot's path.
pub(crate) fn snapshot_path<'a>(
    method: &'static str,
    repository: &'a str,
    name: &'a str,
) -> Result<[&'a str; 3], Error> {
    let repository = repository_path(method, repository)?;
    Ok([
        "_snapshot",
        repository,
        check(Named::Snapshot, method, "/_snapshot", name)?,
    ])
}

/// The index's name, as an item of a list.
pub(crate) fn index<'a>(method: &'static str, path: &str, name: &'a str) -> Result<&'a str, Error> {
    check(Named::Index, method, path, name)
}

fn check<'a>(named: Named, method: &'static str, path: &str, name: &'a str) -> Result<&'a str, Error> {
    named.exact(name).map_err(|why| Error::NotSent {
        at: CallSite {
            method,
            path: path.to_owned(),
        },
        why,
    })
}
