//! `attest`, and `verify --attestation`.

use super::{Local, files, lines};
use crate::scripted::Ran;
use serde_json::{Value, json};
use std::path::PathBuf;
use tintype_repository::attest::SigningKey;
use tintype_testkit::schema::Schema;

impl Local {
    fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A new key, and its public half.
    fn key(&self, name: &str) -> String {
        let key = SigningKey::generate().unwrap();
        key.write_new(&self.beside(name)).unwrap();
        key.public().to_string()
    }

    fn attest(&self, options: &str) -> Ran {
        let [file, key] = ["s1.attestation", "key"].map(|name| self.beside(name).display().to_string());
        self.run("attest", &format!("s1 -f {file} --key {key} {options}"))
    }

    fn compare(&self, public: &str, options: &str) -> Ran {
        let file = self.beside("s1.attestation").display().to_string();
        self.run(
            "verify",
            &format!("--attestation {file} --trusted-key {public} {options}"),
        )
    }
}

#[test]
fn an_attested_snapshot_agrees_until_it_is_changed() {
    let local = Local::new();
    let public = local.key("key");
    let before = files(local.repository.root());
    let attested = local.attest("");
    assert_eq!(attested.code, 0, "{attested:?}");
    assert!(attested.stdout.contains(&public), "{attested:?}");
    assert_eq!(files(local.repository.root()), before);
    let schema = Schema::load("attest-1");
    for (format, file) in [("json", "s1.json"), ("ndjson", "s1.ndjson")] {
        let [file, key] = [file, "key"].map(|name| local.beside(name).display().to_string());
        let ran = local.run("attest", &format!("s1 -f {file} --key {key} -o {format}"));
        let value: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        let faults = match format {
            "json" => schema.faults(&value),
            _ => schema.faults_of_line(&value),
        };
        assert_eq!(faults, [""; 0], "{format}");
        assert_eq!(value["statement"]["verified"]["verdict"], "restorable");
    }
    let agrees = local.compare(&public, "");
    assert_eq!(agrees.code, 0, "{agrees:?}");
    assert!(
        agrees.stdout.contains("s1 agrees with its attestation of "),
        "{agrees:?}"
    );
    assert!(
        agrees.stdout.contains("rules out accidental change only"),
        "{agrees:?}"
    );

    // The root has no checksum: what is changed there, the attestation alone shows.
    local.change_root(|root| root["snapshots"][0]["start_time_millis"] = json!(1));
    let differs = local.compare(&public, "-o json");
    assert_eq!(differs.code, 3, "{differs:?}");
    let report: Value = serde_json::from_str(&differs.stdout).unwrap();
    assert_eq!(Schema::load("verify-1").faults(&report), [""; 0]);
    assert_eq!(report["attestation"]["agrees"], false);
    for line in lines(&local.compare(&public, "-o ndjson").stdout) {
        assert_eq!(Schema::load("verify-1").faults_of_line(&line), [""; 0], "{line}");
    }
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["kind"] == "attestation"),
        "{report}"
    );
}

#[test]
fn only_a_key_that_is_named_is_trusted() {
    let local = Local::new();
    let public = local.key("key");
    let other = local.key("other");
    assert_eq!(local.attest("--digest sha256 -o json").code, 0);
    let untrusted = local.compare(&other, "");
    assert_eq!(
        (untrusted.code, untrusted.stdout.as_str()),
        (3, ""),
        "{untrusted:?}"
    );
    // A changed line is not covered by the signature.
    let file = local.beside("s1.attestation");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\"length\":", "\"length\":1", 1)).unwrap();
    let changed = local.compare(&public, "");
    assert_eq!(changed.code, 3, "{changed:?}");
    // A key in a file serves as well.
    std::fs::write(&file, text).unwrap();
    let key = local.beside("public");
    std::fs::write(&key, &public).unwrap();
    let trusted = local.compare(key.to_str().unwrap(), "");
    assert_eq!(trusted.code, 0, "{trusted:?}");
    assert!(trusted.stdout.contains("rules out any change"), "{trusted:?}");
}

#[test]
fn what_is_damaged_is_not_attested() {
    let local = Local::new();
    local.key("key");
    local.damage("logs", 0, "_0.cfs");
    let ran = local.attest("");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
    assert!(ran.stderr.contains("is not attested"), "{ran:?}");
    assert!(!local.beside("s1.attestation").exists());
}

#[test]
fn keys_and_files_that_cannot_be_used_are_usage() {
    let local = Local::new();
    assert_eq!(local.attest("").code, 2);
    let public = local.key("key");
    assert_eq!(local.compare(&public, "").code, 2);
    std::fs::write(local.beside("s1.attestation"), "mine").unwrap();
    let there = local.attest("");
    assert_eq!(there.code, 2, "{there:?}");
    assert!(there.stderr.contains("is there already"), "{there:?}");
    let nothing = local.compare("ed25519:short", "");
    assert!(
        nothing.code == 2 && nothing.stderr.contains("--trusted-key"),
        "{nothing:?}"
    );
}
