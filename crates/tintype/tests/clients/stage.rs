//! A server with a fleet of fakes, and how a client is run against it.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tintype_repository::testing::{Synthetic, lucene};
use tintype_testkit::client::{RawClient, basic};
use tintype_testkit::fake::{Dialect, FakeEngine, FakeHost, Index};
use tintype_testkit::faults::{Fault, Rule};
use tintype_testkit::process::{mortal_command, run_script};
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};
use tintype_testkit::wait;

/// A cluster whose engine does what it is asked.
pub const CLUSTER: &str = "0123456789abcdef0123456789abcdef";
/// A cluster whose engine fails every snapshot.
pub const FAILING: &str = "fedcba9876543210fedcba9876543210";
/// The platform's default repository.
pub const MAIN: &str = "main";

const NATIVE: &str = "/api/tintype/v1";

/// The server, and the engines behind it.
pub struct Stage {
    pub tintype: TintypeProcess,
    /// An API key of the administrator, as it goes behind `ApiKey`.
    pub key: String,
    pub host: FakeHost,
    admin: RawClient,
}

impl Stage {
    pub async fn start() -> Self {
        let options = TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"));
        let tintype = TintypeProcess::start(options).await.unwrap();
        let bare = RawClient::new(&tintype.url(), None).unwrap();
        let admin = bare.authorized(basic("admin", TintypeProcess::ADMIN_PASSWORD));
        let asked = json!({"description": "the clients"});
        let (_, made) = admin
            .send("POST", "/api/v1/users/auth/keys", asked)
            .await
            .unwrap();
        let key = made["key"].as_str().unwrap().to_owned();
        let admin = bare.authorized(format!("ApiKey {key}"));
        let host = FakeHost::start().unwrap();
        let stage = Self {
            tintype,
            key,
            host,
            admin,
        };
        let main = json!({"type": "fs", "settings": {"location": "/backups"}, "default": true});
        stage
            .ask("PUT", &format!("{NATIVE}/repositories/{MAIN}"), main)
            .await;
        stage.attach(CLUSTER, &stage.engine("good")).await;
        let failing = stage.engine("failing");
        let fault = Fault::engine_error(500, "snapshot_exception", "the storage is on fire");
        failing.fault(Rule::new("PUT", "/_snapshot/*/*", fault).always());
        stage.attach(FAILING, &failing).await;
        stage
    }

    /// A fake engine with one index.
    pub fn engine(&self, name: &str) -> FakeEngine {
        let engine = self.host.add(name, Dialect::Os2);
        engine.add_index("flights", Index::default());
        engine
    }

    async fn attach(&self, id: &str, engine: &FakeEngine) {
        let body = json!({"id": id, "url": engine.url(), "access": "operate"});
        self.ask("POST", &format!("{NATIVE}/clusters"), body).await;
    }

