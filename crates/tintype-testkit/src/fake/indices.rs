//! Indices: listed, shown, made, closed and deleted.

use serde_json::{Map, Value, json};

use super::{
    names::{expressions, index_names, resolve},
    routes::{Ask, Reply},
    state::{Cluster, Index},
};

/// Runs `show` over what the names resolve to.
fn each(
    cluster: &Cluster,
    names: &str,
    show: impl Fn(&str, &Index) -> Value,
) -> Result<Vec<(String, Value)>, Reply> {
    let found = resolve(&expressions(&names.into()), &index_names(cluster, true), false)?;
    Ok(found
        .into_iter()
        .map(|name| (name.clone(), show(&name, &cluster.indices[&name])))
        .collect())
}

fn object(found: Result<Vec<(String, Value)>, Reply>) -> Reply {
    found.map_or_else(
        |reply| reply,
        |entries| (200, Value::Object(Map::from_iter(entries))),
    )
}

pub(super) fn cat(cluster: &Cluster, names: &str) -> Reply {
    let line = |name: &str, index: &Index| {
        let bytes = (u64::from(index.shards) * index.files * index.file_bytes).to_string();
        json!({"health": if index.red { "red" } else { "green" }, "status": if index.closed { "close" } else { "open" },
            "index": name, "uuid": format!("index-{name}"), "pri": index.shards.to_string(), "rep": "0",
            "docs.count": index.docs.to_string(), "docs.deleted": "0", "store.size": bytes, "pri.store.size": bytes})
    };
    each(cluster, names, line).map_or_else(
        |reply| reply,
        |found| {
            (
                200,
                found.into_iter().map(|(_, line)| line).collect::<Vec<_>>().into(),
            )
        },
    )
}

pub(super) fn cat_shards(cluster: &Cluster) -> Reply {
    let copies = cluster
        .indices
        .iter()
        .flat_map(|(name, index)| (0..index.shards).map(move |shard| (name, index, shard)));
    let line = |(name, index, shard): (&String, &Index, u32)| {
        let missing = index.red && shard == 0;
        json!({"index": name, "shard": shard.to_string(), "prirep": "p", "node": if missing { None } else { Some("node-1") },
            "state": if missing { "UNASSIGNED" } else { "STARTED" }})
    };
    (200, copies.map(line).collect())
}

pub(super) fn stats(cluster: &Cluster) -> Reply {
    let show = |index: &Index| json!({"primaries": {"docs": {"count": index.docs, "deleted": 0}}});
    let indices: Map<String, Value> = cluster
        .indices
        .iter()
        .map(|(name, index)| (name.clone(), show(index)))
        .collect();
    (200, json!({"_all": {}, "indices": indices}))
}

/// An index's settings as the engines write them: every value a string.
pub(super) fn index_settings(name: &str, index: &Index) -> Value {
    let mut settings = json!({"uuid": format!("index-{name}"), "number_of_shards": index.shards.to_string(),
        "number_of_replicas": "0", "provided_name": name, "creation_date": "1700000000000"});
    if index.closed {
        settings["verified_before_close"] = "true".into();
    }
    settings
}

pub(super) fn settings(cluster: &Cluster, names: &str) -> Reply {
    object(each(
        cluster,
        names,
        |name, index| json!({"settings": {"index": index_settings(name, index)}}),
    ))
}

pub(super) fn show(cluster: &Cluster, names: &str) -> Reply {
    object(each(
        cluster,
        names,
        |_, index| json!({"aliases": {}, "mappings": {}, "settings": {"index": {"number_of_shards": index.shards.to_string()}}}),
    ))
}

pub(super) fn aliases(cluster: &Cluster) -> Reply {
    object(each(cluster, "_all", |_, _| json!({"aliases": {}})))
}

pub(super) fn count(cluster: &Cluster, names: &str) -> Reply {
    each(cluster, names, |_, index| index.docs.into()).map_or_else(
        |reply| reply,
        |found| {
            let count: u64 = found.iter().filter_map(|(_, docs)| docs.as_u64()).sum();
            (
                200,
                json!({"count": count, "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0}}),
            )
        },
    )
}

pub(super) fn resolve_index(cluster: &Cluster, names: &str) -> Reply {
    let entry = |name: &str, index: &Index| json!({"name": name, "attributes": [if index.closed { "closed" } else { "open" }]});
    each(cluster, names, entry).map_or_else(
        |reply| reply,
        |found| {
            let indices: Vec<Value> = found.into_iter().map(|(_, entry)| entry).collect();
            (
                200,
                json!({"indices": indices, "aliases": [], "data_streams": []}),
            )
        },
    )
}

pub(super) fn create(cluster: &mut Cluster, name: &str, ask: &Ask) -> Reply {
    if cluster.indices.contains_key(name) {
        let reason = format!("index [{name}] already exists");
        return super::routes::error(400, "resource_already_exists_exception", &reason);
    }
    let shards = &ask.body["settings"]["number_of_shards"];
    let shards = shards
        .as_u64()
        .or_else(|| shards.as_str()?.parse().ok())
        .unwrap_or(1);
    let index = Index {
        shards: u32::try_from(shards).unwrap_or(1),
        docs: 0,
        ..Index::default()
    };
    cluster.indices.insert(name.to_owned(), index);
    (
        200,
        json!({"acknowledged": true, "shards_acknowledged": true, "index": name}),
    )
}

fn change(cluster: &mut Cluster, names: &str, act: impl Fn(&mut Cluster, &str)) -> Reply {
    match resolve(&expressions(&names.into()), &index_names(cluster, true), false) {
        Err(reply) => reply,
        Ok(found) => {
            found.iter().for_each(|name| act(cluster, name));
            (200, json!({"acknowledged": true}))
        }
    }
}

pub(super) fn delete(cluster: &mut Cluster, names: &str) -> Reply {
    change(cluster, names, |cluster, name| {
        cluster.indices.remove(name);
        cluster.recoveries.remove(name);
    })
}

pub(super) fn set_closed(cluster: &mut Cluster, names: &str, closed: bool) -> Reply {
    change(cluster, names, |cluster, name| {
        if let Some(index) = cluster.indices.get_mut(name) {
            index.closed = closed;
        }
    })
}
