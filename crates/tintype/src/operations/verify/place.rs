//! Where a platform repository's reader finds the location of one cluster.

use crate::error::{Error, Result};
use crate::model::{Cluster, PlatformRepository, Reader};
use crate::operations::Operations;
use crate::operations::location::{self, Wanted};
use crate::operations::reader;
use serde_json::{Map, Value};
use tintype_repository::source::{Access, Source, SourceError};

/// A cluster's location, as the engine and as the reader reach it.
#[derive(Debug, Clone)]
pub struct Place {
    /// As the engine's registration has it, in one comparable line.
    pub location: String,
    /// The reader's URL of it.
    pub url: String,
    /// The URL's last parts that are the repository's path in its store, beside which hashed paths lie.
    base_path: Option<String>,
    reader: Reader,
}

impl Place {
    /// Where `cluster` has its snapshots under `platform`.
    ///
    /// # Errors
    /// `Precondition` when the repository has no reader, or the reader's URL does not reach the location; the store's.
    pub async fn find(
        operations: &Operations,
        platform: &PlatformRepository,
        cluster: &Cluster,
    ) -> Result<Self> {
        let reader = operations.store().reader(&platform.name).await?;
        let reader = reader.ok_or_else(|| no_reader(platform))?;
        let wanted = Wanted::new(platform, cluster, platform.name.clone());
        let url = address(platform, &reader.url, &wanted).ok_or_else(|| {
            Error::Precondition(format!(
                "the location of cluster {} is not below that of repository {}, so its reader does not reach it. Give the \
                 cluster a location below the repository's, or use a repository of its own with a reader",
                cluster.id, platform.name
            ))
        })?;
        let (url, base_path) = with_base(platform, url, &wanted);
        Ok(Self {
            location: wanted.location(),
            url,
            base_path,
            reader,
        })
    }

    /// Opens it. A directory is looked at, so this may block.
    ///
    /// # Errors
    /// See [`Source::open`].
    pub fn open(&self) -> std::result::Result<Source, SourceError> {
        let access = Access {
            base_path: self.base_path.clone(),
            ..reader::access(&self.reader)
        };
        Source::open(&self.url, &access)
    }
}

/// That there is nothing to look with, and how to change that.
pub fn no_reader(platform: &PlatformRepository) -> Error {
    let name = &platform.name;
    Error::Precondition(format!(
        "repository {name} has no reader, so its storage cannot be looked at. Set one: `tintype repository reader set \
         {name} --reader-url {}`",
        location::reader_example(&platform.kind)
    ))
}

/// The URL of a cluster's location, by how it lies to the repository's own: the reader's URL stands for that one.
fn address(platform: &PlatformRepository, reader: &str, wanted: &Wanted) -> Option<String> {
    let member = location::location_member(&platform.kind);
    let (base, own) = (path(&platform.settings, member), path(&wanted.settings, member));
    let reader = reader.trim_end_matches('/');
    // The same bucket: the path in it is the engine's.
    if let Some(bucket) = location::bucket(&platform.kind, &platform.settings)
        && let Some((scheme, rest)) = reader.split_once("://")
        && rest.split('/').next() == Some(bucket)
    {
        return Some(join(&format!("{scheme}://{bucket}"), &own));
    }
    if let Some(below) = below(&own, &base) {
        return Some(join(reader, below));
    }
    let root = reader.strip_suffix(base.as_str())?.strip_suffix('/')?;
    Some(join(root, &own))
}

/// A path among settings, without `/` at its ends.
fn path(settings: &Map<String, Value>, member: &str) -> String {
    let text = settings.get(member).and_then(Value::as_str).unwrap_or_default();
    location::tidy(text).trim_matches('/').to_owned()
}

/// OpenSearch may spread shards over hashed paths at the store's root, beside the repository's own path in it: in a bucket
/// that is the location, and in a directory what `base_path` adds to it.
fn with_base(platform: &PlatformRepository, url: String, wanted: &Wanted) -> (String, Option<String>) {
    let base = path(&wanted.settings, "base_path");
    if platform.kind == "fs" && !base.is_empty() {
        return (join(&url, &base), Some(base));
    }
    let in_bucket = location::bucket_member(&platform.kind).is_some() && url.ends_with(&format!("/{base}"));
    let known = in_bucket && !base.is_empty();
    (url, known.then_some(base))
}

