//! Repositories as the engine has them registered.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::names::repository_path;
use crate::config::Access;
use crate::engine::Engine;
use crate::error::{Error, Lost};
use crate::wire::client::{Answer, Call};
use crate::wire::route::Route;

/// A registered repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Its name in this engine.
    pub name: String,
    /// Its type: `fs`, `s3`, …
    pub kind: String,
    /// Its settings; the engines write most values as strings.
    pub settings: Map<String, Value>,
    /// The uuid of the storage's contents, known to Elasticsearch since 7.12 once something was written.
    pub uuid: Option<String>,
}

/// A node that can write to the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedNode {
    /// The node's id.
    pub id: String,
    /// The node's name.
    pub name: String,
}

impl Engine {
    /// All registered repositories, by name.
    pub async fn repositories(&self) -> Result<Vec<Registration>, Error> {
        let answer = self.send(Call::get(Route::new(&["_snapshot"]))).await?;
        let bodies: BTreeMap<String, RegistrationBody> = answer.parse()?;
        Ok(bodies.into_iter().map(|(name, body)| body.named(name)).collect())
    }

    /// The repository of exactly this name.
    pub async fn repository(&self, name: &str) -> Result<Option<Registration>, Error> {
        let route = Route::new(&["_snapshot", repository_path("GET", name)?]);
        let answer = match self.send(Call::get(route)).await {
            Err(error) if error.is_missing_repository() => return Ok(None),
            other => other?,
        };
        let mut bodies: BTreeMap<String, RegistrationBody> = answer.parse()?;
        match bodies.remove(name) {
            Some(body) => Ok(Some(body.named(name.to_owned()))),
            None => Err(answer.unexpected("the answer is about another repository")),
        }
    }

    /// Registers a repository without verifying it, since a verifying one waits behind running snapshots. The engine
    /// would replace an existing registration without a word: look first.
    pub async fn create_repository(
        &self,
        name: &str,
        kind: &str,
        settings: &Map<String, Value>,
    ) -> Result<(), Error> {
        let path = ["_snapshot", repository_path("PUT", name)?];
        let timeout = self.dialect_before("PUT", &path).await?.master_timeout();
        let route = Route::new(&path)
            .query("verify", "false")
            .query(timeout, MASTER_TIMEOUT);
        let call = Call::change(Method::PUT, route, Access::Operate);
        acknowledged(
            &self
                .send(call.json(json!({ "type": kind, "settings": settings })))
                .await?,
        )
    }

    /// Has every node write to the repository and read it back. This writes a small blob and removes it, so that an
    /// error of the engine's own is a plain no, whatever its type: Elasticsearch 6.8 says `exception` where later ones
    /// say `repository_verification_exception`.
    pub async fn verify_repository(&self, name: &str) -> Result<Vec<VerifiedNode>, Error> {
        #[derive(Deserialize)]
        struct Body {
            nodes: BTreeMap<String, NodeName>,
        }
        #[derive(Deserialize)]
        struct NodeName {
            #[serde(default)]
            name: String,
        }
        let route = Route::new(&["_snapshot", repository_path("POST", name)?, "_verify"]);
        let answer = self
            .send(Call::change(Method::POST, route, Access::Operate))
            .await;
        let body: Body = answer.map_err(plain_no)?.parse()?;
        Ok(body
            .nodes
            .into_iter()
            .map(|(id, node)| VerifiedNode { id, name: node.name })
            .collect())
    }
}

/// An engine's error, as the refusal that it is of a call that changes nothing; a busy engine may be asked again.
fn plain_no(error: Error) -> Error {
    match error {
        Error::Unknown {
            at,
            why: Lost::Engine(answer),
        } if !matches!(answer.status, 429 | 503 | 504) => Error::Refused { at, answer },
        other => other,
    }
}

/// How long the engine waits for its master: less than the default request timeout, so that its words arrive.
pub(crate) const MASTER_TIMEOUT: &str = "20s";

/// `{"acknowledged": true}`. False is no refusal: the change may be made later, or is made and not every node has seen it.
pub(crate) fn acknowledged(answer: &Answer) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Body {
        acknowledged: bool,
    }
    match answer.parse::<Body>()?.acknowledged {
        true => Ok(()),
        false => Err(answer.unexpected("not every node acknowledged the change in time")),
    }
}

#[derive(Deserialize)]
struct RegistrationBody {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    settings: Map<String, Value>,
    uuid: Option<String>,
}

impl RegistrationBody {
    fn named(self, name: String) -> Registration {
        let uuid = self.uuid.filter(|uuid| !matches!(uuid.as_str(), "" | "_na_"));
        Registration {
            name,
            kind: self.kind,
            settings: self.settings,
            uuid,
        }
    }
}
