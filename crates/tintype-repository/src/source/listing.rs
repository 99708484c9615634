//! Pages of listings: `ListObjectsV2` of S3 and of GCS's XML API, and Azure's `List Blobs`.

use super::Entry;
use jiff::Timestamp;
use serde::Deserialize;

/// How a store writes its listings. Travels with the request, so that the client knows what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// S3 and GCS.
    S3,
    /// Azure.
    Azure,
}

impl Dialect {
    /// A page with nothing in it.
    pub(crate) fn empty_page(self) -> &'static str {
        match self {
            Self::S3 => "<ListBucketResult/>",
            Self::Azure => "<EnumerationResults><Blobs/></EnumerationResults>",
        }
    }
}

/// One page, with keys as the store writes them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its blobs.
    pub(crate) entries: Vec<Entry>,
    /// Its directories, as whole prefixes.
    pub(crate) prefixes: Vec<String>,
    /// Where the next page begins; `None`: this was the last.
    pub(crate) next: Option<String>,
}

/// A page that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error("the listing cannot be read: {0}")]
    Xml(#[from] quick_xml::DeError),
    #[error("the listing says that it goes on, but not where")]
    Endless,
}

impl Page {
    pub(crate) fn parse(dialect: Dialect, xml: &[u8]) -> Result<Self, PageError> {
        match dialect {
            Dialect::S3 => quick_xml::de::from_reader::<_, S3Page>(xml)?.try_into(),
            Dialect::Azure => Ok(quick_xml::de::from_reader::<_, AzurePage>(xml)?.into()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3Page {
    #[serde(default)]
    contents: Vec<S3Object>,
    #[serde(default)]
    common_prefixes: Vec<S3Prefix>,
    next_continuation_token: Option<String>,
    #[serde(default)]
    is_truncated: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3Object {
    key: String,
    size: u64,
    last_modified: Option<String>,
    storage_class: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3Prefix {
    prefix: String,
}

impl TryFrom<S3Page> for Page {
    type Error = PageError;

    fn try_from(page: S3Page) -> Result<Self, PageError> {
        let next = page.next_continuation_token.filter(|token| !token.is_empty());
        if page.is_truncated && next.is_none() {
            return Err(PageError::Endless);
        }
        let entries = page.contents.into_iter().map(|object| Entry {
            key: object.key,
            length: object.size,
            modified: object.last_modified.as_deref().map_or(0, rfc3339),
            archived: matches!(object.storage_class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE")),
        });
        Ok(Self {
            entries: entries.collect(),
            prefixes: page.common_prefixes.into_iter().map(|one| one.prefix).collect(),
            next,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AzurePage {
    #[serde(default)]
    blobs: AzureBlobs,
    next_marker: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AzureBlobs {
    blob: Vec<AzureBlob>,
    blob_prefix: Vec<AzurePrefix>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AzureBlob {
    name: String,
    properties: AzureProperties,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AzureProperties {
    #[serde(rename = "Last-Modified")]
    last_modified: Option<String>,
    #[serde(rename = "Content-Length")]
    content_length: u64,
    access_tier: Option<String>,
    resource_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AzurePrefix {
    name: String,
}

impl From<AzurePage> for Page {
    fn from(page: AzurePage) -> Self {
        // Directories are entries of their own where the account has a hierarchical namespace.
        let blobs = page
            .blobs
            .blob
            .into_iter()
            .filter(|blob| blob.properties.resource_type.as_deref() != Some("directory"));
        let entries = blobs.map(|blob| Entry {
            key: blob.name,
            length: blob.properties.content_length,
            modified: blob.properties.last_modified.as_deref().map_or(0, rfc2822),
            archived: blob.properties.access_tier.as_deref() == Some("Archive"),
        });
        Self {
            entries: entries.collect(),
            prefixes: page.blobs.blob_prefix.into_iter().map(|one| one.name).collect(),
            next: page.next_marker.filter(|marker| !marker.is_empty()),
        }
    }
}

fn rfc3339(text: &str) -> i64 {
    text.parse().map_or(0, Timestamp::as_millisecond)
}

fn rfc2822(text: &str) -> i64 {
    jiff::fmt::rfc2822::parse(text).map_or(0, |time| time.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, length: u64, modified: i64, archived: bool) -> Entry {
        Entry {
            key: key.into(),
            length,
            modified,
            archived,
        }
    }

    #[test]
    fn a_page_of_s3_tells_keys_as_they_are_and_what_is_archived() {
        let xml = r#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <IsTruncated>true</IsTruncated><NextContinuationToken>t/=</NextContinuationToken>
            <Contents><Key>a//b&amp;%20</Key><LastModified>1970-01-01T00:00:01.500Z</LastModified><Size>7</Size>
            <StorageClass>STANDARD</StorageClass></Contents>
            <CommonPrefixes><Prefix>a/-x/</Prefix></CommonPrefixes>
            <Contents><Key>__b</Key><LastModified>soon</LastModified><Size>0</Size><StorageClass>DEEP_ARCHIVE</StorageClass>
            </Contents></ListBucketResult>"#;
        let page = Page::parse(Dialect::S3, xml.as_bytes()).unwrap();
        assert_eq!(
            page.entries,
            [entry("a//b&%20", 7, 1500, false), entry("__b", 0, 0, true)]
        );
        assert_eq!(page.prefixes, ["a/-x/"]);
        assert_eq!(page.next.as_deref(), Some("t/="));
    }

    #[test]
    fn a_page_of_azure_leaves_directories_out() {
        let xml = r#"<?xml version="1.0"?><EnumerationResults><Prefix>a/</Prefix><Blobs>
            <Blob><Name>a/b</Name><Properties><Last-Modified>Thu, 01 Jan 1970 00:00:02 GMT</Last-Modified>
            <Content-Length>7</Content-Length><AccessTier>Archive</AccessTier></Properties></Blob>
            <BlobPrefix><Name>a/d/</Name></BlobPrefix>
            <Blob><Name>a/d</Name><Properties><Content-Length>0</Content-Length><ResourceType>directory</ResourceType>
            </Properties></Blob></Blobs><NextMarker/></EnumerationResults>"#;
        let page = Page::parse(Dialect::Azure, xml.as_bytes()).unwrap();
        assert_eq!(page.entries, [entry("a/b", 7, 2000, true)]);
        assert_eq!(page.prefixes, ["a/d/"]);
        assert_eq!(page.next, None);
    }

    #[test]
    fn a_page_that_breaks_off_is_no_page() {
        let endless = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>";
        assert!(matches!(
            Page::parse(Dialect::S3, endless.as_bytes()),
            Err(PageError::Endless)
        ));
        assert!(Page::parse(Dialect::S3, b"<ListBucketResult><Contents><Key>a</Key>").is_err());
        assert!(Page::parse(Dialect::Azure, b"{}").is_err());
    }

    #[test]
    fn empty_pages_are_empty() {
        for dialect in [Dialect::S3, Dialect::Azure] {
            let page = Page::parse(dialect, dialect.empty_page().as_bytes()).unwrap();
            assert_eq!(page, Page::default());
        }
    }
}
