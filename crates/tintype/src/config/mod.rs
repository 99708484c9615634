//! What the operator decides: one TOML file, environment and flags above it, checked whole before anything starts.
//!
//! Precedence: built-in defaults < file < environment (`TINTYPE_SECTION__KEY`) < flags. No section holds a secret,
//! only paths to secrets, so the effective configuration may be printed as it is.

mod admin;
mod alerts;
mod audit;
mod engine;
mod events;
mod keys;
mod load;
mod log;
mod metrics;
mod operations;
mod secrets;
mod server;
mod sessions;
mod store;
mod trusted_proxies;
mod watch;
mod webhooks;

pub use admin::AdminConfig;
pub use alerts::AlertsConfig;
pub use audit::AuditConfig;
pub use engine::EngineConfig;
pub use events::EventsConfig;
pub use load::{ConfigError, Sources};
pub use log::{LogConfig, LogFormat};
pub use metrics::MetricsConfig;
pub use operations::OperationsConfig;
pub use secrets::SecretsConfig;
pub use server::ServerConfig;
pub use sessions::{Elevation, SessionsConfig};
pub use store::StoreConfig;
pub use trusted_proxies::TrustedProxies;
pub use watch::WatchConfig;
pub use webhooks::WebhooksConfig;

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The effective configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The listener and where data is kept.
    pub server: ServerConfig,
    /// The database.
    pub store: StoreConfig,
    /// The key that seals secrets in the database.
    pub secrets: SecretsConfig,
    /// The first user.
    pub admin: AdminConfig,
    /// How long a sign-in counts, and when a second factor is asked for.
    pub sessions: SessionsConfig,
    /// How many operations run, and how long a caller waits for one.
    pub operations: OperationsConfig,
    /// Calls to the clusters' engines.
    pub engine: EngineConfig,
    /// The regular look at every cluster.
    pub watch: WatchConfig,
    /// When a cluster is late.
    pub alerts: AlertsConfig,
    /// Deliveries to webhooks.
    pub webhooks: WebhooksConfig,
    /// The stream of changes.
    pub events: EventsConfig,
    /// `/metrics`.
    pub metrics: MetricsConfig,
    /// The audit log.
    pub audit: AuditConfig,
    /// Logs.
    pub log: LogConfig,
}

impl Config {
    /// Where data is kept. [`Config::load`] always sets it; without it, the working directory.
    pub fn data_dir(&self) -> &Path {
        self.server.data_dir.as_deref().unwrap_or(Path::new("."))
    }

    /// The database's file: `{data_dir}/tintype.db` unless said otherwise.
    pub fn store_path(&self) -> PathBuf {
        self.store
            .path
            .clone()
            .unwrap_or_else(|| self.data_dir().join("tintype.db"))
    }

    /// The key's file: `{data_dir}/tintype.key` unless said otherwise.
    pub fn key_file(&self) -> PathBuf {
        self.secrets
            .key_file
            .clone()
            .unwrap_or_else(|| self.data_dir().join("tintype.key"))
    }

    /// Reads every source and checks the result.
    ///
    /// # Errors
    /// An unreadable file, an unknown key (with the nearest right one), a value of the wrong type or out of its range.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        load::load(sources)
    }

    /// Checks what types cannot: ranges, and settings that only make sense together.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with every fault found, one a line.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let mut faults = Vec::new();
        self.server.check(&mut faults);
        self.admin.check(&mut faults);
        self.sessions.check(&mut faults);
        self.operations.check(&mut faults);
        self.engine.check(&mut faults);
        self.watch.check(&mut faults);
        self.alerts.check(&mut faults);
        self.webhooks.check(&mut faults);
        self.events.check(&mut faults);
        self.metrics.check(&mut faults);
        self.audit.check(&mut faults);
        self.log.check(&mut faults);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::Invalid(faults.join("\n")))
        }
    }

    /// The effective configuration as TOML, paths resolved. It never holds a secret: those are in files that it names.
    pub fn to_toml_redacted(&self) -> String {
        let mut effective = self.clone();
        effective.server.data_dir = Some(self.data_dir().to_owned());
        effective.store.path = Some(self.store_path());
        effective.secrets.key_file = Some(self.key_file());
        toml::to_string_pretty(&effective).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }
}

/// Notes a fault unless `value` lies within `range`.
fn within<T: PartialOrd + std::fmt::Display>(
    faults: &mut Vec<String>,
    key: &str,
    value: T,
    range: std::ops::RangeInclusive<T>,
) {
    if !range.contains(&value) {
        faults.push(format!(
            "{key} = {value}: must be {} to {}",
            range.start(),
            range.end()
        ));
    }
}

#[cfg(test)]
mod tests;
