//! The printed script restores a snapshot with bash and curl alone.

use std::process::Stdio;
use std::sync::Arc;

use serde_json::Value;
use tokio::process::Command;

use crate::{api::NATIVE, bench::Bench, door::Level, names::unique, rig::Rig};

on_every_engine!(the_script_restores_the_documents_without_tintype);

async fn the_script_restores_the_documents_without_tintype(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("source").await;
    let path = format!(
        "{NATIVE}/clusters/{}/snapshots/{}/source/runbook",
        bench.cluster, bench.repository
    );
    let script = bench.api.get(&path).await["script"].as_str().unwrap().to_owned();
    bench.tintype.kill9();

    let dir = tempfile::tempdir().unwrap();
    let (file, config, prefix) = (
        dir.path().join("runbook.sh"),
        dir.path().join("curl"),
        unique("by-hand-"),
    );
    std::fs::write(&file, &script).unwrap();
    let mut options = String::new();
    if rig.engine.row().has_security {
        let ca = dir.path().join("ca.pem");
        std::fs::write(&ca, rig.engine.ca_pem().unwrap()).unwrap();
        let (name, password) = rig.login(Level::Operate);
        options = format!("user = \"{name}:{password}\"\ncacert = \"{}\"\n", ca.display());
    }
    std::fs::write(&config, options).unwrap();
    let moving = rig.moving().await;
    let run = Command::new("bash")
        .arg(&file)
        .env("ES_URL", rig.engine.url())
        .env("CURL_CONFIG", &config)
        .env("REPOSITORY", unique("again"))
        .env("INDICES", "base-one,base-two")
        .env("PREFIX", &prefix)
        .env("no_proxy", "*")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    drop(moving);

    let (said, wrong) = (
        String::from_utf8_lossy(&run.stdout).into_owned(),
        String::from_utf8_lossy(&run.stderr).into_owned(),
    );
    assert!(run.status.success(), "{said}\n{wrong}\n{script}");
    for index in ["base-one", "base-two"] {
        let copy = format!("{prefix}{index}");
        let documents = rig.documents(index).await;
        assert!(!documents.is_empty());
        assert_eq!(rig.documents(&copy).await, documents, "{copy}");
        let counted = said.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.first() == Some(&copy.as_str())
                && words.last() == Some(&documents.len().to_string().as_str())
        });
        assert!(counted, "{said}");
        rig.engine
            .http("DELETE", &format!("/{copy}"), Value::Null)
            .await
            .unwrap();
    }
}
