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
use serde_json::Value;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Between two looks.
const POLL: Duration = Duration::from_millis(500);
/// Between two attempts to reach a server that is gone.
const RETRY: Duration = Duration::from_secs(1);

/// `--wait`, for every verb that starts an operation.
#[derive(Debug, Clone, Copy, clap::Args)]
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

/// Waits, at most until the deadline.
#[derive(Debug)]
pub struct Follower<'a> {
    client: &'a Client,
    context: &'a Context,
    display: Display,
    deadline: Instant,
    away: bool,
}

impl<'a> Follower<'a> {
    /// The wait begins now.
    pub fn new(client: &'a Client, context: &'a Context) -> Self {
        let deadline = Instant::now() + context.end_timeout();
        Self { client, context, display: Display::new(context.quiet()), deadline, away: false }
    }

    /// Sends the request that starts an operation, for as long as the server cannot be reached.
    ///
    /// # Errors
    /// As [`Client::send`], `Timeout` and `Interrupted`.
    pub async fn start(&mut self, request: &Request, repeat: Repeat) -> Result<Answer> {
        let (deadline, client) = (self.deadline, self.client);
        let result = until(deadline, self.patiently(repeat, async || client.send(request).await)).await;
        let lost = "there is no answer yet, it may have been started: see `tintype operation list`";
        result.map_err(|left| left.error(self.context.end_timeout(), lost))?
    }

    /// The id of the cluster of that id or name.
    ///
    /// # Errors
    /// As [`cluster::resolve`], `Timeout` and `Interrupted`.
    pub async fn resolve(&mut self, name: &str) -> Result<String> {
        let (deadline, client) = (self.deadline, self.client);
        let result = until(deadline, self.patiently(Repeat::Always, async || cluster::resolve(client, name).await)).await;
        result.map_err(|left| left.error(self.context.end_timeout(), "nothing was started"))?
    }

    /// Follows the operation to its end and prints it.
    ///
    /// # Errors
    /// `NotGood` when it does not end well, `Timeout`, `Interrupted`, and what the server refuses.
    pub async fn follow(mut self, id: &str) -> Result<()> {
        let deadline = self.deadline;
        let result = until(deadline, self.to_the_end(id)).await;
        self.display.clear();
        let ended = result.map_err(|left| {
            let goes_on = format!("operation {id} goes on; follow it with `tintype operation watch {id}`");
            left.error(self.context.end_timeout(), &goes_on)
        })??;
        if self.context.format() != Format::Ndjson {
            self.context.one(&operation::VIEW, &ended)?;
        }
        let verdict = Seen::parse(&ended)?.verdict()?;
        self.context.note(&verdict);
        Ok(())
    }

    async fn to_the_end(&mut self, id: &str) -> Result<Value> {
        let request = Request::native(http::Method::GET, &["operations", id])?;
        let (client, mut last) = (self.client, Value::Null);
        loop {
            let operation = self.patiently(Repeat::Always, async || client.send(&request).await).await?.body;
            let seen = Seen::parse(&operation)?;
            self.display.show(&seen);
            if self.context.format() == Format::Ndjson && operation != last {
                print(&format!("{operation}\n"))?;
            }
            if seen.has_ended() {
                return Ok(operation);
            }
            last = operation;
            sleep(POLL).await;
        }
    }

    /// Tries until there is an answer; says once that the server is away.
    async fn patiently<T>(&mut self, repeat: Repeat, attempt: impl AsyncFn() -> Result<T>) -> Result<T> {
        loop {
            let error = match attempt().await {
                Ok(answer) => {
                    if std::mem::take(&mut self.away) {
                        self.display.note("the server is back");
                    }
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if !repeat.allows(&error) {
                return Err(error);
            }
            if !std::mem::replace(&mut self.away, true) {
                self.display.note(&format!("{error}; trying again until --timeout is over"));
            }
            sleep(RETRY).await;
        }
    }
}

impl Repeat {
    fn allows(self, error: &CliError) -> bool {
        match self {
            Self::Always => error.is_passing() || matches!(error, CliError::Timeout(_)),
            Self::NotSent => matches!(error, CliError::Unreachable { not_sent: true, .. }),
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
    let mut follower = Follower::new(client, context);
    let id = follower.resolve(cluster).await?;
    let started = follower.start(&request(&id)?, Repeat::NotSent).await?.body;
    let operation = text(&started, "/id");
    context.note(&format!("operation {operation}"));
    follower.follow(&operation).await
}

/// Why waiting stopped before the end.
enum Left {
    Deadline,
    CtrlC,
}

impl Left {
    fn error(&self, limit: Duration, consequence: &str) -> CliError {
        match self {
            Self::Deadline => CliError::Timeout(format!("not ended within {limit:?}: {consequence}")),
            Self::CtrlC => CliError::Interrupted(format!("interrupted: {consequence}")),
        }
    }
}

async fn until<T>(deadline: Instant, work: impl Future<Output = T>) -> std::result::Result<T, Left> {
    tokio::select! {
        biased;
        result = work => Ok(result),
        _ = tokio::signal::ctrl_c() => Err(Left::CtrlC),
        () = sleep_until(deadline) => Err(Left::Deadline),
    }
}
