//! Looks at every attached cluster once an interval, so that answers never wait for an engine.

use crate::app::App;
use crate::model::ClusterId;
use crate::operations::pulse::Part;
use crate::store::ClusterPage;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Looks at once. An engine that hangs holds one place, and no other cluster up.
const AT_ONCE: usize = 16;
/// How often, at the least, the list of clusters is read again. One that is attached is looked at by the attach itself.
const TICK: Duration = Duration::from_secs(5);
/// A look that has not come back by then is taken for lost.
const LOST: Duration = Duration::from_secs(600);

/// Which clusters are looked at, and when next.
struct Watch {
    interval: Duration,
    due: HashMap<ClusterId, Instant>,
    places: Arc<Semaphore>,
    looks: JoinSet<(ClusterId, Instant)>,
}

/// Watches until `shutdown`.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let mut watch = Watch {
        interval: Duration::from_secs(app.config.watch.interval_seconds),
        due: HashMap::new(),
        places: Arc::new(Semaphore::new(AT_ONCE)),
        looks: JoinSet::new(),
    };
    loop {
        match watch.begin_due(app).await {
            Ok(()) => app.operations.pulse().beat(Part::Watch, app.clock.now()),
            Err(error) => tracing::error!(%error, "the clusters could not be watched"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = watch.collect() => {}
        }
    }
}

impl Watch {
    /// Begins a look at each cluster that is due; a new one is due at once, and then spread over the interval by its id.
    async fn begin_due(&mut self, app: &App) -> crate::store::Result<()> {
        let (clusters, _) = app.store.clusters(&ClusterPage::default()).await?;
        let attached: HashSet<&ClusterId> = clusters.iter().map(|cluster| &cluster.id).collect();
        self.due.retain(|id, _| attached.contains(id));
        let now = Instant::now();
        for cluster in clusters {
            if self.due.get(&cluster.id).is_some_and(|due| *due > now) {
                continue;
            }
            app.engines.note_limit(&cluster);
            self.due.insert(cluster.id.clone(), now + LOST);
            let (operations, places) = (app.operations.clone(), Arc::clone(&self.places));
            self.looks.spawn(async move {
                let _place = places.acquire_owned().await;
                let began = Instant::now();
                // Boxed, so that those that wait for their place do not hold the room of a whole look.
                Box::pin(operations.refresh(&cluster.id)).await;
                (cluster.id, began)
            });
        }
        Ok(())
    }

    /// Takes in the looks that come back, for one tick.
    async fn collect(&mut self) {
        let tick = tokio::time::sleep(TICK.min(self.interval));
        tokio::pin!(tick);
        loop {
            tokio::select! {
                () = &mut tick => return,
                Some(done) = self.looks.join_next() => {
                    // A look that panicked was logged by the panic; it is due again when it counts as lost.
                    if let Ok((id, began)) = done {
                        let next = began + self.interval.mul_f64(0.9 + 0.2 * spread(&id));
                        self.due.insert(id, next);
                    }
                }
            }
        }
    }
}

/// Between 0 and 1, the same for a cluster each time and different between clusters.
fn spread(id: &ClusterId) -> f64 {
    let sum = id.as_str().bytes().fold(17u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    f64::from(sum % 1000) / 1000.0
}
