//! Where a repository's data lies, as one comparable value: what tells two registrations of one storage apart.

use crate::model::{Cluster, PlatformRepository, RepositoryName};
use serde_json::{Map, Value};

/// Types that Tintype can register and compare.
pub const SUPPORTED: [&str; 5] = ["fs", "s3", "gcs", "azure", "url"];

/// The type that engines only read through.
pub const URL: &str = "url";

/// Settings that are secrets wherever they stand.
const SECRETS: [&str; 4] = ["secret_key", "session_token", "password", "access_key"];

/// A registration as Tintype wants it on an engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Its name on the engine.
    pub name: RepositoryName,
    /// Its type.
    pub kind: String,
    /// Its settings, the cluster's own location included, without secrets.
    pub settings: Map<String, Value>,
}

impl Wanted {
    /// The registration of a platform repository on a cluster: a location of its own below the template's.
    pub fn new(platform: &PlatformRepository, cluster: &Cluster, name: RepositoryName) -> Self {
        let mut settings = platform.settings.clone();
        settings.retain(|key, _| !is_secret(key));
        let member = location_member(&platform.kind);
        let base = platform
            .settings
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default();
        // A location given by hand is one below the cluster's own repository, not below every other.
        let is_own = cluster
            .repository
            .as_ref()
            .map_or(platform.is_default, |own| *own == platform.name);
        let given = cluster.location.clone().filter(|_| is_own);
        let own = given.unwrap_or_else(|| match platform.kind.as_str() {
            // Nobody writes there, so all may read one place.
            URL => base.to_owned(),
            _ => join(base, cluster.id.as_str()),
        });
        settings.insert(member.to_owned(), Value::String(own));
        Self {
            name,
            kind: platform.kind.clone(),
            settings,
        }
    }

    /// Where it points, in one comparable line.
    pub fn location(&self) -> String {
        comparable(&self.kind, &self.settings).unwrap_or_else(|| format!("{}:?", self.kind))
    }
}

/// Where a registration points, in one comparable line such as `fs:/backups/a` or `s3:bucket/base`; `None` for types
/// that Tintype cannot compare.
pub fn comparable(kind: &str, settings: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| settings.get(key).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "fs" => Some(format!("fs:{}", tidy(text("location")))),
        "s3" | "gcs" | "azure" => {
            let path = tidy(text("base_path"));
            let path = path.trim_start_matches('/');
            Some(format!(
                "{kind}:{}/{path}",
                bucket(kind, settings).unwrap_or_default()
            ))
        }
        URL => Some(format!("url:{}", text("url").trim_end_matches('/'))),
        _ => None,
    }
}

/// The bucket or container, for types that have one.
pub fn bucket<'a>(kind: &str, settings: &'a Map<String, Value>) -> Option<&'a str> {
    settings.get(bucket_member(kind)?).and_then(Value::as_str)
}

/// Where the bucket or container of this type is written.
pub fn bucket_member(kind: &str) -> Option<&'static str> {
    match kind {
        "s3" | "gcs" => Some("bucket"),
        "azure" => Some("container"),
        _ => None,
    }
}

/// Where a location of this type is written.
pub fn location_member(kind: &str) -> &'static str {
    match kind {
        "s3" | "gcs" | "azure" => "base_path",
        URL => "url",
        _ => "location",
    }
}

/// The schemes that the URL of a reader may have: its own first. A copy behind a web server is read like any other.
pub fn reader_schemes(kind: &str) -> &'static [&'static str] {
    match kind {
        "s3" => &["s3"],
        "gcs" => &["gs"],
        "azure" => &["az"],
        URL => &["https", "http", "file"],
        _ => &["file"],
    }
}

/// What the URL of a reader may look like.
pub fn reader_example(kind: &str) -> &'static str {
    match kind {
        "s3" => "s3://bucket/base/path",
        "gcs" => "gs://bucket/base/path",
        "azure" => "az://container/base/path",
        URL => "https://host/path",
        _ => "file:///mounted/path",
    }
}

/// A setting that must not be shown or sent.
pub fn is_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
    SECRETS.contains(&last.as_str())
        || ["secret", "password", "token"]
            .iter()
            .any(|word| last.contains(word))
}

/// The registration writes to the storage unless it says otherwise, or its type cannot.
pub fn is_readonly(kind: &str, settings: &Map<String, Value>) -> bool {
    if kind == URL {
        return true;
    }
    ["readonly", "read_only"]
        .iter()
        .any(|key| match settings.get(*key) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(word)) => word == "true",
            _ => false,
        })
}

