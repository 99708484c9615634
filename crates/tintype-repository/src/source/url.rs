//! URLs of repositories.

use super::Access;
use super::errors::{Cause, SourceError};
use super::keys;
use ::url::Url;
use std::path::Path;

/// Which store a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A directory.
    Local,
    /// S3, by its bucket.
    S3(String),
    /// Google Cloud Storage, by its bucket.
    Gcs(String),
    /// Azure Blob Storage, by its container.
    Azure(String),
    /// A web server, by its URL up to the root.
    Web(String),
}

/// A URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// The store's root: an absolute or relative path for a directory, else a prefix without `/` at its ends.
    pub(crate) root: String,
    /// The repository's base under the root, without `/` at its ends.
    pub(crate) base: String,
}

const SCHEMES: &str =
    "a path, file:///path, s3://bucket/path, gs://bucket/path, az://container/path, or https://host/path";

impl Place {
    pub(crate) fn parse(url: &str, access: &Access) -> Result<Self, SourceError> {
        if url.trim().is_empty() {
            return Err(SourceError::usage(format!("the URL is empty; give {SCHEMES}")));
        }
        let base_path = access.base_path.as_deref();
        match url.split_once("://") {
            None => Self::local(url, base_path),
            Some(("file", _)) => Self::local(&file_path(url)?, base_path),
            Some(("s3", rest)) => Self::bucket(Kind::S3, "s3://bucket/path", rest, base_path),
            Some(("gs", rest)) => Self::bucket(Kind::Gcs, "gs://bucket/path", rest, base_path),
            Some(("az", rest)) => Self::bucket(Kind::Azure, "az://container/path", rest, base_path),
            Some(("http" | "https", _)) => Self::web(url, base_path),
            Some((scheme, _)) => Err(SourceError::usage(format!(
                "{scheme}:// is no kind of store that is known; give {SCHEMES}"
            ))),
        }
    }

    fn local(path: &str, base_path: Option<&str>) -> Result<Self, SourceError> {
        let (root, base) = split(path, base_path.unwrap_or_default(), path)?;
        let root = match root {
            // Nothing before the base: the root directory, or the one we are in.
            "" if path.starts_with('/') => "/",
            "" => ".",
            root => root,
        };
        Ok(Self {
            kind: Kind::Local,
            root: root.to_owned(),
            base: base.to_owned(),
        })
    }

    fn bucket(
        kind: fn(String) -> Kind,
        shape: &str,
        rest: &str,
        base_path: Option<&str>,
    ) -> Result<Self, SourceError> {
        let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
        let complaint = if rest.contains('@') && !bucket.chars().all(plain) {
            Some("credentials do not belong into the URL; they come from the environment".to_owned())
        } else if bucket.is_empty() {
            Some(format!("the bucket's name is missing: {shape}"))
        } else if !bucket.chars().all(plain) {
            Some(format!(
                "{bucket:?} cannot be the name of a bucket; the form is {shape}"
            ))
        } else if path.contains(['?', '#']) {
            Some(format!(
                "a URL of a repository has no parameters; the form is {shape}"
            ))
        } else {
            None
        };
        if let Some(complaint) = complaint {
            return Err(SourceError::usage(complaint));
        }
        let path = path.trim_matches('/');
        keys::check_prefix(path)
            .map_err(|_| SourceError::usage(format!("{path:?} cannot be a path in a store")))?;
        let (root, base) = split(path, base_path.unwrap_or(path), path)?;
        Ok(Self {
            kind: kind(bucket.to_owned()),
            root: root.to_owned(),
            base: base.to_owned(),
        })
    }

