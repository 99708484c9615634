//! Looks at every attached cluster once an interval, so that answers never wait for an engine.

use crate::app::App;
use crate::model::ClusterId;
use crate::store::ClusterPage;
use futures_util::StreamExt;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Looks at once.
const AT_ONCE: usize = 16;
/// How often the list of clusters is read again.
const TICK: Duration = Duration::from_secs(1);

/// Watches until `shutdown`.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let interval = Duration::from_secs(app.config.watch.interval_seconds);
    let mut due: HashMap<ClusterId, Instant> = HashMap::new();
    loop {
        if let Err(error) = round(app, &mut due, interval, shutdown).await {
            tracing::error!(%error, "the clusters could not be watched");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Looks at the clusters that are due; a new one is due at once, and then spread over the interval by its id.
async fn round(
    app: &App,
    due: &mut HashMap<ClusterId, Instant>,
    interval: Duration,
    shutdown: &CancellationToken,
) -> crate::store::Result<()> {
    let (clusters, _) = app.store.clusters(&ClusterPage::default()).await?;
    let now = Instant::now();
    let attached: HashSet<&ClusterId> = clusters.iter().map(|cluster| &cluster.id).collect();
    due.retain(|id, _| attached.contains(id));
    let ready: Vec<ClusterId> = clusters
        .into_iter()
        .filter(|cluster| due.get(&cluster.id).is_none_or(|at| *at <= now))
        .map(|cluster| {
            app.engines.note_limit(&cluster);
            cluster.id
        })
        .collect();
    for id in &ready {
        due.insert(id.clone(), now + interval.mul_f64(0.9 + 0.2 * spread(id)));
    }
    let looks = futures_util::stream::iter(ready)
        .for_each_concurrent(AT_ONCE, |id| async move { app.operations.refresh(&id).await });
    tokio::select! {
        () = looks => {}
        () = shutdown.cancelled() => {}
    }
    Ok(())
}

/// Between 0 and 1, the same for a cluster each time and different between clusters.
fn spread(id: &ClusterId) -> f64 {
    let sum = id.as_str().bytes().fold(17u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    f64::from(sum % 1000) / 1000.0
}
