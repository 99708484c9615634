//! What a client's verb is handed: the options of every command, and how to print.

use super::client::{ANSWER_TIMEOUT, Client};
use super::error::{CliError, Result};
use super::global::{Connection, Global, process_env};
use super::output::{Format, View, print, say};
use serde_json::Value;
use std::time::Duration;

/// How long `--wait` waits unless told otherwise.
const END_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The options of every command.
#[derive(Debug)]
pub struct Context {
    global: Global,
}

impl Context {
    /// From the parsed options.
    pub fn new(global: Global) -> Self {
        Self { global }
    }

    /// A client. When the command waits for an operation's end, `--timeout` bounds that wait and not each answer.
    ///
    /// # Errors
    /// Usage: see [`Global::connection`] and [`Client::new`].
    pub fn client(&self, waits: bool) -> Result<Client> {
        let limit = self.answer_timeout();
        Client::new(
            self.connection()?,
            if waits { limit.min(ANSWER_TIMEOUT) } else { limit },
        )
    }

    /// Where the server is, who asks, and a warning when that can be overheard.
    ///
    /// # Errors
    /// Usage: see [`Global::connection`].
    pub fn connection(&self) -> Result<Connection> {
        let connection = self.global.connection(&process_env)?;
        if connection.exposes_credentials() {
            self.note("warning: the credentials go over plain HTTP");
        }
        if self.global.insecure {
            self.note("warning: --insecure: the server's certificate is not checked");
        }
        Ok(connection)
    }

    /// Where the server is, for what needs no credentials but a session's.
    ///
    /// # Errors
    /// Usage: see [`Global::connection_without_credentials`].
    pub fn connection_of_session(&self) -> Result<Connection> {
        self.global.connection_without_credentials(&process_env)
    }

    /// The longest wait for one answer.
    pub fn answer_timeout(&self) -> Duration {
        self.global.timeout.unwrap_or(ANSWER_TIMEOUT)
    }

    /// The ECE that a command reads, where the options that name the server elsewhere name that ECE.
    ///
    /// # Errors
    /// Usage: it is not named, and as [`Global::connection`].
    pub fn ece(&self) -> Result<Connection> {
        let env = |name: &str| name.starts_with("EC_").then(|| process_env(name)).flatten();
        if self.global.url.is_none() && env("EC_HOST").is_none() {
            return Err(CliError::Usage("which ECE? give --url URL, or EC_HOST".into()));
        }
        let connection = self.global.connection(&env)?;
        if connection.exposes_credentials() {
            self.note("warning: the ECE's credentials go over plain HTTP");
        }
        Ok(connection)
    }

    /// A client of the server beside an [`Context::ece`]: by its address and the `TINTYPE_*` variables alone.
    ///
    /// # Errors
    /// As [`Context::client`].
    pub fn tintype(&self, url: Option<&str>) -> Result<Client> {
        let global = Global {
            url: url.map(str::to_owned),
            ..Global::default()
        };
        let env = |name: &str| name.starts_with("TINTYPE_").then(|| process_env(name)).flatten();
        let connection = global.connection(&env)?;
        if connection.exposes_credentials() {
            self.note("warning: the credentials go over plain HTTP");
        }
        Client::new(connection, self.answer_timeout())
    }

    /// The longest wait for an operation's end.
    pub fn end_timeout(&self) -> Duration {
        self.global.timeout.unwrap_or(END_TIMEOUT)
    }

    /// The region that `--region` names, where it is that of a storage and not of ECE's paths.
    pub fn region(&self) -> Option<&str> {
        self.global.region.as_deref()
    }

    /// The format of data.
    pub fn format(&self) -> Format {
        self.global.output
    }

    /// Nothing but errors on standard error.
    pub fn quiet(&self) -> bool {
        self.global.quiet
    }

    /// A line on standard error, unless `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.global.quiet {
            say(text);
        }
    }

    /// Prints one thing.
    ///
    /// # Errors
    /// Failed: standard output cannot be written.
    pub fn one(&self, view: &View, row: &Value) -> Result<()> {
        print(&view.one(self.global.output, row)?)
    }

    /// Prints the list that is the member `name` of an answer.
    ///
    /// # Errors
    /// Failed: the answer has no such list.
    pub fn list(&self, view: &View, answer: &Value, name: &str) -> Result<()> {
        print(&view.list(self.global.output, members(answer, name)?)?)
    }
}

/// The list that is the member `name` of an answer.
///
/// # Errors
/// Failed: there is none.
pub fn members<'a>(answer: &'a Value, name: &str) -> Result<&'a Vec<Value>> {
    let missing = || CliError::Failed(format!("the server's answer has no list {name:?}"));
    answer.get(name).and_then(Value::as_array).ok_or_else(missing)
}
