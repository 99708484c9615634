//! Stores that falter: what fails for a moment is tried again, and what stays broken is never taken for an answer.

use super::facts::{Kept, listed, pattern, scanned};
use super::ground::{self, Ground, azure_access, s3_access};
use serde_json::Value;
use tintype_repository::source::{Access, Cause, Source};
use tintype_testkit::faults::{Fault, Rule};
use tintype_testkit::proxy::FaultProxy;
use tintype_testkit::stores::BUCKET;
use tokio::sync::OnceCell;

const LENGTH: usize = 300_000;
/// Two pages of a listing.
const MANY: usize = 1_100;
const BLOB: &str = "**/blob";

/// A proxy before the store, and the store opened through it.
struct Before {
    proxy: FaultProxy,
    source: Source,
}

impl Before {
    fn open(upstream: &str, ground: &Ground, access: fn(&str) -> Access, retries: u32) -> Self {
        let proxy = FaultProxy::start(upstream).unwrap();
        let access = Access {
            retries: Some(retries),
            base_path: Some(String::new()),
            ..access(&proxy.url())
        };
        let source = Source::open(&ground.url("faults"), &access).unwrap();
        Self { proxy, source }
    }

    async fn s3(retries: u32) -> Self {
        static FILLED: OnceCell<()> = OnceCell::const_new();
        let ground = ground::versitygw().await;
        FILLED.get_or_init(|| fill(ground)).await;
        Self::open(&ground.s3().endpoint(), ground, s3_access, retries)
    }

    async fn azure(retries: u32) -> Self {
        static FILLED: OnceCell<()> = OnceCell::const_new();
        let ground = ground::azurite().await;
        FILLED.get_or_init(|| fill(ground)).await;
        Self::open(&ground.azure().endpoint(), ground, azure_access, retries)
    }

    fn strike(&self, rule: Rule) {
        self.proxy.faults().add(rule);
    }

    fn requests(&self) -> usize {
        self.proxy.faults().requests().len()
    }
}

async fn fill(ground: &Ground) {
    ground.put("faults/blob", &pattern(LENGTH)).await;
    let others: Vec<String> = (0..MANY)
        .map(|number| format!("faults/many/{number:04}"))
        .collect();
    ground.put_all(&others).await;
}

fn status(code: u16) -> Fault {
    Fault::Status(code, Value::Null)
}

async fn throttling_is_waited_out(before: Before) {
    for fault in [
        status(503),
        status(429),
        status(500),
        Fault::DropRequest,
        Fault::DropAnswer,
    ] {
        before.strike(Rule::new("GET", BLOB, fault));
    }
    assert_eq!(
        before.source.get("blob", LENGTH as u64).await.unwrap(),
        pattern(LENGTH)
    );
    assert_eq!(before.requests(), 6);
    before.strike(Rule::new("HEAD", BLOB, status(503)));
    assert_eq!(before.source.head("blob").await.unwrap().length, LENGTH as u64);
}

async fn a_cut_stream_goes_on_where_it_broke(before: Before) {
    for bytes in [100_000, 0, 1, 50_000] {
        before.strike(Rule::new("GET", BLOB, Fault::CutBody(bytes)));
    }
    assert_eq!(
        scanned(&before.source, "blob", 10..LENGTH as u64).await,
        pattern(LENGTH)[10..]
    );
    let requests = before.proxy.faults().requests();
    assert_eq!(requests.len(), 5);
    let range = |at: usize| {
        let headers = &requests[at].headers;
        let range = headers
            .get("x-ms-range")
            .or_else(|| headers.get("range"))
            .unwrap();
        range.to_str().unwrap().to_owned()
    };
    assert_eq!(range(0), "bytes=10-299999");
    assert_eq!(range(4), format!("bytes={}-299999", 10 + 150_001));
    before.strike(Rule::new("GET", BLOB, Fault::CutBody(200_000)));
    assert_eq!(
        before.source.get("blob", LENGTH as u64).await.unwrap(),
        pattern(LENGTH)
    );
}

async fn a_stream_that_stays_broken_is_no_blob(before: Before) {
    for fault in [Fault::CutBody(10), status(503), status(429), Fault::DropAnswer] {
        before.strike(Rule::new("GET", BLOB, fault).always());
        let read = before
            .source
            .scan("blob", 0..LENGTH as u64, Kept::default())
            .await;
        let errors = [
            before.source.get("blob", LENGTH as u64).await.unwrap_err(),
            before.source.range("blob", 0..1_000).await.unwrap_err(),
            read.err().unwrap(),
        ];
        for error in errors {
            assert_eq!(error.cause, Cause::Unavailable, "{error}");
            assert!(error.message.contains("after 1 more"), "{error}");
        }
        before.proxy.faults().clear();
    }
}

/// `listing` is the path of the container.
async fn a_listing_is_whole_or_an_error(before: Before, listing: &str) {
    for fault in [
        status(503),
        Fault::CutBody(1_000),
        Fault::DropAnswer,
        Fault::Garbage,
    ] {
        before.strike(Rule::new("GET", listing, fault).skip(1));
        assert_eq!(listed(&before.source, "many").await.len(), MANY);
        assert_eq!(before.requests(), 3);
        before.proxy.faults().clear();
        before.proxy.faults().forget();
    }
    for fault in [status(503), Fault::CutBody(1_000), Fault::Garbage] {
        before.strike(Rule::new("GET", listing, fault).skip(1).always());
        let listed = before.source.list("many", &mut |_| {}).await;
        assert_eq!(listed.unwrap_err().cause, Cause::Unavailable);
        let error = before.source.directory("many").await.unwrap_err();
        assert_eq!(error.cause, Cause::Unavailable);
        before.proxy.faults().clear();
    }
}

macro_rules! on_both {
    ($($fact:ident, $retries:expr $(, $s3:expr, $azure:expr)?;)+) => {
        mod versitygw {
            use super::*;
            $(#[tokio::test]
            async fn $fact() {
                super::$fact(Before::s3($retries).await $(, $s3)?).await;
            })+
        }
        mod azurite {
            use super::*;
            $(#[tokio::test]
            async fn $fact() {
                super::$fact(Before::azure($retries).await $(, $azure)?).await;
            })+
        }
    };
}

pub(super) use on_both;

on_both! {
    throttling_is_waited_out, 5;
    a_cut_stream_goes_on_where_it_broke, 5;
    a_stream_that_stays_broken_is_no_blob, 1;
    a_listing_is_whole_or_an_error, 1, &format!("/{BUCKET}"), &format!("/testkit/{BUCKET}");
}

#[tokio::test]
async fn a_store_elsewhere_is_named() {
    let before = Before::s3(1).await;
    before.strike(Rule::new("GET", "**", Fault::Redirect("http://127.0.0.1:1/".into())).always());
    for error in [
        before.source.get("blob", 1).await.unwrap_err(),
        before.source.directory("").await.unwrap_err(),
    ] {
        assert_eq!(error.cause, Cause::Usage, "{error}");
        assert!(
            error.message.contains("region") && error.message.contains("not us-east-1"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let before = Before::s3(1).await;
    before.proxy.stop();
    let error = before.source.get("blob", 1).await.unwrap_err();
    assert_eq!(error.cause, Cause::Unavailable, "{error}");
    let error = before.source.holds_anything().await.unwrap_err();
    assert_eq!(error.cause, Cause::Unavailable, "{error}");
}
