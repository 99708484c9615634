//! Waiting for an operation's end: it polls, survives a server that restarts, and can be left at any time without
//! touching the operation.

use super::cells::text;
use super::client::{Answer, Client, Request};
use super::context::Context;
use super::error::{CliError, Result};
use super::output::{Format, print};
use super::progress::Display;
use super::seen::Seen;
use super::{cluster, operation};
use http::Method;
use serde_json::Value;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, sleep_until};

/// Between two looks.
const POLL: Duration = Duration::from_millis(500);
/// Between two attempts to reach a server that is gone.
const RETRY: Duration = Duration::from_secs(1);

/// `--wait`, for every verb that starts an operation.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct WaitArgs {
    /// Follow the operation to its end; exit code 3 when it does not end well
    #[arg(long, visible_alias = "track")]
    pub wait: bool,
}

/// When an error before the answer may be answered by sending the request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It carries an `Idempotency-Key`, or only reads.
    Always,
    /// It could be carried out twice: only when nothing was sent.
    NotSent,
}

impl Repeat {
    fn allows(self, error: &CliError) -> bool {
        match self {
            Self::Always => error.is_passing() || matches!(error, CliError::Timeout(_)),
            Self::NotSent => matches!(error, CliError::Unreachable { not_sent: true, .. }),
        }
    }
}

/// Waits, at most until the deadline.
#[derive(Debug)]
pub struct Follower<'a> {
    client: &'a Client,
    context: &'a Context,
    display: Display,
    deadline: Instant,
    /// One listener for the whole wait: a Ctrl-C between two steps is not lost.
    interrupt: Signal,
    away: bool,
}

impl<'a> Follower<'a> {
    /// The wait begins now.
    ///
    /// # Errors
    /// Failed: signals cannot be listened to.
    pub fn new(client: &'a Client, context: &'a Context) -> Result<Self> {
        let interrupt =
            signal(SignalKind::interrupt()).map_err(|error| CliError::Failed(error.to_string()))?;
        let deadline = Instant::now() + context.end_timeout();
        Ok(Self {
            client,
            context,
            display: Display::new(context.quiet()),
            deadline,
            interrupt,
            away: false,
        })
    }

    /// The id of the cluster of that id or name.
    ///
    /// # Errors
    /// As [`cluster::resolve`], `Timeout` and `Interrupted`.
    pub async fn resolve(&mut self, name: &str) -> Result<String> {
        let client = self.client;
        self.patiently(Repeat::Always, "nothing was started", async || {
            cluster::resolve(client, name).await
        })
        .await
    }

    /// Sends the request that starts an operation, for as long as the server cannot be reached.
    ///
    /// # Errors
    /// As [`Client::send`], `Timeout` and `Interrupted`.
    pub async fn start(&mut self, request: &Request, repeat: Repeat) -> Result<Answer> {
        let lost = "there is no answer yet, it may have been started: see `tintype operation list`";
        let client = self.client;
        self.patiently(repeat, lost, async || client.send(request).await)
            .await
    }

    /// Follows the operation to its end and prints it.
    ///
    /// # Errors
    /// `NotGood` when it does not end well, `Timeout`, `Interrupted`, and what the server refuses.
    pub async fn follow(mut self, id: &str) -> Result<()> {
        let ended = self.poll_until_ended(id).await;
        self.display.clear();
        let ended = ended?;
        if self.context.format() != Format::Ndjson {
            self.context.one(&operation::VIEW, &ended)?;
        }
        let verdict = Seen::parse(&ended)?.verdict()?;
        self.context.note(&verdict);
        Ok(())
    }

    async fn poll_until_ended(&mut self, id: &str) -> Result<Value> {
        let goes_on = format!("operation {id} goes on; follow it with `tintype operation watch {id}`");
        let request = Request::native(Method::GET, &["operations", id])?;
        let (client, mut last) = (self.client, Value::Null);
        loop {
            let look = async || client.send(&request).await;
            let operation = self.patiently(Repeat::Always, &goes_on, look).await?.body;
            let seen = Seen::parse(&operation)?;
            self.display.show(&seen);
            if self.context.format() == Format::Ndjson && operation != last {
                print(&format!("{operation}\n"))?;
            }
            if seen.has_ended() {
                return Ok(operation);
            }
            last = operation;
            self.pause(POLL, &goes_on).await?;
        }
    }

    /// Tries until there is an answer; says once that the server is away.
    async fn patiently<T>(
        &mut self,
        repeat: Repeat,
        consequence: &str,
        attempt: impl AsyncFn() -> Result<T>,
    ) -> Result<T> {
        loop {
            let error = match self.bounded(consequence, attempt()).await {
                Ok(answer) => {
                    if std::mem::take(&mut self.away) {
                        self.display.note("the server is back");
                    }
                    return Ok(answer);
                }
                Err(Stop::Work(error)) if repeat.allows(&error) => error,
                Err(stop) => return Err(stop.into()),
            };
            if !std::mem::replace(&mut self.away, true) {
                self.display
                    .note(&format!("{error}; trying again until --timeout is over"));
            }
            self.pause(RETRY, consequence).await?;
        }
    }

    async fn pause(&mut self, pause: Duration, consequence: &str) -> Result<()> {
        let rest = async {
            sleep(pause).await;
            Ok(())
        };
        Ok(self.bounded(consequence, rest).await?)
    }

    /// Lets `work` go on until the deadline or Ctrl-C; then the error says what becomes of the operation.
    async fn bounded<T>(
        &mut self,
        consequence: &str,
        work: impl Future<Output = Result<T>>,
    ) -> std::result::Result<T, Stop> {
        let limit = self.context.end_timeout();
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Err(Stop::Left(CliError::Interrupted(format!("interrupted: {consequence}")))),
            () = sleep_until(self.deadline) => {
                Err(Stop::Left(CliError::Timeout(format!("not ended within {limit:?}: {consequence}"))))
            }
            result = work => result.map_err(Stop::Work),
        }
    }
}

/// Why a step of the waiting gave no result.
#[derive(Debug)]
enum Stop {
    /// The deadline or Ctrl-C: never tried again.
    Left(CliError),
    /// The step's own error.
    Work(CliError),
}

impl From<Stop> for CliError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Left(error) | Stop::Work(error) => error,
        }
    }
}

/// Starts an operation of Tintype's own API on a cluster; with `wait`, follows it to its end.
///
/// # Errors
/// As [`Follower::follow`].
pub async fn start(
    client: &Client,
    context: &Context,
    cluster: &str,
    wait: bool,
    request: impl Fn(&str) -> Result<Request>,
) -> Result<()> {
    if !wait {
        let id = cluster::resolve(client, cluster).await?;
        return context.one(&operation::VIEW, &client.send(&request(&id)?).await?.body);
    }
    let mut follower = Follower::new(client, context)?;
    let id = follower.resolve(cluster).await?;
    let started = follower.start(&request(&id)?, Repeat::NotSent).await?.body;
    let operation = text(&started, "/id");
    context.note(&format!("operation {operation}"));
    follower.follow(&operation).await
}
