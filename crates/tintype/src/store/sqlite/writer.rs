//! The one writer: a task that commits the writes that wait together.
//!
//! A commit waits for the disk; while it does, more writes arrive. The task takes all of them, runs each within a
//! savepoint of one transaction, commits once and then answers all. A write that fails undoes only its own savepoint.

use super::super::audit::Change;
use super::super::{Result, StoreError};
use super::signals::Signals;
use super::{Tx, audit};
use futures_util::future::BoxFuture;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use std::fs::File;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Writes in one commit at most, so that no caller waits for many others.
const BATCH: usize = 128;
/// Times that a batch is tried when something else (a backup, a shell) holds the database.
const ATTEMPTS: u32 = 4;

/// What a write does; it may run more than once, each time on what the last commit left.
pub(super) trait Body<A, T>:
    for<'c> Fn(&'c mut Tx, &'c A) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static
{
}

impl<A, T, F> Body<A, T> for F where
    F: for<'c> Fn(&'c mut Tx, &'c A) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static
{
}

/// The way to the writer's task.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::UnboundedSender<Message>,
}

enum Message {
    Write(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task. It keeps the lock until the connection is closed.
    pub(super) fn start(connection: SqliteConnection, lock: File, signals: Arc<Signals>) -> Self {
        let (queue, messages) = mpsc::unbounded_channel();
        tokio::spawn(work(connection, messages, lock, signals));
        Self { queue }
    }

    /// Runs a write and answers once it is durable, together with the row of the audit log that it leaves if it changes
    /// something. A caller that stops waiting does not stop the write.
    pub(super) async fn run<A, T, F>(
        &self,
        name: &'static str,
        asked: Option<Change>,
        args: A,
        body: F,
    ) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Tx, &'c A) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Write {
            name,
            asked,
            args,
            body,
            result: None,
            reply,
        });
        self.queue.send(Message::Write(job)).map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Lets every write that was sent before finish, and closes.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Message::Close(done)).is_ok() {
            // An error means that the task has ended, which is what was asked for.
            let _ = closed.await;
        }
    }
}

fn closed() -> StoreError {
    StoreError::Failed("the store is closed".into())
}

/// A write without its types.
trait Job: Send {
    /// Runs the body; `true` when what it did shall be committed.
    fn run<'j>(&'j mut self, tx: &'j mut Tx) -> BoxFuture<'j, bool>;
    /// Tells the caller, once the commit is done or has failed.
    fn answer(self: Box<Self>, failed: Option<&sqlx::Error>);
}

struct Write<A, T, F> {
    name: &'static str,
    asked: Option<Change>,
    args: A,
    body: F,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<A, T, F> Job for Write<A, T, F>
where
    A: Send + Sync + 'static,
    T: Send + 'static,
    F: Body<A, T>,
{
    fn run<'j>(&'j mut self, tx: &'j mut Tx) -> BoxFuture<'j, bool> {
        Box::pin(async move {
            let result = match &self.asked {
                None => (self.body)(tx, &self.args).await,
                Some(change) => {
                    audited(tx, self.name, change, async |tx| {
                        (self.body)(tx, &self.args).await
                    })
                    .await
                }
            };
            let keep = result.is_ok();
            self.result = Some(result);
            keep
        })
    }

    fn answer(self: Box<Self>, failed: Option<&sqlx::Error>) {
        let answer = match (failed, self.result) {
            (None, Some(result)) => result,
            (None, None) => Err(StoreError::Failed(format!("{}: did not run", self.name).into())),
            (Some(error), _) => Err(StoreError::Failed(format!("{}: {error}", self.name).into())),
        };
        // Nobody listens when the caller has stopped waiting.
        let _ = self.reply.send(answer);
    }
}

/// The body, then the row of what it changed: neither is there without the other.
async fn audited<T>(
    tx: &mut Tx,
    name: &str,
    change: &Change,
    body: impl AsyncFnOnce(&mut Tx) -> Result<T>,
) -> Result<T> {
    let before = audit::changes(tx).await?;
    let result = body(tx).await?;
    audit::record(tx, name, change, before).await?;
    Ok(result)
}

async fn work(
    mut connection: SqliteConnection,
    mut messages: mpsc::UnboundedReceiver<Message>,
    lock: File,
    signals: Arc<Signals>,
) {
    let mut received = Vec::with_capacity(BATCH);
    let mut closing = None;
    while closing.is_none() && messages.recv_many(&mut received, BATCH).await > 0 {
        let mut batch = Vec::with_capacity(received.len());
        for message in received.drain(..) {
            match message {
                Message::Write(job) if closing.is_none() => batch.push(job),
                // Sent after the close: dropped, which tells its caller.
                Message::Write(_) => {}
                Message::Close(done) => closing = Some(done),
            }
        }
        commit(&mut connection, batch, &signals).await;
    }
    messages.close();
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database was not closed cleanly; nothing is lost");
    }
    drop(lock);
    if let Some(done) = closing {
        let _ = done.send(());
    }
}

