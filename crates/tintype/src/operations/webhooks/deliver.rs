//! A delivery: the intent first, then the same letter under the same id until the receiver has it. Whoever goes on
//! after a crash sends it again: a receiver hears of each at least once, and tells repeats by their id.

use super::post::{Letter, Received};
use crate::ids;
use crate::model::webhook::{DeliveryParameters, DeliveryState};
use crate::model::{Failure, FailureKind, Status, Webhook, WebhookEvent};
use crate::operations::step::{Context, Flow, StepResult, Stop, advance, backoff};
use crate::store::{Step, StoreError};
use jiff::SignedDuration;
use serde_json::json;
use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_secs(2);
/// The longest pause.
const MOST: Duration = Duration::from_secs(3_600);
/// How long a test is tried: somebody waits for it.
const TEST_PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// One step of a delivery.
pub async fn step(context: &mut Context) -> StepResult {
    let state = match context.state::<DeliveryState>() {
        Ok(state) => state,
        Err(failure) => return context.fail(failure, None).await,
    };
    let Ok(parameters) = serde_json::from_value::<DeliveryParameters>(context.operation.parameters.clone())
    else {
        let failure = Failure::new(FailureKind::Internal, "the stored parameters cannot be read");
        return context.fail(failure, None).await;
    };
    let webhook = context.operations.store().webhook(&parameters.webhook_id).await?;
    // Deleted or disabled since: whoever did that wants no more of it.
    let Some(webhook) = webhook.filter(|webhook| webhook.enabled && !context.cancel_requested()) else {
        return context.end(Status::Cancelled, None, None, None).await;
    };
    match state {
        DeliveryState::Preparing => {
            let message = format!("tell webhook {} of {}", webhook.id, parameters.event.as_str());
            context
                .commit("intent", advance(&DeliveryState::Sending, "intent", message))
                .await?;
            Ok(Flow::Again)
        }
        DeliveryState::Sending => send(context, &webhook, &parameters).await,
    }
}

async fn send(context: &mut Context, webhook: &Webhook, parameters: &DeliveryParameters) -> StepResult {
    let secret = match context.operations.store().webhook_secret(&webhook.id).await {
        Ok(secret) => secret,
        // Deleted in this moment: the next step sees it.
        Err(StoreError::NotFound(_)) => return Ok(Flow::Again),
        Err(error) => return Err(Stop::Store(error)),
    };
    let letter = Letter {
        url: &webhook.url,
        secret: &secret,
        id: &context.operation.id,
        at: context.now(),
        body: parameters.payload.to_string().into_bytes(),
    };
    let received = context.call("send", context.operations.post().send(letter)).await;
    context.operations.metrics().delivery(received.word());
    match received {
        Received::Accepted(status) => {
            let outcome = json!({ "status": status, "attempts": context.operation.attempts + 1 });
            context.end(Status::Succeeded, Some(outcome), None, None).await
        }
        Received::Gone => gone(context, webhook).await,
        Received::Refused(why, pause) => again(context, parameters.event, why, pause).await,
    }
}

async fn gone(context: &mut Context, webhook: &Webhook) -> StepResult {
    let because = "its receiver answered 410: it wants no more deliveries";
    let now = context.now();
    context
        .operations
        .store()
        .disable_webhook(&webhook.id, because, now)
        .await?;
    let failure = Failure::new(
        FailureKind::NotDelivered,
        format!("{because}; the webhook is disabled now"),
    );
    context.fail(failure, None).await
}

async fn again(
    context: &mut Context,
    event: WebhookEvent,
    why: String,
    asked_for: Option<Duration>,
) -> StepResult {
    let hours = context.operations.config().webhooks.give_up_hours;
    let patience = match event {
        WebhookEvent::Test => TEST_PATIENCE,
        _ => SignedDuration::from_hours(i64::try_from(hours).unwrap_or(24)),
    };
    let attempts = context.operation.attempts + 1;
    if context.now().duration_since(context.operation.created_at) >= patience {
        let message = format!("given up after {attempts} attempts. The last one: {why}");
        return context
            .fail(Failure::new(FailureKind::NotDelivered, message), None)
            .await;
    }
    let pause = jittered(backoff(context.operation.attempts, FIRST, MOST)).max(asked_for.unwrap_or_default());
    let step = Step {
        events: vec![("not_delivered", why)],
        ..Step::default()
    };
    context.wait(pause, step).await
}

/// Between 0.8 and 1.2 of a pause: a receiver that comes back is not met by all at once.
fn jittered(pause: Duration) -> Duration {
    let [random] = ids::random::<1>();
    pause.mul_f64(0.8 + 0.4 * f64::from(random) / 255.0)
}
