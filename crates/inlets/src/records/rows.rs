//! CSV rows of bounded length. The `csv` crate splits a row into fields; where a row ends is found here,
//! because that crate holds a record of any length: one stray quote, and it would hold the rest of the file.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use tocsin_model::{Reason, limits::RECORD_BYTES_MAX};

use crate::records::columns::{Columns, Plan};
use crate::records::{Line, RawRecord, RecordLines};

/// How often in a row we look past an open quote in vain before everything looked at is rejected as one:
/// a bound on the work that a hostile file can make.
const VAIN_LOOKS_MAX: u32 = 64;

/// The rows after a header.
#[derive(Debug)]
pub(crate) struct Rows {
    /// `None`: there was no header, so there are no rows.
    plan: Option<Plan>,
    /// Lines read while looking for the end of a row that did not come; at most a record's worth.
    held: VecDeque<Line>,
    vain_looks: u32,
}

impl Rows {
    /// Reads the header.
    pub(crate) fn read_header<R: BufRead>(lines: &mut RecordLines<R>, columns: &Columns) -> io::Result<Rows> {
        let mut rows = Rows::not_yet();
        if let Some(row) = rows.next_whole(lines)? {
            let names = row.fields().map_err(|reason| {
                io::Error::new(io::ErrorKind::InvalidData, format!("the header {reason}"))
            })?;
            rows.plan = Some(columns.plan(&names)?);
        }
        Ok(rows)
    }

    /// No header, and so no rows.
    pub(crate) fn not_yet() -> Rows {
        Rows { plan: None, held: VecDeque::new(), vain_looks: 0 }
    }

    /// Lines are held back for the next row.
    pub(crate) fn holds_lines(&self) -> bool {
        !self.held.is_empty()
    }

    pub(crate) fn next_row<R: BufRead>(
        &mut self,
        lines: &mut RecordLines<R>,
    ) -> io::Result<Option<RawRecord>> {
        if self.plan.is_none() {
            return Ok(None);
        }
        let row = self.next_whole(lines)?;
        Ok(row.zip(self.plan.as_ref()).map(|(row, plan)| row.into_record(plan)))
    }

    /// The next row that is not blank, whole or with the reason why it is not.
    fn next_whole<R: BufRead>(&mut self, lines: &mut RecordLines<R>) -> io::Result<Option<Row>> {
        let first = loop {
            match self.next_line(lines)? {
                None => return Ok(None),
                Some(line) if line.is_blank() => {}
                Some(line) => break line,
            }
        };
        let mut at = At::FieldStart.after(&first.bytes);
        let mut row = Row::of(first);
        let mut parts = Vec::new();
        let mut bytes = row.bytes.len();
        while at == At::Quoted && row.fault.is_none() {
            let next = self.next_line(lines).unwrap_or_else(|fault| {
                lines.break_off(fault);
                None
            });
            match next {
                Some(line) if !line.too_long && bytes + 2 + line.bytes.len() <= RECORD_BYTES_MAX => {
                    at = At::Quoted.after(&line.bytes);
                    bytes += 2 + line.bytes.len();
                    parts.push(line);
                }
                beyond => {
                    self.give_up(&mut row, &mut parts, beyond);
                    break;
                }
            }
        }
        if at != At::Quoted {
            self.vain_looks = 0;
        }
        parts.into_iter().for_each(|line| row.push(line));
        Ok(Some(row))
    }

    /// The quote that the row opened was not closed in time. Its first line alone is the fault: the lines
    /// after it are looked at again.
    fn give_up(&mut self, row: &mut Row, parts: &mut Vec<Line>, beyond: Option<Line>) {
        self.vain_looks += 1;
        row.cut_off = beyond.is_none();
        row.fault = Some(Reason::Syntax("a quote is opened and not closed".to_owned()));
        beyond.into_iter().for_each(|line| self.held.push_front(line));
        if self.vain_looks <= VAIN_LOOKS_MAX {
            parts.drain(..).rev().for_each(|line| self.held.push_front(line));
        } else {
            self.vain_looks = 0;
        }
    }

    fn next_line<R: BufRead>(&mut self, lines: &mut RecordLines<R>) -> io::Result<Option<Line>> {
        match self.held.pop_front() {
            Some(line) => Ok(Some(line)),
            None => lines.next_line(),
        }
    }
}

/// Where in a row we are (RFC 4180, as the `csv` crate reads it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

impl At {
    fn after(self, bytes: &[u8]) -> At {
        bytes.iter().fold(self, |at, byte| match (at, byte) {
            (At::Quoted, b'"') => At::QuoteInQuoted,
            (At::Quoted, _) | (At::FieldStart | At::QuoteInQuoted, b'"') => At::Quoted,
            (_, b',') => At::FieldStart,
            _ => At::Plain,
        })
    }
}

/// A row as it stands in the file.
struct Row {
    line: u64,
    next_line: u64,
    offset: u64,
    end: u64,
    bytes: Vec<u8>,
    terminator: &'static [u8],
    fault: Option<Reason>,
    /// The stream ended inside it.
    cut_off: bool,
}

impl Row {
    fn of(line: Line) -> Row {
        Row {
            line: line.number,
            next_line: line.number + 1,
            offset: line.offset,
            end: line.end,
            bytes: line.bytes,
            terminator: line.terminator,
            fault: line.too_long.then_some(Reason::TooLong(RECORD_BYTES_MAX as u64)),
            cut_off: false,
        }
    }

    fn push(&mut self, line: Line) {
        self.bytes.extend_from_slice(self.terminator);
        self.bytes.extend_from_slice(&line.bytes);
        self.terminator = line.terminator;
        self.end = line.end;
        self.next_line = line.number + 1;
    }

    fn fields(&self) -> Result<Vec<String>, Reason> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let text = std::str::from_utf8(&self.bytes).map_err(|fault| Reason::Encoding(fault.valid_up_to()))?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(text.len().max(1))
            .from_reader(text.as_bytes());
        let mut fields = csv::StringRecord::new();
        match reader.read_record(&mut fields) {
            Ok(_) => Ok(fields.iter().map(str::to_owned).collect()),
            Err(fault) => Err(Reason::Syntax(fault.to_string())),
        }
    }

    fn into_record(self, plan: &Plan) -> RawRecord {
        let json = self.fields().and_then(|fields| plan.post(&fields));
        let (bytes, original, fault) = match json {
            Ok(json) => (json, Some(self.bytes), None),
            Err(fault) => (self.bytes, None, Some(fault)),
        };
        RawRecord {
            line: self.line,
            next_line: self.next_line,
            offset: self.offset,
            end: self.end,
            bytes,
            original,
            fault,
            ended: !self.terminator.is_empty() && !self.cut_off,
        }
    }
}
