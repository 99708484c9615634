//! Reads the bytes of a Lucene file in order, never beyond their end. `DataInput` of Lucene 7 to 10.

use super::Fault;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The order of bytes in plain integers: big-endian until Lucene 8, little-endian from Lucene 9 on. Headers, footers and
/// all of `segments_N` are big-endian always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
}

/// Some bytes of a file, and how far they are read.
#[derive(Debug, Clone)]
pub(super) struct Input<'a> {
    file: &'a str,
    bytes: &'a [u8],
    /// Where in the file the bytes begin.
    start: u64,
    at: usize,
    order: Order,
}

impl<'a> Input<'a> {
    /// Reads `bytes`, which begin at `start` in the file.
    pub(super) fn new(file: &'a str, bytes: &'a [u8], start: u64) -> Self {
        Self {
            file,
            bytes,
            start,
            at: 0,
            order: Order::Big,
        }
    }

    /// From here on, plain integers have this order.
    pub(super) fn set_order(&mut self, order: Order) {
        self.order = order;
    }

    /// Where in the file the next byte is.
    pub(super) fn offset(&self) -> u64 {
        self.start + self.at as u64
    }

    /// How many bytes are left.
    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Something at the last byte read that is not as it should be.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.file, message).at(self.offset())
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let bytes = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.get(..count))
            .ok_or_else(|| {
                let left = self.remaining();
                self.fault(format!(
                    "ends too early: {count} bytes are needed, {left} are left"
                ))
            })?;
        self.at += count;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn id(&mut self) -> Result<[u8; 16], Fault> {
        self.array()
    }

    pub(super) fn int(&mut self) -> Result<i32, Fault> {
        let bytes = self.array()?;
        Ok(match self.order {
            Order::Big => i32::from_be_bytes(bytes),
            Order::Little => i32::from_le_bytes(bytes),
        })
    }

    pub(super) fn long(&mut self) -> Result<i64, Fault> {
        let bytes = self.array()?;
        Ok(match self.order {
            Order::Big => i64::from_be_bytes(bytes),
            Order::Little => i64::from_le_bytes(bytes),
        })
    }

    /// A plain integer that cannot be negative.
    pub(super) fn unsigned(&mut self, what: &str) -> Result<u32, Fault> {
        let value = self.int()?;
        u32::try_from(value).map_err(|_| self.fault(format!("{what} is negative: {value}")))
    }

    fn variable(&mut self, bits: u32) -> Result<u64, Fault> {
        let mut value = 0u64;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift >= bits || (shift + 7 > bits && low >> (bits - shift) != 0) {
                return Err(self.fault(format!("a variable number has more than {bits} bits")));
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// A number of up to five bytes; a negative one, which Lucene never writes where this is used, is a large one.
    pub(super) fn variable_int(&mut self) -> Result<u32, Fault> {
        Ok(self.variable(32)? as u32)
    }

    pub(super) fn variable_long(&mut self) -> Result<u64, Fault> {
        self.variable(63)
    }

    /// How many things follow, each at least `least` bytes long: more than the rest could hold is a fault, so that memory
    /// is never reserved on a number's word.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, Fault> {
        let count = self.variable_int()?;
        self.fits(count, least)
    }

    /// [`Self::count`] for a number that was read already.
    pub(super) fn fits(&self, count: u32, least: usize) -> Result<usize, Fault> {
        let count = count as usize;
        if count > self.remaining() / least {
            let left = self.remaining();
            return Err(self.fault(format!("{count} entries cannot stand in the {left} bytes left")));
        }
        Ok(count)
    }

    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let length = self.variable_int()? as usize;
        Ok(String::from_utf8_lossy(self.take(length)?))
    }

    pub(super) fn strings(&mut self) -> Result<Vec<Cow<'a, str>>, Fault> {
        let count = self.count(1)?;
        (0..count).map(|_| self.string()).collect()
    }

    pub(super) fn map(&mut self) -> Result<BTreeMap<String, String>, Fault> {
        let count = self.count(2)?;
        (0..count)
            .map(|_| Ok((self.string()?.into_owned(), self.string()?.into_owned())))
            .collect()
    }

    /// Passes over a map.
    pub(super) fn skip_map(&mut self) -> Result<(), Fault> {
        for _ in 0..2 * self.count(2)? {
            let length = self.variable_int()? as usize;
            self.take(length)?;
        }
        Ok(())
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Fault> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(self.fault(format!("{left} bytes are left over before the footer"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_the_order_that_was_set() {
        let mut input = Input::new("f", &[0, 0, 0, 1, 1, 0, 0, 0], 0);
        assert_eq!(input.int(), Ok(1));
        input.set_order(Order::Little);
        assert_eq!(input.int(), Ok(1));
        assert_eq!(input.end(), Ok(()));
    }

    #[test]
    fn a_variable_number_holds_its_bits_and_not_more() {
        let read = |bytes: &[u8]| Input::new("f", bytes, 0).variable_int();
        assert_eq!(read(&[0x7f]), Ok(127));
        assert_eq!(read(&[0x80, 0x01]), Ok(128));
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(u32::MAX));
        assert!(read(&[0xff, 0xff, 0xff, 0xff, 0x1f]).is_err());
        assert!(read(&[0xff; 6]).is_err());
        let long = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(Input::new("f", &long, 0).variable_long(), Ok(i64::MAX as u64));
        assert!(Input::new("f", &[0xff; 10], 0).variable_long().is_err());
    }

    #[test]
    fn a_count_that_the_rest_cannot_hold_is_a_fault() {
        let mut input = Input::new("f", &[0xff, 0xff, 0xff, 0xff, 0x07, 1, 2], 100);
        let fault = input.strings().unwrap_err();
        assert_eq!(fault.offset, Some(105));
        assert!(fault.message.contains("2147483647 entries"), "{}", fault.message);
        assert!(Input::new("f", &[5, b'a'], 0).string().is_err());
    }
}
