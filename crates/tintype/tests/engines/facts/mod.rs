//! What the engines themselves answer, asked past Tintype: the facts that its dialects and operations rest on. What
//! differs between versions is a column of [`table`]; `docs/engines.md` tells users what it means for them.

mod answers;
mod copying;
mod housekeeping;
mod indices;
mod names;
mod paging;
mod primaries;
mod registrations;
mod restoring;
mod running;
mod storage;
mod table;
mod verifying;
mod writers;

use serde_json::{Value, json};

pub use table::Closed;

use crate::{names::unique, rig::Rig};

/// An engine's answer.
#[derive(Debug)]
pub struct Said {
    status: u16,
    body: Value,
}

impl Said {
    /// The body of an answer of 200.
    #[track_caller]
    fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// The snapshot that a request waited for.
    #[track_caller]
    fn snapshot(self) -> Value {
        self.ok()["snapshot"].take()
    }

    /// Holds it to an error of this status and type; its body.
    #[track_caller]
    fn refused(self, status: u16, kind: &str) -> String {
        let found = (
            self.status,
            self.body["error"]["type"].as_str().unwrap_or_default(),
        );
        assert_eq!(found, (status, kind), "{}", self.body);
        self.body["error"].to_string()
    }
}

impl Rig {
    async fn say(&self, method: &str, path: &str, body: Value) -> Said {
        let (status, body) = self.engine.http(method, path, body).await.unwrap();
        Said { status, body }
    }

    /// A registration of its own with a location of its own, and these settings.
    async fn fresh(&self, mut settings: Value) -> String {
        let repository = unique("facts");
        settings["location"] = json!(self.engine.location(&repository).unwrap());
        self.register(&repository, settings).await;
        repository
    }

    /// Asks for a snapshot of one index, with more members in the body, and waits for its end.
    async fn snap(&self, repository: &str, name: &str, more: Value) -> Said {
        let mut body = json!({"indices": "base-two", "include_global_state": false});
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let path = format!("/_snapshot/{repository}/{name}?wait_for_completion=true");
        self.say("PUT", &path, body).await
    }
}
