//! All snapshots of a repository, one after the other: a repository of thousands is never held whole.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::api::names::repository_path;
use crate::api::snapshots::{ShardFailure, SnapshotInfo, SnapshotState};
use crate::engine::Engine;
use crate::error::{CallSite, Error, Lost};
use crate::wire::client::{Answer, Call};
use crate::wire::route::Route;

/// Snapshots per page where the engine has pages.
const PAGE: &str = "500";
/// More pages than any repository has; a bound against an engine that never ends.
const PAGES: usize = 1000;

/// What is done with each snapshot of a listing.
type Each<'e> = &'e mut (dyn FnMut(SnapshotInfo) + Send);

impl Engine {
    /// All snapshots of a repository, in the engine's order: by name where it pages, else by start.
    pub async fn snapshots(&self, repository: &str) -> Result<Vec<SnapshotInfo>, Error> {
        let mut all = Vec::new();
        self.each_snapshot(repository, &mut |info| all.push(info)).await?;
        Ok(all)
    }

    /// Shows each snapshot of a repository to `each`, in the order of [`Self::snapshots`]. When it fails, what was shown
    /// is a part at most.
    pub async fn each_snapshot(&self, repository: &str, each: Each<'_>) -> Result<(), Error> {
        let path = ["_snapshot", repository_path("GET", repository)?, "_all"];
        if !self.dialect().await?.pages_snapshots() {
            let answer = self.send(Call::get(Route::new(&path)).listing()).await?;
            return whole(&answer, each).map(|_| ());
        }
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let mut route = Route::new(&path).query("size", PAGE).query("sort", "name");
            if let Some(after) = after.take() {
                route = route.query("after", after);
            }
            after = whole(&self.send(Call::get(route).listing()).await?, each)?;
            if after.is_none() {
                return Ok(());
            }
        }
        let at = CallSite {
            method: "GET",
            path: Route::new(&path).path(),
        };
        Err(Error::Unknown {
            at,
            why: Lost::Unexpected("the pages of the listing do not end".into()),
        })
    }

    /// The sum of [`SnapshotInfo::mark`] over a repository: it changes when a snapshot comes, goes or ends. The engine
    /// reads one file of the repository for it, where a listing reads one for each snapshot.
    pub async fn snapshots_mark(&self, repository: &str) -> Result<u64, Error> {
        let route = Route::new(&["_snapshot", repository_path("GET", repository)?, "_all"])
            .query("verbose", "false")
            .query(
                "filter_path",
                "failures,snapshots.snapshot,snapshots.uuid,snapshots.state",
            );
        let mut sum = 0_u64;
        let answer = self.send(Call::get(route).listing()).await?;
        read(&answer, &mut |info| sum = sum.wrapping_add(info.mark()))?;
        Ok(sum)
    }
}

impl SnapshotInfo {
    /// A number that tells this snapshot in this state from others.
    pub fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.name, &self.uuid, &self.state).hash(&mut hasher);
        hasher.finish()
    }
}

/// A listing that must be there; answers where the next page begins.
fn whole(answer: &Answer, each: Each<'_>) -> Result<Option<String>, Error> {
    match read(answer, each)? {
        (true, next) => Ok(next),
        (false, _) => Err(answer.unexpected("missing field `snapshots`")),
    }
}

/// Shows each snapshot of an answer; answers whether there was a list, and where the next page begins.
pub(crate) fn read(answer: &Answer, each: Each<'_>) -> Result<(bool, Option<String>), Error> {
    let mut rest = Rest::default();
    answer.parse_with(Listing(each, &mut rest))?;
    match rest.failures.values().next() {
        None => Ok((rest.listed, rest.next)),
        Some(error) => {
            let missing = error
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.contains("_missing_"));
            Err(answer.refused(if missing { 404 } else { 500 }, error))
        }
    }
}

/// What a listing says besides its snapshots.
#[derive(Default)]
struct Rest {
    listed: bool,
    next: Option<String>,
    /// Elasticsearch 7.14 to 7.17 answers 200 when it could not read a repository, with the error per repository here
    /// and no snapshots: taken for a listing, that would say that all of them are gone.
    failures: BTreeMap<String, Value>,
}

struct Listing<'e, 'r>(Each<'e>, &'r mut Rest);

impl<'de> DeserializeSeed<'de> for Listing<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, listing: D) -> Result<(), D::Error> {
        listing.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Listing<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a listing of snapshots")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(member) = members.next_key::<String>()? {
            match member.as_str() {
                "snapshots" if self.1.listed => return Err(A::Error::duplicate_field("snapshots")),
                "snapshots" => {
                    members.next_value_seed(Snapshots(&mut *self.0))?;
                    self.1.listed = true;
                }
                "next" => self.1.next = members.next_value()?,
                "failures" => self.1.failures = members.next_value()?,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Snapshots<'e>(Each<'e>);

impl<'de> DeserializeSeed<'de> for Snapshots<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<(), D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Snapshots<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of snapshots")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(body) = list.next_element::<InfoBody>()? {
            (self.0)(body.info());
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct InfoBody {
    snapshot: String,
    #[serde(default)]
    uuid: String,
    state: SnapshotState,
    version: Option<String>,
    #[serde(default)]
    indices: Vec<String>,
    #[serde(default)]
    data_streams: Vec<String>,
    start_time_in_millis: Option<i64>,
    end_time_in_millis: Option<i64>,
    #[serde(default)]
    shards: ShardsBody,
    #[serde(default)]
    failures: Vec<ShardFailure>,
    #[serde(default)]
    reason: Option<String>,
    metadata: Option<Value>,
    include_global_state: Option<bool>,
}

#[derive(Default, Deserialize)]
struct ShardsBody {
    #[serde(default)]
    total: u64,
    #[serde(default)]
    failed: u64,
    #[serde(default)]
    successful: u64,
}

impl InfoBody {
    fn info(self) -> SnapshotInfo {
        // Zero is the engines' "not yet".
        let time = |ms: Option<i64>| ms.filter(|ms| *ms > 0);
        SnapshotInfo {
            start_time_ms: time(self.start_time_in_millis),
            end_time_ms: time(self.end_time_in_millis),
            name: self.snapshot,
            uuid: self.uuid,
            state: self.state,
            version: self.version,
            indices: self.indices,
            data_streams: self.data_streams,
            total_shards: self.shards.total,
            successful_shards: self.shards.successful,
            failed_shards: self.shards.failed,
            failures: self.failures,
            reason: self.reason,
            metadata: self.metadata.filter(|metadata| !metadata.is_null()),
            include_global_state: self.include_global_state,
        }
    }
}
