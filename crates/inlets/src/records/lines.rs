//! Lines of bounded length: what is too long is skipped without being held.

use std::io::{self, BufRead, Read};

use tocsin_model::limits::RECORD_BYTES_MAX;

/// What some editors put before the first letter.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u64,
    /// Where it begins in the unpacked stream, in bytes.
    pub offset: u64,
    /// Where the next line begins.
    pub end: u64,
    /// Without its terminator; at most [`RECORD_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// `\n`, `\r\n`, or nothing when the stream ended before the line did.
    pub terminator: &'static [u8],
    /// It was longer; `bytes` is its beginning.
    pub too_long: bool,
}

impl Line {
    /// White space only.
    pub fn is_blank(&self) -> bool {
        !self.too_long && self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// The lines of a stream. A byte order mark at the beginning is taken off.
#[derive(Debug)]
pub struct RecordLines<R> {
    reader: R,
    offset: u64,
    number: u64,
    /// A fault that came after part of a line: first the part, then the fault.
    fault: Option<io::Error>,
    /// A fault was handed out. Nothing comes after it: some readers would say the same for ever.
    over: bool,
}

impl<R: BufRead> RecordLines<R> {
    /// From the beginning of a stream.
    pub fn new(reader: R) -> RecordLines<R> {
        RecordLines::resume(reader, 0, 1)
    }

    /// From a reader that stands at byte `offset`, where line `number` begins.
    pub fn resume(reader: R, offset: u64, number: u64) -> RecordLines<R> {
        RecordLines { reader, offset, number, fault: None, over: false }
    }

    /// The next line.
    ///
    /// # Errors
    /// What the reader says, after the part of a line that came before it. It is said once, and is the end.
    pub fn next_line(&mut self) -> io::Result<Option<Line>> {
        if self.over {
            return Ok(None);
        }
        if let Some(fault) = self.fault.take() {
            self.over = true;
            return Err(fault);
        }
        let mut bytes = Vec::new();
        // Two more than a line may hold, for its terminator.
        let read = (&mut self.reader).take(RECORD_BYTES_MAX as u64 + 2).read_until(b'\n', &mut bytes);
        if let Err(fault) = read {
            if bytes.is_empty() {
                self.over = true;
                return Err(fault);
            }
            self.fault = Some(fault);
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let mut end = self.offset + bytes.len() as u64;
        let mut terminator = cut_terminator(&mut bytes);
        let too_long = bytes.len() > RECORD_BYTES_MAX;
        if too_long && terminator.is_empty() && self.fault.is_none() {
            let (skipped, newline) = self.skip_line();
            end += skipped;
            terminator = if newline { b"\n" } else { b"" };
        }
        bytes.truncate(RECORD_BYTES_MAX);
        if self.offset == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        let line = Line { number: self.number, offset: self.offset, end, bytes, terminator, too_long };
        self.offset = end;
        self.number += 1;
        Ok(Some(line))
    }

    /// Where the next line begins, and its number.
    pub fn position(&self) -> (u64, u64) {
        (self.offset, self.number)
    }

    /// The stream did not end but failed, and the next answer will say so.
    pub(crate) fn is_broken(&self) -> bool {
        self.fault.is_some()
    }

    /// Lets the next answer be this fault, after what came before it has been handed out.
    pub(crate) fn break_off(&mut self, fault: io::Error) {
        self.fault = Some(fault);
    }

    /// What is read from.
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// Leaves the rest of a line unread: how many bytes that were, and whether a newline ended it.
    fn skip_line(&mut self) -> (u64, bool) {
        let mut skipped = 0;
        loop {
            let held = match self.reader.fill_buf() {
                Ok(held) => held,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => continue,
                Err(fault) => {
                    self.fault = Some(fault);
                    return (skipped, false);
                }
            };
            if held.is_empty() {
                return (skipped, false);
            }
            let newline = held.iter().position(|b| *b == b'\n');
            let used = newline.map_or(held.len(), |at| at + 1);
            self.reader.consume(used);
            skipped += used as u64;
            if newline.is_some() {
                return (skipped, true);
            }
        }
    }
}

impl<R: BufRead> Iterator for RecordLines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

fn cut_terminator(bytes: &mut Vec<u8>) -> &'static [u8] {
    let terminator: &'static [u8] = if bytes.ends_with(b"\r\n") {
        b"\r\n"
    } else if bytes.ends_with(b"\n") {
        b"\n"
    } else {
        b""
    };
    bytes.truncate(bytes.len() - terminator.len());
    terminator
}
