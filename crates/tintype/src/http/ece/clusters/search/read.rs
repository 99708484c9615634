//! From a search as it is sent to what it asks, or 400 with the path of the clause that is wrong.

use super::body::{BoolQuery, MatchQuery, QueryContainer, RangeQuery, SearchRequest};
use crate::error::member_path;
use crate::http::extract::Object;
use crate::http::problem::{Problem, Result};
use crate::model::search::{Bounds, ClusterSearch, Field, Query, Sort, VersionOrder, words};
use serde_json::{Map, Value as Json};
use std::ops::Bound;

/// The largest page.
const MOST: i32 = 10_000;
/// The default page.
const USUAL: i32 = 100;
/// Queries and words of one search: each is looked for in each cluster.
const MOST_CLAUSES: usize = 1024;

type Clauses = Option<Vec<Option<Object<QueryContainer>>>>;

/// What a body asks.
///
/// # Errors
/// 400 naming the path of what is wrong or not supported.
pub fn search(body: SearchRequest) -> Result<ClusterSearch> {
    let from = bounded("from", body.from.unwrap_or(0), i32::MAX)?;
    let size = bounded("size", body.size.unwrap_or(USUAL), MOST)?;
    // A client's empty struct: the description says that all match when nothing is specified.
    let given = body.query.filter(|Object(query)| !kinds(query).is_empty());
    let query = match given {
        Some(Object(query)) => Reader { left: MOST_CLAUSES }.query(query, "query")?,
        None => Query::All,
    };
    let sort = sorts(body.sort.unwrap_or_default())?;
    Ok(ClusterSearch {
        query,
        sort,
        from,
        size,
    })
}

fn bounded(name: &str, value: i32, most: i32) -> Result<usize> {
    match usize::try_from(value) {
        Ok(number) if value <= most => Ok(number),
        _ => Err(Problem::invalid(name, format!("{name} must be 0 to {most}"))),
    }
}

fn sorts(given: Vec<Map<String, Json>>) -> Result<Vec<Sort>> {
    let mut sorts: Vec<Sort> = Vec::new();
    for (index, one) in given.into_iter().enumerate() {
        let (field, at, order) = single(one, &format!("sort[{index}]"))?;
        let word = match &order {
            Json::Object(members) if members.keys().all(|member| member == "order") => {
                members.get("order").unwrap_or(&Json::Null)
            }
            other => other,
        };
        let descending = match word.as_str() {
            Some("asc") => false,
            Some("desc") => true,
            _ => return refused(&at, "must be {\"order\": \"asc\"} or {\"order\": \"desc\"}"),
        };
        // A second order of the same field can tell nothing apart.
        if sorts.iter().all(|sort| sort.field != field) {
            sorts.push(Sort { field, descending });
        }
    }
    Ok(sorts)
}

/// The kinds of query that a container has.
fn kinds(query: &QueryContainer) -> Vec<&'static str> {
    let given = [
        ("match_all", query.match_all.is_some()),
        ("match_none", query.match_none.is_some()),
        ("match", query.words.is_some()),
        ("term", query.term.is_some()),
        ("prefix", query.prefix.is_some()),
        ("range", query.range.is_some()),
        ("exists", query.exists.is_some()),
        ("bool", query.bool.is_some()),
        ("nested", query.nested.is_some()),
        ("query_string", query.query_string.is_some()),
        ("simple_query_string", query.simple_query_string.is_some()),
    ];
    given
        .into_iter()
        .filter_map(|(kind, given)| given.then_some(kind))
        .collect()
}

/// Reads queries, and counts what they cost.
struct Reader {
    left: usize,
}

impl Reader {
    fn query(&mut self, query: QueryContainer, at: &str) -> Result<Query> {
        self.spend(1, at)?;
        let kinds = kinds(&query);
        let [kind] = kinds[..] else {
            let found = if kinds.is_empty() {
                "none".to_owned()
            } else {
                kinds.join(", ")
            };
            return refused(at, &format!("must have one kind of query, and has {found}"));
        };
        let at = format!("{at}.{kind}");
        match query {
            QueryContainer {
                match_all: Some(_), ..
            } => Ok(Query::All),
            QueryContainer {
                match_none: Some(_), ..
            } => Ok(Query::None),
            QueryContainer {
                words: Some(fields), ..
            } => {
                let (field, at, Object(asked)) = single(fields, &at)?;
                self.words(field, asked, &at)
            }
            QueryContainer {
                term: Some(fields), ..
            } => {
                let (field, at, Object(asked)) = single(fields, &at)?;
                Ok(Query::Term(field, scalar(asked.value, &format!("{at}.value"))?))
            }
            QueryContainer {
                prefix: Some(fields), ..
            } => {
                let (field, at, Object(asked)) = single(fields, &at)?;
                unranked(asked.boost.is_some(), &at)?;
                Ok(Query::Prefix(field, asked.value))
            }
            QueryContainer {
                range: Some(fields), ..
            } => {
                let (field, at, Object(asked)) = single(fields, &at)?;
                range(field, asked, &at)
            }
            QueryContainer {
                exists: Some(Object(exists)),
                ..
            } => field(&exists.field, &format!("{at}.field")).map(|_| Query::All),
            QueryContainer {
                bool: Some(Object(parts)),
                ..
            } => self.combination(parts, &at),
            _ => refused(
                &at,
                "is not supported: use match_all, match_none, match, term, prefix, range, exists or bool",
            ),
        }
    }