fn join(base: &str, id: &str) -> String {
    let base = base.trim_end_matches('/');
    if base.is_empty() {
        id.to_owned()
    } else {
        format!("{base}/{id}")
    }
}

/// Without doubled and trailing slashes and `.` segments, which name the same place. `..` is left as it is: what it
/// means depends on links that only the engine's host knows.
pub fn tidy(path: &str) -> String {
    let absolute = path.starts_with('/');
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    fn at(kind: &str, settings: Value) -> Option<String> {
        comparable(kind, settings.as_object().unwrap())
    }

    #[test]
    fn spellings_of_one_place_compare_equal() {
        let plain = at("fs", json!({"location": "/backups/a"}));
        assert_eq!(plain.as_deref(), Some("fs:/backups/a"));
        for same in ["/backups/a/", "/backups//a", "/backups/./a"] {
            assert_eq!(
                at("fs", json!({"location": same, "compress": "true"})),
                plain,
                "{same}"
            );
        }
        assert_ne!(at("fs", json!({"location": "backups/a"})), plain);
        assert_eq!(
            at("s3", json!({"bucket": "b", "base_path": "/x/"})).as_deref(),
            Some("s3:b/x")
        );
        assert_eq!(at("gcs", json!({"bucket": "b"})).as_deref(), Some("gcs:b/"));
        assert_eq!(
            at("azure", json!({"container": "c", "base_path": "x/"})).as_deref(),
            Some("azure:c/x")
        );
        assert_eq!(
            at("url", json!({"url": "http://h/x/"})).as_deref(),
            Some("url:http://h/x")
        );
        assert_eq!(at("hdfs", json!({"path": "b"})), None);
    }

    #[test]
    fn secrets_are_known_by_name() {
        for secret in [
            "secret_key",
            "s3.client.default.secret_key",
            "password",
            "sas_token",
            "access_key",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for plain in ["bucket", "base_path", "location", "compress", "client"] {
            assert!(!is_secret(plain), "{plain}");
        }
    }

    /// Named `main`.
    pub(in crate::operations) fn platform_of(kind: &str, settings: Value) -> PlatformRepository {
        PlatformRepository {
            kind: kind.to_owned(),
            settings: settings.as_object().unwrap().clone(),
            ..platform("main", false)
        }
    }

    fn platform(name: &str, is_default: bool) -> PlatformRepository {
        let at = jiff::Timestamp::UNIX_EPOCH;
        PlatformRepository {
            name: name.parse().unwrap(),
            kind: "fs".to_owned(),
            settings: json!({"location": "/base", "compress": true})
                .as_object()
                .unwrap()
                .clone(),
            is_default,
            has_reader: false,
            preflight: None,
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    pub(in crate::operations) fn cluster(repository: Option<&str>) -> Cluster {
        let at = jiff::Timestamp::UNIX_EPOCH;
        Cluster {
            id: "c1".parse().unwrap(),
            name: "c1".to_owned(),
            url: "http://127.0.0.1:9200".to_owned(),
            access: crate::model::AccessLevel::Operate,
            auth: crate::model::EngineAuth::None,
            uuid: "u".to_owned(),
            distribution: "opensearch".to_owned(),
            engine_version: "2.19.0".to_owned(),
            ca: None,
            fingerprint: None,
            allow_plain_http: false,
            repository: repository.map(|name| name.parse().unwrap()),
            engine_repository: None,
            location: Some("/given".to_owned()),
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    #[test]
    fn a_registration_that_only_reads_says_so_or_is_of_a_type_that_does() {
        let settings = |value: Value| value.as_object().unwrap().clone();
        assert!(is_readonly("url", &settings(json!({}))));
        assert!(is_readonly("fs", &settings(json!({"readonly": "true"}))));
        assert!(!is_readonly("gcs", &settings(json!({"readonly": "false"}))));
    }

    #[test]
    fn a_location_given_by_hand_is_one_of_the_clusters_own_repository_alone() {
        let location = |platform: &PlatformRepository, cluster: &Cluster| {
            Wanted::new(platform, cluster, platform.name.clone()).location()
        };
        let own = cluster(Some("mine"));
        assert_eq!(location(&platform("mine", false), &own), "fs:/given");
        assert_eq!(location(&platform("other", true), &own), "fs:/base/c1");
        let of_default = cluster(None);
        assert_eq!(location(&platform("main", true), &of_default), "fs:/given");
        assert_eq!(location(&platform("other", false), &of_default), "fs:/base/c1");
    }
}
