//! A fake ECE in this process: the reads of its API 3.x that an import needs, with bodies in the shapes of its
//! published description (none was recorded from a running ECE), and its proxy, which forwards to an engine.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use hyper::header::AUTHORIZATION;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{
    certs::CertPair,
    faults::{Faults, Recorded},
    proxy::exchange,
    server::{Answer, Backend, Server, json_answer},
};

/// A deployment with one Elasticsearch cluster.
#[derive(Debug, Clone)]
pub struct FakeDeployment {
    /// The deployment's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The cluster's id: ECE's have 32 hexadecimal digits.
    pub cluster_id: String,
    /// The engine behind the proxy, `http://HOST:PORT`.
    pub engine: String,
    /// `started`, `stopped`, …
    pub status: String,
    /// The cluster's snapshot settings.
    pub snapshot_settings: Value,
}

/// The fake. Dropping it closes everything.
pub struct FakeEce {
    server: Server,
    state: Arc<State>,
}

struct State {
    /// The only `Authorization` header let in.
    authorization: String,
    deployments: Mutex<Vec<FakeDeployment>>,
    repositories: Mutex<Vec<Value>>,
    faults: Faults,
}

impl FakeEce {
    /// The reference of every fake deployment's cluster.
    pub const REF_ID: &str = "main-elasticsearch";

    /// Listens on a free loopback port, and lets in who shows this API key; over TLS with a certificate.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(api_key: &str, certificate: Option<&CertPair>) -> anyhow::Result<Self> {
        let state = Arc::new(State {
            authorization: format!("ApiKey {api_key}"),
            deployments: Mutex::default(),
            repositories: Mutex::default(),
            faults: Faults::default(),
        });
        let tls = certificate.map(CertPair::server_config).transpose()?;
        Ok(Self {
            server: Server::start(state.clone(), tls)?,
            state,
        })
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its script and its record.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// Adds a deployment.
    pub fn add(&self, deployment: FakeDeployment) {
        let mut deployments = self
            .state
            .deployments
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        deployments.push(deployment);
    }

    /// Adds a repository of the platform; like ECE it shows no secret, whatever is given here.
    pub fn add_repository(&self, name: &str, config: Value) {
        let mut repositories = self
            .state
            .repositories
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        repositories.push(json!({"repository_name": name, "config": config}));
    }
}

impl Backend for State {
    fn faults(&self, _request: &Recorded) -> Faults {
        self.faults.clone()
    }

    fn handle(self: Arc<Self>, request: Recorded) -> Pin<Box<dyn Future<Output = Option<Answer>> + Send>> {
        Box::pin(async move { self.answer(request).await })
    }
}

fn failed(status: u16, code: &str, message: &str) -> Option<Answer> {
    Some(json_answer(
        status,
        &json!({"errors": [{"code": code, "message": message}]}),
    ))
}

impl State {
    async fn answer(&self, request: Recorded) -> Option<Answer> {
        let shown = request.headers.get(AUTHORIZATION);
        if shown.is_none_or(|shown| shown.as_bytes() != self.authorization.as_bytes()) {
            return failed(
                401,
                "root.unauthenticated",
                "The supplied authentication is invalid",
            );
        }
        let path = request.path.clone();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["api", "v1", "deployments"]) => Some(json_answer(200, &self.list())),
            ("GET", ["api", "v1", "deployments", id]) => match self.find(id) {
                Some(found) => Some(json_answer(
                    200,
                    &show(&found, request.query.contains("show_settings=true")),
                )),
                None => failed(
                    404,
                    "deployments.deployment_not_found",
                    "there is no such deployment",
                ),
            },
            (
                "GET",
                [
                    "api",
                    "v1",
                    "regions",
                    "ece-region",
                    "platform",
                    "configuration",
                    "snapshots",
                    "repositories",
                ]
                | [
                    "api",
                    "v1",
                    "platform",
                    "configuration",
                    "snapshots",
                    "repositories",
                ],
            ) => {
                let configs = self.repositories.lock().unwrap_or_else(PoisonError::into_inner);
                Some(json_answer(200, &json!({"configs": *configs})))
            }
            (
                _,
                [
                    "api",
                    "v1",
                    "deployments",
                    id,
                    "elasticsearch",
                    reference,
                    "proxy",
                    below @ ..,
                ],
            ) => match self.find(id) {
                Some(found) if *reference == FakeEce::REF_ID => forward(&found, below, request).await,
                _ => failed(
                    404,
                    "deployments.deployment_resource_not_found",
                    "there is no such resource",
                ),
            },
            _ => failed(404, "root.resource_not_found", "there is no such resource"),
        }
    }

    fn find(&self, id: &str) -> Option<FakeDeployment> {
        let deployments = self.deployments.lock().unwrap_or_else(PoisonError::into_inner);
        deployments.iter().find(|deployment| deployment.id == id).cloned()
    }

    fn list(&self) -> Value {
        let deployments = self.deployments.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = |one: &FakeDeployment| {
            let resource = json!({"ref_id": FakeEce::REF_ID, "kind": "elasticsearch", "id": one.cluster_id,
                "region": "ece-region"});
            json!({"id": one.id, "name": one.name, "resources": [resource]})
        };
        json!({"deployments": deployments.iter().map(entry).collect::<Vec<_>>()})
    }
}

fn show(one: &FakeDeployment, with_settings: bool) -> Value {
    let endpoint = format!("{}.ece.example", one.cluster_id);
    let mut info = json!({
        "cluster_id": one.cluster_id, "cluster_name": one.name, "deployment_id": one.id, "healthy": true,
        "status": one.status, "region": "ece-region",
        "metadata": {"version": 1, "last_modified": "2026-01-01T00:00:00.000Z", "endpoint": endpoint,
            "ports": {"http": 9200, "https": 9243, "transport_passthrough": 9400},
            "services_urls": [{"service": "elasticsearch", "url": one.engine}]},
        "snapshots": {"healthy": true, "count": 1, "recent_success": true},
    });
    if with_settings {
        info["settings"] = json!({"snapshot": one.snapshot_settings});
    }
    json!({
        "id": one.id, "name": one.name, "healthy": true, "metadata": {"hidden": false},
        "resources": {
            "elasticsearch": [{"ref_id": FakeEce::REF_ID, "id": one.cluster_id, "region": "ece-region", "info": info}],
            "kibana": [], "apm": [], "enterprise_search": [], "integrations_server": [],
        },
    })
}

/// The proxy: only with its header; ECE's own credentials stay here.
async fn forward(deployment: &FakeDeployment, below: &[&str], mut request: Recorded) -> Option<Answer> {
    let management = request.headers.remove("x-management-request");
    if management.is_none_or(|value| value != "true") {
        return failed(
            400,
            "root.missing_header",
            "Request is missing required HTTP header 'X-Management-Request'",
        );
    }
    request.headers.remove(AUTHORIZATION);
    request.path = format!("/{}", below.join("/"));
    let address = deployment.engine.trim_start_matches("http://");
    let stream = TcpStream::connect(address).await.ok()?;
    exchange(stream, request).await.ok()
}
