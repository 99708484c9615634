//! The index sort at the end of a `.si`: read only to know that nothing is left over behind it.

use super::Fault;
use super::input::Input;

/// Skips the sort fields, up to the footer. What follows a provider that is not Lucene's own is not looked at.
pub(super) fn skip(input: &mut Input<'_>, inline: bool) -> Result<(), Fault> {
    let fields = input.count(3)?;
    for _ in 0..fields {
        if inline {
            skip_inline(input)?;
        } else if !skip_provided(input)? {
            return Ok(());
        }
    }
    input.end()
}

/// As `Lucene62SegmentInfoFormat` and `Lucene70SegmentInfoFormat` write it.
fn skip_inline(input: &mut Input<'_>) -> Result<(), Fault> {
    input.string()?;
    let mut value = match input.variable_int()? {
        0 => 0,
        1 | 3 => 8,
        2 | 4 => 4,
        5 => {
            input.byte()?;
            0
        }
        6 => {
            let value = match input.byte()? {
                0 | 2 => 8,
                1 | 3 => 4,
                other => return Err(input.fault(format!("{other} is no type of a sort's numbers"))),
            };
            input.byte()?;
            value
        }
        other => return Err(input.fault(format!("{other} is no type of an index sort"))),
    };
    let _reverse = input.byte()?;
    if input.byte()? == 0 {
        value = 0;
    }
    input.take(value).map(drop)
}

/// As `SortField.Provider` and its like of Lucene 8.6 and later write it. `false`: another provider.
fn skip_provided(input: &mut Input<'_>) -> Result<bool, Fault> {
    let provider = input.string()?;
    let numeric = match provider.as_ref() {
        "SortField" => false,
        "SortedNumericSortField" => true,
        "SortedSetSortField" => {
            input.string()?;
            input.take(12)?;
            return Ok(true);
        }
        _ => return Ok(false),
    };
    input.string()?;
    let value = match input.string()?.as_ref() {
        "LONG" | "DOUBLE" => 8,
        _ => 4,
    };
    let _reverse = input.int()?;
    if numeric {
        let _selector = input.int()?;
    }
    if input.int()? == 1 {
        input.take(value)?;
    }
    Ok(true)
}
