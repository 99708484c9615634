//! A search as it is sent: the members of ECE's description, so that those not served can be refused by name.

use crate::http::extract::Object;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A search; everything has a default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// The number of clusters to skip. Default: 0.
    pub from: Option<i32>,
    /// At most so many clusters, 0 to 10,000. Default: 100.
    pub size: Option<i32>,
    /// What to search for. Default: every cluster.
    #[schema(value_type = Option<QueryContainer>)]
    pub query: Option<Object<QueryContainer>>,
    /// The order, such as `[{"cluster_name": {"order": "desc"}}]`. Default: by id.
    #[schema(value_type = Option<Vec<Object>>)]
    pub sort: Option<Vec<Map<String, Value>>>,
}

/// Exactly one of these. Fields: `cluster_id` or `id`, `cluster_name` or `name`, `status`, and
/// `plan_info.current.plan.elasticsearch.version` or `version`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryContainer {
    /// Every cluster.
    #[schema(value_type = Option<MatchAllQuery>)]
    pub match_all: Option<Object<MatchAllQuery>>,
    /// No cluster.
    #[schema(value_type = Option<MatchAllQuery>)]
    pub match_none: Option<Object<MatchAllQuery>>,
    /// Words of the name, without regard to case; of any other field, its whole value.
    #[serde(rename = "match")]
    #[schema(value_type = Option<BTreeMap<String, MatchQuery>>)]
    pub words: Option<BTreeMap<String, Object<MatchQuery>>>,
    /// The exact value of one field.
    #[schema(value_type = Option<BTreeMap<String, TermQuery>>)]
    pub term: Option<BTreeMap<String, Object<TermQuery>>>,
    /// The beginning of one field.
    #[schema(value_type = Option<BTreeMap<String, PrefixQuery>>)]
    pub prefix: Option<BTreeMap<String, Object<PrefixQuery>>>,
    /// A range of one field.
    #[schema(value_type = Option<BTreeMap<String, RangeQuery>>)]
    pub range: Option<BTreeMap<String, Object<RangeQuery>>>,
    /// Clusters that have a field: every cluster has all of them.
    #[schema(value_type = Option<ExistsQuery>)]
    pub exists: Option<Object<ExistsQuery>>,
    /// A combination.
    #[schema(value_type = Option<BoolQuery>)]
    pub bool: Option<Object<BoolQuery>>,
    /// Refused.
    #[schema(ignore)]
    pub nested: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub query_string: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub simple_query_string: Option<Value>,
}

/// A query without members.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchAllQuery {}

/// Words, or a whole value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchQuery {
    /// What to look for.
    #[schema(value_type = String)]
    pub query: Value,
    /// `or`, the default, or `and`: all words.
    pub operator: Option<String>,
    /// With `or`, how many words; below zero, how many may be missing. Default: 1.
    pub minimum_should_match: Option<i32>,
    /// Refused.
    #[schema(ignore)]
    pub analyzer: Option<Value>,
}

/// An exact value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermQuery {
    /// A string, number or truth.
    #[schema(value_type = String)]
    pub value: Value,
}

/// A beginning.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrefixQuery {
    /// The beginning.
    pub value: String,
    /// Refused.
    #[schema(ignore)]
    pub boost: Option<Value>,
}

/// A range: versions by their numbers, everything else by its characters.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeQuery {
    /// Greater than this.
    #[schema(value_type = Option<String>)]
    pub gt: Option<Value>,
    /// At least this.
    #[schema(value_type = Option<String>)]
    pub gte: Option<Value>,
    /// Less than this.
    #[schema(value_type = Option<String>)]
    pub lt: Option<Value>,
    /// At most this.
    #[schema(value_type = Option<String>)]
    pub lte: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub boost: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub format: Option<Value>,
    /// Refused.
    #[schema(ignore)]
    pub time_zone: Option<Value>,
}

/// A field that is there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExistsQuery {
    /// The field.
    pub field: String,
}

/// A combination of queries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoolQuery {
    /// All of these.
    #[schema(value_type = Option<Vec<QueryContainer>>, no_recursion)]
    pub must: Option<Vec<Option<Object<QueryContainer>>>>,
    /// All of these, too.
    #[schema(value_type = Option<Vec<QueryContainer>>, no_recursion)]
    pub filter: Option<Vec<Option<Object<QueryContainer>>>>,
    /// Some of these.
    #[schema(value_type = Option<Vec<QueryContainer>>, no_recursion)]
    pub should: Option<Vec<Option<Object<QueryContainer>>>>,
    /// None of these.
    #[schema(value_type = Option<Vec<QueryContainer>>, no_recursion)]
    pub must_not: Option<Vec<Option<Object<QueryContainer>>>>,
    /// How many of `should`; below zero, how many may be missing. Default: 1 without `must` and `filter`, else 0.
    pub minimum_should_match: Option<i32>,
}
