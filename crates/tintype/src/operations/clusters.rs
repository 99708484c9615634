//! Attaching, changing and detaching clusters: nothing is written to an engine here.

use super::inventory::Depth;
use super::location::Wanted;
use super::repositories::configured_among;
use super::{observe, registration};
use crate::app::App;
use crate::error::{Error, Missing, Result};
use crate::ids;
use crate::model::{AccessLevel, Cluster, ClusterId, ClusterSecrets, EngineAuth, NameError, RepositoryName};
use crate::store::{ClusterPage, audit};
use tintype_engine::Distribution;

/// The longest name that may be given to a cluster, characters.
const LONGEST_NAME: usize = 255;

/// What a caller asks of an attach.
#[derive(Debug, Clone)]
pub struct AttachRequest {
    /// Kept from the scripts that use it; made when absent.
    pub id: Option<ClusterId>,
    /// The engine's own name when absent.
    pub name: Option<String>,
    /// Where the engine is.
    pub url: String,
    /// What may be sent to it.
    pub access: AccessLevel,
    /// How to prove ourselves.
    pub auth: EngineAuth,
    /// With these secrets.
    pub secrets: ClusterSecrets,
    /// The only authorities trusted, PEM.
    pub ca: Option<String>,
    /// The only certificate trusted, SHA-256 in hexadecimal.
    pub fingerprint: Option<String>,
    /// Credentials may cross plain HTTP beyond loopback.
    pub allow_plain_http: bool,
    /// The platform repository of this cluster.
    pub repository: Option<RepositoryName>,
    /// The repository's name on the engine.
    pub engine_repository: Option<RepositoryName>,
    /// The location under the platform repository.
    pub location: Option<String>,
    /// Take the location that the engine already has under that name.
    pub adopt: bool,
}

/// What a caller asks to change; absent members stay. The inner `None` unsets.
#[derive(Debug, Clone, Default)]
pub struct ChangeRequest {
    /// The name for people.
    pub name: Option<String>,
    /// Where the engine is.
    pub url: Option<String>,
    /// What may be sent to it.
    pub access: Option<AccessLevel>,
    /// How to prove ourselves, with all its secrets.
    pub auth: Option<(EngineAuth, ClusterSecrets)>,
    /// The only authorities trusted, PEM.
    pub ca: Option<Option<String>>,
    /// The only certificate trusted.
    pub fingerprint: Option<Option<String>>,
    /// Credentials may cross plain HTTP beyond loopback.
    pub allow_plain_http: Option<bool>,
    /// The platform repository of this cluster.
    pub repository: Option<Option<RepositoryName>>,
    /// The repository's name on the engine.
    pub engine_repository: Option<Option<RepositoryName>>,
    /// The location under the platform repository.
    pub location: Option<Option<String>>,
    /// Take the location that the engine already has under that name.
    pub adopt: bool,
    /// Pin the uuid that answers now, whatever was pinned before.
    pub repin: bool,
}

