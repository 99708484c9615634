//! What happens to a corpus' indices, and when which snapshot is taken of them.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::{
    Form,
    content::{BOOKS, EVENTS, NOWHERE, Owner, SHARDS, SPARSE},
    copy::copy_tree,
    manifest::{Taken, TakenIndex, Written},
};
use crate::wait;

/// Runs it all: what is written, snapshots into every repository, clones and deletes between.
pub(super) async fn run(owner: &Owner<'_>, dir: &Path) -> anyhow::Result<Vec<Written>> {
    let mut repositories = Vec::new();
    for form in Form::of(owner.0.row()) {
        repositories.push(register(owner, form, dir).await?);
    }
    owner.make_indices().await?;

    begin(owner).await?;
    take(owner, &mut repositories, "first", &[BOOKS, EVENTS, SPARSE]).await?;
    for repository in &repositories {
        copy_tree(&repository.root, &repository.earlier)?;
    }

    change(owner).await?;
    take(owner, &mut repositories, "second", &[BOOKS, EVENTS]).await?;
    clone(owner, &mut repositories, "second", "cloned").await?;

    change_again(owner).await?;
    take(owner, &mut repositories, "third", &[BOOKS, SPARSE]).await?;
    take(owner, &mut repositories, "partial", &[EVENTS, NOWHERE]).await?;
    delete(owner, &mut repositories, "second").await?;
    owner.put(EVENTS, 500..520).await?;
    take(owner, &mut repositories, "last", &[BOOKS, EVENTS, SPARSE]).await?;
    Ok(repositories)
}

/// Merged segments that are not compound beside flushed ones that are.
async fn begin(owner: &Owner<'_>) -> anyhow::Result<()> {
    for part in 0..3 {
        owner.put(BOOKS, part * 40..part * 40 + 40).await?;
        owner.put(EVENTS, part * 60..part * 60 + 60).await?;
    }
    owner.put(SPARSE, 0..2).await?;
    owner.flush().await?;
    let merge = format!("/{BOOKS}/_forcemerge?max_num_segments=1");
    owner.ask("POST", &merge, Value::Null).await?;
    owner.put(BOOKS, 200..230).await?;
    owner.put(EVENTS, 200..230).await
}

/// Deletes in segments that a snapshot already holds: new `.liv` files, and doc-values updates where deletes are soft.
async fn change(owner: &Owner<'_>) -> anyhow::Result<()> {
    owner.put(BOOKS, (0..60).step_by(3)).await?;
    owner.remove(BOOKS, (1..30).step_by(5)).await?;
    owner.remove(EVENTS, (0..90).step_by(4)).await?;
    for id in 0..6 {
        owner.put_in_vain(EVENTS, id).await?;
    }
    owner.put(EVENTS, 300..330).await?;
    owner.flush().await
}

/// More of it, and other metadata of two indices.
async fn change_again(owner: &Owner<'_>) -> anyhow::Result<()> {
    owner.change_metadata().await?;
    owner.remove(BOOKS, (61..100).step_by(3)).await?;
    owner.put(BOOKS, 400..420).await?;
    owner.put(EVENTS, (91..180).step_by(9)).await?;
    owner.put(SPARSE, 2..3).await?;
    owner.flush().await
}

async fn register(owner: &Owner<'_>, form: Form, dir: &Path) -> anyhow::Result<Written> {
    let root = owner.0.location(form.name())?;
    let mut settings = form.settings();
    settings["location"] = root.to_string_lossy().into();
    let body = json!({"type": "fs", "settings": settings});
    owner
        .ask("PUT", &format!("/_snapshot/{}", form.name()), body)
        .await?;
    Ok(Written {
        engine: owner.0.row().name.to_owned(),
        form,
        root,
        base: form.base().to_owned(),
        earlier: dir.join("earlier").join(form.name()),
        snapshots: Vec::new(),
    })
}

async fn take(
    owner: &Owner<'_>,
    repositories: &mut [Written],
    name: &str,
    indices: &[&str],
) -> anyhow::Result<()> {
    let mut taken = BTreeMap::new();
    for index in indices {
        let documents = match *index {
            NOWHERE => None,
            index => owner.count(index).await?,
        };
        let shards = SHARDS;
        taken.insert((*index).to_owned(), TakenIndex { shards, documents });
    }
    let partial = indices.contains(&NOWHERE);
    let body = json!({"indices": indices.join(","), "partial": partial, "include_global_state": !partial});
    for repository in repositories {
        let path = format!(
            "/_snapshot/{}/{name}?wait_for_completion=true",
            repository.form.name()
        );
        let answer = owner.ask("PUT", &path, body.clone()).await?;
        let snapshot = &answer["snapshot"];
        let wanted = if partial { "PARTIAL" } else { "SUCCESS" };
        ensure!(snapshot["state"] == wanted, "{}: {answer}", repository.label());
        repository.snapshots.push(noted(snapshot, None, taken.clone())?);
    }
    Ok(())
}

/// Elasticsearch 6.8 has no clones.
async fn clone(
    owner: &Owner<'_>,
    repositories: &mut [Written],
    from: &str,
    name: &str,
) -> anyhow::Result<()> {
    if owner.is_es6() {
        return Ok(());
    }
    for repository in repositories {
        let registered = format!("/_snapshot/{}", repository.form.name());
        let path = format!("{registered}/{from}/_clone/{name}");
        owner.ask("PUT", &path, json!({"indices": "*"})).await?;
        let shown = format!("{registered}/{name}");
        let done = wait::until("the clone", Duration::from_secs(240), async || {
            let (status, answer) = owner.0.http("GET", &shown, Value::Null).await.ok()?;
            // Elasticsearch 7.17 answers as if it asked several repositories.
            let snapshot = [&answer["snapshots"][0], &answer["responses"][0]["snapshots"][0]]
                .into_iter()
                .find(|snapshot| snapshot["state"] == "SUCCESS");
            snapshot.filter(|_| status == 200).cloned()
        });
        let source = repository.snapshots.iter().find(|taken| taken.name == from);
        let indices = source.context("no such snapshot")?.indices.clone();
        let clone = noted(&done.await?, Some(from.to_owned()), indices)?;
        repository.snapshots.push(clone);
    }
    Ok(())
}

fn noted(
    snapshot: &Value,
    cloned_from: Option<String>,
    indices: BTreeMap<String, TakenIndex>,
) -> anyhow::Result<Taken> {
    let text = |key: &str| {
        let value = snapshot[key].as_str().map(str::to_owned);
        value.with_context(|| format!("no {key} in {snapshot}"))
    };
    Ok(Taken {
        name: text("snapshot")?,
        uuid: text("uuid")?,
        state: text("state")?,
        cloned_from,
        indices,
    })
}

async fn delete(owner: &Owner<'_>, repositories: &mut [Written], name: &str) -> anyhow::Result<()> {
    for repository in repositories {
        let path = format!("/_snapshot/{}/{name}", repository.form.name());
        owner.ask("DELETE", &path, Value::Null).await?;
        repository.snapshots.retain(|taken| taken.name != name);
    }
    Ok(())
}
