//! Records out of files: unpacked, cut into lines or CSV rows, every one of them bounded.
//!
//! The inlet `file` and a replay read the same way; so does the inlet `http` with its bodies. Nothing here
//! holds more than one record and a reader's buffer, whatever the input is.

mod columns; // from CSV columns to the fields of a post
mod lines; // lines, bounded
mod raw; // a record before anybody has read it
mod rows; // CSV rows, bounded
mod unpack; // gzip and zstd, told by their first bytes

use std::io::{self, BufRead, BufReader, Read};

pub use crate::records::columns::{Columns, FIELDS, FieldKind};
pub use crate::records::lines::{Line, RecordLines};
pub use crate::records::raw::RawRecord;
pub(crate) use crate::records::rows::Rows;
pub(crate) use crate::records::unpack::{Unpacked, open_from};
pub use crate::records::unpack::{open, unpack};

/// Bytes that a reader holds at a time.
pub(crate) const BUFFER_BYTES: usize = 64 * 1024;

/// How the records of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// By the name: CSV if it ends in `.csv`, `.csv.gz` or `.csv.zst`, JSON Lines otherwise.
    #[default]
    Auto,
    /// A post a line.
    Jsonl,
    /// A header, then a post a row.
    Csv,
}

impl Format {
    /// What [`Format::Auto`] means for a file of this name; the others mean what they say.
    pub fn of(self, path: &str) -> Format {
        let name = path.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").or(name.strip_suffix(".zst")).unwrap_or(&name);
        match self {
            Format::Auto if name.ends_with(".csv") => Format::Csv,
            Format::Auto => Format::Jsonl,
            said => said,
        }
    }
}

/// The records of one stream, one after the other.
#[derive(Debug)]
pub struct Records<R> {
    lines: RecordLines<R>,
    cut: Cut,
}

#[derive(Debug)]
enum Cut {
    Lines(Columns),
    Rows(Rows),
}

impl<R: BufRead> Records<R> {
    /// The records of an unpacked stream from its beginning. `format` must not be [`Format::Auto`]
    /// here unless JSON Lines are meant: a stream has no name.
    ///
    /// # Errors
    /// What the reader says; [`io::ErrorKind::InvalidData`] for a CSV header that lacks a column.
    pub fn start(reader: R, format: Format, columns: &Columns) -> io::Result<Records<R>> {
        let mut lines = RecordLines::new(reader);
        let cut = match format {
            Format::Csv => Cut::Rows(Rows::read_header(&mut lines, columns)?),
            Format::Jsonl | Format::Auto => Cut::Lines(columns.clone()),
        };
        Ok(Records { lines, cut })
    }

    /// The records from a place where reading stopped before. The rows of a CSV need the header that
    /// stands at the beginning of the file.
    pub(crate) fn resume(lines: RecordLines<R>, rows: Option<Rows>, columns: &Columns) -> Records<R> {
        Records { lines, cut: rows.map_or_else(|| Cut::Lines(columns.clone()), Cut::Rows) }
    }

    /// The next record that is not blank.
    ///
    /// # Errors
    /// What the reader says. What was read before the fault has come out as a record that did not end.
    pub fn next_record(&mut self) -> io::Result<Option<RawRecord>> {
        match &mut self.cut {
            Cut::Rows(rows) => rows.next_row(&mut self.lines),
            Cut::Lines(columns) => {
                while let Some(line) = self.lines.next_line()? {
                    if !line.is_blank() {
                        return Ok(Some(RawRecord::of_line(line, columns)));
                    }
                }
                Ok(None)
            }
        }
    }
}

impl<R: BufRead> Records<R> {
    /// The stream did not end but failed: what did not end just now was torn by that.
    pub(crate) fn is_broken(&self) -> bool {
        self.lines.is_broken()
    }
}

impl<R: Read> Records<BufReader<R>> {
    /// Nothing more can be had without asking the underlying reader, which may make us wait.
    pub(crate) fn is_drained(&self) -> bool {
        let held = match &self.cut {
            Cut::Rows(rows) => rows.holds_lines(),
            Cut::Lines(_) => false,
        };
        !held && self.lines.reader().buffer().is_empty()
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = io::Result<RawRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

/// The records of a file (`-`: of standard input), unpacked if they are gzip or zstd. A row of CSV comes out
/// as the JSON of a post; what cannot be cut or mapped comes out with its fault, so that it is rejected.
///
/// # Errors
/// The file cannot be opened, or its CSV header lacks a column: the message names file and column.
pub fn read_records(
    path: &str,
    format: Format,
    columns: &Columns,
) -> io::Result<Box<dyn Iterator<Item = io::Result<RawRecord>> + Send>> {
    let reader = BufReader::with_capacity(BUFFER_BYTES, open(path)?);
    let records = Records::start(reader, format.of(path), columns)
        .map_err(|e| io::Error::new(e.kind(), format!("{path}: {e}")))?;
    Ok(Box::new(records))
}

#[cfg(test)]
mod tests;
