//! `serve` and `init` on an empty data directory, and what stops them.

use crate::scripted::{Ran, run, tintype};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tintype_testkit::certs::TestCa;
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};
use tintype_testkit::wait;

const BINARY: &str = env!("CARGO_BIN_EXE_tintype");
const BOUND: Duration = Duration::from_secs(60);

fn without_password_file() -> TintypeOptions {
    let mut options = TintypeOptions::serve(BINARY);
    options.args.truncate(5);
    options
}

fn password_in(stdout: &str) -> String {
    let mut found = stdout
        .lines()
        .filter_map(|line| line.strip_prefix("admin password: "));
    let password = found.next().expect("a password is printed").to_owned();
    assert_eq!(found.next(), None, "it is printed once");
    password
}

/// Signs in with a password.
fn keys(url: &str, password: &str) -> Ran {
    tintype(url, "--user admin apikey list")
        .env("TINTYPE_PASSWORD", password)
        .output()
        .unwrap()
        .into()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_prints_the_password_once_and_later_ones_keep_it() {
    let server = TintypeProcess::start(without_password_file()).await.unwrap();
    let password = password_in(&server.stdout());
    assert_eq!(keys(&server.url(), &password).code, 0);
    assert_eq!(keys(&server.url(), "wrong").code, 5);

    let key = tintype(&server.url(), "--user admin apikey create --key-only")
        .env("TINTYPE_PASSWORD", &password)
        .output();
    let key = String::from_utf8(key.unwrap().stdout).unwrap();
    assert_eq!(server.terminate(BOUND).await.unwrap(), 0);
    server.restart().await.unwrap();
    let listed = run(
        &server.url(),
        &format!("--api-key {} apikey list -o name", key.trim()),
    );
    assert_eq!(listed.code, 0, "{listed:?}");
    assert_eq!(
        password_in(&server.stdout()),
        password,
        "a later start prints none"
    );
    for secret in [password.as_str(), key.trim()] {
        assert!(!server.stderr().contains(secret), "a secret is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_from_a_file_is_never_printed() {
    let server = TintypeProcess::start(TintypeOptions::serve(BINARY))
        .await
        .unwrap();
    assert_eq!(keys(&server.url(), TintypeProcess::ADMIN_PASSWORD).code, 0);
    assert_eq!(server.stdout(), "");
    assert!(!server.stderr().contains(TintypeProcess::ADMIN_PASSWORD));
}

#[test]
fn init_makes_everything_for_its_owner_alone_and_only_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("deep/data");
    let init = format!("init --data-dir {}", data.display());
    let first = run("", &init);
    assert_eq!(first.code, 0, "{first:?}");
    let password = password_in(&first.stdout);
    assert!(!first.stderr.contains(&password));
    assert_eq!(mode(&data), 0o700);
    for file in ["tintype.key", "tintype.db"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let again = run("", &init);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""), "{again:?}");
    assert!(again.stderr.contains("nothing was changed"), "{}", again.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_made_anew_when_the_server_is_stopped() {
    let server = TintypeProcess::start(without_password_file()).await.unwrap();
    let lost = password_in(&server.stdout());
    let renew = format!(
        "init --data-dir {} --new-admin-password",
        server.data_dir().display()
    );
    let running = run("", &renew);
    assert_eq!((running.code, running.stdout.as_str()), (1, ""), "{running:?}");
    assert!(running.stderr.contains("locked"), "{}", running.stderr);

    server.terminate(BOUND).await.unwrap();
    let renewed = password_in(&run("", &renew).stdout);
    server.restart().await.unwrap();
    assert_eq!(keys(&server.url(), &lost).code, 5);
    assert_eq!(keys(&server.url(), &renewed).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_the_server_as_sigterm_does() {
    let server = TintypeProcess::start(TintypeOptions::serve(BINARY))
        .await
        .unwrap();
    server.signal("INT").unwrap();
    assert_eq!(server.wait_for_end(BOUND).await.unwrap(), 0);
    assert!(server.stderr().contains("SIGINT"), "{}", server.stderr());
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let data = format!("--data-dir {}", dir.path().join("data").display());
    let open = run("", &format!("serve {data} --listen 0.0.0.0:0"));
    assert_eq!(open.code, 2, "{open:?}");
    assert!(open.stderr.contains("allow_insecure_listener"), "{}", open.stderr);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let busy = run("", &format!("serve {data} --listen {address}"));
    assert_eq!(busy.code, 1, "{busy:?}");
    assert!(busy.stderr.contains(&address), "{}", busy.stderr);
    assert_eq!(busy.stdout, "", "no admin was made, so no password is lost");
    assert!(
        run("", &format!("init {data}"))
            .stdout
            .contains("admin password: ")
    );

    std::fs::remove_file(dir.path().join("data/tintype.key")).unwrap();
    let keyless = run("", &format!("serve {data} --listen 127.0.0.1:0"));
    assert_eq!(keyless.code, 1, "{keyless:?}");
    assert!(keyless.stderr.contains("tintype.key"), "{}", keyless.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_ca_must_be_known() {
    let (ours, others) = (TestCa::new().unwrap(), TestCa::new().unwrap());
    let pair = ours.server().unwrap();
    let options = TintypeOptions::serve(BINARY)
        .env("TINTYPE_SERVER__TLS_CERTIFICATE", "{dir}/cert.pem")
        .env("TINTYPE_SERVER__TLS_KEY", "{dir}/key.pem");
    let server = TintypeProcess::prepare(options).unwrap();
    let file = |name: &str, text: &str| {
        let path = server.dir().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    file("cert.pem", &pair.cert_pem);
    file("key.pem", &pair.key_pem);
    let (ours, others) = (file("ours.pem", &ours.pem()), file("others.pem", &others.pem()));
    server.launch().unwrap();
    wait::until("the listener", BOUND, async || {
        server.stderr().contains("listening").then_some(())
    })
    .await
    .unwrap();

    let url = server.url().replace("http://", "https://");
    for (flags, code) in [
        (format!("--ca {ours}"), 0),
        (format!("--ca {others}"), 7),
        ("--insecure".to_owned(), 0),
    ] {
        let ran = run(&url, &format!("version --server {flags}"));
        assert_eq!(ran.code, code, "{flags}: {ran:?}");
        assert_eq!(
            ran.stderr.contains("warning"),
            flags == "--insecure",
            "{}",
            ran.stderr
        );
    }
    assert_eq!(
        run(
            &url,
            &format!("cluster list --ca {}", file("empty.pem", "nothing"))
        )
        .code,
        2
    );
}
