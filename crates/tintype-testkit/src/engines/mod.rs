//! Real Elasticsearch and OpenSearch nodes, started as processes. An engine is one line of `scripts/engines.tsv`.

mod access;
mod node;
mod rows;
mod shared;

pub use access::{Login, Users};
pub use node::{Options, RealEngine};
pub use rows::{EngineKind, EngineRow, row, rows, suite};
pub use shared::shared;
