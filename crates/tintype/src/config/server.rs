//! `[server]`: the listener and where data is kept.

use super::{TrustedProxies, within};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The listener and where data is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// The address and port on which the API is served.
    pub listen: SocketAddr,
    /// The certificate chain, PEM. Together with `tls_key`, or neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Serve without TLS beyond loopback, for instance behind a proxy that has it.
    pub allow_insecure_listener: bool,
    /// The only region that ECE's prefix `/regions/{region}` accepts.
    pub region: String,
    /// Connections at once; beyond it the quietest gives way.
    pub max_connections: u32,
    /// Proxies in front, whose `X-Forwarded-For` says who asks.
    pub trusted_proxies: TrustedProxies,
    /// Where data is kept; `Config::data_dir` reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9400)),
            tls_certificate: None,
            tls_key: None,
            allow_insecure_listener: false,
            region: "ece-region".into(),
            max_connections: 4_096,
            trusted_proxies: TrustedProxies::default(),
            data_dir: None,
        }
    }
}

impl ServerConfig {
    /// The certificate and key, when TLS is on.
    pub fn tls(&self) -> Option<(&PathBuf, &PathBuf)> {
        self.tls_certificate.as_ref().zip(self.tls_key.as_ref())
    }

    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(
            faults,
            "server.max_connections",
            self.max_connections,
            1..=1_000_000,
        );
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            faults.push("server.tls_certificate and server.tls_key: set both, or neither".into());
        }
        if !self.listen.ip().is_loopback() && self.tls().is_none() && !self.allow_insecure_listener {
            faults.push(format!(
                "server.listen = \"{}\": passwords would cross the network in clear text. Set server.tls_certificate \
                 and server.tls_key, or listen on 127.0.0.1, or set server.allow_insecure_listener = true when a \
                 proxy in front has TLS",
                self.listen
            ));
        }
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.region.is_empty() || !self.region.chars().all(word) {
            faults.push(format!(
                "server.region = {:?}: must be letters, digits, '-' and '_'",
                self.region
            ));
        }
    }
}
