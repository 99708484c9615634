//! A web server: it cannot list, and all else is as everywhere. Here it is moto, which serves its objects to anybody.

use super::facts::{pattern, scanned};
use super::ground::{self, Ground};
use serde_json::Value;
use tintype_repository::source::{Access, Cause, Source};
use tintype_testkit::faults::{Fault, Rule};
use tintype_testkit::proxy::FaultProxy;
use tintype_testkit::stores::BUCKET;

async fn served() -> FaultProxy {
    let ground = ground::moto().await;
    let Ground::Moto(moto) = ground else {
        panic!("this is not moto");
    };
    ground.put("web/base/a%20 b/blob", &pattern(100_000)).await;
    FaultProxy::start(&moto.endpoint()).unwrap()
}

fn open(proxy: &FaultProxy, path: &str) -> Source {
    let url = format!("{}/{BUCKET}/web/{path}", proxy.url());
    Source::open(&url, &Access::default()).unwrap()
}

#[tokio::test]
async fn blobs_are_read_and_looked_for_one_by_one() {
    let proxy = served().await;
    for path in ["base", "base/"] {
        let source = open(&proxy, path);
        let key = "a%20 b/blob";
        assert_eq!(source.get(key, 100_000).await.unwrap(), pattern(100_000));
        assert_eq!(source.get(key, 10).await.unwrap_err().cause, Cause::TooLarge);
        assert_eq!(source.range(key, 7..90).await.unwrap(), pattern(100_000)[7..90]);
        assert_eq!(source.head(key).await.unwrap().length, 100_000);
        for error in [
            source.get("a/other", 10).await.unwrap_err(),
            source.head("a/other").await.unwrap_err(),
        ] {
            assert_eq!(error.cause, Cause::Missing, "{error}");
        }
        assert_eq!(source.location(), format!("{}/{BUCKET}/web/base", proxy.url()));
    }
}

#[tokio::test]
async fn it_says_that_it_cannot_list() {
    let source = open(&served().await, "base");
    assert!(!source.lists() && !source.is_local());
    let error = source.directory("").await.unwrap_err();
    assert_eq!(error.cause, Cause::Usage);
    assert!(error.message.contains("cannot list"), "{error}");
    assert_eq!(source.list("a", &mut |_| {}).await.unwrap_err(), {
        let mut other = error.clone();
        other.message = error.message.replace("/base:", "/base/a:");
        other
    });
}

#[tokio::test]
async fn faults_are_waited_out() {
    let proxy = served().await;
    let source = open(&proxy, "base");
    for fault in [
        Fault::Status(503, Value::Null),
        Fault::CutBody(40_000),
        Fault::DropAnswer,
    ] {
        proxy.faults().add(Rule::new("GET", "**/blob", fault));
    }
    let read = scanned(&source, "a%20 b/blob", 0..100_000).await;
    assert_eq!(read, pattern(100_000));
    assert_eq!(proxy.faults().requests().len(), 4);
}
