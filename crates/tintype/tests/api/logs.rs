//! What is never written down, and what a client never learns.

use crate::support::{PASSWORD, SECRET, Server, basic, key};
use http::{Method, StatusCode};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// A log kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn listen() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(LevelFilter::TRACE)
        .with_writer(log.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let (log, _guard) = listen();
    let server = Server::start().await;
    server.add_cluster("a1").await;
    server.add_repository("main").await;
    let snapshot = "/api/v1/clusters/elasticsearch/a1/_snapshot?token=in-the-query";
    let auth = r#"{"type":"basic","username":"u","password":"engine-pass"}"#;
    let attach = format!(r#"{{"url":"http://127.0.0.1:9","access":"observe","auth":{auth}}}"#);
    let reader =
        r#"{"url":"s3://b/p","endpoint":"http://127.0.0.1:9","username":"u","password":"engine-pass"}"#;
    let repository = r#"{"type":"s3","settings":{"bucket":"b","secret_key":"engine-pass"}}"#;
    let user = r#"{"user_name":"jane","security":{"password":"engine-pass"}}"#;
    for (method, path, body) in [
        (
            Method::POST,
            snapshot,
            r#"{"repository_name":"main","password":"engine-pass"}"#,
        ),
        (Method::POST, snapshot, r#"{"password":["engine-pass"]}"#),
        (Method::POST, "/api/tintype/v1/clusters", attach.as_str()),
        (Method::PUT, "/api/tintype/v1/repositories/main/reader", reader),
        (Method::PUT, "/api/tintype/v1/repositories/other", repository),
        (Method::POST, "/api/v1/users", user),
        (
            Method::POST,
            "/api/v1/users",
            r#"{"security":{"password":["engine-pass"]}}"#,
        ),
        (
            Method::PATCH,
            "/api/v1/users/jane",
            r#"{"security":{"password":"engine-pass-2"}}"#,
        ),
    ] {
        server
            .send(method.clone(), path, &key("admin"), body.to_owned())
            .await;
        server
            .send(method, path, &basic("admin", PASSWORD), body.to_owned())
            .await;
    }
    server
        .send(
            Method::GET,
            "/api/v1/users/auth/keys",
            &basic("admin", "engine-pass"),
            "",
        )
        .await;
    let text = log.text();
    assert!(
        text.contains("/_snapshot") && text.contains("status=401"),
        "{text}"
    );
    for secret in [
        PASSWORD,
        SECRET,
        "engine-pass",
        "in-the-query",
        "tt_keyadmin",
        &basic("admin", PASSWORD)[6..],
    ] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn an_internal_error_is_told_by_its_id_and_logged_once() {
    let (log, _guard) = listen();
    let server = Server::start().await;
    server.app.store.close().await;
    let reply = server.get("/api/v1/users/auth/keys").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::INTERNAL_SERVER_ERROR, "root.internal_server_error")
    );
    let id = reply.message().rsplit(' ').next().unwrap();
    let text = log.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains(id)).collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert!(
        lines[0].contains("ERROR") && lines[0].contains("the store failed"),
        "{}",
        lines[0]
    );
    assert!(!reply.message().contains("store"), "{}", reply.message());
}
