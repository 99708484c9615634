//! Logs on stderr, for people or as JSON. A line within [`operation_span`] carries the operation's id.

use crate::config::{LogConfig, LogFormat};
use std::io::IsTerminal;
use tracing::{Span, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Why logs cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` is not a level nor directives.
    #[error("log.level = {level:?}: {source}; try \"info\" or \"info,tintype=debug\"")]
    Level {
        /// What was given.
        level: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something in this process writes logs already.
    #[error("logs are already being written by another subscriber")]
    AlreadyStarted,
}

/// Starts writing logs to stderr, for the whole process.
///
/// # Errors
/// A level that is not one, or a second call.
pub fn init(config: &LogConfig) -> Result<(), TelemetryError> {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = subscriber(config, colour, std::io::stderr)?;
    subscriber.try_init().map_err(|_| TelemetryError::AlreadyStarted)
}

/// The span around everything done for an operation.
pub fn operation_span(id: &str, kind: &str, cluster: &str) -> Span {
    tracing::info_span!("operation", operation = id, kind, cluster)
}

fn subscriber<W>(
    config: &LogConfig,
    colour: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&config.level).map_err(|source| TelemetryError::Level {
        level: config.level.clone(),
        source,
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    Ok(match config.format {
        LogFormat::Human => Box::new(lines.with_ansi(colour).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_current_span(true).finish()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let config = LogConfig {
            format,
            level: level.into(),
        };
        let subscriber = subscriber(&config, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            operation_span("op-1", "take_snapshot", "c1").in_scope(|| {
                tracing::info!(attempt = 2, "sent");
                tracing::debug!("hidden");
            });
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_lines_carry_the_operation() {
        let line: serde_json::Value = serde_json::from_str(logged(LogFormat::Json, "info").trim()).unwrap();
        assert_eq!(line["span"]["operation"], "op-1");
        assert_eq!(line["message"], "sent");
        assert_eq!(line["attempt"], 2);
    }

    #[test]
    fn human_lines_carry_the_operation_and_obey_the_level() {
        let text = logged(LogFormat::Human, "info");
        assert!(
            text.contains("op-1") && text.contains("sent") && !text.contains("hidden"),
            "{text}"
        );
        assert!(logged(LogFormat::Human, "debug").contains("hidden"));
    }

    #[test]
    fn a_level_that_is_none_is_refused_with_advice() {
        let config = LogConfig {
            format: LogFormat::Human,
            level: "a=b=c".into(),
        };
        assert!(init(&config).unwrap_err().to_string().contains("try \"info\""));
    }
}
