//! A server that answers as a test says, and keeps what it was asked; and the binary run against it.

use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

/// The cluster of the tests: an id that needs no look-up.
pub const CLUSTER: &str = "0123456789abcdef0123456789abcdef";

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `METHOD /path?query`.
    pub line: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    /// The body, or null.
    pub body: Value,
}

/// What to do with a request.
pub enum Reply {
    /// Status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Close the connection without an answer.
    Drop,
    /// Keep the connection and say nothing, until the client leaves.
    Hang,
}

/// A JSON answer.
pub fn json(status: u16, body: Value) -> Reply {
    Reply::Answer(
        status,
        vec![("content-type", "application/json".into())],
        body.to_string(),
    )
}

/// The server; it ends with the test's process.
pub struct Scripted {
    /// Its address.
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Scripted {
    /// Answers each request by `script`, which also gets the number of requests before it.
    pub fn start(script: impl Fn(&Received, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        std::thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                let before = kept.lock().unwrap().len();
                let reply = script(&request, before);
                kept.lock().unwrap().push(request);
                match reply {
                    Reply::Answer(status, headers, body) => answer(&mut stream, status, &headers, &body),
                    Reply::Drop => {}
                    Reply::Hang => hanging.push(stream),
                }
            }
        });
        Self { url, received }
    }

    /// The requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The lines of the requests so far.
    pub fn lines(&self) -> Vec<String> {
        self.received().into_iter().map(|request| request.line).collect()
    }
}

fn read(stream: &mut TcpStream) -> Received {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).unwrap()
    };
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    Received { line, headers, body }
}

fn answer(stream: &mut TcpStream, status: u16, headers: &[(&str, String)], body: &str) {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n");
    // A client that left early is the client's test's business.
    let _ = stream.write_all((head + body).as_bytes());
}

/// The binary with these words, in an empty environment.
pub fn tintype(url: &str, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tintype"));
    command
        .args(line.split_whitespace())
        .env_clear()
        .env("TINTYPE_URL", url);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs the binary with these words.
pub fn run(url: &str, line: &str) -> Ran {
    tintype(url, line).output().unwrap().into()
}
