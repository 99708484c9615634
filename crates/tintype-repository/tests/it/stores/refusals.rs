//! Stores that do not let us: the cause, what to try, and no secret.

use super::ground::{self, Ground};
use tintype_repository::source::{Access, Cause, Source, SourceError};
use tintype_testkit::s3::S3Server;
use tintype_testkit::stores::{Azurite, BUCKET};

/// What the store says to a listing and to a read.
async fn refusals(ground: &Ground, access: &Access) -> [SourceError; 2] {
    let source = Source::open(&ground.url("denied"), access).unwrap();
    asked(&source).await
}

async fn asked(source: &Source) -> [SourceError; 2] {
    [
        source.directory("denied").await.unwrap_err(),
        source.get("denied/blob", 10).await.unwrap_err(),
    ]
}

#[track_caller]
fn denied(errors: &[SourceError], secrets: &[&str]) {
    for error in errors {
        assert_eq!(error.cause, Cause::Denied, "{error}");
        for secret in secrets {
            assert!(!error.message.contains(secret), "{error}");
        }
    }
}

#[tokio::test]
async fn versitygw_tells_wrong_keys() {
    let ground = ground::versitygw().await;
    ground.put("denied/blob", b"1").await;
    let wrong = Access {
        password: Some("another-secret".into()),
        ..ground.access()
    };
    let errors = refusals(ground, &wrong).await;
    denied(&errors, &["another-secret", S3Server::ACCESS_KEY]);
    assert!(
        errors[1].message.contains("secret key does not belong"),
        "{}",
        errors[1]
    );
    let unknown = Access {
        username: Some("AKIANOBODY0000000000".into()),
        ..ground.access()
    };
    let errors = refusals(ground, &unknown).await;
    denied(&errors, &[S3Server::SECRET_KEY]);
    assert!(
        errors[1].message.contains("does not know the access key"),
        "{}",
        errors[1]
    );
}

#[tokio::test]
async fn versitygw_tells_a_user_without_permission() {
    let ground = ground::versitygw().await;
    ground.put("denied/blob", b"1").await;
    ground
        .s3()
        .add_user("AKIASTRANGER", "secret-of-a-stranger", "user")
        .await
        .unwrap();
    let stranger = Access {
        username: Some("AKIASTRANGER".into()),
        password: Some("secret-of-a-stranger".into()),
        ..ground.access()
    };
    let errors = refusals(ground, &stranger).await;
    denied(&errors, &["secret-of-a-stranger"]);
    assert!(errors[0].message.contains("s3:ListBucket"), "{}", errors[0]);
    assert!(errors[1].message.contains("s3:GetObject"), "{}", errors[1]);
}

#[tokio::test]
async fn versitygw_tells_credentials_that_ended_meanwhile() {
    let ground = ground::versitygw().await;
    ground.put("denied/blob", b"1").await;
    ground
        .s3()
        .add_user("AKIALEAVING", "secret-of-the-leaving", "admin")
        .await
        .unwrap();
    let access = Access {
        username: Some("AKIALEAVING".into()),
        password: Some("secret-of-the-leaving".into()),
        ..ground.access()
    };
    let source = Source::open(&ground.url("denied"), &access).unwrap();
    assert_eq!(source.get("denied/blob", 10).await.unwrap(), "1");
    ground.s3().remove_user("AKIALEAVING").await.unwrap();
    denied(&asked(&source).await, &["secret-of-the-leaving"]);
}

#[tokio::test]
async fn azurite_tells_wrong_and_expired_credentials() {
    let ground = ground::azurite().await;
    ground.put("denied/blob", b"1").await;
    let wrong = Access {
        password: Some("YW5vdGhlciBrZXk=".into()),
        ..ground.access()
    };
    denied(&refusals(ground, &wrong).await, &["YW5vdGhlciBrZXk="]);
    let with_token = |token: String| Access {
        password: None,
        token: Some(token.into()),
        ..ground.access()
    };
    let expired = ground.azure().expired_sas().unwrap();
    let signature = expired.split("sig=").nth(1).unwrap().to_owned();
    let errors = refusals(ground, &with_token(expired)).await;
    denied(&errors, &[&signature]);
    assert!(errors[1].message.contains("expired"), "{}", errors[1]);
    // One that is good, and one that may read and not list.
    let good = Source::open(
        &ground.url("denied"),
        &with_token(ground.azure().sas("rl").unwrap()),
    )
    .unwrap();
    assert_eq!(good.get("denied/blob", 10).await.unwrap(), "1");
    assert_eq!(good.directory("denied").await.unwrap().0.len(), 1);
    let reading = Source::open(
        &ground.url("denied"),
        &with_token(ground.azure().sas("r").unwrap()),
    )
    .unwrap();
    assert_eq!(reading.get("denied/blob", 10).await.unwrap(), "1");
    denied(&[reading.directory("denied").await.unwrap_err()], &[]);
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused_before_anything_is_sent() {
    let access = Access {
        username: Some(Azurite::ACCOUNT.into()),
        password: Some("no base64!".into()),
        ..Access::default()
    };
    let error = Source::open(&format!("az://{BUCKET}/x"), &access).unwrap_err();
    assert_eq!(error.cause, Cause::Usage);
    assert!(!error.message.contains("no base64!"), "{error}");
    let error = Source::open(&format!("s3://{BUCKET}/x"), &Access::default()).unwrap_err();
    assert!(error.message.contains("both needed"), "{error}");
}

#[tokio::test]
async fn an_address_that_is_refused_is_never_asked() {
    let ground = ground::versitygw().await;
    let rule = |address: std::net::IpAddr| address.is_loopback().then_some("this machine");
    let access = Access {
        refused: Some(rule),
        ..ground.access()
    };
    let error = Source::open(&ground.url("denied"), &access).unwrap_err();
    assert_eq!(error.cause, Cause::Usage, "{error}");
    let access = Access {
        endpoint: access
            .endpoint
            .map(|endpoint| endpoint.replace("127.0.0.1", "localhost")),
        ..access
    };
    for error in refusals(ground, &access).await {
        assert_eq!(error.cause, Cause::Usage, "{error}");
        assert!(error.message.contains("this machine"), "{error}");
    }
}
