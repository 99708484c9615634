//! Reads the JSON in one pass. Ids are numbered as they come, so that a million pairs take eight bytes each and the order of
//! members does not matter.

use super::{MAX_SHARDS, MAX_SNAPSHOTS, MAX_UNKNOWN, MORE, shape};
use crate::format::file::is_file_name;
use crate::format::lenient::Text;
use crate::format::shown;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Ids by number, in the order of their first mention.
#[derive(Default)]
pub(super) struct Numbered<'a> {
    numbers: HashMap<Cow<'a, str>, u32>,
}

impl<'a> Numbered<'a> {
    fn number(&mut self, id: Cow<'a, str>) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(id).or_insert(next)
    }

    pub(super) fn names(&self) -> Vec<&str> {
        let mut names = vec![""; self.numbers.len()];
        for (name, number) in &self.numbers {
            if let Some(slot) = names.get_mut(*number as usize) {
                *slot = name;
            }
        }
        names
    }
}

/// The root as written: ids are numbers of [`Numbered`].
#[derive(Default)]
pub(super) struct Written<'a> {
    pub(super) snapshot_ids: Numbered<'a>,
    pub(super) index_ids: Numbered<'a>,
    pub(super) identifiers: Numbered<'a>,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) indices: Vec<Index>,
    /// How many of [`Index::generations`] there are.
    shards: usize,
    pub(super) metadata: Vec<(u32, Box<str>)>,
    pub(super) min_version: Option<Box<str>>,
    pub(super) uuid: Option<Box<str>>,
    pub(super) cluster_id: Option<Box<str>>,
    pub(super) unknown: Vec<Box<str>>,
}

#[derive(Default)]
pub(super) struct Snapshot {
    pub(super) id: u32,
    pub(super) name: Box<str>,
    pub(super) bare: bool,
    pub(super) state: Option<u8>,
    pub(super) version: Option<Box<str>>,
    pub(super) index_version: Option<u32>,
    pub(super) lookup: Option<Vec<(u32, u32)>>,
    pub(super) started: Option<i64>,
    pub(super) ended: Option<i64>,
    pub(super) policy: Option<Box<str>>,
}

#[derive(Default)]
pub(super) struct Index {
    pub(super) id: u32,
    pub(super) name: Box<str>,
    pub(super) snapshots: Vec<u32>,
    pub(super) generations: Option<Vec<Option<Box<str>>>>,
    pub(super) path_type: Option<u8>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Written<'_>, serde_json::Error> {
    let mut written = Written::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.deserialize_map(Members(&mut written))?;
    reader.end()?;
    Ok(written)
}

impl Written<'_> {
    fn unknown(&mut self, place: &str, name: &str) {
        let name = format!("{place}{}", shown(name));
        if self.unknown.len() < MAX_UNKNOWN && !self.unknown.iter().any(|known| **known == *name) {
            self.unknown.push(name.into());
        }
    }
}

fn boxed(text: Text<'_>) -> Box<str> {
    text.0.into()
}

fn once<T, E: Error>(slot: &mut Option<T>, value: T, name: &str) -> Result<(), E> {
    match slot.replace(value) {
        Some(_) => Err(E::custom(format!("{name} stands there twice"))),
        None => Ok(()),
    }
}

fn missing<E: Error>(what: &str, name: &str) -> E {
    E::custom(format!("{what} has no {name}"))
}

/// Implements a visitor that is a seed of its own, over `&mut Written`.
macro_rules! seed {
    ($name:ident, $deserialize:ident) => {
        impl<'de> DeserializeSeed<'de> for $name<'_, 'de> {
            type Value = <Self as Visitor<'de>>::Value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                deserializer.$deserialize(self)
            }
        }
    };
}

struct Members<'w, 'de>(&'w mut Written<'de>);

impl<'de> Visitor<'de> for Members<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let written = self.0;
        let (mut snapshots, mut indices, mut metadata) = (None, None, None);
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "snapshots" => once(
                    &mut snapshots,
                    members.next_value_seed(Snapshots(written))?,
                    &name,
                )?,
                "indices" => once(&mut indices, members.next_value_seed(Indices(written))?, &name)?,
                "index_metadata_identifiers" => {
                    once(
                        &mut metadata,
                        members.next_value_seed(Identifiers(written))?,
                        &name,
                    )?;
                }
                "min_version" => once(&mut written.min_version, boxed(members.next_value()?), &name)?,
                "uuid" => once(&mut written.uuid, boxed(members.next_value()?), &name)?,
                "cluster_id" => once(&mut written.cluster_id, boxed(members.next_value()?), &name)?,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    written.unknown("", &name);
                }
            }
        }
        snapshots.ok_or_else(|| missing("the root", "snapshots"))?;
        indices.ok_or_else(|| missing("the root", "indices"))
    }
}

