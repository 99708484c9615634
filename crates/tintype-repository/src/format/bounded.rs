//! Bounds on what a blob may cost: the length of its decompressed body, and the memory of what is built from it.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What decoding one blob may take. The defaults of each kind hold the body and the decoded values together under
/// 256 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The body's length after decompression, in bytes.
    pub body: usize,
    /// What is built from the body, in bytes, as [`weigh`] estimates it.
    pub memory: usize,
    /// What an object with members costs beyond them: much where it becomes a map, little where it becomes a struct.
    pub object: usize,
}

impl Limits {
    /// A root `snap-{uuid}.dat`, or a shallow copy's.
    pub const SNAPSHOT: Self = Self {
        body: 64 << 20,
        memory: 160 << 20,
        object: 640,
    };
    /// An index's metadata. Engines keep it in memory many times over: real ones stay far below.
    pub const INDEX: Self = Self {
        body: 64 << 20,
        memory: 160 << 20,
        object: 640,
    };
    /// The cluster's metadata, of which little is kept.
    pub const GLOBAL: Self = Self {
        body: 192 << 20,
        memory: usize::MAX,
        object: 0,
    };
    /// A shard's files: some 300,000 of them.
    pub const SHARD: Self = Self {
        body: 96 << 20,
        memory: 160 << 20,
        object: 64,
    };
    /// `snapshot_shard_paths/*`.
    pub const PATHS: Self = Self {
        body: 8 << 20,
        memory: 32 << 20,
        object: 640,
    };
}

/// Reads all of a value without keeping it. Fails when what is built from it would take more than the limits' memory.
pub(super) fn weigh<'de, D: Deserializer<'de>>(deserializer: D, limits: Limits) -> Result<(), D::Error> {
    let mut left = limits.memory;
    Weigh {
        left: &mut left,
        object: limits.object,
    }
    .deserialize(deserializer)
}

/// Whether nothing in a body of this length can weigh more than the limits allow, whatever it is. Each value takes a byte
/// at least and weighs less than 1 KiB, but for the text of a key: SMILE repeats a key of any length by one byte, and a key
/// of L bytes and as many repetitions as the rest holds together weigh at most an eighth of the length's square.
pub(super) fn is_light(length: usize, limits: Limits) -> bool {
    const VALUE: usize = 1 << 10;
    length.saturating_mul(VALUE + length / 8) <= limits.memory
}

/// A value without members costs this: a JSON value's size, or a string's header and its allocation.
const VALUE: usize = 32;

struct Weigh<'a> {
    left: &'a mut usize,
    object: usize,
}

impl Weigh<'_> {
    fn again(&mut self) -> Weigh<'_> {
        Weigh {
            left: self.left,
            object: self.object,
        }
    }

    fn take<E: Error>(&mut self, cost: usize) -> Result<(), E> {
        match self.left.checked_sub(cost) {
            Some(left) => *self.left = left,
            None => return Err(E::custom(TOO_LARGE)),
        }
        Ok(())
    }
}

pub(super) const TOO_LARGE: &str = "holds more values than this reader keeps";

impl<'de> DeserializeSeed<'de> for Weigh<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! scalars {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E: Error>(mut self, _: $type) -> Result<(), E> {
            self.take(VALUE)
        })*
    };
}

impl<'de> Visitor<'de> for Weigh<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    scalars!(visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64);

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.take(VALUE + text.len())
    }

    fn visit_bytes<E: Error>(mut self, bytes: &[u8]) -> Result<(), E> {
        self.take(VALUE + bytes.len())
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.take(VALUE)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.take(VALUE)?;
        while members.next_element_seed(self.again())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.take(VALUE)?;
        let mut first = self.object;
        while members.next_key_seed(self.again())?.is_some() {
            self.take(std::mem::take(&mut first))?;
            members.next_value_seed(self.again())?;
        }
        Ok(())
    }
}
