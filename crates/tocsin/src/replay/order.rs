//! Many files, one order: by recorded time, then by file and line.
//!
//! A first reading finds out whether each file is in order. If all are, a second one merges them as they
//! come. If not (or from standard input, which can be read once only), pieces that fit into memory are sorted
//! and laid down in runs, and the runs are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::{Path, PathBuf};

use tocsin_inlets::records::{Columns, Format, RawRecord, read_records};
use tocsin_model::ArrivalTime;

use super::{BEFORE_ALL, Entry, shown};
use crate::cli;

/// Bytes of records that are sorted in memory at once.
const PIECE_BYTES: usize = 32 * 1024 * 1024;
/// How hard runs are compressed, as zstd counts.
const SQUEEZED: i32 = 1;

/// Entries in order, or why they cannot be read.
pub(crate) type Entries = Box<dyn Iterator<Item = Result<Entry, cli::Stop>> + Send>;

/// The recording as a whole.
pub(crate) struct Recording {
    files: Vec<PathBuf>,
    /// No record can be later.
    latest: ArrivalTime,
    records: u64,
    disorder: u64,
    key: String,
    /// Runs on disk, where the order had to be made.
    runs: Option<Runs>,
}

impl Recording {
    /// Looks through all files. `folder`: where runs may be laid down; `latest`: no record can be later.
    pub(crate) fn open(
        files: &[PathBuf],
        folder: &Path,
        latest: ArrivalTime,
    ) -> Result<Recording, cli::Stop> {
        let (files, key) = (files.to_vec(), String::new());
        let mut recording = Recording { files, latest, records: 0, disorder: 0, key, runs: None };
        let once_only = recording.files.iter().any(|f| f.as_os_str() == "-");
        if !once_only {
            recording.look_through()?;
        }
        if once_only || recording.disorder > 0 {
            (recording.records, recording.disorder) = (0, 0);
            recording.sort(folder)?;
        }
        let names: Vec<String> = recording.files.iter().map(|f| shown(f)).collect();
        recording.key = format!("replay:{}:{}", recording.records, names.join("\n"));
        Ok(recording)
    }

    /// How many records there are.
    pub(crate) fn posts(&self) -> u64 {
        self.records
    }
    /// How many records came after one that is later.
    pub(crate) fn disorder(&self) -> u64 {
        self.disorder
    }
    /// The name under which it is kept how far a replay got.
    pub(crate) fn key(&self) -> String {
        self.key.clone()
    }

    /// All records in order.
    pub(crate) fn entries(&self) -> Result<Entries, cli::Stop> {
        if let Some(runs) = &self.runs {
            return runs.entries();
        }
        let files = self.files.iter().map(|file| file_entries(file, self.latest));
        Ok(Box::new(Merge::new(files.collect::<Result<_, _>>()?)?))
    }

    fn look_through(&mut self) -> Result<(), cli::Stop> {
        for file in &self.files {
            let mut latest = BEFORE_ALL;
            for entry in file_entries(file, self.latest)? {
                let at = entry?.at;
                self.records += 1;
                self.disorder += u64::from(at < latest);
                latest = latest.max(at);
            }
        }
        Ok(())
    }

    fn sort(&mut self, folder: &Path) -> Result<(), cli::Stop> {
        let mut sorter = Sorter::new(folder)?;
        for file in &self.files {
            let mut latest = BEFORE_ALL;
            for entry in file_entries(file, self.latest)? {
                let entry = entry?;
                self.records += 1;
                self.disorder += u64::from(entry.at < latest);
                latest = latest.max(entry.at);
                sorter.push(entry)?;
            }
        }
        self.runs = Some(sorter.sorted()?);
        Ok(())
    }
}

/// Puts entries in order that come in none: equal times keep the order in which they came.
pub(crate) struct Sorter {
    folder: PathBuf,
    piece: Vec<Entry>,
    weight: usize,
    runs: Vec<File>,
}

impl Sorter {
    /// `folder`: where runs may be laid down.
    pub(crate) fn new(folder: &Path) -> Result<Sorter, cli::Stop> {
        std::fs::create_dir_all(folder).map_err(cli::Stop::failed)?;
        Ok(Sorter { folder: folder.to_owned(), piece: Vec::new(), weight: 0, runs: Vec::new() })
    }

