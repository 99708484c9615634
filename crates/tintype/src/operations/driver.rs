//! The one driver of all operations. Recovery, takeover and retry are one path: a lease that is free and due.

use super::live::Crew;
use super::pulse::Part;
use super::step::{Context, Flow, Stop};
use super::{Operations, delete, failpoint, register, restore, take, verify, webhooks};
use crate::model::{Failure, FailureKind, OperationKind};
use crate::store::{ClusterPage, LeaseLimits, Leased, NewOperation, Started, Step};
use futures_util::FutureExt;
use jiff::SignedDuration;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, error, info, info_span, warn};

/// How long a graceful stop waits for steps that are inside an engine call.
const STOP_BOUND: Duration = Duration::from_secs(8);
/// Looks for due operations at least this often; a wake-up is only a hint.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Operations {
    /// Carries operations until `shutdown`, then gives the leases back.
    pub async fn run(&self, shutdown: CancellationToken) {
        // The store's lock proves that no other instance is alive, so its leases need not run out first.
        match self.store().take_over().await {
            Ok(0) => {}
            Ok(count) => info!(count, "taking over operations of an instance that is gone"),
            Err(error) => error!(%error, "leases could not be taken over; they run out by themselves"),
        }
        // Before anything is leased: some engines must not be sent two snapshots at once.
        match self.store().clusters(&ClusterPage::default()).await {
            Ok((clusters, _)) => clusters
                .iter()
                .for_each(|cluster| self.engines().note_limit(cluster)),
            Err(error) => error!(%error, "the clusters could not be read"),
        }
        let crew = Crew {
            tasks: TaskTracker::new(),
            shutdown: shutdown.clone(),
        };
        self.live().muster(crew.clone());
        let beat = tokio::spawn(self.clone().heartbeat(shutdown.clone()));
        while !shutdown.is_cancelled() {
            let pause = match self.lease_due().await {
                Ok(batch) => {
                    self.pulse().beat(Part::Driver, self.now());
                    self.set_off(&crew, batch);
                    self.pause().await
                }
                Err(error) => {
                    error!(%error, "due operations could not be leased");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.live().woken() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        crew.tasks.close();
        if tokio::time::timeout(STOP_BOUND, crew.tasks.wait()).await.is_err() {
            warn!("an engine call outlasted the stop; its operation is looked at again at the next start");
        }
        beat.abort();
        if let Err(error) = self.store().release_leases(self.owner()).await {
            warn!(%error, "leases could not be given back; they run out by themselves");
        }
    }

    /// Starts an operation, and carries it at once when the limits allow that: one commit instead of two.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn begin(&self, new: &NewOperation) -> crate::store::Result<Started> {
        failpoint::pass(new.kind, "start", "commit.before");
        let started = match self.live().crew() {
            None => self.store().start_operation(new).await?,
            Some(crew) => {
                let until = new.now + self.lease_length();
                let (started, leased) = self
                    .store()
                    .start_leased(new, self.owner(), &self.limits(), until)
                    .await?;
                self.set_off(&crew, leased);
                started
            }
        };
        failpoint::pass(new.kind, "start", "commit.after");
        Ok(started)
    }

    fn set_off(&self, crew: &Crew, batch: Vec<Leased>) {
        for leased in batch {
            crew.tasks
                .spawn(self.clone().carry(leased, crew.shutdown.clone()));
        }
    }

    async fn lease_due(&self) -> crate::store::Result<Vec<Leased>> {
        let now = self.now();
        self.store()
            .lease(self.owner(), &self.limits(), now, now + self.lease_length())
            .await
    }

    fn limits(&self) -> LeaseLimits {
        let config = &self.config().operations;
        LeaseLimits {
            overall: config.overall,
            per_cluster: config.per_cluster,
            exceptions: self.engines().exceptions(),
            verifications: config.verifications,
        }
    }

    async fn pause(&self) -> Duration {
        let Ok(Some(due)) = self.store().next_due().await else {
            return LOOK_AGAIN;
        };
        // Due already but not leased: a limit holds it back, and the end of another operation wakes us.
        let wait = Duration::try_from(due.duration_since(self.now())).unwrap_or(LOOK_AGAIN);
        wait.clamp(Duration::from_millis(5), LOOK_AGAIN)
    }

    async fn heartbeat(self, shutdown: CancellationToken) {
        let every = Duration::try_from(self.lease_length()).unwrap_or(LOOK_AGAIN) / 3;
        while !shutdown.is_cancelled() {
            tokio::time::sleep(every).await;
            let until = self.now() + self.lease_length();
            if let Err(error) = self.store().renew_leases(self.owner(), until).await {
                error!(%error, "leases could not be renewed");
            }
        }
    }

    fn lease_length(&self) -> SignedDuration {
        SignedDuration::try_from(Duration::from_secs(self.config().operations.lease_seconds))
            .unwrap_or(SignedDuration::from_secs(15))
    }

    async fn carry(self, leased: Leased, shutdown: CancellationToken) {
        let span = info_span!(
            "operation",
            operation = %leased.operation.id,
            kind = leased.operation.kind.as_str(),
            cluster = %leased.operation.cluster_id,
        );
        let mut context = Context::new(self.clone(), leased, shutdown.clone());
        async {
            let done = AssertUnwindSafe(carry_steps(&mut context)).catch_unwind().await;
            match done {
                Ok(Ok(())) | Ok(Err(Stop::Shutdown)) => {}
                Ok(Err(Stop::LeaseLost)) => warn!("the lease was lost; nothing more is done here"),
                Ok(Err(Stop::Store(error))) => {
                    error!(%error, "a step could not be committed");
                    give_back(&mut context, &shutdown).await;
                }
                Err(_) => give_up(&mut context, &shutdown).await,
            }
        }
        .instrument(span)
        .await;
        if context.operation.status.is_terminal() {
            self.live().forget(&context.operation.id);
            if context.operation.kind.works_on_engine() {
                self.inventory_soon(&context.operation.cluster_id);
            }
        }
        self.live().wake();
    }
}

async fn carry_steps(context: &mut Context) -> Result<(), Stop> {
    loop {
        let flow = match context.operation.kind {
            OperationKind::TakeSnapshot => take::step(context).await?,
            OperationKind::RegisterRepository => register::step(context).await?,
            OperationKind::RestoreSnapshot => restore::step(context).await?,
            OperationKind::DeleteSnapshot => delete::step(context).await?,
            OperationKind::DeliverWebhook => webhooks::step(context).await?,
            OperationKind::VerifyRepository => verify::step(context).await?,
        };
        if flow == Flow::Yield {
            return Ok(());
        }
    }
}

/// A step panicked: a bug. The operation ends as failed rather than panic for ever; its name stays burned.
async fn give_up(context: &mut Context, shutdown: &CancellationToken) {
    let failure = Failure::new(
        FailureKind::Internal,
        "a bug in Tintype ended this operation; its log has the details. Look at the engine before trying again",
    );
    if let Err(error) = context.fail(failure, Some(crate::store::NameFate::Burned)).await {
        error!(%error, "the end of an operation could not be committed");
        give_back(context, shutdown).await;
    }
}

/// The heartbeat renews every lease of this instance, so one that nobody works under would never run out: it is given
/// back as soon as the store works again, and the operation is carried on from its stored state.
async fn give_back(context: &mut Context, shutdown: &CancellationToken) {
    while !shutdown.is_cancelled() {
        match context.wait(LOOK_AGAIN, Step::default()).await {
            Err(Stop::Store(error)) => warn!(%error, "a lease could not be given back yet"),
            _ => return,
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}
