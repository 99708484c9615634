//! What the root says of one snapshot, whichever other snapshots come and go.

use crate::format::root::Root;
use serde::{Deserialize, Serialize};

/// Everything of `index-N` that concerns a snapshot and that later generations keep. The current generations of its
/// shards are not among it: each later snapshot changes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extract {
    /// The snapshot's name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// 0 in progress, 1 success, 2 failed, 3 partial, 4 incompatible.
    pub state: Option<u8>,
    /// The writing engine's version as written.
    pub version: Option<String>,
    /// The integer index version.
    pub index_version: Option<u32>,
    /// When it began, in ms since 1970.
    pub started: Option<i64>,
    /// When it ended, in ms since 1970.
    pub ended: Option<i64>,
    /// The policy that took it.
    pub policy: Option<String>,
    /// Its indices, by id.
    pub indices: Vec<ExtractIndex>,
}

/// An index of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractIndex {
    /// Its directory under `indices/`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many shards the root knows, since 7.6: the most that the index had in any snapshot. Not compared, since it changes
    /// with the other snapshots when the index is deleted and made anew with more or fewer shards.
    pub shards: Option<u64>,
    /// Where its shards lie: 0 fixed, 1 hashed prefix, 2 hashed infix.
    pub path_type: u8,
    /// The `X` of its `meta-X.dat` in this snapshot.
    pub metadata: String,
    /// What leads to it, since 7.9.
    pub metadata_identifier: Option<String>,
}

/// A member that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) actual: String,
    /// The index's name.
    pub(super) index: Option<String>,
}

impl Extract {
    /// The extract of a snapshot, by its position in the root; `None`: the root has no such.
    pub fn of(root: &Root, snapshot: u32) -> Option<Self> {
        let found = root.snapshots.get(snapshot as usize)?;
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        let mut indices: Vec<ExtractIndex> = Vec::new();
        for (index, position) in root.indices.iter().zip(0..) {
            if index.snapshots.binary_search(&snapshot).is_err() {
                continue;
            }
            let (metadata, identifier) = root.metadata_of(snapshot, position)?;
            indices.push(ExtractIndex {
                id: index.id.to_string(),
                name: index.name.to_string(),
                shards: index.generations.as_ref().map(|shards| shards.len() as u64),
                path_type: index.path_type,
                metadata: metadata.to_owned(),
                metadata_identifier: identifier.map(str::to_owned),
            });
        }
        indices.sort_by(|a, b| a.id.cmp(&b.id));
        Some(Self {
            name: found.name.to_string(),
            uuid: found.uuid.to_string(),
            state: found.state,
            version: text(&found.version),
            index_version: found.index_version,
            started: found.started,
            ended: found.ended,
            policy: text(&found.policy),
            indices,
        })
    }

    /// What is not as `self` says. A member that the root did not have may have come since: engines add what their
    /// newer formats hold.
    pub(super) fn differences(&self, now: &Self) -> Vec<Difference> {
        let mut all = Vec::new();
        let mut member = |what: &str, expected: Option<String>, actual: Option<String>| {
            if let Some(expected) = expected.filter(|expected| Some(expected) != actual.as_ref()) {
                all.push(Difference {
                    what: format!("the snapshot's {what}"),
                    expected,
                    actual: actual.unwrap_or_else(|| "nothing".to_owned()),
                    index: None,
                });
            }
        };
        let shown = |number: Option<i64>| number.map(|number| number.to_string());
        member("name", Some(self.name.clone()), Some(now.name.clone()));
        let state = |extract: &Self| shown(extract.state.map(i64::from));
        member("state", state(self), state(now));
        member("version", self.version.clone(), now.version.clone());
        let version = |extract: &Self| shown(extract.index_version.map(i64::from));
        member("index version", version(self), version(now));
        member("start", shown(self.started), shown(now.started));
        member("end", shown(self.ended), shown(now.ended));
        member("policy", self.policy.clone(), now.policy.clone());
        all.extend(self.indices_that_differ(now));
        all
    }

    fn indices_that_differ(&self, now: &Self) -> Vec<Difference> {
        let find = |among: &'_ [ExtractIndex], id: &str| -> Option<ExtractIndex> {
            let found = among.binary_search_by(|index| index.id.as_str().cmp(id)).ok();
            found.and_then(|at| among.get(at)).cloned()
        };
        let mut all = Vec::new();
        for was in &self.indices {
            match find(&now.indices, &was.id) {
                None => all.push(Difference {
                    what: format!("index {} of the snapshot", was.name),
                    expected: was.id.clone(),
                    actual: "nothing".to_owned(),
                    index: Some(was.name.clone()),
                }),
                Some(is) => all.extend(was.difference(&is)),
            }
        }
        for is in &now.indices {
            if find(&self.indices, &is.id).is_none() {
                all.push(Difference {
                    what: format!("index {} of the snapshot", is.name),
                    expected: "nothing".to_owned(),
                    actual: is.id.clone(),
                    index: Some(is.name.clone()),
                });
            }
        }
        all
    }
}

impl ExtractIndex {
    fn difference(&self, now: &Self) -> Option<Difference> {
        let mut is = now.clone();
        is.shards = self.shards;
        // What was absent may have come since.
        let identifier = self.metadata_identifier.as_ref();
        is.metadata_identifier = identifier.and(now.metadata_identifier.clone());
        (is != *self).then(|| Difference {
            what: format!("what the root says of index {}", self.name),
            expected: self.shown(),
            actual: is.shown(),
            index: Some(self.name.clone()),
        })
    }

    fn shown(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
