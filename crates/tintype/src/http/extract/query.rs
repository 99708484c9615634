//! The query string: known parameters are checked by their type, unknown ones are ignored.

use crate::http::openapi::{Kind, Parameter};
use crate::http::problem::{Problem, Result};
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::collections::BTreeMap;

/// The parameters that the route knows, each valid for its type.
#[derive(Debug, Clone, Default)]
pub struct Params(BTreeMap<&'static str, String>);

impl Params {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 naming a known parameter whose value has not its type, or that came twice.
    pub fn parse(query: &str, known: &[Parameter]) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
                continue;
            };
            let valid = match parameter.kind {
                Kind::Integer => value.parse::<i32>().is_ok(),
                Kind::Boolean => matches!(value.as_ref(), "true" | "false"),
                Kind::Text => true,
            };
            if !valid {
                let wanted = if parameter.kind == Kind::Integer {
                    "an integer"
                } else {
                    "true or false"
                };
                return Err(Problem::invalid(
                    name.as_ref(),
                    format!("the query parameter {name} must be {wanted}"),
                ));
            }
            if values.insert(parameter.name, value.into_owned()).is_some() {
                return Err(Problem::invalid(
                    name.as_ref(),
                    format!("the query parameter {name} is there twice"),
                ));
            }
        }
        Ok(Self(values))
    }

    /// A parameter's text; empty counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A parameter whose absence means more than its emptiness.
    ///
    /// # Errors
    /// 400 naming the parameter when it is there and empty.
    pub fn not_empty(&self, name: &str) -> Result<Option<&str>> {
        match self.0.get(name).map(String::as_str) {
            Some("") => Err(Problem::invalid(
                name,
                format!("the query parameter {name} must not be empty; leave it out"),
            )),
            value => Ok(value),
        }
    }

    /// A parameter's truth.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.text(name).map(|value| value == "true")
    }

    /// A parameter's number, within bounds.
    ///
    /// # Errors
    /// 400 naming the parameter when it is out of bounds.
    pub fn integer(&self, name: &str, bounds: std::ops::RangeInclusive<i32>) -> Result<Option<i32>> {
        let value = self.text(name).and_then(|value| value.parse().ok());
        if value.is_none_or(|value| bounds.contains(&value)) {
            return Ok(value);
        }
        let (least, most) = bounds.into_inner();
        let wanted = if most == i32::MAX {
            format!("at least {least}")
        } else {
            format!("{least} to {most}")
        };
        Err(Problem::invalid(
            name,
            format!("the query parameter {name} must be {wanted}"),
        ))
    }

    /// A parameter that is a word or name of some type.
    ///
    /// # Errors
    /// 400 naming the parameter and the type's own rule.
    pub fn parsed<T>(&self, name: &str) -> Result<Option<T>>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        let parse = |value: &str| {
            value
                .parse()
                .map_err(|error: T::Err| Problem::invalid(name, error.to_string()))
        };
        self.text(name).map(parse).transpose()
    }
}

/// The parameters, as the guard has checked them.
#[derive(Debug)]
pub struct Query(pub Params);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(Self(
            parts.extensions.get::<Params>().cloned().unwrap_or_default(),
        ))
    }
}
