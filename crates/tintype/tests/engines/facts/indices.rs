//! Which indices a snapshot holds: closed ones, hidden ones.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};

use super::table::Closed;
use crate::rig::Rig;

on_every_engine!(
    a_closed_index_is_in_a_snapshot_as_the_version_has_it,
    a_hidden_index_is_in_a_snapshot_that_names_nothing,
);

async fn a_closed_index_is_in_a_snapshot_as_the_version_has_it(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let plain = everything(&rig, &repository, "plain", json!({})).await.unwrap();
    let asked = everything(&rig, &repository, "asked", json!({"expand_wildcards": "all"})).await;
    let named = rig
        .snap(&repository, "named", json!({"indices": "base-closed"}))
        .await;
    let closed = rig.facts().closed;
    assert_eq!(
        plain.contains("base-closed"),
        closed == Closed::Always,
        "{plain:?}"
    );
    if closed == Closed::Never {
        for refused in [asked.unwrap_err(), named] {
            let words = refused.refused(403, "cluster_block_exception");
            assert!(words.contains("index closed"), "{words}");
        }
    } else {
        assert!(asked.unwrap().contains("base-closed"));
        assert_eq!(named.snapshot()["indices"], json!(["base-closed"]));
    }
}

async fn a_hidden_index_is_in_a_snapshot_that_names_nothing(rig: Arc<Rig>) {
    if !rig.facts().hides {
        let body = json!({"settings": {"index": {"hidden": true}}});
        let said = rig.say("PUT", "/never-hidden", body).await;
        let words = said.refused(400, "illegal_argument_exception");
        assert!(words.contains("unknown setting [index.hidden]"), "{words}");
        return;
    }
    let repository = rig.fresh(json!({})).await;
    let held = everything(&rig, &repository, "plain", json!({})).await.unwrap();
    assert!(held.contains("base-hidden"), "{held:?}");
}

/// The indices in a snapshot that names none; or the refusal.
async fn everything(
    rig: &Rig,
    repository: &str,
    name: &str,
    mut body: Value,
) -> Result<BTreeSet<String>, super::Said> {
    let _still = rig.still().await;
    body["include_global_state"] = false.into();
    let path = format!("/_snapshot/{repository}/{name}?wait_for_completion=true");
    let said = rig.say("PUT", &path, body).await;
    if said.status != 200 {
        return Err(said);
    }
    let made = said.snapshot();
    assert_eq!(made["state"], "SUCCESS", "{made}");
    Ok(serde_json::from_value(made["indices"].clone()).unwrap())
}
