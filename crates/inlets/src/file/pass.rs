//! One reading of one file, from where the last one stopped to its end, in batches. It blocks, so it runs on
//! a thread where nobody waits for it.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

use crate::file::FileConfig;
use crate::file::mark::Mark;
use crate::records::{
    BUFFER_BYTES, Format, Line, RawRecord, RecordLines, Records, Rows, Unpacked, open_from, unpack,
};

/// Records handed in at once.
const BATCH_RECORDS_MAX: usize = 1_000;
/// Bytes of records handed in at once; the last record may go beyond.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// Some records of one file, in order.
#[derive(Debug, Default)]
pub(super) struct Haul {
    pub(super) records: Vec<RawRecord>,
    bytes: usize,
}

impl Haul {
    /// There is no room for another record.
    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= BATCH_RECORDS_MAX || self.bytes >= BATCH_BYTES_MAX
    }

    pub(super) fn push(&mut self, record: RawRecord) {
        self.bytes += record.bytes.len() + record.original.as_ref().map_or(0, Vec::len);
        self.records.push(record);
    }
}

/// How a file was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// For the first time.
    New,
    /// Where it was left.
    Again,
    /// Another file is there under its name, or it was cut: it is read from its beginning.
    Replaced,
}

/// A file that is being read.
pub(super) struct Pass {
    records: Records<BufReader<Unpacked>>,
    format: Format,
    packed: bool,
    follow: bool,
    /// As far as the batches handed out go.
    pub(super) mark: Mark,
    pub(super) met: Met,
    over: bool,
    /// A fault that came after some records: first they, then the fault.
    fault: Option<io::Error>,
}

impl Pass {
    /// Opens a file where `left` says, or at its beginning.
    pub(super) fn open(path: &Path, config: &FileConfig, left: Option<Mark>) -> io::Result<Pass> {
        let (mut mark, mut met) = match left {
            None => (Mark::beginning(path)?, Met::New),
            Some(left) => match left.renew(path)? {
                Some(mark) => (mark, Met::Again),
                None => (Mark::beginning(path)?, Met::Replaced),
            },
        };
        let name = path.to_string_lossy();
        let format = config.format.of(&name);
        let rows = if format == Format::Csv { Some(header(path, config)?) } else { None };
        if let Some((_, (offset, line))) = &rows
            && mark.offset < *offset
        {
            mark = mark.at(*offset, *line);
        }
        let (stream, packed) = match open_from(path, mark.offset)? {
            Some(opened) => opened,
            None => {
                met = Met::Replaced;
                let (offset, line) = rows.as_ref().map_or((0, 1), |(_, start)| *start);
                mark = Mark::beginning(path)?.at(offset, line);
                open_from(path, offset)?.ok_or(io::ErrorKind::UnexpectedEof)?
            }
        };
        let reader = BufReader::with_capacity(BUFFER_BYTES, stream);
        let lines = RecordLines::resume(reader, mark.offset, mark.line);
        let records = Records::resume(lines, rows.map(|(rows, _)| rows), &config.columns);
        Ok(Pass { records, format, packed, follow: config.follow, mark, met, over: false, fault: None })
    }

    /// The next records; none at the end of what can be taken now.
    ///
    /// # Errors
    /// The file cannot be read on; what came before that has been handed out.
    pub(super) fn next_haul(&mut self) -> io::Result<Haul> {
        let mut haul = Haul::default();
        while !haul.is_full() && !self.over && self.fault.is_none() {
            match self.records.next_record() {
                Ok(None) => self.over = true,
                Ok(Some(record)) if record.ended || self.is_complete(&record) => {
                    // What is left of a line that did not end is its newline: still the same line.
                    let line = record.next_line - u64::from(!record.ended);
                    self.mark = self.mark.at(record.end, line);
                    haul.push(record);
                }
                // It is still being written: the next pass meets it again.
                Ok(Some(_)) => self.over = true,
                Err(fault) => self.fault = Some(fault),
            }
        }
        match self.fault.take() {
            Some(fault) if haul.records.is_empty() => {
                self.over = true;
                Err(fault)
            }
            fault => {
                self.fault = fault;
                Ok(haul)
            }
        }
    }

    /// Whether a last line without its newline may be taken. When nobody follows the file, it is all there
    /// will be. Else only if nothing can be added to it: an object whose brace is closed, or the end of an
    /// archive that was closed. (Whatever follows a closed brace on that line would be a fault anyway.)
    fn is_complete(&self, record: &RawRecord) -> bool {
        let closed = |json: &[u8]| {
            json.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(json).is_ok()
        };
        !self.follow
            || (self.packed && !self.records.is_broken())
            || (self.format == Format::Jsonl && record.fault.is_none() && closed(&record.bytes))
    }
}

/// The header of a CSV, with where the first row begins. One that is still being written is waited for, as
/// any torn line is.
fn header(path: &Path, config: &FileConfig) -> io::Result<(Rows, (u64, u64))> {
    let open = || -> io::Result<_> {
        Ok(RecordLines::new(BufReader::with_capacity(BUFFER_BYTES, unpack(File::open(path)?)?)))
    };
    let mut lines = open()?;
    let mut first = lines.next_line()?;
    while first.as_ref().is_some_and(Line::is_blank) {
        first = lines.next_line()?;
    }
    if config.follow && first.is_none_or(|line| line.terminator.is_empty()) {
        return Ok((Rows::not_yet(), (0, 1)));
    }
    let mut lines = open()?;
    let rows = Rows::read_header(&mut lines, &config.columns)?;
    Ok((rows, lines.position()))
}

/// The name under which a file is known, whatever way leads to it.
pub(super) fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
