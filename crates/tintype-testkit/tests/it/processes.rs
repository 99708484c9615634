//! Child processes: a storage server, a stand-in for the product, and what happens when the test process dies.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tintype_testkit::{
    client::RawClient,
    process::{ProcessGroup, mortal_command},
    s3::S3Server,
    tintype::{TintypeOptions, TintypeProcess},
    wait,
};

#[tokio::test]
async fn the_storage_server_enforces_its_keys() {
    let server = S3Server::start().await.unwrap();
    let client = RawClient::new(&server.endpoint(), None).unwrap();
    let list = format!("/{}?list-type=2", S3Server::BUCKET);
    let (status, answer) = client.send("GET", &list, Value::Null).await.unwrap();
    assert_eq!(status, 403, "{answer}");
    // curl signs by itself, so that nothing of the code under test vouches for the keys.
    assert_eq!(signed_get(&server, S3Server::SECRET_KEY).await, "200");
    assert_eq!(signed_get(&server, "wrong").await, "403");
    server.kill9();
    assert!(client.send("GET", "/", Value::Null).await.is_err());
    server.restart().await.unwrap();
    assert_eq!(signed_get(&server, S3Server::SECRET_KEY).await, "200");
}

/// S3 demands this header, and curl of Debian 12 does not set it.
const UNSIGNED: &str = "x-amz-content-sha256: UNSIGNED-PAYLOAD";

async fn signed_get(server: &S3Server, secret: &str) -> String {
    let url = format!("{}/{}", server.endpoint(), S3Server::BUCKET);
    let sigv4 = format!("aws:amz:{}:s3", S3Server::REGION);
    let user = format!("{}:{secret}", S3Server::ACCESS_KEY);
    let args = [
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-H",
        UNSIGNED,
        "--aws-sigv4",
        &sigv4,
        "--user",
        &user,
        &url,
    ];
    let output = tokio::process::Command::new("curl")
        .args(args)
        .output()
        .await
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Answers the readiness call, counts its starts in the data directory, ends with 7 on SIGTERM.
const STAND_IN: &str = r#"
import http.server, os, signal, sys
data, listen, password = sys.argv[2], sys.argv[3], open(sys.argv[4]).read()
with open(data + "/starts", "a") as starts: starts.write("x")
print("password of", len(password), os.environ.get("MARK", "none"), flush=True)
if os.environ.get("MARK") == "die": os.kill(os.getpid(), 9)
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/v1/users/auth/methods" else 404)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(listen.split(":")[1])), Handler).serve_forever()
"#;

fn stand_in() -> TintypeOptions {
    let args = ["-c", STAND_IN, "serve", "{data}", "{listen}", "{password_file}"];
    TintypeOptions {
        binary: "/usr/bin/python3".into(),
        args: args.map(str::to_owned).to_vec(),
        env: Vec::new(),
    }
}

#[tokio::test]
async fn the_product_is_killed_restarted_and_terminated_on_the_same_data() {
    let tintype = TintypeProcess::start(stand_in().env("MARK", "first"))
        .await
        .unwrap();
    assert!(tintype.stdout().contains(&format!(
        "password of {} first",
        TintypeProcess::ADMIN_PASSWORD.len()
    )));
    tintype.kill9();
    assert!(
        RawClient::new(&tintype.url(), None)
            .unwrap()
            .send("GET", "/", Value::Null)
            .await
            .is_err()
    );

    tintype.restart().await.unwrap();
    assert_eq!(
        std::fs::read_to_string(tintype.data_dir().join("starts")).unwrap(),
        "xx"
    );
    assert_eq!(tintype.terminate(Duration::from_secs(60)).await.unwrap(), 7);

    tintype.change(|options| options.env("MARK", "die"));
    assert_eq!(tintype.run_to_end().await.unwrap(), 137);
    let error = tintype.restart().await.unwrap_err();
    assert!(format!("{error:#}").contains("exit code 137"), "{error:#}");
}

/// Run by the next test in a process of its own: starts a child, says its id, and waits to be killed.
#[test]
#[ignore = "a helper of children_die_with_the_test_process"]
fn starts_a_child_and_waits() {
    let mut command = mortal_command("sleep");
    command.arg("600");
    let child = std::thread::spawn(|| ProcessGroup::spawn(command).unwrap())
        .join()
        .unwrap();
    println!("child={}", child.id());
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[tokio::test]
async fn children_die_with_the_test_process() {
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "processes::starts_a_child_and_waits",
            "--ignored",
            "--nocapture",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(helper.stdout.take().unwrap()).lines();
    let id = lines
        .map_while(Result::ok)
        .find_map(|line| line.split("child=").nth(1).map(str::to_owned))
        .unwrap();
    let command_line = PathBuf::from("/proc").join(id).join("cmdline");
    assert!(command_line.exists());

    helper.kill().unwrap();
    helper.wait().unwrap();

    // Gone, or a zombie, which has no command line any more.
    let gone = async || {
        std::fs::read(&command_line)
            .map_or(true, |line| line.is_empty())
            .then_some(())
    };
    wait::until("the child's end", Duration::from_secs(10), gone)
        .await
        .unwrap();
}
