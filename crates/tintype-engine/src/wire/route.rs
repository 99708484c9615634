//! Paths and queries that address exactly what is meant.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::error::NotSent;
use crate::wire::text::clean;

/// RFC 3986's unreserved characters stay; everything else is encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A path below the engine's base URL, and a query.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
}

impl Route {
    pub(crate) fn new(segments: &[&str]) -> Self {
        Self {
            segments: segments.iter().map(|s| (*s).to_owned()).collect(),
            query: Vec::new(),
        }
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The path as sent, below the base.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        if path.is_empty() { "/".to_owned() } else { path }
    }

    /// The request target below `base`; parsed again as a URL it must name the same segments, since `.` and `..` and
    /// their encodings mean something else to URL parsers (a `DELETE` of snapshot `.` would unregister its repository).
    pub(crate) fn target(&self, base: &Url) -> Result<String, NotSent> {
        let mut url = base.clone();
        url.set_query(None);
        url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), self.path()));
        if !self.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &self.query {
                pairs.append_pair(name, value);
            }
        }
        let meant = segments_of(base).chain(self.segments.iter().cloned());
        let parsed = Url::parse(url.as_str()).ok();
        if self.segments.iter().any(String::is_empty)
            || !parsed.is_some_and(|url| segments_of(&url).eq(meant))
        {
            return Err(NotSent::InvalidName {
                what: "a path",
                name: clean(&self.path(), 200),
            });
        }
        Ok(match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        })
    }
}

fn segments_of(url: &Url) -> impl Iterator<Item = String> + '_ {
    let path = url.path().trim_matches('/');
    path.split('/')
        .filter(|s| !s.is_empty())
        .map(|s| percent_decode_str(s).decode_utf8_lossy().into_owned())
}

/// What a name is of; the rules differ a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Snapshot,
    Repository,
    Index,
}

impl Named {
    /// The name, if it can only ever mean itself: no wildcard, list, exclusion, date math, remote cluster or keyword of
    /// the API. The engines accept more (`.`, `..`, `-a`), which cannot be addressed safely.
    pub(crate) fn exact(self, name: &str) -> Result<&str, NotSent> {
        let forbidden = |c: char| c.is_control() || c.is_whitespace() || r#"*,?<>\/"|#"#.contains(c);
        let reserved = match self {
            Self::Snapshot => name.starts_with(['_', '-']),
            Self::Repository => matches!(name, "_all" | "_status") || name.starts_with('-'),
            Self::Index => name.starts_with(['_', '-', '+']) || name.contains(':'),
        };
        if matches!(name, "" | "." | "..") || name.chars().any(forbidden) || reserved {
            let what = match self {
                Self::Snapshot => "a snapshot",
                Self::Repository => "a repository",
                Self::Index => "an index",
            };
            return Err(NotSent::InvalidName {
                what,
                name: clean(name, 200),
            });
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_keeps_the_prefix_and_encodes_each_segment() {
        let base = Url::parse("https://proxy.example/es/eu/").unwrap();
        let route = Route::new(&["_snapshot", "my repo", "a:b%2e#é"]).query("verify", "false");
        assert_eq!(
            route.target(&base).unwrap(),
            "/es/eu/_snapshot/my%20repo/a%3Ab%252e%23%C3%A9?verify=false"
        );
        assert_eq!(Route::new(&[]).target(&base).unwrap(), "/es/eu/");
    }

    #[test]
    fn segments_that_a_url_parser_would_drop_are_refused() {
        let base = Url::parse("http://localhost:9200").unwrap();
        for bad in [".", "..", ""] {
            assert!(
                Route::new(&["_snapshot", "r", bad]).target(&base).is_err(),
                "{bad:?}"
            );
        }
        assert!(Route::new(&["_snapshot", "r", "..."]).target(&base).is_ok());
        assert!(Route::new(&["_snapshot", "r", "%2e"]).target(&base).is_ok());
    }

    #[test]
    fn exact_names_never_expand() {
        for bad in [
            "",
            ".",
            "..",
            "a*",
            "a,b",
            "<snap-{now/d}>",
            "_all",
            "_current",
            "-a",
            "a b",
            "a/b",
            "a\u{0}",
            "a?",
        ] {
            assert!(Named::Snapshot.exact(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Named::Snapshot.exact("a:b.c_d-1"), Ok("a:b.c_d-1"));
        assert_eq!(Named::Repository.exact("_mine"), Ok("_mine"));
        assert!(Named::Repository.exact("_all").is_err());
        assert!(Named::Index.exact("remote:index").is_err());
        assert_eq!(Named::Index.exact(".hidden"), Ok(".hidden"));
    }
}