fn below<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    if base.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(base)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

fn join(url: &str, path: &str) -> String {
    if path.is_empty() {
        url.to_owned()
    } else {
        format!("{url}/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(kind: &str, settings: Value, reader: &str, own: Option<&str>) -> Option<String> {
        place(kind, settings, reader, own).map(|(url, _)| url)
    }

    fn place(
        kind: &str,
        settings: Value,
        reader: &str,
        own: Option<&str>,
    ) -> Option<(String, Option<String>)> {
        let platform = location::tests::platform_of(kind, settings);
        let mut cluster = location::tests::cluster(Some("main"));
        cluster.location = own.map(str::to_owned);
        let wanted = Wanted::new(&platform, &cluster, platform.name.clone());
        let url = address(&platform, reader, &wanted)?;
        Some(with_base(&platform, url, &wanted))
    }

    #[test]
    fn hashed_paths_lie_beside_the_path_in_the_store() {
        let s3 = json!({"bucket": "b", "base_path": "es"});
        let copied = place("s3", s3.clone(), "s3://copy/of/es", None).unwrap();
        assert_eq!(copied, ("s3://copy/of/es/c1".into(), Some("es/c1".into())));
        let other = place("s3", s3, "s3://copy/x", None).unwrap();
        assert_eq!(other, ("s3://copy/x/c1".into(), None));
        let fs = json!({"location": "/snap", "base_path": "in/it"});
        let fs = place("fs", fs, "file:///mnt", None).unwrap();
        assert_eq!(fs, ("file:///mnt/c1/in/it".into(), Some("in/it".into())));
        let plain = place("fs", json!({"location": "/snap"}), "file:///mnt", None).unwrap();
        assert_eq!(plain, ("file:///mnt/c1".into(), None));
    }

    #[test]
    fn a_mounted_directory_stands_for_the_repository_s_own() {
        let fs = |reader, own| found("fs", json!({"location": "/snap/base/"}), reader, own);
        assert_eq!(fs("file:///mnt/b", None).as_deref(), Some("file:///mnt/b/c1"));
        assert_eq!(
            fs("file:///mnt/b/", Some("/snap/base/x/y")).as_deref(),
            Some("file:///mnt/b/x/y")
        );
        assert_eq!(
            fs("file:///mnt/b", Some("/snap/base")).as_deref(),
            Some("file:///mnt/b")
        );
        // Mounted at the same path: what lies beside it is reached too.
        assert_eq!(
            fs("file:///snap/base", Some("/snap/old")).as_deref(),
            Some("file:///snap/old")
        );
        assert_eq!(
            fs("file:///host/snap/base", Some("/snap/old")).as_deref(),
            Some("file:///host/snap/old")
        );
        assert_eq!(fs("file:///mnt/b", Some("/snap/baseline")), None);
    }

    #[test]
    fn in_the_same_bucket_the_path_is_the_engine_s() {
        let s3 = |reader, own| found("s3", json!({"bucket": "b", "base_path": "/es"}), reader, own);
        for reader in ["s3://b", "s3://b/es", "s3://b/elsewhere/"] {
            assert_eq!(s3(reader, None).as_deref(), Some("s3://b/es/c1"), "{reader}");
            assert_eq!(s3(reader, Some("old")).as_deref(), Some("s3://b/old"), "{reader}");
        }
        assert_eq!(s3("s3://copy/x", None).as_deref(), Some("s3://copy/x/c1"));
        assert_eq!(s3("s3://copy/x", Some("old")), None);
        let azure = json!({"container": "c"});
        assert_eq!(
            found("azure", azure, "az://c", None).as_deref(),
            Some("az://c/c1")
        );
    }

    #[test]
    fn a_read_only_url_is_one_place_for_all() {
        let url = json!({"url": "http://host/snap/"});
        assert_eq!(
            found("url", url, "https://mirror/s", None).as_deref(),
            Some("https://mirror/s")
        );
    }
}
