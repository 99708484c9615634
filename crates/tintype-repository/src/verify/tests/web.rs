//! A web server, which cannot list: presence is asked for blob by blob.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves a directory; gives its URL. A stand-in that knows whole blobs, ranges of them, and HEAD.
async fn serve(root: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let root = root.clone();
            tokio::spawn(async move { answer(stream, &root).await });
        }
    });
    url
}

async fn answer(mut stream: TcpStream, root: &Path) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let text = String::from_utf8(request).unwrap();
    let mut words = text.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let (status, extra, body) = match std::fs::read(root.join(path.trim_start_matches('/'))) {
        Err(_) => ("404 Not Found", String::new(), Vec::new()),
        Ok(bytes) => match range(&text, bytes.len()) {
            None => ("200 OK", String::new(), bytes),
            Some((begin, end)) => {
                let all = bytes.len();
                let extra = format!("Content-Range: bytes {begin}-{}/{all}\r\n", end - 1);
                ("206 Partial Content", extra, bytes[begin..end].to_vec())
            }
        },
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\
         ETag: \"1\"\r\nConnection: close\r\n{extra}\r\n",
        body.len()
    );
    let body = if method == "HEAD" { Vec::new() } else { body };
    // Who hangs up needs no answer.
    let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
}

fn range(request: &str, length: usize) -> Option<(usize, usize)> {
    let line = request
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("range:"))?;
    let (begin, end) = line.split_once("bytes=")?.1.trim().split_once('-')?;
    let end = end.parse::<usize>().map_or(length, |last| (last + 1).min(length));
    Some((begin.parse().ok()?, end))
}

#[tokio::test]
async fn a_repository_behind_a_web_server_is_verified_without_listings() {
    let fixture = Fixture::new();
    let url = serve(fixture.path().to_owned()).await;
    let open = || async {
        let source = Source::open(&url, &Access::default()).unwrap();
        Arc::new(Repository::open(source).await.unwrap())
    };
    let report = run(open().await, |_| {}, Arc::new(MemoryLedger::default())).await;
    assert_eq!(report.findings, []);
    assert_eq!(verdicts(&report), GOOD);
    assert_eq!(report.read.blobs, distinct(&fixture));
    let blob = fixture.blob();
    std::fs::remove_file(&blob).unwrap();
    let report = run(
        open().await,
        |options| options.level = Level::Presence,
        Arc::new(MemoryLedger::default()),
    )
    .await;
    assert_eq!(
        (only(&report).kind, &only(&report).blob),
        (Kind::BlobMissing, &named(&fixture, &blob))
    );
}

#[tokio::test]
async fn an_index_latest_that_names_no_root_may_only_be_left_behind() {
    let fixture = Fixture::new();
    let url = serve(fixture.path().to_owned()).await;
    std::fs::remove_file(fixture.root_path()).unwrap();
    let source = Source::open(&url, &Access::default()).unwrap();
    let error = Repository::open(source).await.unwrap_err();
    assert!(!error.is_damage(), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("index.latest names an index-N that is not there"),
        "{error}"
    );
}
