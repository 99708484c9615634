//! Secrets that the server itself makes: each is in the one answer that gives it, and nowhere else.

use crate::Fleet;
use aws_lc_rs::hmac;
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tintype_testkit::canary::find;
use tintype_testkit::tintype::TintypeProcess;

const AUTH: &str = "/api/v1/users/auth";
const TOTP: &str = "/api/tintype/v1/user/totp";

/// What an authenticator app shows now.
fn code(secret: &str) -> String {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(now / 30).to_be_bytes()).as_ref().to_vec();
    let at = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// The member of the answer to a POST, with what else must be found nowhere: a token's secret claim.
async fn given(fleet: &Fleet, authorization: &str, path: &str, body: Value, member: &str) -> String {
    let request = fleet.client.post(format!("{}{path}", fleet.server.url()));
    let request = request
        .header("authorization", authorization)
        .body(body.to_string());
    let reply = request.send().await.unwrap();
    let (status, answer) = (reply.status(), reply.json::<Value>().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {answer}");
    let secret = match &answer[member] {
        Value::Array(several) => several[0].as_str().unwrap(),
        one => one.as_str().unwrap(),
    };
    fleet.server.keep_secret(secret);
    if let [_, claims, signature] = secret.split('.').collect::<Vec<_>>()[..] {
        fleet.server.keep_secret(signature);
        let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        if let Some(secret) = claims["jti"].as_str() {
            fleet.server.keep_secret(secret);
        }
    }
    secret.to_owned()
}

#[tokio::test]
async fn what_the_server_gives_away_it_keeps_nowhere() {
    let fleet = Fleet::start().await;
    let admin = Fleet::admin();
    let described = json!({"description": "d"});
    let hook = json!({"url": "https://hooks.example/x"});
    let key = given(&fleet, &admin, &format!("{AUTH}/keys"), described, "key").await;
    let key = format!("ApiKey {key}");
    given(&fleet, &key, "/api/tintype/v1/webhooks", hook, "secret").await;
    let who = json!({"username": "admin", "password": TintypeProcess::ADMIN_PASSWORD});
    let token = given(&fleet, "", &format!("{AUTH}/_login"), who, "token").await;
    let session = format!("Bearer {token}");
    let password = json!({"password": TintypeProcess::ADMIN_PASSWORD});
    let again = format!("{AUTH}/reauthenticate");
    given(&fleet, &session, &again, password.clone(), "security_token").await;
    let secret = given(&fleet, &session, TOTP, password, "secret").await;
    let confirm = format!("{TOTP}/_confirm");
    let body = json!({"code": code(&secret)});
    let recovery = given(&fleet, &session, &confirm, body, "recovery_codes").await;
    let elevate = format!("{AUTH}/_elevate");
    let token = given(&fleet, &session, &elevate, json!({"token": recovery}), "token").await;
    let session = format!("Bearer {token}");
    given(
        &fleet,
        &session,
        &format!("{AUTH}/_refresh"),
        Value::Null,
        "token",
    )
    .await;

    let shown = crate::all_that_can_be_read(&fleet).await;
    for secret in [&secret, &recovery, &token] {
        assert_eq!(find(shown.as_bytes(), secret), None);
    }
    let (status, _) = fleet.call(Method::GET, TOTP, &Value::Null).await;
    assert_eq!(status, 200);
    let leaks = fleet.server.leaks();
    assert!(leaks.is_empty(), "{leaks:?}");
    fleet.server.terminate(Duration::from_secs(60)).await.unwrap();
    let leaks = fleet.server.leaks();
    assert!(leaks.is_empty(), "{leaks:?}");
}