    fn web(text: &str, base_path: Option<&str>) -> Result<Self, SourceError> {
        let url =
            Url::parse(text).map_err(|error| SourceError::usage(format!("this is not a URL: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SourceError::usage(
                "credentials do not belong into the URL; a web server is read without them",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(SourceError::usage("a URL of a repository has no parameters"));
        }
        let whole = url.as_str().trim_end_matches('/');
        let (root, base) = split(whole, base_path.unwrap_or_default(), whole)?;
        Ok(Self {
            kind: Kind::Web(root.to_owned()),
            root: String::new(),
            base: base.to_owned(),
        })
    }

    /// The canonical URL of a store that is not a directory.
    pub(crate) fn location(&self, endpoint: Option<&str>, account: Option<&str>) -> String {
        let path = keys::join(&self.root, &self.base);
        let store = self.store();
        let mut location = keys::join(&store, &path);
        let parameters = [("account", account), ("endpoint", endpoint)];
        for (number, (name, value)) in parameters
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .enumerate()
        {
            location.push(if number == 0 { '?' } else { '&' });
            location += &format!("{name}={value}");
        }
        location
    }

    /// The store without a path.
    pub(crate) fn store(&self) -> String {
        match &self.kind {
            Kind::Local => self.root.clone(),
            Kind::S3(bucket) => format!("s3://{bucket}"),
            Kind::Gcs(bucket) => format!("gs://{bucket}"),
            Kind::Azure(container) => format!("az://{container}"),
            Kind::Web(url) => url.clone(),
        }
    }

    /// The canonical URL of a directory, whose root is given without links.
    pub(crate) fn local_location(&self, root: &Path) -> Result<String, SourceError> {
        Url::from_file_path(root.join(&self.base))
            .map(|url| url.as_str().trim_end_matches('/').to_owned())
            .map_err(|()| SourceError::new(Cause::Usage, format!("{} has no URL", root.display())))
    }
}

/// Characters of the names of buckets and containers.
fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn file_path(url: &str) -> Result<String, SourceError> {
    let wrong = || SourceError::usage("the form of a file URL is file:///path");
    let path = Url::parse(url)
        .map_err(|_| wrong())?
        .to_file_path()
        .map_err(|()| wrong())?;
    path.into_os_string().into_string().map_err(|_| wrong())
}

/// A path as its root and its base, which must be its last parts.
fn split<'a>(path: &'a str, base: &'a str, shown: &str) -> Result<(&'a str, &'a str), SourceError> {
    let base = base.trim_matches('/');
    let path = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    if base.is_empty() {
        return Ok((path, ""));
    }
    keys::check(base).map_err(|_| SourceError::usage(format!("{base:?} cannot be a base path")))?;
    let root = match path.strip_suffix(base) {
        Some("") => Some(""),
        Some(root) => root.strip_suffix('/'),
        None => None,
    };
    root.map(|root| (root.trim_end_matches('/'), base)).ok_or_else(|| {
        SourceError::usage(format!(
            "{shown} does not end with the base path {base}: give the URL of the place where index-N lies, whose last \
             parts are the repository's base_path"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str, base_path: Option<&str>) -> Result<Place, SourceError> {
        let access = Access {
            base_path: base_path.map(str::to_owned),
            ..Access::default()
        };
        Place::parse(url, &access)
    }

    #[track_caller]
    fn is(url: &str, base_path: Option<&str>, kind: Kind, root: &str, base: &str) {
        let expected = Place {
            kind,
            root: root.into(),
            base: base.into(),
        };
        assert_eq!(place(url, base_path), Ok(expected), "{url} {base_path:?}");
    }

    #[test]
    fn a_path_is_its_own_root_unless_a_base_path_is_given() {
        is("/mnt/l/b/", None, Kind::Local, "/mnt/l/b", "");
        is("/mnt/l/b", Some("b"), Kind::Local, "/mnt/l", "b");
        is("/mnt/l/b/c", Some("/b/c/"), Kind::Local, "/mnt/l", "b/c");
        is("file:///mnt/a%20b", None, Kind::Local, "/mnt/a b", "");
        is("/b", Some("b"), Kind::Local, "/", "b");
        is("b", Some("b"), Kind::Local, ".", "b");
        is("/", None, Kind::Local, "/", "");
    }

    #[test]
    fn a_buckets_root_is_the_bucket_unless_a_base_path_is_given() {
        let s3 = || Kind::S3("bucket".into());
        is("s3://bucket", None, s3(), "", "");
        is("s3://bucket/a/b%20c/", None, s3(), "", "a/b%20c");
        is("s3://bucket/copied/b", Some("b"), s3(), "copied", "b");
        is("s3://bucket/copied", Some(""), s3(), "copied", "");
        is("s3://bucket/b", Some("b"), s3(), "", "b");
        is("gs://b_u.c/x", None, Kind::Gcs("b_u.c".into()), "", "x");
        is("az://con/x", None, Kind::Azure("con".into()), "", "x");
    }

    #[test]
    fn a_web_address_is_its_own_root() {
        is("https://h/a/b/", None, Kind::Web("https://h/a/b".into()), "", "");
        is(
            "http://h:1/a/b",
            Some("b"),
            Kind::Web("http://h:1/a".into()),
            "",
            "b",
        );
    }

    #[test]
    fn what_cannot_be_right_says_what_would_be() {
        let cases = [
            ("", None, "is empty"),
            ("ftp://x/y", None, "s3://bucket/path"),
            ("s3://", None, "name is missing"),
            ("s3://key:secret@bucket/x", None, "credentials do not belong"),
            ("s3://bu cket/x", None, "cannot be the name"),
            ("s3://bucket/x?region=y", None, "no parameters"),
            ("s3://bucket/a/../b", None, "cannot be a path"),
            ("s3://bucket/ab", Some("b"), "does not end with"),
            ("/mnt/l", Some("b"), "does not end with"),
            ("https://u:p@h/x", None, "credentials do not belong"),
            ("file://host/x", None, "file:///path"),
        ];
        for (url, base_path, expected) in cases {
            let error = place(url, base_path).unwrap_err();
            assert_eq!(error.cause, Cause::Usage);
            assert!(error.message.contains(expected), "{url}: {error}");
            assert!(!error.message.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_location_names_store_path_and_endpoint() {
        let place = place("s3://bucket/copied/b", Some("b")).unwrap();
        assert_eq!(place.location(None, None), "s3://bucket/copied/b");
        assert_eq!(
            place.location(Some("http://h:1"), Some("a")),
            "s3://bucket/copied/b?account=a&endpoint=http://h:1"
        );
    }
}
