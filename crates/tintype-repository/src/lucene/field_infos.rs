//! `.fnm`: the fields of a segment. `Lucene60FieldInfosFormat`, `Lucene90FieldInfosFormat`, `Lucene94FieldInfosFormat`, which
//! the engines' own codecs use as they are.

use super::Fault;
use super::codec_util::{self, Kind};
use super::input::{Input, Order};
use std::collections::HashSet;

const FIELD_INFOS: Kind = Kind {
    name: "FieldInfos",
    known: &[(BIG_ENDIAN, 0, 2), (FIRST_VECTORS, 0, 0), (NEWEST, 0, 2)],
};
const BIG_ENDIAN: &str = "Lucene60FieldInfos";
const FIRST_VECTORS: &str = "Lucene90FieldInfos";
const NEWEST: &str = "Lucene94FieldInfos";

/// `SOFT_DELETES_FIELD` among a field's bits.
const SOFT_DELETES: u8 = 0x08;

/// Which extras a format has.
#[derive(Debug, Clone, Copy)]
struct Form {
    /// The bits that a field may have.
    bits: u8,
    /// A byte for the skip index of doc values.
    skip_index: bool,
    /// Points have their number of index dimensions beside that of data dimensions.
    selective: bool,
    /// Vectors: dimensions and distance.
    vectors: bool,
    /// Vectors: the encoding.
    encoding: bool,
}

impl Form {
    fn of(codec: &str, version: u32) -> Self {
        let newest = codec == NEWEST;
        Self {
            bits: match (newest, version) {
                (true, 0) => 0x0f,
                (true, 1) => 0x1f,
                (true, _) => 0x3f,
                // Nothing was said of the others before.
                (false, _) => 0xff,
            },
            skip_index: newest && version >= 2,
            selective: codec != BIG_ENDIAN || version >= 2,
            vectors: codec != BIG_ENDIAN,
            encoding: newest,
        }
    }
}

/// What the fields say of doc values that were written after the segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// The numbers of all fields.
    pub(super) numbers: HashSet<u32>,
    /// The numbers of those whose doc values lie in files of a later generation.
    pub(super) updated: Vec<u32>,
}

/// Reads a `.fnm` that stands at `start` in `file`, which is a `.cfs` for a compound segment.
pub(super) fn parse(
    file: &str,
    bytes: &[u8],
    start: u64,
    id: &[u8; 16],
    generation: &str,
) -> Result<Fields, Fault> {
    let mut input = codec_util::whole(file, bytes, start)?;
    let header = codec_util::header(&mut input)?;
    header.expect(&input, FIELD_INFOS, Some(id), generation)?;
    if header.codec != BIG_ENDIAN {
        input.set_order(Order::Little);
    }
    let form = Form::of(&header.codec, header.version);
    let count = input.count(16)?;
    let (mut fields, mut names, mut soft) = (Fields::default(), HashSet::new(), false);
    for _ in 0..count {
        let name = input.string()?;
        let field = field(&mut input, form)?;
        if !fields.numbers.insert(field.number) || !names.insert(name) {
            return Err(input.fault(format!(
                "field {} is there twice, by name or number",
                field.number
            )));
        }
        if field.soft_deletes && std::mem::replace(&mut soft, true) {
            return Err(input.fault("two fields hold the soft deletes"));
        }
        if field.updated {
            fields.updated.push(field.number);
        }
    }
    input.end()?;
    Ok(fields)
}

struct Field {
    number: u32,
    soft_deletes: bool,
    updated: bool,
}

fn field(input: &mut Input<'_>, form: Form) -> Result<Field, Fault> {
    let number = input.variable_int()?;
    if i32::try_from(number).is_err() {
        return Err(input.fault("a field's number is negative"));
    }
    let bits = input.byte()?;
    if bits & !form.bits != 0 {
        return Err(input.fault(format!("field {number} has unused bits: {bits:08b}")));
    }
    one_of(input, "index options", 4)?;
    let doc_values = one_of(input, "doc values type", 5)?;
    if form.skip_index {
        one_of(input, "skip index type", 1)?;
    }
    let generation = input.long()?;
    if generation < -1 || (generation != -1 && doc_values == 0) {
        return Err(input.fault(format!(
            "field {number} has doc values of generation {generation}"
        )));
    }
    input.skip_map()?;
    points(input, form)?;
    if form.vectors {
        input.variable_int()?;
        if form.encoding {
            one_of(input, "vector encoding", 1)?;
        }
        one_of(input, "vector distance", 3)?;
    }
    Ok(Field {
        number,
        soft_deletes: bits & SOFT_DELETES != 0,
        updated: generation != -1,
    })
}

fn points(input: &mut Input<'_>, form: Form) -> Result<(), Fault> {
    let dimensions = input.variable_int()?;
    if dimensions == 0 {
        return Ok(());
    }
    let indexed = if form.selective {
        input.variable_int()?
    } else {
        dimensions
    };
    let bytes = input.variable_int()?;
    if indexed > dimensions || bytes == 0 {
        let message = format!("points of {dimensions} dimensions, {indexed} indexed, {bytes} bytes each");
        return Err(input.fault(message));
    }
    Ok(())
}

/// A byte that names one of a few.
fn one_of(input: &mut Input<'_>, what: &str, last: u8) -> Result<u8, Fault> {
    let value = input.byte()?;
    if value > last {
        return Err(input.fault(format!("{value} is no {what}")));
    }
    Ok(value)
}