    /// Takes the next one.
    pub(crate) fn push(&mut self, entry: Entry) -> Result<(), cli::Stop> {
        self.weight += entry.weight();
        self.piece.push(entry);
        if self.weight >= PIECE_BYTES {
            self.lay_down()?;
        }
        Ok(())
    }

    /// All that were taken, in order.
    pub(crate) fn sorted(mut self) -> Result<Runs, cli::Stop> {
        self.lay_down()?;
        Ok(Runs(self.runs))
    }

    fn lay_down(&mut self) -> Result<(), cli::Stop> {
        self.weight = 0;
        self.runs.push(lay_down(&mut self.piece, &self.folder).map_err(cli::Stop::failed)?);
        Ok(())
    }
}

/// Sorted runs on disk; they go with this.
pub(crate) struct Runs(Vec<File>);

impl Runs {
    /// Their entries in one order.
    pub(crate) fn entries(&self) -> Result<Entries, cli::Stop> {
        let run = |run: &File| {
            let mut run = run.try_clone().map_err(cli::Stop::failed)?;
            run.rewind().map_err(cli::Stop::failed)?;
            run_entries(run)
        };
        Ok(Box::new(Merge::new(self.0.iter().map(run).collect::<Result<_, cli::Stop>>()?)?))
    }
}

/// Sorts a piece (equal times keep their order) and writes it to a file that goes with its handle.
fn lay_down(piece: &mut Vec<Entry>, folder: &Path) -> std::io::Result<File> {
    piece.sort_by_key(|entry| entry.at);
    let mut run = zstd::Encoder::new(tempfile::tempfile_in(folder)?, SQUEEZED)?;
    for entry in piece.drain(..) {
        entry.write(&mut run)?;
    }
    run.finish()
}

fn run_entries(run: File) -> Result<Entries, cli::Stop> {
    let run = zstd::Decoder::new(run).map_err(cli::Stop::failed)?;
    let mut run = BufReader::with_capacity(1 << 18, run);
    Ok(Box::new(std::iter::from_fn(move || Entry::read(&mut run).map_err(cli::Stop::failed).transpose())))
}

fn file_entries(file: &Path, latest: ArrivalTime) -> Result<Entries, cli::Stop> {
    let name = shown(file);
    let path = file.to_string_lossy().into_owned();
    let faulty = move |why: std::io::Error| cli::Stop::failed(format_args!("{path}: {why}"));
    let records = read_records(&file.to_string_lossy(), Format::default(), &Columns::default())
        .map_err(cli::Stop::usage)?;
    let mut before = BEFORE_ALL;
    let blank =
        |raw: &std::io::Result<RawRecord>| raw.as_ref().is_ok_and(|r| r.bytes.trim_ascii().is_empty());
    Ok(Box::new(records.filter(move |raw| !blank(raw)).map(move |raw| {
        let entry = Entry::of(raw.map_err(&faulty)?, &name, before, latest);
        before = entry.at;
        Ok(entry)
    })))
}

/// Several orders merged into one; equal times come from the earlier source first.
struct Merge {
    sources: Vec<Entries>,
    heads: BinaryHeap<Reverse<(ArrivalTime, usize)>>,
    next: Vec<Option<Entry>>,
}

impl Merge {
    fn new(sources: Vec<Entries>) -> Result<Merge, cli::Stop> {
        let next = sources.iter().map(|_| None).collect();
        let mut merge = Merge { next, heads: BinaryHeap::new(), sources };
        for source in 0..merge.sources.len() {
            merge.pull(source)?;
        }
        Ok(merge)
    }
    fn pull(&mut self, source: usize) -> Result<(), cli::Stop> {
        if let Some(entry) = self.sources[source].next().transpose()? {
            self.heads.push(Reverse((entry.at, source)));
            self.next[source] = Some(entry);
        }
        Ok(())
    }
}

impl Iterator for Merge {
    type Item = Result<Entry, cli::Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((_, source)) = self.heads.pop()?;
        let entry = self.next[source].take()?;
        match self.pull(source) {
            Ok(()) => Some(Ok(entry)),
            Err(stop) => Some(Err(stop)),
        }
    }
}
