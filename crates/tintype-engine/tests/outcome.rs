//! What is known of a call's effect after each way in which it can fail.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use support::{Reply, Server, elasticsearch, engine_error, json, opensearch, uuid_body};
use tintype_engine::{Access, Auth, CreateSnapshot, Engine, EngineConfig, Error, Limits, Lost, NotSent, Tls};
use tokio::net::TcpListener;

/// Reads the health of a server that answers everything so.
async fn read(reply: fn() -> Reply) -> Error {
    let server = Server::start(move |_| reply()).await;
    server.impatient(Access::Observe).health().await.unwrap_err()
}

/// Takes a snapshot on a server that answers so to that alone, and says how often it was asked to.
async fn change(reply: fn() -> Reply) -> (Error, usize) {
    let server = Server::start(opensearch(move |_| reply())).await;
    let engine = server.impatient(Access::Take);
    let error = engine
        .create_snapshot("r", "s", &CreateSnapshot::default())
        .await
        .unwrap_err();
    (error, server.changes().len())
}

fn lost(error: Error) -> Lost {
    match error {
        Error::Unknown { why, .. } => why,
        other => panic!("not Unknown: {other}"),
    }
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Engine::new(EngineConfig::new(url))
        .unwrap()
        .health()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotSent {
                why: NotSent::Unreachable(_),
                ..
            }
        ),
        "{error}"
    );
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let server = Server::start(|_| {
        Reply::Raw(
            b"HTTP/1.1 301 Moved\r\nlocation: https://elsewhere.example/\r\ncontent-length: 0\r\n\r\n"
                .to_vec(),
        )
    })
    .await;
    let error = server.engine(Access::Observe).health().await.unwrap_err();
    assert_eq!(
        lost(error),
        Lost::Redirect {
            status: 301,
            location: "https://elsewhere.example/".into()
        }
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_a_metadata_service_leads_nowhere() {
    let server = Server::start(|_| {
        Reply::Raw(
            b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n"
                .to_vec(),
        )
    })
    .await;
    let error = server.engine(Access::Observe).health().await.unwrap_err();
    assert!(error.to_string().contains("never followed"), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_to_a_metadata_service_by_whatever_name() {
    for host in [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "0.0.0.0",
    ] {
        let config = EngineConfig {
            url: format!("http://{host}:9200"),
            auth: Auth::None,
            tls: Tls::default(),
            access: Access::Observe,
            allow_plain_http: false,
            expected_uuid: None,
            limits: Limits::default(),
        };
        let error = Engine::new(config).unwrap().health().await.unwrap_err();
        assert!(
            matches!(
                &error,
                Error::NotSent {
                    why: NotSent::Address(_),
                    ..
                }
            ),
            "{host}: {error}"
        );
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn garbage_and_text_are_no_answers() {
    assert!(matches!(
        lost(read(|| Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await),
        Lost::Cut(_)
    ));
    assert!(matches!(
        lost(read(|| json(200, "<html>hello</html>")).await),
        Lost::NotJson(_)
    ));
    assert!(matches!(
        lost(read(|| json(200, "[1,2]")).await),
        Lost::Unexpected(_)
    ));
    assert!(matches!(
        lost(read(|| json(200, "[".repeat(100_000))).await),
        Lost::NotJson(_)
    ));
}

#[tokio::test]
async fn a_body_past_the_limit_is_not_read() {
    let declared = || Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n{".to_vec());
    assert_eq!(lost(read(declared).await), Lost::TooLarge(16 << 20));
    let server = Server::start(|_| Reply::Endless).await;
    let error = server.engine(Access::Observe).health().await.unwrap_err();
    assert_eq!(lost(error), Lost::TooLarge(16 << 20));
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let error =
        read(|| Reply::Raw([b"HTTP/1.1 200 OK\r\n".as_slice(), &b"x: y\r\n".repeat(50_000)].concat())).await;
    assert!(matches!(lost(error), Lost::Cut(_)));
}

#[tokio::test]
async fn a_change_cut_mid_way_is_unknown_and_sent_once() {
    let half = || Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"acc".to_vec());
    for reply in [half, || Reply::Close] {
        let (error, sent) = change(reply).await;
        assert!(matches!(lost(error), Lost::Cut(_)));
        assert_eq!(sent, 1);
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_an_unknown_timeout() {
    let (error, sent) = change(|| Reply::Hang).await;
    assert!(error.is_timeout() && error.is_unknown(), "{error}");
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn a_bare_429_or_503_is_transient_for_a_read_and_unknown_for_a_change() {
    for reply in [
        (|| json(429, "slow down")) as fn() -> Reply,
        || json(503, "<html>"),
        || json(502, ""),
    ] {
        assert!(read(reply).await.is_transient());
        let (error, sent) = change(reply).await;
        assert!(matches!(lost(error), Lost::Status { .. }));
        assert_eq!(sent, 1);
    }
}

#[tokio::test]
async fn a_503_of_the_engine_is_refused_when_nothing_was_done() {
    let (error, _) =
        change(|| engine_error(503, "concurrent_snapshot_execution_exception", "already running")).await;
    assert!(error.is_refused() && error.is_concurrent_snapshot());
    assert!(error.to_string().contains("already running"), "{error}");
    let (error, _) = change(|| {
        engine_error(
            503,
            "process_cluster_event_timeout_exception",
            "failed to process",
        )
    })
    .await;
    assert!(error.is_unknown(), "{error}");
}

#[tokio::test]
async fn the_predicates_know_each_familys_words() {
    let (error, _) = change(|| {
        engine_error(
            400,
            "invalid_snapshot_name_exception",
            "[r:s] Invalid snapshot name [s], snapshot with the same name already exists",
        )
    })
    .await;
    assert!(error.is_name_taken());
    let (error, _) = change(|| engine_error(400, "snapshot_name_already_in_use_exception", "in use")).await;
    assert!(error.is_name_taken());
    let (error, _) =
        change(|| engine_error(400, "invalid_snapshot_name_exception", "must be lowercase")).await;
    assert!(!error.is_name_taken());
    let (error, _) = change(|| engine_error(404, "repository_missing_exception", "[r] missing")).await;
    assert!(error.is_missing_repository());
    let (error, _) = change(|| engine_error(403, "security_exception", "action is unauthorized")).await;
    assert!(error.is_auth());
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_without_a_second_change() {
    let server = Server::start(elasticsearch("7.17.29", |seen| match seen.method.as_str() {
        "PUT" => json(200, r#"{"accepted":true}"#),
        _ => Reply::JsonThenClose(r#"{"snapshots":[]}"#.into()),
    }))
    .await;
    let engine = server.engine(Access::Take);
    engine.dialect().await.unwrap();
    for round in 1..=5 {
        assert!(engine.snapshots_running().await.unwrap().is_empty());
        engine
            .create_snapshot("r", "s", &CreateSnapshot::default())
            .await
            .unwrap();
        assert_eq!(server.changes().len(), round);
    }
}

#[tokio::test]
async fn a_read_on_a_dead_kept_connection_is_repeated_on_a_fresh_one() {
    // The second request of each connection is read and dropped.
    let server = Server::start(|seen| match seen.target.as_str() {
        "/_snapshot" => json(200, "{}"),
        _ if seen.connection == 0 => Reply::Close,
        _ => json(200, uuid_body("u")),
    })
    .await;
    let engine = server.engine(Access::Observe);
    engine.repositories().await.unwrap();
    assert_eq!(engine.cluster_uuid().await.unwrap(), "u");
}

#[tokio::test]
async fn an_answer_that_echoes_the_credentials_is_scrubbed() {
    let server = Server::start(|seen| {
        let header = seen
            .head
            .lines()
            .find(|line| line.to_lowercase().starts_with("authorization"))
            .unwrap_or_default();
        engine_error(
            401,
            "security_exception",
            &format!("cannot use {header} or hunter22"),
        )
    })
    .await;
    let mut config = server.config(Access::Observe);
    config.auth = Auth::Basic {
        user: "me".into(),
        password: "hunter22".to_owned().into(),
    };
    let error = Engine::new(config).unwrap().health().await.unwrap_err();
    assert!(error.is_auth());
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains("hunter22") && !shown.contains("bWU6aHVudGVyMjI"),
        "{shown}"
    );
    assert!(shown.contains("[redacted]"), "{shown}");
}

#[tokio::test]
async fn an_engines_error_to_a_verification_is_a_no_whatever_its_type() {
    let verify = async |status: u16| {
        let reply = move || engine_error(status, "exception", "failed to create blob container");
        let server = Server::start(opensearch(move |_| reply())).await;
        let engine = server.impatient(Access::Operate);
        engine.verify_repository("r").await.unwrap_err()
    };
    assert!(verify(500).await.is_refused());
    // A busy engine has not looked.
    let busy = verify(503).await;
    assert!(busy.is_unknown() && busy.is_transient(), "{busy}");
}
