//! What a run asks of Tintype.

use std::time::Duration;

use serde_json::{Value, json};
use tintype_testkit::fake::SnapshotState;

use crate::{
    bench::{Bench, INDICES, KEEP},
    server::Server,
};

/// One kind of work, from an engine that has what it needs to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// A snapshot into a platform repository that the engine does not know yet: registered, verified, taken.
    Take,
    /// A snapshot that is cancelled while it runs, in a repository with somebody else's snapshot.
    Cancel,
    /// A snapshot that the engine refuses: its repository is read-only.
    Refused,
    /// A registration of its own.
    Register,
    /// A restore of two indices of a snapshot that was there before.
    Restore,
    /// A delete of a snapshot that was taken before, in a repository with somebody else's snapshot.
    Delete,
    /// A verification of a repository with somebody else's snapshot, as its reader shows it: on a real engine alone, since
    /// a fake one writes nothing.
    Verify,
}

/// The HTTP answer, if it arrived.
pub type Answer = Option<(u16, Value)>;

impl Scenario {
    /// The status that an operation must end with on a healthy engine.
    pub fn expected(self) -> &'static [&'static str] {
        match self {
            Self::Take | Self::Register | Self::Restore | Self::Delete | Self::Verify => &["succeeded"],
            // A throttled snapshot may be done before the request to cancel it arrives.
            Self::Cancel => &["cancelled", "succeeded"],
            Self::Refused => &["failed"],
        }
    }

    /// What stands on the engine before Tintype comes.
    pub async fn furnish(self, bench: &Bench, name: &str) {
        match self {
            Self::Cancel => {
                bench
                    .register(name, json!({"max_snapshot_bytes_per_sec": "200kb"}))
                    .await;
                foreign(bench, name).await;
            }
            Self::Delete | Self::Verify => {
                bench.register(name, json!({})).await;
                foreign(bench, name).await;
            }
            Self::Refused => {
                bench.register(name, json!({})).await;
                foreign(bench, name).await;
                bench.register(name, json!({"readonly": true})).await;
            }
            Self::Take | Self::Register | Self::Restore => {}
        }
    }

    /// What Tintype knows, and has done, before the request.
    pub async fn configure(
        self,
        server: &Server,
        bench: &Bench,
        cluster: &str,
        name: &str,
    ) -> anyhow::Result<()> {
        if matches!(self, Self::Take | Self::Register) {
            let settings = json!({"location": format!("{}/{name}", bench.root)});
            let body = json!({"type": "fs", "settings": settings});
            server
                .native("PUT", &format!("/repositories/{name}"), body)
                .await?;
        }
        if self == Self::Verify {
            let path = format!("/repositories/{name}");
            let body = json!({"type": "fs", "settings": {"location": bench.root}});
            server.native("PUT", &path, body).await?;
            let body = json!({"url": format!("file://{}", bench.root)});
            server.native("PUT", &format!("{path}/reader"), body).await?;
            let body = json!({"repository": name, "location": format!("{}/{name}", bench.root)});
            server
                .native("PATCH", &format!("/clusters/{cluster}"), body)
                .await?;
        }
        if self == Self::Delete {
            server.take(cluster, &snapshot_of(name), name).await?;
            let ended = server.wait_terminal(cluster, Duration::from_secs(60)).await?;
            anyhow::ensure!(ended[0]["status"] == "succeeded", "{}", ended[0]);
        }
        Ok(())
    }

    /// The operation is the one that the request started, and not one of what came before it.
    pub fn asked_for(self, operation: &Value) -> bool {
        self != Self::Delete || operation["kind"] == "delete_snapshot"
    }

    /// The point belongs to what the request started, and every run passes it: a delete pauses only on a slow machine.
    pub fn passes(self, point: &str) -> bool {
        self != Self::Delete || (point.starts_with("delete_snapshot.") && !point.contains(".wait."))
    }

    /// Sends the request; `None` when its connection was cut.
    pub async fn ask(self, server: &Server, cluster: &str, name: &str) -> Answer {
        let clusters = format!("/api/tintype/v1/clusters/{cluster}");
        match self {
            Self::Take | Self::Cancel | Self::Refused => {
                server.take(cluster, &snapshot_of(name), name).await.ok()
            }
            Self::Register => {
                let path = format!("{clusters}/registrations");
                server.send("POST", &path, json!({"repository": name})).await.ok()
            }
            Self::Restore => {
                let path = format!("{clusters}/snapshots/{}/{}/_restore", KEEP.0, KEEP.1);
                let body = json!({"rename_prefix": format!("{name}-")});
                server.send("POST", &path, body).await.ok()
            }
            Self::Delete => {
                let path = format!("{clusters}/snapshots/{name}/{}", snapshot_of(name));
                server.send("DELETE", &path, Value::Null).await.ok()
            }
            Self::Verify => {
                let path = format!("/api/tintype/v1/repositories/{name}/verifications");
                server
                    .send("POST", &path, json!({"cluster_id": cluster}))
                    .await
                    .ok()
            }
        }
    }
}

/// Somebody else's snapshot in the run's repository.
async fn foreign(bench: &Bench, name: &str) {
    match &bench.fake {
        Some(fake) => fake.add_snapshot(name, "foreign", SnapshotState::Success),
        None => {
            let path = format!("/_snapshot/{name}/foreign?wait_for_completion=true");
            let what = json!({"indices": "tiny", "include_global_state": false});
            bench.ask("PUT", &path, what).await;
        }
    }
}

/// Somebody deletes the run's snapshot, and makes another one under its name.
pub fn replace(bench: &Bench, name: &str) {
    if let Some(fake) = &bench.fake {
        fake.lose_snapshot(name, &snapshot_of(name));
        fake.add_snapshot(name, &snapshot_of(name), SnapshotState::Success);
    }
}

/// The snapshot that a run takes.
pub fn snapshot_of(name: &str) -> String {
    format!("snap-{name}")
}

/// The indices that a run restores.
pub fn targets_of(name: &str) -> Vec<String> {
    INDICES.iter().map(|index| format!("{name}-{index}")).collect()
}
