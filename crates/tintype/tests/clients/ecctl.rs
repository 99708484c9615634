//! The vendor's command line, ecctl 1.15.0, with a key, and with a name and a password.

use crate::stage::{Stage, clean, client, includes, run};
use serde_json::{Value, json};
use std::fs;
use tintype_testkit::tintype::TintypeProcess;

/// ecctl before a server, with credentials.
struct Ecctl<'a> {
    program: String,
    stage: &'a Stage,
    credentials: Vec<String>,
}

impl<'a> Ecctl<'a> {
    async fn with_key(stage: &'a Stage) -> Self {
        Self {
            program: client("ecctl").await,
            stage,
            credentials: vec![format!("--api-key={}", stage.key)],
        }
    }

    async fn with_password(stage: &'a Stage) -> Self {
        Self {
            program: client("ecctl").await,
            stage,
            credentials: vec![
                "--user=admin".to_owned(),
                format!("--pass={}", TintypeProcess::ADMIN_PASSWORD),
            ],
        }
    }

    /// Whether it ended well, and what it wrote to both outputs.
    async fn run(&self, arguments: &str) -> (bool, String, String) {
        let mut command = clean(&self.program);
        command
            .args(arguments.split(' '))
            .args([
                "--output=json",
                "--force",
                &format!("--host={}", self.stage.tintype.url()),
            ])
            .args(&self.credentials)
            // Its settings are looked for in the home.
            .env("HOME", self.stage.tintype.dir())
            .current_dir(self.stage.tintype.dir());
        let output = run(command, String::new()).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    /// What it printed, as JSON; null when it printed nothing that is.
    async fn ok(&self, arguments: &str) -> Value {
        let (good, out, err) = self.run(arguments).await;
        assert!(good, "ecctl {arguments}\n{out}{err}");
        serde_json::from_str(&out).unwrap_or_default()
    }

    async fn shows(&self, arguments: &str, wanted: Value) {
        let found = self.ok(arguments).await;
        assert!(
            includes(&found, &wanted),
            "ecctl {arguments}\n{found}\nwanted {wanted}"
        );
    }

    /// What it says when it fails.
    async fn fails(&self, arguments: &str, saying: &str) {
        let (good, out, err) = self.run(arguments).await;
        assert!(
            !good && (err.contains(saying) || out.contains(saying)),
            "ecctl {arguments}\n{out}{err}"
        );
    }

    async fn repositories(&self) {
        let dir = self.stage.tintype.dir();
        let s3 = json!({"region": "us-east-1", "bucket": "b", "access_key": "AKIA", "secret_key": "secret of ecctl"});
        fs::write(dir.join("s3.json"), s3.to_string()).unwrap();
        fs::write(
            dir.join("fs.json"),
            json!({"location": "/backups/ecctl"}).to_string(),
        )
        .unwrap();
        self.ok("platform repository create by-ecctl --settings s3.json")
            .await;
        let shown = json!({"repository_name": "by-ecctl", "config": {"type": "s3", "settings": {
            "bucket": "b", "access_key": "AKIA", "secret_key": null,
        }}});
        self.shows("platform repository show by-ecctl", shown).await;
        self.ok("platform repository create by-ecctl-fs --settings fs.json --type fs")
            .await;
        let names = ["by-ecctl", "by-ecctl-fs", "main"].map(|name| json!({"repository_name": name}));
        self.shows("platform repository list", json!({"configs": names}))
            .await;
        self.ok("platform repository delete by-ecctl").await;
        self.ok("platform repository delete by-ecctl-fs").await;
        self.fails("platform repository show by-ecctl", "not_found").await;
    }

    async fn keys(&self) {
        let made = self.ok("auth key create --description by-ecctl").await;
        assert!(made["key"].as_str().is_some_and(|key| !key.is_empty()), "{made}");
        let id = made["id"].as_str().unwrap();
        self.shows(
            &format!("auth key show {id}"),
            json!({"description": "by-ecctl", "key": null}),
        )
        .await;
        let listed = self.ok("auth key list").await.to_string();
        assert!(listed.contains(id), "{listed}");
        self.ok(&format!("auth key delete {id}")).await;
        self.fails(&format!("auth key show {id}"), "not_found").await;
    }

    /// Only with a key: there `--user` is the user to look at, and no longer the one to sign in as.
    async fn keys_of_users(&self) {
        let made = self.ok("auth key create --description for-others").await;
        let id = made["id"].as_str().unwrap();
        self.shows(&format!("user key show --user=admin {id}"), json!({"id": id}))
            .await;
        let all = self.ok("user key list --all").await.to_string();
        assert!(all.contains(id), "{all}");
        self.ok(&format!("user key delete --user=admin {id}")).await;
        let left = self.ok("user key list --user=admin").await.to_string();
        assert!(!left.contains(id), "{left}");
    }

    async fn users(&self) {
        let create = "user create --username=ecctl-user --role=ece_deployment_viewer --insecure-password=long-enough-password";
        self.ok(create).await;
        let user = |enabled: bool, role: &str| json!({"user_name": "ecctl-user", "security": {"enabled": enabled, "roles": [role]}});
        self.shows("user show ecctl-user", user(true, "ece_deployment_viewer"))
            .await;
        self.ok("user disable ecctl-user").await;
        self.ok("user update ecctl-user --role=ece_platform_viewer").await;
        self.shows("user show ecctl-user", user(false, "ece_platform_viewer"))
            .await;
        self.ok("user enable ecctl-user").await;
        self.shows(
            "user list",
            json!({"users": [{"user_name": "admin"}, {"user_name": "ecctl-user"}]}),
        )
        .await;
        self.shows("user show --current", json!({"user_name": "admin"}))
            .await;
        self.ok("user delete ecctl-user").await;
        self.fails("user show ecctl-user", "not_found").await;
    }
}

#[tokio::test]
async fn ecctl_with_a_key() {
    let stage = Stage::start().await;
    let ecctl = Ecctl::with_key(&stage).await;
    ecctl.repositories().await;
    ecctl.keys().await;
    ecctl.keys_of_users().await;
    ecctl.users().await;
    ecctl
        .shows("platform info", json!({"regions": [{"region_id": "ece-region"}]}))
        .await;
}

#[tokio::test]
async fn ecctl_with_a_name_and_a_password() {
    let stage = Stage::start().await;
    let ecctl = Ecctl::with_password(&stage).await;
    ecctl.repositories().await;
    ecctl.keys().await;
    ecctl
        .shows("platform info", json!({"regions": [{"region_id": "ece-region"}]}))
        .await;
}

#[tokio::test]
async fn ecctl_with_wrong_credentials_says_so() {
    let stage = Stage::start().await;
    let program = client("ecctl").await;
    for wrong in [vec!["--api-key=tt_no_no"], vec!["--user=admin", "--pass=wrong"]] {
        let ecctl = Ecctl {
            program: program.clone(),
            stage: &stage,
            credentials: wrong.into_iter().map(str::to_owned).collect(),
        };
        ecctl
            .fails("platform repository list", "root.unauthenticated")
            .await;
    }
}
