//! Our own extractors: the stock ones answer mistakes as text, which breaks clients.

mod body;
mod headers;
mod path;
mod query;

pub use body::{Body, Object, present};
pub use headers::{idempotency_key, too_large};
pub use path::{AttachedCluster, Path};
pub use query::{Params, Query};
