//! Connections to the clusters' engines: one client per cluster, made on first use, remade when the cluster changes.

use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::{AccessLevel, Cluster, ClusterId, ClusterSecrets, EngineAuth, Failure, FailureKind};
use crate::store::{Result, Store};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tintype_engine::{
    Access, Auth, ClientIdentity, Dialect, Distribution, Engine, EngineConfig, Limits, Tls, Trust,
};

/// One engine client per cluster.
#[derive(Debug, Clone)]
pub struct Engines {
    config: Arc<Config>,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    /// By cluster, with the version of the row that the client was made from.
    clients: Arc<Mutex<HashMap<ClusterId, (i64, Engine)>>>,
    /// Clusters whose engine takes fewer snapshots at once than the configuration allows.
    exceptions: Arc<Mutex<HashMap<ClusterId, u32>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engines {
    /// No connections yet.
    pub fn new(config: Arc<Config>, store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Self {
        Self {
            config,
            store,
            metrics,
            clients: Arc::default(),
            exceptions: Arc::default(),
        }
    }

    /// The client of an attached cluster.
    ///
    /// # Errors
    /// The store's, or an [`Failure`] when the cluster's settings cannot work.
    pub async fn of(&self, cluster: &Cluster) -> Result<std::result::Result<Engine, Failure>> {
        if let Some((version, engine)) = lock(&self.clients).get(&cluster.id)
            && *version == cluster.version
        {
            return Ok(Ok(engine.clone()));
        }
        let secrets = self.store.cluster_secrets(&cluster.id).await?;
        Ok(self
            .client(cluster, &secrets, Some(cluster.uuid.clone()))
            .inspect(|engine| {
                lock(&self.clients).insert(cluster.id.clone(), (cluster.version, engine.clone()));
            }))
    }

    /// A client that is not kept: for looking at an engine before it is attached.
    ///
    /// # Errors
    /// When the settings cannot work.
    pub fn client(
        &self,
        cluster: &Cluster,
        secrets: &ClusterSecrets,
        expected_uuid: Option<String>,
    ) -> std::result::Result<Engine, Failure> {
        let config = EngineConfig {
            url: cluster.url.clone(),
            auth: auth(cluster.auth, secrets),
            tls: tls(cluster, secrets),
            access: access(cluster.access),
            allow_plain_http: cluster.allow_plain_http,
            expected_uuid,
            limits: Limits {
                connect_timeout: Duration::from_secs(self.config.engine.connect_timeout_seconds),
                request_timeout: Duration::from_secs(self.config.engine.request_timeout_seconds),
                ..Limits::default()
            },
        };
        let engine = Engine::new(config)
            .map_err(|error| Failure::new(FailureKind::EngineUnreachable, error.to_string()))?;
        let metrics = Arc::clone(&self.metrics);
        Ok(engine.telling(Arc::new(move |error| metrics.engine_error(error.kind()))))
    }

    /// Notes how many snapshots a cluster's engine may take at once.
    pub fn note_limit(&self, cluster: &Cluster) {
        let limit = dialect(cluster).and_then(|dialect| dialect.max_concurrent_snapshots());
        let mut exceptions = lock(&self.exceptions);
        match limit {
            Some(limit) => exceptions.insert(cluster.id.clone(), limit),
            None => exceptions.remove(&cluster.id),
        };
    }

    /// The limits of clusters whose engine takes fewer at once than the configuration allows.
    pub fn exceptions(&self) -> HashMap<ClusterId, u32> {
        lock(&self.exceptions).clone()
    }

    /// Closes a detached cluster's connections.
    pub fn forget(&self, id: &ClusterId) {
        lock(&self.clients).remove(id);
        lock(&self.exceptions).remove(id);
    }
}

/// How a cluster's engine speaks, from what was read at attach; `None` for a version that does not parse.
pub fn dialect(cluster: &Cluster) -> Option<Dialect> {
    let distribution = match cluster.distribution.as_str() {
        "opensearch" => Distribution::OpenSearch,
        _ => Distribution::Elasticsearch,
    };
    Some(Dialect {
        distribution,
        version: cluster.engine_version.parse().ok()?,
    })
}

fn access(level: AccessLevel) -> Access {
    match level {
        AccessLevel::Observe => Access::Observe,
        AccessLevel::Take => Access::Take,
        AccessLevel::Operate => Access::Operate,
    }
}

fn auth(auth: EngineAuth, secrets: &ClusterSecrets) -> Auth {
    match auth {
        EngineAuth::None | EngineAuth::Certificate => Auth::None,
        EngineAuth::Basic => Auth::Basic {
            user: secrets.username.clone().unwrap_or_default(),
            password: secrets.password.clone().unwrap_or_default(),
        },
        EngineAuth::ApiKey => Auth::ApiKey(secrets.api_key.clone().unwrap_or_default()),
        EngineAuth::Bearer => Auth::Bearer(secrets.bearer.clone().unwrap_or_default()),
    }
}

fn tls(cluster: &Cluster, secrets: &ClusterSecrets) -> Tls {
    let trust = match (&cluster.fingerprint, &cluster.ca) {
        (Some(fingerprint), _) => Trust::Fingerprint(fingerprint.clone()),
        (None, Some(ca)) => Trust::Ca(ca.clone()),
        (None, None) => Trust::System,
    };
    let identity = match (&secrets.client_certificate, &secrets.client_key) {
        (Some(certificate), Some(key)) => Some(ClientIdentity {
            certificate_pem: certificate.clone(),
            key_pem: key.clone(),
        }),
        _ => None,
    };
    Tls { trust, identity }
}