    /// What the administrator is answered; a failure fails the test.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, body) = self.admin.send(method, path, body).await.unwrap();
        assert!((200..300).contains(&status), "{method} {path}: {status} {body}");
        body
    }

    /// A snapshot that has succeeded, and its operation's id.
    pub async fn snapshot(&self, name: &str) -> String {
        let path = format!("{NATIVE}/clusters/{CLUSTER}/snapshots");
        let begun = self.ask("POST", &path, json!({"name": name})).await;
        let id = begun["id"].as_str().unwrap().to_owned();
        self.succeeded(&id).await;
        id
    }

    /// A storage under the default repository's reader, whose snapshot `first` is verified by a schedule and once with an
    /// attestation; the id of that verification.
    pub async fn proven(&self) -> String {
        let storage = self.tintype.dir().join("storage");
        let files = lucene::index(9, "mixed");
        Synthetic::new(&storage.join(CLUSTER)).take("first", 1_700_000_000_000, &[("flights", &[&files])]);
        let repository = format!("{NATIVE}/repositories/{MAIN}");
        let reader = json!({"url": format!("file://{}", storage.display())});
        self.ask("PUT", &format!("{repository}/reader"), reader).await;
        self.ask("POST", &format!("{NATIVE}/attest-keys"), Value::Null)
            .await;
        let asked = json!({"cluster_id": CLUSTER, "options": {"attest": true}});
        let begun = self
            .ask("POST", &format!("{repository}/verifications"), asked)
            .await;
        let id = begun["operations"][0]["id"].as_str().unwrap().to_owned();
        self.succeeded(&id).await;
        let schedule = json!({"every_seconds": 86_400});
        self.ask("PUT", &format!("{repository}/verification-schedule"), schedule)
            .await;
        id
    }

    async fn succeeded(&self, id: &str) {
        let path = format!("{NATIVE}/operations/{id}");
        let ended = wait::until("the operation's end", Duration::from_secs(60), async || {
            let seen = self.ask("GET", &path, Value::Null).await;
            (!seen["finished_at"].is_null()).then_some(seen)
        });
        let ended = ended.await.unwrap();
        assert_eq!(ended["status"], "succeeded", "{ended}");
    }

    /// An administrator with a second factor, and a recovery code of it.
    pub async fn guarded_user(&self, name: &str, password: &str) -> String {
        let security = json!({"password": password, "roles": ["ece_platform_admin"], "enabled": true});
        let user = json!({"user_name": name, "security": security});
        self.ask("POST", "/api/v1/users", user).await;
        let client = RawClient::new(&self.tintype.url(), None).unwrap();
        let client = client.authorized(basic(name, password));
        let totp = format!("{NATIVE}/user/totp");
        let (status, enrolled) = client.send("POST", &totp, json!({})).await.unwrap();
        assert_eq!(status, 201, "{enrolled}");
        let code = totp_code(enrolled["secret"].as_str().unwrap());
        let confirm = format!("{totp}/_confirm");
        let (status, confirmed) = client
            .send("POST", &confirm, json!({"code": code}))
            .await
            .unwrap();
        assert_eq!(status, 200, "{confirmed}");
        confirmed["recovery_codes"][0].as_str().unwrap().to_owned()
    }
}

/// What an authenticator app shows now (RFC 6238).
fn totp_code(secret: &str) -> String {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let step = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &step.to_be_bytes()).as_ref().to_vec();
    let at = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// The program of this name, built if it is not there.
pub async fn client(name: &'static str) -> String {
    let fetch = move || run_script("fetch-clients", &[name]);
    tokio::task::spawn_blocking(fetch).await.unwrap().unwrap()
}

/// A command that sees nothing of the developer's own settings.
pub fn clean(program: impl AsRef<Path>) -> Command {
    let mut command = mortal_command(program.as_ref());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_lowercase();
        if [
            "tintype_",
            "ec_",
            "ecctl_",
            "http_proxy",
            "https_proxy",
            "all_proxy",
        ]
        .iter()
        .any(|start| text.starts_with(start))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it to its end without holding up the fakes, which answer on threads of their own.
pub async fn run(mut command: Command, input: String) -> Output {
    let end = move || {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that reads nothing may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(end).await.unwrap()
}

/// The JSON lines that a program printed, by their step; it must have ended well, and no step come twice.
pub fn steps(output: &Output) -> BTreeMap<String, Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{text}{errors}", output.status);
    let mut steps = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let step = line["step"].as_str().unwrap().to_owned();
        assert!(steps.insert(step, line).is_none(), "twice in\n{text}");
    }
    steps
}

/// Whether everything in `wanted` is in `found`; lists must be of one length.
pub fn includes(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| includes(found.get(name).unwrap_or(&Value::Null), wanted)),
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found
                    .iter()
                    .zip(wanted)
                    .all(|(found, wanted)| includes(found, wanted))
        }
        (found, wanted) => found == wanted,
    }
}
