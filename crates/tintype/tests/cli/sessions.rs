//! Signing in, elevating and the second factor from the command line.

use crate::scripted::{Ran, Reply, Scripted, json, tintype};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json as value};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};

/// A user's directory, in which sessions are kept.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.path().join(".config/tintype/sessions.json")
    }

    fn kept(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap_or_default()
    }

    fn run(&self, url: &str, line: &str, variables: &[(&str, &str)]) -> Ran {
        let mut command = tintype(url, line);
        let command = command.env("HOME", self.0.path()).envs(variables.iter().copied());
        command.output().unwrap().into()
    }
}

/// A token with that name and life.
fn token(name: &str, iat: i64, exp: i64) -> String {
    let payload = value!({"jti": name, "iat": iat, "exp": exp}).to_string();
    format!("h.{}.s-{name}", BASE64URL_NOPAD.encode(payload.as_bytes()))
}

fn fresh(name: &str) -> String {
    token(name, 0, i64::from(u32::MAX) * 4)
}

const SIGNED_OUT: u16 = 401;

/// Signs in with the token `first`, elevates to `elevated`, refreshes to `next`.
fn server(first: String) -> Scripted {
    Scripted::start(move |request, _| match request.line.as_str() {
        "POST /api/v1/users/auth/_login" => json(200, value!({"token": first})),
        "POST /api/v1/users/auth/_elevate" => json(200, value!({"token": fresh("elevated")})),
        "DELETE /api/v1/users/auth/_elevate" => json(200, value!({"token": fresh("lowered")})),
        "POST /api/v1/users/auth/_refresh" => json(200, value!({"token": fresh("next")})),
        "GET /api/v1/users/auth/keys" => json(200, value!({"keys": []})),
        "POST /api/v1/users/auth/_logout" => json(
            SIGNED_OUT,
            value!({"errors": [{"code": "a.b", "message": "over"}]}),
        ),
        _ => json(200, value!({"has_elevated_permissions": true})),
    })
}

const ADMIN: [(&str, &str); 2] = [("TINTYPE_USER", "admin"), ("TINTYPE_PASSWORD", "hidden")];

#[test]
fn a_session_is_kept_for_later_commands_and_only_for_its_server() {
    let (home, server) = (Home::new(), server(fresh("first")));
    let ran = home.run(&server.url, "login -o json", &ADMIN);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!format!("{ran:?}").contains("s-first") && !format!("{ran:?}").contains("hidden"));
    let login = &server.received()[0];
    assert_eq!(login.body, value!({"username": "admin", "password": "hidden"}));
    assert!(!login.headers.contains_key("authorization"));
    let mode = std::fs::metadata(home.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!home.kept().contains("hidden"), "the password is not kept");

    assert_eq!(home.run(&server.url, "apikey list", &[]).code, 0);
    let bearer = format!("Bearer {}", fresh("first"));
    assert_eq!(server.received()[1].headers["authorization"], bearer);
    home.run(&server.url, "--api-key k apikey list", &[]);
    assert_eq!(
        server.received()[2].headers["authorization"],
        "ApiKey k",
        "what is given wins"
    );
    let other = server_without_credentials();
    home.run(&other.url, "apikey list", &[]);
    assert!(!other.received()[0].headers.contains_key("authorization"));
}

fn server_without_credentials() -> Scripted {
    Scripted::start(|_, _| json(200, value!({"keys": []})))
}

#[test]
fn a_session_is_elevated_lowered_and_ended() {
    let (home, server) = (Home::new(), server(fresh("first")));
    home.run(&server.url, "login", &ADMIN);
    let ran = home.run(&server.url, "elevate 123456 -o json", &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["has_elevated_permissions"],
        true
    );
    let received = server.received();
    assert_eq!(received[1].body, value!({"token": "123456"}));
    let with_new = format!("Bearer {}", fresh("elevated"));
    assert_eq!(received[2].headers["authorization"], with_new);
    assert!(home.kept().contains("s-elevated"));
    assert_eq!(home.run(&server.url, "elevate --end", &[]).code, 0);
    assert!(home.kept().contains("s-lowered"));

    let ran = home.run(&server.url, "logout", &[]);
    assert_eq!(ran.code, 0, "a session that is over already is ended: {ran:?}");
    assert!(!home.kept().contains("s-lowered"));
    let sent = server.received().len();
    assert_eq!(home.run(&server.url, "logout", &[]).code, 0);
    assert_eq!(server.received().len(), sent, "nothing to end");
    assert_eq!(home.run(&server.url, "elevate 123456", &[]).code, 2);
}

