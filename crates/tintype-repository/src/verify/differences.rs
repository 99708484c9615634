//! The root against a snapshot's own blob. Pure.

use crate::format::root::RootSnapshot;
use crate::format::snapshot::Snapshot;
use crate::format::version::EngineVersion;

/// What the root says otherwise than the snapshot's own blob, which has a checksum: what, the blob's word, the root's.
pub(super) fn differences(root: &RootSnapshot, info: &Snapshot) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    let mut compare = |what: &str, own: Option<String>, root: Option<String>| {
        if let (Some(own), Some(root)) = (own, root)
            && own != root
        {
            all.push((
                format!(
                    "{what} of snapshot {} differs from snap-{}.dat",
                    info.name, info.uuid
                ),
                own,
                root,
            ));
        }
    };
    compare("the name", Some(info.name.clone()), Some(root.name.to_string()));
    let state = root
        .state
        .map(|state| words(state).map_or(state.to_string(), str::to_owned));
    compare("the state", Some(info.state.clone()), state);
    let time = |time: Option<i64>| time.filter(|time| *time > 0).map(|time| time.to_string());
    compare("start_time_millis", time(info.started), time(root.started));
    compare("end_time_millis", time(info.ended), time(root.ended));
    match root.index_version {
        Some(version) => compare(
            "index_version",
            info.version_id.map(|id| id.to_string()),
            Some(version.to_string()),
        ),
        None => {
            let own = info.version_id.and_then(EngineVersion::from_id);
            let version = root.version.as_deref().and_then(EngineVersion::from_text);
            let numbers = |version: EngineVersion| {
                let EngineVersion {
                    major, minor, patch, ..
                } = version;
                format!("{major}.{minor}.{patch}")
            };
            compare("the version", own.map(numbers), version.map(numbers));
        }
    }
    let policy = info
        .user_metadata
        .as_ref()
        .and_then(|metadata| metadata.get("policy")?.as_str());
    compare(
        "slm_policy",
        root.policy
            .as_ref()
            .map(|_| policy.unwrap_or_default().to_owned()),
        root.policy.as_deref().map(str::to_owned),
    );
    all
}

/// `SnapshotState` of Elasticsearch.
pub(super) fn words(state: u8) -> Option<&'static str> {
    ["IN_PROGRESS", "SUCCESS", "FAILED", "PARTIAL", "INCOMPATIBLE"]
        .get(usize::from(state))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> Snapshot {
        Snapshot {
            name: "a".into(),
            uuid: "u".into(),
            state: "SUCCESS".into(),
            version_id: Some(136_407_827),
            started: Some(5),
            ended: Some(6),
            ..Snapshot::default()
        }
    }

    fn root() -> RootSnapshot {
        RootSnapshot {
            name: "a".into(),
            uuid: "u".into(),
            state: Some(1),
            version: Some("2.19.0".into()),
            started: Some(5),
            ended: Some(6),
            ..RootSnapshot::default()
        }
    }

    #[test]
    fn what_the_root_says_otherwise_is_told() {
        assert_eq!(differences(&root(), &info()), []);
        let changes: [fn(&mut RootSnapshot); 6] = [
            |root| root.name = "b".into(),
            |root| root.state = Some(3),
            |root| root.version = Some("2.18.0".into()),
            |root| root.started = Some(4),
            |root| root.ended = Some(7),
            |root| root.policy = Some("nightly".into()),
        ];
        for change in changes {
            let mut changed = root();
            change(&mut changed);
            assert_eq!(differences(&changed, &info()).len(), 1, "{changed:?}");
        }
        let mut older = root();
        (older.state, older.version, older.started, older.ended) = (None, None, None, Some(-1));
        assert_eq!(differences(&older, &info()), []);
    }

    #[test]
    fn an_index_version_is_compared_as_a_number() {
        let mut info = info();
        info.version_id = Some(9_039_001);
        let mut root = root();
        (root.version, root.index_version) = (Some("8.11.0".into()), Some(9_039_001));
        assert_eq!(differences(&root, &info), []);
        root.index_version = Some(9_039_002);
        assert_eq!(differences(&root, &info).len(), 1);
    }
}
