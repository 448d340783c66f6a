//! Numbers and texts as bytes: unsigned by 7 bits a byte, lowest first (LEB128); signed folded so that small
//! ones of either sign are short (zigzag); texts with their length before them.

use crate::Unreadable;

/// The version that all shapes here begin with.
const VERSION: u8 = 1;

pub(crate) struct Packer {
    bytes: Vec<u8>,
}

impl Packer {
    /// Begins with the version.
    pub(crate) fn new(capacity: usize) -> Packer {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.push(VERSION);
        Packer { bytes }
    }
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }
    pub(crate) fn unsigned(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
    pub(crate) fn signed(&mut self, number: i64) {
        self.unsigned(((number << 1) ^ (number >> 63)) as u64);
    }
    /// Eight bytes: for what is spread over all of them.
    pub(crate) fn hash(&mut self, hash: u64) {
        self.bytes.extend_from_slice(&hash.to_le_bytes());
    }
    /// The lower seven bytes of a hash.
    pub(crate) fn tag(&mut self, tag: u64) {
        self.bytes.extend_from_slice(&tag.to_le_bytes()[..7]);
    }
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }
    pub(crate) fn text(&mut self, text: &str) {
        self.unsigned(text.len() as u64);
        self.raw(text.as_bytes());
    }
    pub(crate) fn done(self) -> Vec<u8> {
        self.bytes
    }
}

pub(crate) struct Unpacker<'a> {
    what: &'static str,
    all: usize,
    rest: &'a [u8],
}

impl<'a> Unpacker<'a> {
    /// Checks the version.
    pub(crate) fn new(what: &'static str, bytes: &'a [u8]) -> Result<Unpacker<'a>, Unreadable> {
        let mut unpacker = Unpacker { what, all: bytes.len(), rest: bytes };
        match unpacker.byte()? {
            VERSION => Ok(unpacker),
            other => Err(Unreadable::version(what, u64::from(other))),
        }
    }
    /// It is not what it should be, at the byte that was reached.
    pub(crate) fn wrong(&self, why: &str) -> Unreadable {
        Unreadable::new(self.what, format!("{why} at byte {}", self.all - self.rest.len()))
    }
    pub(crate) fn raw(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.wrong("it is cut short"));
        };
        self.rest = rest;
        Ok(bytes)
    }
    pub(crate) fn byte(&mut self) -> Result<u8, Unreadable> {
        self.raw(1).map(|b| b[0])
    }
    pub(crate) fn unsigned(&mut self) -> Result<u64, Unreadable> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.wrong("a number is longer than 64 bits"))
    }
    pub(crate) fn signed(&mut self) -> Result<i64, Unreadable> {
        let folded = self.unsigned()?;
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }
    pub(crate) fn hash(&mut self) -> Result<u64, Unreadable> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.raw(8)?);
        Ok(u64::from_le_bytes(bytes))
    }
    pub(crate) fn tag(&mut self) -> Result<u64, Unreadable> {
        let mut bytes = [0; 8];
        bytes[..7].copy_from_slice(self.raw(7)?);
        Ok(u64::from_le_bytes(bytes))
    }
    pub(crate) fn flag(&mut self) -> Result<bool, Unreadable> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.wrong("a flag is neither 0 nor 1")),
        }
    }
    /// A number of entries that each take at least one byte: more than there are bytes left cannot be.
    pub(crate) fn entries(&mut self) -> Result<usize, Unreadable> {
        let entries = self.unsigned()?;
        if entries > self.rest.len() as u64 {
            return Err(self.wrong("it is cut short"));
        }
        Ok(entries as usize)
    }
    pub(crate) fn text(&mut self) -> Result<&'a str, Unreadable> {
        let length = self.entries()?;
        let bytes = self.raw(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.wrong("a text is not UTF-8"))
    }
    /// Whether nothing more stands there.
    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }
    pub(crate) fn end(self) -> Result<(), Unreadable> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.wrong("more bytes than there should be")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_texts_come_back(u in any::<u64>(), i in any::<i64>(), h in any::<u64>(), t in ".*") {
            let mut p = Packer::new(0);
            p.unsigned(u);
            p.signed(i);
            p.hash(h);
            p.text(&t);
            let bytes = p.done();
            let mut r = Unpacker::new("test", &bytes).unwrap();
            prop_assert_eq!(r.unsigned().unwrap(), u);
            prop_assert_eq!(r.signed().unwrap(), i);
            prop_assert_eq!(r.hash().unwrap(), h);
            prop_assert_eq!(r.text().unwrap(), t);
            prop_assert!(r.end().is_ok());
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], why: &str) {
        let read = Unpacker::new("test", bytes).and_then(|mut r| {
            r.unsigned()?;
            r.text()?;
            r.end()
        });
        assert_eq!(read.unwrap_err().why, why);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        check(&[], "it is cut short at byte 0");
        check(&[2], "it has version 2; this program knows version 1");
        check(&[1, 0x80], "it is cut short at byte 2");
        check(
            &[1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
            "a number is longer than 64 bits at byte 11",
        );
        check(&[1, 0, 5, b'a'], "it is cut short at byte 3");
        check(&[1, 0, 1, 0xff], "a text is not UTF-8 at byte 4");
        check(&[1, 0, 0, 9], "more bytes than there should be at byte 3");
    }
}
