//! Operations: what runs, what ran, and how far.

pub mod cancel;
pub mod events;
pub mod get;
pub mod list;
mod view;

use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::extract::Path;
use crate::http::problem::Result;
use crate::model::Operation;

pub use view::OperationView;

/// What a route about one operation answers when there is none.
pub const NOT_FOUND: &[&str] = &["operations.not_found"];

/// The operation that the path names.
async fn load(http: &Http, path: &Path) -> Result<Operation> {
    let id = path.text("operation_id");
    let missing = || Error::missing(Missing::Operation, "there is no operation with this id");
    Ok(http.app.store.operation(id).await?.ok_or_else(missing)?)
}