struct Snapshots<'w, 'de>(&'w mut Written<'de>);
seed!(Snapshots, deserialize_seq);

impl<'de> Visitor<'de> for Snapshots<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of snapshots")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(snapshot) = members.next_element_seed(OneSnapshot(self.0))? {
            if self.0.snapshots.len() >= MAX_SNAPSHOTS {
                return Err(A::Error::custom(format!("{MORE}{MAX_SNAPSHOTS} snapshots")));
            }
            self.0.snapshots.push(snapshot);
        }
        Ok(())
    }
}

struct OneSnapshot<'w, 'de>(&'w mut Written<'de>);
seed!(OneSnapshot, deserialize_any);

impl<'de> OneSnapshot<'_, 'de> {
    fn bare(self, name: Cow<'de, str>) -> Snapshot {
        Snapshot {
            name: name.as_ref().into(),
            id: self.0.snapshot_ids.number(name),
            bare: true,
            ..Snapshot::default()
        }
    }
}

impl<'de> Visitor<'de> for OneSnapshot<'_, 'de> {
    type Value = Snapshot;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a snapshot")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Snapshot, E> {
        safe(name).map(|()| self.bare(Cow::Borrowed(name)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Snapshot, E> {
        safe(name).map(|()| self.bare(Cow::Owned(name.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Snapshot, A::Error> {
        let (mut snapshot, mut name, mut uuid) = (Snapshot::default(), None, None);
        while let Some(Text(member)) = members.next_key()? {
            match &*member {
                "name" => once(&mut name, boxed(members.next_value()?), &member)?,
                "uuid" => once(&mut uuid, members.next_value::<Text<'de>>()?.0, &member)?,
                "state" => once(&mut snapshot.state, members.next_value()?, &member)?,
                "version" => once(&mut snapshot.version, boxed(members.next_value()?), &member)?,
                "index_version" => once(&mut snapshot.index_version, members.next_value()?, &member)?,
                "index_metadata_lookup" => {
                    once(
                        &mut snapshot.lookup,
                        members.next_value_seed(Lookup(self.0))?,
                        &member,
                    )?;
                }
                "start_time_millis" => once(&mut snapshot.started, members.next_value()?, &member)?,
                "end_time_millis" => once(&mut snapshot.ended, members.next_value()?, &member)?,
                "slm_policy" => once(&mut snapshot.policy, boxed(members.next_value()?), &member)?,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    self.0.unknown("snapshots[].", &member);
                }
            }
        }
        snapshot.name = name.ok_or_else(|| missing("a snapshot", "name"))?;
        snapshot.bare = uuid.is_none();
        let uuid = uuid.unwrap_or_else(|| Cow::Owned(snapshot.name.to_string()));
        safe(&uuid)?;
        snapshot.id = self.0.snapshot_ids.number(uuid);
        check(&snapshot)?;
        Ok(snapshot)
    }
}

/// What makes an engine refuse the whole root.
fn check<E: Error>(snapshot: &Snapshot) -> Result<(), E> {
    if let Some(state) = snapshot.state.filter(|state| *state > 4) {
        return Err(E::custom(format!("a snapshot has the unknown state {state}")));
    }
    match &snapshot.version {
        Some(version) if !shape::is_version(version) => Err(E::custom(format!(
            "a snapshot has the version {}, which is none",
            shown(version)
        ))),
        _ => Ok(()),
    }
}

/// An id becomes part of a path: it must not lead elsewhere.
fn safe<E: Error>(id: &str) -> Result<(), E> {
    match is_file_name(id) {
        true => Ok(()),
        false => Err(E::custom(format!(
            "{} cannot be part of a blob's name",
            shown(id)
        ))),
    }
}

struct Lookup<'w, 'de>(&'w mut Written<'de>);
seed!(Lookup, deserialize_map);

impl<'de> Visitor<'de> for Lookup<'_, 'de> {
    type Value = Vec<(u32, u32)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of index ids and metadata identifiers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut lookup = Vec::new();
        while let Some((Text(index), Text(identifier))) = members.next_entry()? {
            let index = self.0.index_ids.number(index);
            lookup.push((index, self.0.identifiers.number(identifier)));
        }
        lookup.sort_unstable();
        if lookup.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            return Err(A::Error::custom("an index stands twice in index_metadata_lookup"));
        }
        lookup.shrink_to_fit();
        Ok(lookup)
    }
}

struct Indices<'w, 'de>(&'w mut Written<'de>);
seed!(Indices, deserialize_map);

impl<'de> Visitor<'de> for Indices<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of indices")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(Text(name)) = members.next_key()? {
            let mut index = members.next_value_seed(OneIndex(self.0))?;
            index.name = name.as_ref().into();
            self.0.indices.push(index);
            if let Some(twice) = seen.replace(name) {
                let message = format!("the index {} stands there twice", shown(&twice));
                return Err(A::Error::custom(message));
            }
        }
        Ok(())
    }
}

struct OneIndex<'w, 'de>(&'w mut Written<'de>);
seed!(OneIndex, deserialize_map);

impl<'de> Visitor<'de> for OneIndex<'_, 'de> {
    type Value = Index;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an index")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Index, A::Error> {
        let (mut index, mut id, mut snapshots) = (Index::default(), None, None);
        while let Some(Text(member)) = members.next_key()? {
            match &*member {
                "id" => once(&mut id, members.next_value::<Text<'de>>()?.0, &member)?,
                "snapshots" => once(
                    &mut snapshots,
                    members.next_value_seed(References(self.0))?,
                    &member,
                )?,
                "shard_generations" => {
                    once(
                        &mut index.generations,
                        members.next_value_seed(Generations(self.0))?,
                        &member,
                    )?;
                }
                "shard_path_type" => once(&mut index.path_type, members.next_value()?, &member)?,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    self.0.unknown("indices.*.", &member);
                }
            }
        }
        let id = id.ok_or_else(|| missing("an index", "id"))?;
        safe(&id)?;
        index.id = self.0.index_ids.number(id);
        index.snapshots = snapshots.ok_or_else(|| missing("an index", "snapshots"))?;
        Ok(index)
    }
}

