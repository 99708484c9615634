//! A server in a temporary directory, and requests to it. Every failed answer is checked for its form on the way.

use axum::Router;
use axum::body::{Body, Bytes};
use data_encoding::BASE64;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;
use std::sync::{Arc, LazyLock, Mutex};
use tempfile::TempDir;
use tintype::app::App;
use tintype::clock::{Clock, SystemClock};
use tintype::config::Config;
use tintype::http::auth::Peer;
use tintype::model::{
    AccessLevel, ApiKey, Cluster, ClusterSecrets, EngineAuth, Operator, PlatformRepository, Role, UserChange,
};
use tintype::secrets::{Sealer, api_key_hash, hash_password};
use tintype::store::sqlite::SqliteStore;
use tower::ServiceExt;

/// Every user's password; no answer may ever hold it.
pub const PASSWORD: &str = "correct-horse-battery-staple";
/// Every key's secret part; only the answer that made a key may hold one.
pub const SECRET: &str = "s3cret_part-0123456789";

/// One hash for all users: hashing is slow on purpose.
static HASH: LazyLock<String> = LazyLock::new(|| hash_password(&SecretString::from(PASSWORD)).unwrap());

/// A clock that only a test moves.
#[derive(Debug)]
pub struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Timestamp::from_second(1_700_000_000).unwrap())))
    }

    pub fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A server with the user and key `admin`.
pub struct Server {
    pub app: App,
    pub router: Router,
    _directory: Arc<TempDir>,
}