    fn words(&mut self, field: Field, asked: MatchQuery, at: &str) -> Result<Query> {
        if asked.analyzer.is_some() {
            return refused(
                &format!("{at}.analyzer"),
                "is not supported: names are words of letters and digits",
            );
        }
        let text = scalar(asked.query, &format!("{at}.query"))?;
        let all = match asked.operator.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("or") => false,
            Some("and") => true,
            Some(_) => return refused(&format!("{at}.operator"), "must be or, or and"),
        };
        if field != Field::Name {
            return Ok(Query::Term(field, text));
        }
        let words = words(&text);
        self.spend(words.len(), at)?;
        let required = if all {
            words.len()
        } else {
            at_least(asked.minimum_should_match.unwrap_or(1), words.len()).max(1)
        };
        Ok(Query::Words { words, required })
    }

    fn combination(&mut self, parts: BoolQuery, at: &str) -> Result<Query> {
        let mut must = self.clauses(parts.must, &format!("{at}.must"))?;
        must.extend(self.clauses(parts.filter, &format!("{at}.filter"))?);
        let must_not = self.clauses(parts.must_not, &format!("{at}.must_not"))?;
        let should = self.clauses(parts.should, &format!("{at}.should"))?;
        let required = match parts.minimum_should_match {
            Some(minimum) => at_least(minimum, should.len()),
            None => usize::from(must.is_empty() && !should.is_empty()),
        };
        Ok(Query::Bool {
            must,
            must_not,
            should,
            required,
        })
    }

    fn clauses(&mut self, clauses: Clauses, at: &str) -> Result<Vec<Query>> {
        let clauses = clauses.unwrap_or_default().into_iter().enumerate();
        let given = clauses.filter_map(|(index, clause)| Some((index, clause?)));
        given
            .map(|(index, Object(clause))| self.query(clause, &format!("{at}[{index}]")))
            .collect()
    }

    fn spend(&mut self, clauses: usize, at: &str) -> Result<()> {
        match self.left.checked_sub(clauses) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => refused(
                at,
                &format!("is too much: a search has at most {MOST_CLAUSES} queries and words"),
            ),
        }
    }
}

fn range(field: Field, asked: RangeQuery, at: &str) -> Result<Query> {
    unranked(asked.boost.is_some(), at)?;
    for (member, given) in [
        ("format", asked.format.is_some()),
        ("time_zone", asked.time_zone.is_some()),
    ] {
        if given {
            return refused(&format!("{at}.{member}"), "is not supported: no field is a date");
        }
    }
    if field == Field::Version {
        Ok(Query::VersionRange(bounds(asked, at, version)?))
    } else {
        Ok(Query::Range(field, bounds(asked, at, scalar)?))
    }
}

fn bounds<T: PartialEq>(asked: RangeQuery, at: &str, read: fn(Json, &str) -> Result<T>) -> Result<Bounds<T>> {
    let one = |open: (&str, Option<Json>), closed: (&str, Option<Json>)| match (open, closed) {
        ((open, Some(_)), (closed, Some(_))) => {
            refused(at, &format!("has both {open} and {closed}: one is enough"))
        }
        ((name, Some(value)), _) => read(value, &format!("{at}.{name}")).map(Bound::Excluded),
        (_, (name, Some(value))) => read(value, &format!("{at}.{name}")).map(Bound::Included),
        _ => Ok(Bound::Unbounded),
    };
    let lower = one(("gt", asked.gt), ("gte", asked.gte))?;
    let upper = one(("lt", asked.lt), ("lte", asked.lte))?;
    if lower == Bound::Unbounded && upper == Bound::Unbounded {
        return refused(at, "needs gt, gte, lt or lte");
    }
    Ok((lower, upper))
}

fn version(value: Json, at: &str) -> Result<VersionOrder> {
    match VersionOrder::parse(&scalar(value, at)?) {
        Some(version) => Ok(version),
        None => refused(at, "must be a version such as 8.17.0"),
    }
}

/// So many, or below zero: all but so many.
fn at_least(minimum: i32, of: usize) -> usize {
    let magnitude = usize::try_from(minimum.unsigned_abs()).unwrap_or(usize::MAX);
    if minimum < 0 {
        of.saturating_sub(magnitude)
    } else {
        magnitude
    }
}

/// The one field of a clause, with the clause's path.
fn single<T>(fields: impl IntoIterator<Item = (String, T)>, at: &str) -> Result<(Field, String, T)> {
    let mut fields = fields.into_iter();
    match (fields.next(), fields.next()) {
        (Some((name, value)), None) => {
            let at = format!("{at}.{}", member_path(&name));
            Ok((field(&name, &at)?, at, value))
        }
        _ => refused(at, "must name one field"),
    }
}

fn field(name: &str, at: &str) -> Result<Field> {
    match name {
        "cluster_id" | "id" => Ok(Field::Id),
        "cluster_name" | "name" => Ok(Field::Name),
        "plan_info.current.plan.elasticsearch.version" | "version" => Ok(Field::Version),
        "status" => Ok(Field::Status),
        _ => refused(
            at,
            "is not a field to search: known are cluster_id (id), cluster_name (name), status and \
             plan_info.current.plan.elasticsearch.version (version)",
        ),
    }
}

fn scalar(value: Json, at: &str) -> Result<String> {
    match value {
        Json::String(text) => Ok(text),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(truth) => Ok(truth.to_string()),
        _ => refused(at, "must be a string, a number, true or false"),
    }
}

fn unranked(boosted: bool, at: &str) -> Result<()> {
    if boosted {
        return refused(
            &format!("{at}.boost"),
            "is not supported: what is found is sorted, not ranked",
        );
    }
    Ok(())
}

fn refused<T>(at: &str, why: &str) -> Result<T> {
    let at: String = at.chars().take(256).collect();
    Err(Problem::invalid(at.as_str(), format!("{at} {why}")))
}
