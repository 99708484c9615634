//! Names from callers, checked before they go into a path or a list.

use crate::error::{CallSite, Error};
use crate::wire::route::Named;

/// The path of a repository, or of what is below it.
pub(crate) fn repository_path<'a>(method: &'static str, repository: &'a str) -> Result<&'a str, Error> {
    check(Named::Repository, method, "/_snapshot", repository)
}

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
