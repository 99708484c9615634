//! Users by the command line alone, against a real server.

use crate::scripted::{Ran, run, tintype};
use serde_json::{Value, json};
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};

async fn server() -> TintypeProcess {
    TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")))
        .await
        .unwrap()
}

/// As this user.
fn by(server: &TintypeProcess, user: &str, password: &str, line: &str) -> Ran {
    let mut command = tintype(&server.url(), line);
    let command = command.envs([("TINTYPE_USER", user), ("TINTYPE_PASSWORD", password)]);
    command.output().unwrap().into()
}

fn admin(server: &TintypeProcess, line: &str) -> Ran {
    by(server, "admin", TintypeProcess::ADMIN_PASSWORD, line)
}

fn json_of(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_comes_changes_its_password_and_goes() {
    let server = server().await;
    let line = "user create jane --role ece_deployment_viewer --full-name Jane --generate-password -o json";
    let made = admin(&server, line);
    let (shown, told) = (json_of(&made), made.stderr);
    let password = shown["security"]["password"].as_str().unwrap();
    assert!(
        password.len() >= 20 && told.contains("only now") && !told.contains(password),
        "{told}"
    );

    let me = json_of(&by(&server, "jane", password, "user show -o json"));
    assert_eq!(
        (&me["user_name"], &me["security"]["password"]),
        (&json!("jane"), &Value::Null)
    );
    assert_eq!(by(&server, "jane", password, "user list").code, 5);

    let mut command = tintype(&server.url(), "user password");
    command.envs([
        ("TINTYPE_USER", "jane"),
        ("TINTYPE_PASSWORD", password),
        ("TINTYPE_NEW_PASSWORD", "jane-s-own-password"),
    ]);
    let changed: Ran = command.output().unwrap().into();
    assert_eq!(changed.code, 0, "{changed:?}");
    assert!(!format!("{changed:?}").contains("jane-s-own-password"));
    assert_eq!(by(&server, "jane", password, "user show").code, 5);
    let key = by(&server, "jane", "jane-s-own-password", "apikey create --key-only");
    assert_eq!(key.code, 0, "{key:?}");
    let key = format!("--api-key {} user show -o name", key.stdout.trim());
    assert_eq!(run(&server.url(), &key).stdout, "jane\n");

    let keys = admin(&server, "apikey list --owner jane -o name");
    assert_eq!((keys.code, keys.stdout.lines().count()), (0, 1), "{keys:?}");
    assert_eq!(
        admin(&server, "user update jane --disable -o name").stdout,
        "jane\n"
    );
    assert_eq!(run(&server.url(), &key).code, 5);
    assert_eq!(admin(&server, "user list -o name").stdout, "admin\n");
    assert_eq!(
        admin(&server, "user list --include-disabled -o name").stdout,
        "admin\njane\n"
    );

    assert_eq!(admin(&server, "user delete jane").code, 0);
    assert_eq!(admin(&server, "user show jane").code, 4);
    assert_eq!(admin(&server, "apikey list --owner jane").code, 4);
    for secret in [password, "jane-s-own-password"] {
        assert!(!server.stderr().contains(secret), "a password is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_by_their_code_and_the_first_admin_is_built_in() {
    let server = server().await;
    let create = "user create jane --generate-password -o json --role";
    for (line, code, words) in [
        ("user create jane".to_owned(), 2, "--generate-password"),
        (
            "user create jane --generate-password -o name".to_owned(),
            2,
            "would not show",
        ),
        (format!("{create} root"), 1, "user.roles.invalid"),
        (format!("{create} ece_platform_admin"), 0, "only now"),
        (
            format!("{create} ece_platform_admin"),
            6,
            "user.user_name.conflict",
        ),
        (
            "user create a/b --generate-password".to_owned(),
            1,
            "user.user_name.invalid",
        ),
        ("user update jane".to_owned(), 2, "nothing to change"),
        ("user update admin --disable".to_owned(), 1, "user.cannot_modify"),
        ("user delete admin".to_owned(), 1, "user.restricted_deletion"),
        ("user delete nobody".to_owned(), 4, "user.not_found"),
        ("apikey delete --all".to_owned(), 2, "--owner"),
        ("apikey delete".to_owned(), 2, "ID"),
    ] {
        let ran = admin(&server, &line);
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.stderr.contains(words), "{line}: {}", ran.stderr);
    }
    let shown = json_of(&admin(&server, "user show admin -o json"));
    assert_eq!(shown["builtin"], true, "{shown}");
    let table = admin(&server, "user list");
    assert!(table.stdout.starts_with("NAME"), "{}", table.stdout);
}

#[test]
fn a_first_user_that_no_path_could_name_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = tintype(
        "",
        &format!("init --data-dir {}", dir.path().join("data").display()),
    );
    let ran: Ran = command
        .env("TINTYPE_ADMIN__NAME", "auth")
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("admin.name"), "{}", ran.stderr);
}