#[test]
fn a_token_in_the_second_half_of_its_life_is_refreshed_first() {
    let (home, server) = (Home::new(), server(token("first", 0, 1_000)));
    home.run(&server.url, "login", &ADMIN);
    assert_eq!(home.run(&server.url, "apikey list", &[]).code, 0);
    assert_eq!(
        server.lines()[1..],
        ["POST /api/v1/users/auth/_refresh", "GET /api/v1/users/auth/keys"]
    );
    let next = format!("Bearer {}", fresh("next"));
    assert_eq!(server.received()[2].headers["authorization"], next);
    assert!(home.kept().contains("s-next"));
}

#[test]
fn what_to_do_about_401_and_449_is_told() {
    let code = "root.unauthorized.rbac.elevated_permissions_required";
    let home = Home::new();
    let answering = |status: u16| {
        Scripted::start(move |request, _| match request.line.as_str() {
            "POST /api/v1/users/auth/_login" => json(200, value!({"token": fresh("first")})),
            _ => json(status, value!({"errors": [{"code": code, "message": "no"}]})),
        })
    };
    let server = answering(449);
    let by_key = home.run(&server.url, "--api-key k operation cancel o", &[]);
    assert_eq!(by_key.code, 5);
    assert!(by_key.stderr.contains("tintype login"), "{}", by_key.stderr);
    home.run(&server.url, "login", &ADMIN);
    let by_session = home.run(&server.url, "operation cancel o", &[]);
    assert_eq!(by_session.code, 5);
    assert!(
        by_session.stderr.contains("run `tintype elevate`"),
        "{}",
        by_session.stderr
    );
    let server = answering(401);
    home.run(&server.url, "login", &ADMIN);
    let over = home.run(&server.url, "operation cancel o", &[]);
    assert_eq!(over.code, 5);
    assert!(over.stderr.contains("run `tintype login`"), "{}", over.stderr);
}

#[test]
fn what_cannot_be_kept_or_used_is_a_usage_error() {
    let (home, server) = (Home::new(), server(fresh("first")));
    let homeless: Ran = tintype(&server.url, "login").envs(ADMIN).output().unwrap().into();
    assert_eq!(homeless.code, 2, "{homeless:?}");
    assert_eq!(home.run(&server.url, "--api-key k login", &[]).code, 2);
    assert_eq!(server.received().len(), 0, "nothing was sent");
    home.run(&server.url, "login", &ADMIN);
    std::fs::set_permissions(home.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = home.run(&server.url, "apikey list", &[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("chmod 600") && !ran.stderr.contains("s-first"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_second_factor_s_verbs_make_their_requests() {
    let home = Home::new();
    let native = "/api/tintype/v1";
    for (line, request, body) in [
        ("totp enrol", format!("POST {native}/user/totp"), Value::Null),
        (
            "totp confirm 123456",
            format!("POST {native}/user/totp/_confirm"),
            value!({"code": "123456"}),
        ),
        ("totp show", format!("GET {native}/user/totp"), Value::Null),
        (
            "totp remove --code 123456",
            format!("DELETE {native}/user/totp"),
            value!({"code": "123456"}),
        ),
        (
            "totp remove --of bob",
            format!("DELETE {native}/users/bob/totp"),
            Value::Null,
        ),
    ] {
        let server = Scripted::start(|_, _| {
            Reply::Answer(
                200,
                vec![],
                r#"{"secret":"S","uri":"otpauth://x","recovery_codes":["a-b","c-d"]}"#.into(),
            )
        });
        let ran = home.run(&server.url, line, &ADMIN);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        let received = server.received().remove(0);
        assert_eq!((received.line, received.body), (request, body), "{line}");
        if line.starts_with("totp confirm") {
            assert_eq!(ran.stdout, "a-b\nc-d\n");
        }
    }
    let key = home.0.path().join("password");
    std::fs::write(&key, "hidden\n").unwrap();
    let server = Scripted::start(|_, _| json(201, value!({"secret": "S", "uri": "otpauth://x"})));
    let line = format!(
        "--api-key k totp enrol --password-file {}",
        Path::new(&key).display()
    );
    home.run(&server.url, &line, &[]);
    assert_eq!(server.received()[0].body, value!({"password": "hidden"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_real_server_is_begun_used_and_ended() {
    let options = TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"));
    let process = TintypeProcess::start(options).await.unwrap();
    let (home, url) = (Home::new(), process.url());
    let admin = [
        ("TINTYPE_USER", "admin"),
        ("TINTYPE_PASSWORD", TintypeProcess::ADMIN_PASSWORD),
    ];
    let ran = home.run(&url, "login", &admin);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.run(&url, "apikey list", &[]).code, 0);
    let wrong = home.run(&url, "elevate 123456", &[]);
    assert!(wrong.stderr.contains("authc.invalid_token"), "{wrong:?}");
    assert_eq!(home.run(&url, "totp show -o name", &[]).stdout, "none\n");
    assert_eq!(home.run(&url, "logout", &[]).code, 0);
    let after = home.run(&url, "apikey list", &[]);
    assert_eq!(after.code, 5, "{after:?}");
}
