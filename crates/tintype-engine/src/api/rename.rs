//! Renaming while restoring, which the engines do with a Java regular expression.

use crate::api::restore::Restore;
use crate::wire::route::Named;

/// Why a list of renames cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// A name that could mean several indices, or none.
    #[error("{0:?} cannot be used as the name of an index")]
    Name(String),
    /// Two sources would become, or one source is listed twice as, the same index.
    #[error("{0:?} is listed twice")]
    Twice(String),
}

impl Restore {
    /// The requests that restore exactly these (source, target) pairs: usually one.
    ///
    /// The engine renames by `source.replaceAll(rename_pattern, rename_replacement)`, one pattern for all indices of a
    /// request. Pairs that put the same words before and after the source's name share a request with the pattern
    /// `^(.+)$`; any other pair gets its own, with the whole name quoted (`^\Q…\E$`). In replacements `$` and `\` are
    /// escaped (`java.util.regex.Matcher.quoteReplacement`). Every other option has its default.
    pub fn renaming<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<Self>, RenameError> {
        let pairs: Vec<_> = pairs.into_iter().collect();
        check(&pairs)?;
        let mut requests: Vec<Self> = Vec::new();
        for (source, target) in pairs {
            let rename = rename(source, target);
            let shared = requests
                .iter_mut()
                .find(|r| r.rename == rename && !is_quoted(rename.as_ref()));
            match shared {
                Some(request) => request.indices.push(source.to_owned()),
                None => requests.push(Self {
                    indices: vec![source.to_owned()],
                    rename,
                    ..Self::default()
                }),
            }
        }
        Ok(requests)
    }
}

fn check(pairs: &[(&str, &str)]) -> Result<(), RenameError> {
    for (n, (source, target)) in pairs.iter().enumerate() {
        for name in [source, target] {
            Named::Index
                .exact(name)
                .map_err(|_| RenameError::Name(name.chars().take(200).collect()))?;
        }
        for (other_source, other_target) in &pairs[..n] {
            if source == other_source || target == other_target {
                return Err(RenameError::Twice(
                    (*if source == other_source { source } else { target }).to_owned(),
                ));
            }
        }
    }
    Ok(())
}

/// Pattern and replacement; `None` when the name stays.
fn rename(source: &str, target: &str) -> Option<(String, String)> {
    if source == target {
        return None;
    }
    Some(match target.split_once(source) {
        Some((before, after)) => (
            "^(.+)$".to_owned(),
            format!("{}$1{}", quote_replacement(before), quote_after_group(after)),
        ),
        None => (format!(r"^\Q{source}\E$"), quote_replacement(target)),
    })
}

fn is_quoted(rename: Option<&(String, String)>) -> bool {
    rename.is_some_and(|(pattern, _)| pattern.starts_with(r"^\Q"))
}

fn quote_replacement(text: &str) -> String {
    text.chars()
        .flat_map(|c| matches!(c, '$' | '\\').then_some('\\').into_iter().chain([c]))
        .collect()
}

/// As [`quote_replacement`]; a digit right after `$1` could be read as part of the group's number.
fn quote_after_group(text: &str) -> String {
    let escape = text.starts_with(|c: char| c.is_ascii_digit());
    format!("{}{}", if escape { "\\" } else { "" }, quote_replacement(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pattern = Option<(String, String)>;

    fn renames(pairs: &[(&str, &str)]) -> Vec<(Vec<String>, Pattern)> {
        let requests = Restore::renaming(pairs.iter().copied()).unwrap();
        requests.into_iter().map(|r| (r.indices, r.rename)).collect()
    }

    fn pair(pattern: &str, replacement: &str) -> Pattern {
        Some((pattern.to_owned(), replacement.to_owned()))
    }

    #[test]
    fn a_common_prefix_and_suffix_share_one_request() {
        let got = renames(&[("a", "restored-a-1"), ("b", "restored-b-1")]);
        assert_eq!(
            got,
            [(vec!["a".into(), "b".into()], pair("^(.+)$", "restored-$1-1"))]
        );
    }

    #[test]
    fn other_names_are_quoted_one_request_each() {
        let got = renames(&[("logs.2026$", "x"), ("b", "y$1")]);
        assert_eq!(
            got[0],
            (vec!["logs.2026$".into()], pair(r"^\Qlogs.2026$\E$", "x"))
        );
        assert_eq!(got[1], (vec!["b".into()], pair(r"^\Qb\E$", r"y\$1")));
    }

    #[test]
    fn a_digit_after_the_group_is_not_part_of_its_number() {
        assert_eq!(renames(&[("a", "a2")])[0].1, pair("^(.+)$", r"$1\2"));
    }

    #[test]
    fn unchanged_names_need_no_pattern() {
        assert_eq!(
            renames(&[("a", "a"), ("b", "b")]),
            [(vec!["a".into(), "b".into()], None)]
        );
    }

    #[test]
    fn patterns_and_duplicates_are_refused() {
        for bad in [
            [("a*", "b"), ("c", "d")],
            [("a", "x"), ("b", "x")],
            [("a", "x"), ("a", "y")],
        ] {
            assert!(Restore::renaming(bad).is_err(), "{bad:?}");
        }
    }
}
