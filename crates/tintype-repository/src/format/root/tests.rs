use super::*;
use crate::format::testing::uuid;
use serde_json::{Value, json};

fn parse(value: &Value) -> Result<Root, FormatError> {
    Root::parse(value.to_string().as_bytes())
}

fn messages(root: &Root) -> Vec<&str> {
    root.contradictions.iter().map(|error| &*error.message).collect()
}
