//! A search for clusters: what it asks, and whether a cluster is what it asks for. How it was written is not known here.

use super::Observation;
use std::cmp::Ordering;
use std::ops::{Bound, RangeBounds};

/// A member of a cluster that a search can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The id.
    Id,
    /// The name: the only one made of words.
    Name,
    /// The engine's version, in the order of its numbers.
    Version,
    /// `initializing`, `started` or `stopped`.
    Status,
}

/// What a search asks of each cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// Nothing: every cluster.
    All,
    /// The impossible: no cluster.
    None,
    /// The name has at least so many of these words, which are in lower case.
    Words {
        /// The words.
        words: Vec<String>,
        /// How many of them.
        required: usize,
    },
    /// The member is exactly this.
    Term(Field, String),
    /// The member begins with this.
    Prefix(Field, String),
    /// The member lies between these, by its characters.
    Range(Field, Bounds<String>),
    /// The version lies between these, by its numbers; what is no version lies nowhere.
    VersionRange(Bounds<VersionOrder>),
    /// A combination.
    Bool {
        /// All of these.
        must: Vec<Query>,
        /// None of these.
        must_not: Vec<Query>,
        /// At least `required` of these.
        should: Vec<Query>,
        /// How many of `should`.
        required: usize,
    },
}

/// Where a range begins and where it ends.
pub type Bounds<T> = (Bound<T>, Bound<T>);

/// One member to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The member.
    pub field: Field,
    /// The greatest first.
    pub descending: bool,
}

/// A search, and the part of what it finds that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterSearch {
    /// What is asked.
    pub query: Query,
    /// The order; clusters that it does not tell apart are in the order of their ids.
    pub sort: Vec<Sort>,
    /// Clusters to skip.
    pub from: usize,
    /// At most so many.
    pub size: usize,
}

/// A version in the order of its numbers: 8.9 is before 8.10, 8 equals 8.0.0, 9.0.0-beta1 is before 9.0.0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionOrder {
    numbers: Vec<u64>,
    released: bool,
    suffix: String,
}

/// What a search looks at of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    id: String,
    name: String,
    version: String,
    order: Option<VersionOrder>,
    status: &'static str,
}

/// ECE's word for the state of a cluster, from whether the last look found its engine.
pub fn status(reachable: Option<bool>) -> &'static str {
    match reachable {
        None => "initializing",
        Some(true) => "started",
        Some(false) => "stopped",
    }
}

/// As [`status`], from the last look.
pub fn status_seen(seen: Option<&Observation>) -> &'static str {
    status(seen.map(|seen| seen.reachable))
}

/// The words of a text, in lower case: runs of letters and digits.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

impl VersionOrder {
    /// `8`, `8.17`, `8.17.0` or `8.17.0-suffix`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (numbers, suffix) = text.split_once('-').unwrap_or((text, ""));
        let number = |part: &str| {
            part.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| part.parse().ok())?
        };
        let mut numbers: Vec<u64> = numbers.split('.').map(number).collect::<Option<_>>()?;
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self {
            numbers,
            released: suffix.is_empty(),
            suffix: suffix.to_owned(),
        })
    }
}

impl Candidate {
    /// A cluster by what a search looks at.
    pub fn new(id: String, name: String, version: String, reachable: Option<bool>) -> Self {
        Self {
            order: VersionOrder::parse(&version),
            status: status(reachable),
            id,
            name,
            version,
        }
    }

    /// The cluster's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn text(&self, field: Field) -> &str {
        match field {
            Field::Id => &self.id,
            Field::Name => &self.name,
            Field::Version => &self.version,
            Field::Status => self.status,
        }
    }

    fn compare(&self, other: &Self, field: Field) -> Ordering {
        match field {
            Field::Version => self.order.cmp(&other.order),
            _ => self.text(field).cmp(other.text(field)),
        }
    }
}

impl Query {
    /// The cluster is what is asked for.
    pub fn finds(&self, cluster: &Candidate) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Words {
                words: asked,
                required,
            } => {
                let there = words(&cluster.name);
                let found = asked.iter().filter(|word| there.contains(word)).count();
                !asked.is_empty() && found >= *required
            }
            Self::Term(field, value) => cluster.text(*field) == value,
            Self::Prefix(field, start) => cluster.text(*field).starts_with(start.as_str()),
            Self::Range(field, (lower, upper)) => {
                let bounds = (
                    lower.as_ref().map(String::as_str),
                    upper.as_ref().map(String::as_str),
                );
                RangeBounds::<str>::contains(&bounds, cluster.text(*field))
            }
            Self::VersionRange(bounds) => cluster.order.as_ref().is_some_and(|order| bounds.contains(order)),
            Self::Bool {
                must,
                must_not,
                should,
                required,
            } => {
                must.iter().all(|query| query.finds(cluster))
                    && !must_not.iter().any(|query| query.finds(cluster))
                    && should.iter().filter(|query| query.finds(cluster)).count() >= *required
            }
        }
    }

    /// The answer depends on this member.
    fn asks(&self, field: Field) -> bool {
        match self {
            Self::All | Self::None => false,
            Self::Words { .. } => field == Field::Name,
            Self::VersionRange(_) => field == Field::Version,
            Self::Term(asked, _) | Self::Prefix(asked, _) | Self::Range(asked, _) => *asked == field,
            Self::Bool {
                must,
                must_not,
                should,
                ..
            } => [must, must_not, should]
                .into_iter()
                .flatten()
                .any(|query| query.asks(field)),
        }
    }
}

impl ClusterSearch {
    /// What it finds or its order depends on this member.
    pub fn asks(&self, field: Field) -> bool {
        self.query.asks(field) || self.sort.iter().any(|sort| sort.field == field)
    }

    /// The ids that are asked for of those found, in order, and the number of all found.
    pub fn page(&self, mut found: Vec<Candidate>) -> (Vec<String>, usize) {
        found.sort_unstable_by(|one, other| self.order(one, other));
        let total = found.len();
        let page = found.into_iter().skip(self.from).take(self.size);
        (page.map(|cluster| cluster.id).collect(), total)
    }

    fn order(&self, one: &Candidate, other: &Candidate) -> Ordering {
        let by = |sort: &Sort| {
            let order = one.compare(other, sort.field);
            if sort.descending { order.reverse() } else { order }
        };
        let differs = self.sort.iter().map(by).find(|order| order.is_ne());
        differs.unwrap_or_else(|| one.id.cmp(&other.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> VersionOrder {
        VersionOrder::parse(text).unwrap()
    }

    #[test]
    fn versions_are_in_the_order_of_their_numbers() {
        for pair in [
            "6.8.23",
            "7",
            "7.9.0",
            "7.10.2",
            "8.17.0-SNAPSHOT",
            "8.17.0",
            "9.0.0-beta1",
            "9.0",
        ]
        .windows(2)
        {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("8"), version("8.0.0"));
        for text in ["", "eight", "8.", "8..1", "+8", "8.x", "99999999999999999999999"] {
            assert_eq!(VersionOrder::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        assert_eq!(words("Prod-EU_logs 7"), ["prod", "eu", "logs", "7"]);
        assert!(words("-- ").is_empty());
    }
}