/// An answer.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The code of the first error.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["code"].as_str().unwrap_or_default()
    }

    /// The message of the first error.
    pub fn message(&self) -> &str {
        self.body["errors"][0]["message"].as_str().unwrap_or_default()
    }

    /// The first field of the first error.
    pub fn field(&self) -> &str {
        self.body["errors"][0]["fields"][0].as_str().unwrap_or_default()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Arc::new(SystemClock), |_| {}).await
    }

    pub async fn start_with(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.server.data_dir = Some(directory.path().to_owned());
        config.operations.answer_wait_seconds = 1;
        change(&mut config);
        let sealer = Sealer::new(&[7; 32]);
        let store = SqliteStore::open(&config.store_path(), sealer.clone())
            .await
            .unwrap();
        let app = App::new(config, clock, Arc::new(store), sealer);
        let server = Self {
            router: tintype::http::router(app.clone()),
            app,
            _directory: Arc::new(directory),
        };
        server.add_user("admin", &[Role::EcePlatformAdmin], true).await;
        server
    }

    /// The same server with a router of its own, which remembers nothing of the other's requests.
    pub fn fresh(&self) -> Self {
        Self {
            app: self.app.clone(),
            router: tintype::http::router(self.app.clone()),
            _directory: Arc::clone(&self._directory),
        }
    }

    /// A user with [`PASSWORD`] and an API key, whose id is `key` and the name without underscores.
    pub async fn add_user(&self, name: &str, roles: &[Role], enabled: bool) {
        let now = Timestamp::UNIX_EPOCH;
        let user = Operator {
            enabled,
            ..Operator::new(name, HASH.clone(), roles.to_vec(), now)
        };
        self.add_operator(&user).await;
    }

    /// This user with an API key as [`Server::add_user`] makes it.
    pub async fn add_operator(&self, user: &Operator) {
        self.app.store.create_user(user).await.unwrap();
        let key = ApiKey {
            id: key_id(&user.name),
            secret_hash: api_key_hash(SECRET),
            user: user.name.clone(),
            description: "for tests".to_owned(),
            created_at: user.created_at,
            elevated: true,
        };
        self.app.store.create_api_key(&key).await.unwrap();
    }

    /// A cluster in the store whose engine does not exist.
    pub async fn add_cluster(&self, id: &str) -> Cluster {
        let cluster = Cluster {
            id: id.parse().unwrap(),
            name: format!("the {id} cluster"),
            url: "http://127.0.0.1:9".to_owned(),
            access: AccessLevel::Operate,
            auth: EngineAuth::Basic,
            uuid: format!("uuid-of-{id}"),
            distribution: "opensearch".to_owned(),
            engine_version: "2.19.0".to_owned(),
            ca: None,
            fingerprint: None,
            allow_plain_http: false,
            repository: None,
            engine_repository: None,
            location: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        let secrets = ClusterSecrets {
            username: Some("tintype".to_owned()),
            password: Some(SecretString::from("engine-pass")),
            ..ClusterSecrets::default()
        };
        self.app.store.attach_cluster(&cluster, &secrets).await.unwrap();
        cluster
    }

    /// A platform repository in the store.
    pub async fn add_repository(&self, name: &str) -> PlatformRepository {
        let repository = PlatformRepository {
            name: name.parse().unwrap(),
            kind: "fs".to_owned(),
            settings: serde_json::Map::from_iter([("location".to_owned(), "/backups".into())]),
            is_default: false,
            has_reader: false,
            preflight: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 0,
        };
        self.app
            .store
            .put_repository(&repository, None, None)
            .await
            .unwrap()
    }

    /// As the administrator, by API key.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &key("admin"), "").await
    }

    /// As the administrator, by API key, with a body.
    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(Method::POST, path, &key("admin"), body).await
    }

    /// With this `Authorization`; none when empty.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        authorization: &str,
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !authorization.is_empty() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.request(request.body(body.into()).unwrap()).await
    }

    /// Replaces a user's password by the hash of another.
    pub async fn set_password(&self, user: &str, hash: String) {
        let change = UserChange {
            password_hash: Some(hash),
            ..UserChange::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let changed = self.app.store.change_user(user, &change, None, now).await;
        changed.unwrap();
    }

    /// Signs in, and gives the session's `Authorization`.
    pub async fn login(&self, user: &str) -> String {
        let body = serde_json::json!({"username": user, "password": PASSWORD}).to_string();
        let reply = self
            .send(Method::POST, "/api/v1/users/auth/_login", "", body)
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        bearer(&reply)
    }

    /// From this address.
    pub async fn send_from(
        &self,
        from: &str,
        method: Method,
        path: &str,
        authorization: &str,
        body: String,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !authorization.is_empty() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.extension(Peer(from.parse().unwrap()));
        self.request(request.body(body.into()).unwrap()).await
    }

    /// Any request.
    pub async fn request(&self, request: Request<Body>) -> Reply {
        let what = format!("{} {:.200}", request.method(), request.uri());
        let asked = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let kind = head.headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        // A stream has no end to wait for.
        let bytes = match kind.as_str() {
            "text/event-stream" => Bytes::new(),
            _ => body.collect().await.unwrap().to_bytes(),
        };
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        for secret in [PASSWORD, SECRET, "engine-pass", "$argon2"] {
            assert!(!text.contains(secret), "{what} answers with a secret: {text}");
            assert!(
                !format!("{:?}", head.headers).contains(secret),
                "{what} answers with a secret header"
            );
        }
        let body = if kind.starts_with("text/") || kind.starts_with("application/openmetrics-text") {
            assert!(head.status.is_success(), "{what} fails as {kind}: {text}");
            Value::String(text)
        } else {
            assert_eq!(kind, "application/json", "{what}");
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{what} answers with {text:?}"))
        };
        let reply = Reply {
            status: head.status,
            headers: head.headers,
            body,
        };
        if !reply.status.is_success() {
            check_failure(&what, &reply);
        }
        crate::answers::check(&asked.0, &asked.1, &reply);
        reply
    }
}

fn check_failure(what: &str, reply: &Reply) {
    let errors = reply.body["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("{what}: {}", reply.body));
    assert_eq!(reply.body.as_object().unwrap().len(), 1, "{what}: {}", reply.body);
    let codes: Vec<_> = errors
        .iter()
        .map(|error| error["code"].as_str().unwrap())
        .collect();
    assert_eq!(reply.header("x-cloud-error-codes"), codes.join(","), "{what}");
    assert!(
        !codes.is_empty() && codes.iter().all(|code| code.contains('.')),
        "{what}: {codes:?}"
    );
    assert!(
        errors
            .iter()
            .all(|error| !error["message"].as_str().unwrap().is_empty()),
        "{what}"
    );
    if reply.status == StatusCode::UNAUTHORIZED && reply.code() == "root.unauthenticated" {
        assert!(reply.header("www-authenticate").contains("Basic"), "{what}");
    }
}

/// `Authorization` with the API key that [`Server::add_user`] made.
pub fn key(user: &str) -> String {
    format!("ApiKey tt_{}_{SECRET}", key_id(user))
}

/// `Authorization` with the token in an answer.
pub fn bearer(reply: &Reply) -> String {
    format!("Bearer {}", reply.body["token"].as_str().unwrap())
}

/// Ids have no underscore.
pub fn key_id(user: &str) -> String {
    format!("key{}", user.replace('_', ""))
}

/// `Authorization` with a password.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
}
