//! `tocsin state`: what is remembered of brands and sources, from one folder or Redis to another.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use tocsin_embedded::{Keep, Store};
use tocsin_flow::Fault;
use tocsin_model::limits::RECORD_BYTES_MAX;
use tocsin_wire::StateRow;

use crate::cli::args::{Place, State};
use crate::cli::{self, Exit};
use crate::config;
use crate::house::House;
use crate::servers;

/// Bytes of one row: an incident with a long story is the longest.
const ROW_BYTES_MAX: usize = 16 * RECORD_BYTES_MAX;

/// Where it is remembered.
enum Memory {
    Folder(Store),
    Redis(tocsin_redis::Settings),
}

/// Runs the command.
pub(crate) fn state(typed: &State, out: &mut impl Write) -> Result<io::Result<()>, cli::Stop> {
    match typed {
        State::Export { file, place } => {
            let rows = export(&memory(place)?, file)?;
            Ok(writeln!(out, "{rows} rows written to {}", file.display()))
        }
        State::Import { file, place } => {
            let rows = import(&memory(place)?, rows(file)?)?;
            Ok(writeln!(out, "{rows} rows taken over from {}", file.display()))
        }
        State::Fences { drop, config } => servers::fences(config, drop.as_deref(), out),
        State::Heal { since, config } => servers::heal_since(config, *since, out),
    }
}

/// The folder that is named; else what the config says.
fn memory(place: &Place) -> Result<Memory, cli::Stop> {
    let folder = match &place.data {
        Some(folder) => folder.clone(),
        None => {
            let config = config::load(place.config.as_deref(), config::environment())?;
            match config.servers {
                Some(servers) => return Ok(Memory::Redis(servers.redis)),
                None => config.store.path,
            }
        }
    };
    let house = House::new();
    Ok(Memory::Folder(house.open(&folder, Keep::default())?))
}

fn import(memory: &Memory, rows: impl Iterator<Item = Result<StateRow, Fault>>) -> Result<u64, cli::Stop> {
    let full = |what: &str, new: &str| cli::Stop {
        exit: Exit::Usage,
        words: format!("this {what} remembers brands already; import into an empty one: {new}"),
    };
    match memory {
        Memory::Folder(store) if !store.office().remembers_nothing()? => {
            Err(full("data folder", "--data NEW"))
        }
        Memory::Folder(store) => Ok(store.office().remember(rows)?),
        Memory::Redis(settings) => {
            let taken = servers::wait(async {
                let redis = servers::open(settings).await?;
                if redis.remembers_nothing().await? { redis.import(rows).await.map(Some) } else { Ok(None) }
            })?;
            taken.ok_or_else(|| full("Redis", "give [redis] another prefix"))
        }
    }
}

fn export(memory: &Memory, file: &Path) -> Result<u64, cli::Stop> {
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
    let write = |row: StateRow| {
        rows += 1;
        let mut line = tocsin_wire::write_state_row(&row);
        line.push(b'\n');
        to.write_all(&line).map_err(|why| broken(file, &why))
    };
    match memory {
        Memory::Folder(store) => store.office().state(write)?,
        Memory::Redis(settings) => {
            servers::wait(async { servers::open(settings).await?.export(write).await })?;
        }
    }
    to.flush().map_err(cannot)?;
    drop(to);
    File::open(&beside).and_then(|f| f.sync_all()).map_err(cannot)?;
    std::fs::rename(&beside, file).map_err(cannot)?;
    Ok(rows)
}

/// The rows of a file, plain or `.zst`.
fn rows(file: &Path) -> Result<impl Iterator<Item = Result<StateRow, Fault>>, cli::Stop> {
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