/// Looks at the engine, pins its uuid and attaches it. Only reads are sent.
///
/// # Errors
/// `Invalid` for settings that cannot work or an engine that does not say who it is, `Conflict` when it is attached.
pub async fn attach(app: &App, request: AttachRequest) -> Result<Cluster> {
    let id = match request.id {
        Some(id) => id,
        None => ids::cluster_id()
            .try_into()
            .map_err(|error: NameError| Error::Internal(Box::new(error)))?,
    };
    let now = crate::clock::to_millis(app.clock.now());
    let mut cluster = Cluster {
        id,
        name: request.name.unwrap_or_default(),
        url: request.url,
        access: request.access,
        auth: request.auth,
        uuid: String::new(),
        distribution: String::new(),
        engine_version: String::new(),
        ca: request.ca,
        fingerprint: request.fingerprint,
        allow_plain_http: request.allow_plain_http,
        repository: request.repository,
        engine_repository: request.engine_repository,
        location: request.location,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    check(&cluster, &request.secrets)?;
    if !cluster.name.is_empty() {
        check_name(&cluster.name)?;
    }
    check_repository(app, &cluster).await?;
    check_location(app, &cluster).await?;
    identify(app, &mut cluster, &request.secrets, None, request.adopt).await?;
    app.store.attach_cluster(&cluster, &request.secrets).await?;
    app.engines.note_limit(&cluster);
    observe::refresh(&app.operations, &cluster.id, Depth::Whole).await;
    Ok(cluster)
}

/// Changes a cluster; the engine is looked at again when how to reach it changes.
///
/// # Errors
/// As [`attach`]; `Conflict` when the cluster was changed meanwhile.
pub async fn change(app: &App, cluster: &Cluster, request: ChangeRequest) -> Result<Cluster> {
    let mut changed = cluster.clone();
    let reached_otherwise = request.url.is_some()
        || request.auth.is_some()
        || request.ca.is_some()
        || request.fingerprint.is_some()
        || request.repin
        || request.adopt;
    changed.name = request.name.unwrap_or(changed.name);
    changed.url = request.url.unwrap_or(changed.url);
    changed.access = request.access.unwrap_or(changed.access);
    changed.ca = request.ca.unwrap_or(changed.ca);
    changed.fingerprint = request.fingerprint.unwrap_or(changed.fingerprint);
    changed.allow_plain_http = request.allow_plain_http.unwrap_or(changed.allow_plain_http);
    changed.repository = request.repository.unwrap_or(changed.repository);
    changed.engine_repository = request.engine_repository.unwrap_or(changed.engine_repository);
    changed.location = request.location.unwrap_or(changed.location);
    changed.updated_at = crate::clock::to_millis(app.clock.now());
    let secrets = match request.auth {
        Some((auth, secrets)) => {
            changed.auth = auth;
            Some(secrets)
        }
        None => None,
    };
    let effective = match &secrets {
        Some(secrets) => secrets.clone(),
        None => app.store.cluster_secrets(&cluster.id).await?,
    };
    check(&changed, &effective)?;
    if changed.name != cluster.name {
        check_name(&changed.name)?;
    }
    check_repository(app, &changed).await?;
    if changed.location != cluster.location {
        check_location(app, &changed).await?;
    }
    if reached_otherwise {
        let pinned = (!request.repin).then(|| cluster.uuid.clone());
        identify(app, &mut changed, &effective, pinned, request.adopt).await?;
    }
    audit::detail(difference(cluster, &changed, secrets.is_some()));
    let changed = app.store.update_cluster(&changed, secrets.as_ref()).await?;
    if request.repin && changed.uuid != cluster.uuid {
        tracing::warn!(cluster = %changed.id, from = cluster.uuid, to = changed.uuid, "the pinned uuid was changed");
    }
    app.engines.note_limit(&changed);
    // A name alone is nothing to ask an engine about, and it may not answer.
    if looks_otherwise(cluster, &changed, reached_otherwise) {
        observe::refresh(&app.operations, &changed.id, Depth::Whole).await;
    }
    Ok(changed)
}

/// The members that change, for the audit log; the pinned uuid with its values, since who answers there is another.
fn difference(before: &Cluster, after: &Cluster, secrets: bool) -> String {
    let mut changed = Vec::new();
    for (differs, member) in [
        (before.name != after.name, "name"),
        (before.url != after.url, "url"),
        (before.access != after.access, "access"),
        (secrets, "auth"),
        (before.ca != after.ca, "ca"),
        (before.fingerprint != after.fingerprint, "fingerprint"),
        (
            before.allow_plain_http != after.allow_plain_http,
            "allow_plain_http",
        ),
        (before.repository != after.repository, "repository"),
        (
            before.engine_repository != after.engine_repository,
            "engine_repository",
        ),
        (before.location != after.location, "location"),
    ] {
        if differs {
            changed.push(member);
        }
    }
    let members = match changed.as_slice() {
        [] => "nothing else".to_owned(),
        changed => changed.join(", "),
    };
    if before.uuid == after.uuid {
        format!("changed {members}")
    } else {
        format!(
            "pinned uuid {} in place of {}; changed {members}",
            after.uuid, before.uuid
        )
    }
}

/// Forgets a cluster. Nothing is sent to its engine, and nothing in it or its repositories is touched.
///
/// # Errors
/// `NotFound`; `Precondition` while an operation runs.
pub async fn detach(app: &App, id: &ClusterId) -> Result<()> {
    match app.store.detach_cluster(id).await {
        Err(crate::store::StoreError::NotFound(_)) => {
            Err(Error::missing(Missing::Cluster, "there is no such cluster"))
        }
        other => {
            other?;
            app.engines.forget(id);
            Ok(())
        }
    }
}

/// Another look would see something else.
fn looks_otherwise(before: &Cluster, after: &Cluster, reached_otherwise: bool) -> bool {
    reached_otherwise
        || (&before.repository, &before.engine_repository, &before.location)
            != (&after.repository, &after.engine_repository, &after.location)
        || (before.access, before.allow_plain_http) != (after.access, after.allow_plain_http)
}

/// A name given by hand. An engine's own is taken as it is.
fn check_name(name: &str) -> Result<()> {
    let length = name.chars().count();
    if (1..=LONGEST_NAME).contains(&length) && !name.trim().is_empty() && !name.contains(char::is_control) {
        return Ok(());
    }
    let rule = format!(
        "name must be 1 to {LONGEST_NAME} characters, none of them a control character, not all blank"
    );
    Err(Error::invalid("name", rule))
}

/// What can be said without asking anybody.
fn check(cluster: &Cluster, secrets: &ClusterSecrets) -> Result<()> {
    let missing = match cluster.auth {
        EngineAuth::Basic if secrets.username.is_none() => Some("username"),
        EngineAuth::Basic if secrets.password.is_none() => Some("password"),
        EngineAuth::ApiKey if secrets.api_key.is_none() => Some("api_key"),
        EngineAuth::Bearer if secrets.bearer.is_none() => Some("token"),
        EngineAuth::Certificate if secrets.client_certificate.is_none() => Some("certificate"),
        EngineAuth::Certificate if secrets.client_key.is_none() => Some("key"),
        _ => None,
    };
    if let Some(missing) = missing {
        let field = format!("auth.{missing}");
        return Err(Error::invalid(
            &field,
            format!("this kind of authentication needs {field}"),
        ));
    }
    if cluster.location.as_deref().is_some_and(str::is_empty) {
        return Err(Error::invalid(
            "location",
            "an empty location would be the whole repository; leave it out",
        ));
    }
    Ok(())
}

/// The engine's client, or what is wrong with its settings, by field.
fn client(
    app: &App,
    cluster: &Cluster,
    secrets: &ClusterSecrets,
    uuid: Option<String>,
) -> Result<tintype_engine::Engine> {
    app.engines
        .client(cluster, secrets, uuid)
        .map_err(|failure| Error::invalid("url", failure.message))
}

async fn check_repository(app: &App, cluster: &Cluster) -> Result<()> {
    let Some(name) = &cluster.repository else {
        return Ok(());
    };
    match app.store.repository(name).await? {
        Some(_) => Ok(()),
        None => Err(Error::invalid(
            "repository",
            "the platform has no repository of this name",
        )),
    }
}

/// What the caller has to mend when the engine does not say who it is.
fn not_identified(error: &tintype_engine::Error) -> Error {
    let field = if error.is_auth() { "auth" } else { "url" };
    Error::invalid(field, format!("the engine could not be asked who it is: {error}"))
}

/// A location given by hand must not be another cluster's: two writers destroy each other's snapshots. (One that is
/// adopted exists already, and is reported by the watch instead.)
async fn check_location(app: &App, cluster: &Cluster) -> Result<()> {
    if cluster.location.is_none() {
        return Ok(());
    }
    let platform = app.store.repositories().await?;
    let location = |cluster: &Cluster| {
        let resolved = configured_among(&platform, cluster).ok().flatten()?;
        Some(Wanted::new(resolved.platform.as_ref()?, cluster, resolved.engine_name).location())
    };
    let Some(wanted) = location(cluster) else {
        return Ok(());
    };
    let (clusters, _) = app.store.clusters(&ClusterPage::default()).await?;
    match clusters
        .iter()
        .find(|other| other.id != cluster.id && location(other).as_ref() == Some(&wanted))
    {
        None => Ok(()),
        Some(other) => {
            let message = format!(
                "{wanted} is the location of cluster {}; give this one another",
                other.id
            );
            Err(Error::invalid("location", message))
        }
    }
}

/// Reads who answers, pins its uuid, and adopts the location that it has. Only reads are sent.
async fn identify(
    app: &App,
    cluster: &mut Cluster,
    secrets: &ClusterSecrets,
    pinned: Option<String>,
    adopt: bool,
) -> Result<()> {
    let engine = client(app, cluster, secrets, pinned.clone())?;
    let identity = engine.identify().await.map_err(|error| not_identified(&error))?;
    if let Some(pinned) = pinned.filter(|pinned| *pinned != identity.cluster_uuid) {
        let message = format!(
            "another cluster answers at {}: its uuid is {}, and {pinned} is pinned. If that is meant, pin it anew \
             (`--repin`)",
            cluster.url, identity.cluster_uuid
        );
        return Err(Error::Conflict(message));
    }
    cluster.uuid = identity.cluster_uuid;
    cluster.engine_version = identity.version.to_string();
    cluster.distribution = match identity.distribution {
        Distribution::Elasticsearch => "elasticsearch",
        Distribution::OpenSearch => "opensearch",
    }
    .to_owned();
    if cluster.name.is_empty() {
        cluster.name = identity.cluster_name;
    }
    if adopt {
        let configured = super::repositories::configured(&app.operations, cluster).await?;
        if let Some((platform, name)) = configured.and_then(|one| one.platform.map(|p| (p, one.engine_name)))
        {
            cluster.location = Some(registration::adopt(&engine, cluster, &name, &platform.kind).await?);
        } else if cluster.engine_repository.is_none() {
            let message = "adopt needs to know what: give `repository`, or `engine_repository`";
            return Err(Error::invalid("adopt", message));
        }
    }
    Ok(())
}
