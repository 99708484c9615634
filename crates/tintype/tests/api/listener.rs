//! The listener itself: real sockets, TLS, bounds and a graceful stop.

use crate::support::{Server, key};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::net::SocketAddr;
use tintype::config::ServerConfig;
use tintype::http::{Listen, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
    server: Server,
}

async fn start(change: impl FnOnce(&mut ServerConfig)) -> Running {
    let server = Server::start().await;
    let mut config = ServerConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        ..ServerConfig::default()
    };
    change(&mut config);
    let listen = Listen::bind(&config).await.unwrap();
    let (address, stop) = (listen.address().unwrap(), CancellationToken::new());
    let task = tokio::spawn(serve(listen, server.router.clone(), stop.clone()));
    Running {
        address,
        stop,
        task,
        server,
    }
}

#[tokio::test]
async fn it_serves_tls_compresses_and_names_no_server() {
    let directory = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, secret) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&secret, signing_key.serialize_pem()).unwrap();
    let running = start(|config| {
        config.tls_certificate = Some(certificate);
        config.tls_key = Some(secret);
    })
    .await;
    let authority = reqwest::Certificate::from_pem(cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([authority])
        .build()
        .unwrap();
    let url = format!(
        "https://localhost:{}/api/tintype/v1/roles",
        running.address.port()
    );
    let asked = client
        .get(url)
        .header("authorization", key("admin"))
        .header("accept-encoding", "gzip");
    let reply = asked.send().await.unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["content-encoding"], "gzip");
    assert!(reply.headers().get("server").is_none());
    running.stop.cancel();
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_stop_lets_a_running_request_end_and_takes_no_other() {
    let running = start(|_| {}).await;
    running.server.add_cluster("a1").await;
    let repository = running.server.add_repository("main").await;
    running
        .server
        .app
        .store
        .set_default_repository(Some(&repository.name))
        .await
        .unwrap();
    let url = format!(
        "http://{}/api/v1/clusters/elasticsearch/a1/_snapshot",
        running.address
    );
    let asked = tokio::spawn(
        reqwest::Client::new()
            .post(url)
            .header("authorization", key("admin"))
            .send(),
    );
    // The take is being waited for once its operation is there.
    let operations = "/api/tintype/v1/operations";
    while running.server.get(operations).await.body["operations"] == serde_json::json!([]) {
        tokio::task::yield_now().await;
    }
    running.stop.cancel();
    assert_eq!(asked.await.unwrap().unwrap().status(), 202);
    running.task.await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

const VERSION: &[u8] = b"GET /api/tintype/v1/version HTTP/1.1\r\nhost: x\r\n\r\n";

async fn ask(address: SocketAddr, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream
}

#[tokio::test]
async fn beyond_the_limit_an_idle_connection_gives_way() {
    let running = start(|config| config.max_connections = 1).await;
    let mut first = ask(running.address, VERSION).await;
    assert!(first.read(&mut [0; 4096]).await.unwrap() > 0);
    let mut second = ask(running.address, VERSION).await;
    assert!(second.read(&mut [0; 4096]).await.unwrap() > 0);
    assert!(
        !matches!(first.read(&mut [0; 64]).await, Ok(1..)),
        "the first is closed"
    );
    running.stop.cancel();
}

#[tokio::test]
async fn beyond_the_limit_a_connection_that_is_answered_stays() {
    let running = start(|config| config.max_connections = 1).await;
    running.server.add_cluster("a1").await;
    let main = running.server.add_repository("main").await;
    running
        .server
        .app
        .store
        .set_default_repository(Some(&main.name))
        .await
        .unwrap();
    let take = format!(
        "POST /api/v1/clusters/elasticsearch/a1/_snapshot HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\r\n",
        key("admin")
    );
    let mut first = ask(running.address, take.as_bytes()).await;
    // The take is being waited for once its operation is there.
    while running.server.get("/api/tintype/v1/operations").await.body["operations"] == serde_json::json!([]) {
        tokio::task::yield_now().await;
    }
    let mut second = ask(running.address, VERSION).await;
    let mut answer = [0; 12];
    tokio::select! {
        biased;
        _ = second.readable() => panic!("the second was served beside the first"),
        read = first.read_exact(&mut answer) => drop(read.unwrap()),
    }
    assert_eq!(&answer, b"HTTP/1.1 202");
    assert!(second.read(&mut [0; 64]).await.unwrap() > 0);
    running.stop.cancel();
}

#[tokio::test]
async fn too_much_of_a_head_is_431_and_no_http_400() {
    let running = start(|_| {}).await;
    let many = "x: y\r\n".repeat(200);
    let large = format!("x: {}\r\n", "y".repeat(200_000));
    for (head, status) in [
        (many.as_str(), "431"),
        (large.as_str(), "431"),
        ("no header\r\n", "400"),
    ] {
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\n{head}\r\n");
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        // What is refused may be refused before all of it was taken in.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer[9..], status.as_bytes(), "{head:.20}");
    }
    running.stop.cancel();
}

#[tokio::test]
async fn unusable_certificates_and_addresses_say_which() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let config = ServerConfig {
        tls_certificate: Some(empty.clone()),
        tls_key: Some(empty),
        ..ServerConfig::default()
    };
    assert!(
        Listen::bind(&config)
            .await
            .unwrap_err()
            .to_string()
            .contains("empty.pem")
    );
    let taken = start(|_| {}).await;
    let config = ServerConfig {
        listen: taken.address,
        ..ServerConfig::default()
    };
    let error = Listen::bind(&config).await.unwrap_err().to_string();
    assert!(error.contains(&taken.address.to_string()), "{error}");
}

/// Tries are counted by the other end of the connection, whatever a client writes into its headers.
#[tokio::test]
async fn tries_are_counted_by_the_address_of_the_connection() {
    let running = start(|_| {}).await;
    let login = async |from: &str, forwarded: &str, name: &str| {
        let client = reqwest::Client::builder().local_address(Some(from.parse().unwrap()));
        let url = format!("http://{}/api/v1/users/auth/_login", running.address);
        let body = format!(r#"{{"username":"{name}","password":"wrong"}}"#);
        let request = client
            .build()
            .unwrap()
            .post(url)
            .header("x-forwarded-for", forwarded);
        request.body(body).send().await.unwrap().status().as_u16()
    };
    for n in 0..21 {
        assert_eq!(
            login("127.0.0.1", &format!("192.0.2.{n}"), &format!("user{n}")).await,
            401
        );
    }
    assert_eq!(login("127.0.0.1", "192.0.2.99", "another").await, 429);
    assert_eq!(login("127.0.0.2", "127.0.0.1", "another").await, 401);
    running.stop.cancel();
    running.task.await.unwrap();
}