/// The uuids of the snapshots that hold an index.
struct References<'w, 'de>(&'w mut Written<'de>);
seed!(References, deserialize_seq);

impl<'de> Visitor<'de> for References<'_, 'de> {
    type Value = Vec<u32>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of snapshots' uuids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Vec<u32>, A::Error> {
        let mut snapshots = Vec::new();
        while let Some(snapshot) = members.next_element_seed(Reference(self.0))? {
            snapshots.push(snapshot);
        }
        snapshots.shrink_to_fit();
        Ok(snapshots)
    }
}

struct Reference<'w, 'de>(&'w mut Written<'de>);
seed!(Reference, deserialize_any);

impl<'de> Visitor<'de> for Reference<'_, 'de> {
    type Value = u32;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a snapshot's uuid")
    }

    fn visit_borrowed_str<E: Error>(self, uuid: &'de str) -> Result<u32, E> {
        Ok(self.0.snapshot_ids.number(Cow::Borrowed(uuid)))
    }

    fn visit_str<E: Error>(self, uuid: &str) -> Result<u32, E> {
        Ok(self.0.snapshot_ids.number(Cow::Owned(uuid.to_owned())))
    }

    /// Elasticsearch 5 wrote the name too.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<u32, A::Error> {
        let (mut name, mut uuid) = (None, None);
        while let Some(Text(member)) = members.next_key()? {
            let value: Text<'de> = members.next_value()?;
            match &*member {
                "name" => once(&mut name, value.0, &member)?,
                "uuid" => once(&mut uuid, value.0, &member)?,
                _ => self.0.unknown("indices.*.snapshots[].", &member),
            }
        }
        let uuid = uuid
            .or(name)
            .ok_or_else(|| missing("a snapshot of an index", "uuid"))?;
        Ok(self.0.snapshot_ids.number(uuid))
    }
}

struct Identifiers<'w, 'de>(&'w mut Written<'de>);
seed!(Identifiers, deserialize_map);

impl<'de> Visitor<'de> for Identifiers<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of metadata identifiers and blob ids")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some((Text(identifier), blob)) = members.next_entry::<Text<'de>, Text<'de>>()? {
            safe(&blob.0)?;
            let number = self.0.identifiers.number(identifier);
            self.0.metadata.push((number, boxed(blob)));
        }
        Ok(())
    }
}

struct Generations<'w, 'de>(&'w mut Written<'de>);
seed!(Generations, deserialize_seq);

impl<'de> Visitor<'de> for Generations<'_, 'de> {
    type Value = Vec<Option<Box<str>>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of shards' generations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut generations = Vec::new();
        while let Some(Generation(generation)) = members.next_element()? {
            self.0.shards += 1;
            if self.0.shards > MAX_SHARDS {
                return Err(A::Error::custom(format!("{MORE}{MAX_SHARDS} shards")));
            }
            generations.push(generation);
        }
        generations.shrink_to_fit();
        Ok(generations)
    }
}

/// A shard's generation: null, a number (which is not to be trusted) or a name.
struct Generation(Option<Box<str>>);

impl<'de> serde::Deserialize<'de> for Generation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GenerationVisitor)
    }
}

struct GenerationVisitor;

impl Visitor<'_> for GenerationVisitor {
    type Value = Generation;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a shard's generation")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Generation, E> {
        safe(text)?;
        Ok(Generation((!shape::is_number(text)).then(|| text.into())))
    }

    fn visit_unit<E: Error>(self) -> Result<Generation, E> {
        Ok(Generation(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Generation, E> {
        Ok(Generation(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Generation, E> {
        Ok(Generation(None))
    }
}
