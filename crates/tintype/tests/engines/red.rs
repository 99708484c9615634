//! An index without its primary.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    bench::{Bench, Taken},
    names::unique,
    rig::Rig,
};

// No other snapshot of everything would be taken.
alone_on_every_engine!(a_missing_primary_is_a_failure_in_the_engines_words);

async fn a_missing_primary_is_a_failure_in_the_engines_words(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let index = unique("red");
    rig.make_red(&index).await;
    let body = json!({"name": "without"});
    let answer = bench.api.send("POST", &bench.call_path(), body).await;
    let delete = async || rig.ask("DELETE", &format!("/{index}"), Value::Null).await;

    if rig.facts().accepts_red {
        let taken = Taken::of(answer);
        bench.ended(&taken.operation).await;
        delete().await;
        let message = bench.failed(&taken.operation, "engine_failed").await;
        assert!(
            message.contains(&format!("{index}[0]: primary shard is not allocated")),
            "{message}"
        );
        assert_eq!(rig.only_snapshot(&bench.repository).await["state"], "FAILED");
        let again = bench.call(json!({"name": "without"})).await;
        again.failed(409, "clusters.snapshot.name_conflict");
    } else {
        delete().await;
        let message = answer.failed(500, "clusters.snapshot.failed");
        assert!(
            message.contains(&index) && message.contains("snapshot_exception"),
            "{message}"
        );
        // Nothing was left under the name.
        bench.take_whole("without").await;
    }
}
