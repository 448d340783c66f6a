//! `tocsin state export` and `import`: what is remembered of brands and sources, from one folder to another.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use tocsin_embedded::{Keep, Store};
use tocsin_flow::Fault;
use tocsin_model::limits::RECORD_BYTES_MAX;

use crate::cli::args::{Place, State};
use crate::cli::{self, Exit};
use crate::config;
use crate::house::House;

/// Bytes of one row: an incident with a long story is the longest.
const ROW_BYTES_MAX: usize = 16 * RECORD_BYTES_MAX;

/// Runs the command.
pub(crate) fn state(typed: &State, out: &mut impl Write) -> Result<io::Result<()>, cli::Stop> {
    match typed {
        State::Export { file, place } => {
            let store = open(place)?;
            let rows = export(&store, file)?;
            Ok(writeln!(out, "{rows} rows written to {}", file.display()))
        }
        State::Import { file, place } => {
            let store = open(place)?;
            if !store.office().remembers_nothing()? {
                let words = "this data folder remembers brands already; import into an empty one: --data NEW";
                return Err(cli::Stop { exit: Exit::Usage, words: words.into() });
            }
            let rows = store.office().remember(rows(file)?)?;
            Ok(writeln!(out, "{rows} rows taken over from {}", file.display()))
        }
    }
}

fn open(place: &Place) -> Result<Store, cli::Stop> {
    let folder = match &place.data {
        Some(folder) => folder.clone(),
        None => config::load(place.config.as_deref(), config::environment())?.store.path,
    };
    let house = House::new();
    Ok(house.open(&folder, Keep::default())?)
}

fn export(store: &Store, file: &Path) -> Result<u64, cli::Stop> {
    let cannot = |why: io::Error| cli::Stop::failed(format_args!("{}: {why}", file.display()));
    // Beside its place first: a file of this name is whole.
    let beside = PathBuf::from(format!("{}.part", file.display()));
    let plain = BufWriter::new(File::create(&beside).map_err(cannot)?);
    let is_zst = file.extension().is_some_and(|e| e == "zst");
    let mut to: Box<dyn Write> = match is_zst {
        true => Box::new(zstd::Encoder::new(plain, 0).map_err(cannot)?.auto_finish()),
        false => Box::new(plain),
    };
    let mut rows = 0;
    store.office().state(|row| {
        rows += 1;
        let mut line = tocsin_wire::write_state_row(&row);
        line.push(b'\n');
        to.write_all(&line).map_err(|why| broken(file, &why))
    })?;
    to.flush().map_err(cannot)?;
    drop(to);
    File::open(&beside).and_then(|f| f.sync_all()).map_err(cannot)?;
    std::fs::rename(&beside, file).map_err(cannot)?;
    Ok(rows)
}

/// The rows of a file, plain or `.zst`.
fn rows(file: &Path) -> Result<impl Iterator<Item = Result<tocsin_wire::StateRow, Fault>>, cli::Stop> {
    let cannot = |why: io::Error| cli::Stop::usage(format_args!("{}: {why}", file.display()));
    let plain = File::open(file).map_err(cannot)?;
    let is_zst = file.extension().is_some_and(|e| e == "zst");
    let from: Box<dyn Read> = match is_zst {
        true => Box::new(zstd::Decoder::new(plain).map_err(cannot)?),
        false => Box::new(plain),
    };
    let mut from = BufReader::new(from);
    let (file, mut number) = (file.to_owned(), 0u64);
    Ok(std::iter::from_fn(move || {
        number += 1;
        let mut line = Vec::new();
        let read = from.by_ref().take(ROW_BYTES_MAX as u64).read_until(b'\n', &mut line);
        match read {
            Ok(0) => None,
            Ok(_) => {
                let row = tocsin_wire::read_state_row(line.trim_ascii_end());
                Some(row.map_err(|why| broken(&file, &format_args!("line {number}: {why}"))))
            }
            Err(why) => Some(Err(broken(&file, &why))),
        }
    }))
}

fn broken(file: &Path, why: &dyn std::fmt::Display) -> Fault {
    Fault::Misconfigured {
        setting: file.display().to_string(),
        found: why.to_string(),
        expected: "a whole file that tocsin state export wrote, and room on the disk".into(),
    }
}