async fn commit(connection: &mut SqliteConnection, mut batch: Vec<Box<dyn Job>>, signals: &Signals) {
    if batch.is_empty() {
        return;
    }
    let mut outcome = attempt(connection, &mut batch).await;
    for _ in 1..ATTEMPTS {
        if !matches!(&outcome, Err(error) if is_busy(error)) {
            break;
        }
        outcome = attempt(connection, &mut batch).await;
    }
    if outcome.is_ok() {
        signals.committed(batch.len());
    }
    for job in batch {
        job.answer(outcome.as_ref().err());
    }
}

/// Statements of our own rather than the driver's transactions: those count savepoints, and would count wrongly for ever
/// after SQLite undid a transaction by itself, as it does on a full disk.
async fn attempt(connection: &mut SqliteConnection, batch: &mut [Box<dyn Job>]) -> sqlx::Result<()> {
    let outcome = run_all(connection, batch).await;
    if outcome.is_err() {
        // Fails when SQLite did it already.
        let _ = execute(connection, "ROLLBACK").await;
    }
    outcome
}

async fn run_all(connection: &mut SqliteConnection, batch: &mut [Box<dyn Job>]) -> sqlx::Result<()> {
    execute(connection, "BEGIN IMMEDIATE").await?;
    for job in batch {
        execute(connection, "SAVEPOINT job").await?;
        if !job.run(connection).await {
            execute(connection, "ROLLBACK TO job").await?;
        }
        execute(connection, "RELEASE job").await?;
    }
    execute(connection, "COMMIT").await
}

async fn execute(connection: &mut SqliteConnection, statement: &'static str) -> sqlx::Result<()> {
    sqlx::query(statement).execute(connection).await.map(drop)
}

/// `SQLITE_BUSY` and `SQLITE_LOCKED`, without their extended codes.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error).is_some_and(|code| code == 5 || code == 6)
}

/// SQLite's primary result code: the low byte of the extended one.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn writer() -> Writer {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        execute(&mut connection, "CREATE TABLE t (x TEXT NOT NULL)")
            .await
            .unwrap();
        Writer::start(connection, tempfile::tempfile().unwrap(), Arc::default())
    }

    async fn put(writer: &Writer, text: &str, fails: bool) -> Result<()> {
        let args = (text.to_owned(), fails);
        let put = writer.run("put", None, args, |tx, (text, fails)| {
            Box::pin(async move {
                sqlx::query("INSERT INTO t (x) VALUES (?)")
                    .bind(text)
                    .execute(tx)
                    .await?;
                if *fails {
                    Err(StoreError::NotFound("thing"))
                } else {
                    Ok(())
                }
            })
        });
        put.await
    }

    async fn all(writer: &Writer) -> Vec<String> {
        let all = writer.run("all", None, (), |tx, ()| {
            Box::pin(async move {
                Ok(sqlx::query_scalar("SELECT x FROM t ORDER BY x")
                    .fetch_all(tx)
                    .await?)
            })
        });
        all.await.unwrap()
    }

    #[tokio::test]
    async fn a_write_that_fails_undoes_only_itself() {
        let writer = writer().await;
        // One thread: all three are queued before the task runs, and so share a commit.
        let (a, b, c) = tokio::join!(
            put(&writer, "a", false),
            put(&writer, "b", true),
            put(&writer, "c", false)
        );
        assert!(a.is_ok() && c.is_ok());
        assert!(matches!(b, Err(StoreError::NotFound("thing"))));
        assert_eq!(all(&writer).await, ["a", "c"]);
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_undid_fails_its_writes_and_none_after() {
        let writer = writer().await;
        let undone = writer.run("undone", None, (), |tx, ()| {
            Box::pin(async move {
                execute(tx, "ROLLBACK").await?;
                Err::<(), _>(StoreError::NotFound("disk"))
            })
        });
        let (lost, undone) = tokio::join!(put(&writer, "lost", false), undone);
        assert!(matches!(lost, Err(StoreError::Failed(_))), "{lost:?}");
        assert!(matches!(undone, Err(StoreError::Failed(_))));
        put(&writer, "later", false).await.unwrap();
        assert_eq!(all(&writer).await, ["later"]);
    }

    #[tokio::test]
    async fn what_was_sent_before_the_close_is_written_and_what_comes_after_is_refused() {
        let writer = writer().await;
        let (before, ()) = tokio::join!(put(&writer, "a", false), writer.close());
        before.unwrap();
        assert!(
            put(&writer, "b", false)
                .await
                .unwrap_err()
                .to_string()
                .contains("closed")
        );
        writer.close().await;
    }
}
