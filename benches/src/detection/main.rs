//! `make detection`: how well tocsin knows a crisis, written into docs/detection.md, tables and curves.
//!
//! Each part puts its table between two marks of that page, so that every figure there comes from a run. What is
//! measured on shared data needs it beside the project, and `python3` for its generators and scorers.

mod again; // many seeds, judged again
mod curves; // a crisis as it looks, with the bell
mod drills; // our own scenarios
mod forecast; // what is to come, and what came
mod nab; // five real series
mod page; // where the tables go
mod plot; // pictures
mod quiet; // series on which nothing happens
mod read; // posts to rows
mod rules; // what people use now
mod stream; // one made-up stream of the shared generator
mod suites; // all of them
mod tools; // other programs

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::page::Page;
use crate::tools::Tools;

/// What went wrong, in words: this program is read by people only.
type Fault = Box<dyn Error>;

const USAGE: &str = "\
tocsin-detection [--streams FOLDER] [PART …]
tocsin-detection again FOLDER [NAME …]
  PART       nab, quiet, forecast, suites, seeds, calibration, drills, curves: all of them if none is named
  --streams  where the made-up streams are, or are to be made (target/detection): 2 GB
  again      judges the streams in a folder (those whose names begin so), each read but once; puts what rang beside each,
             as again.jsonl, for the scorer";

/// A part, and how it is measured.
type Part = (&'static str, fn(&Tools, &Page) -> Result<(), Fault>);

const PARTS: &[Part] = &[
    ("nab", nab::measure),
    ("quiet", quiet::measure),
    ("forecast", forecast::measure),
    ("suites", suites::measure),
    ("seeds", suites::more_seeds),
    ("calibration", suites::calibrate),
    ("drills", drills::measure),
    ("curves", curves::draw),
];

fn main() -> ExitCode {
    match measure(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn measure(mut arguments: impl Iterator<Item = String>) -> Result<(), Fault> {
    let house = house();
    let (mut streams, mut wanted) = (house.join("target/detection"), Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "again" => {
                let folder = PathBuf::from(arguments.next().ok_or("again: say where the streams are")?);
                let names: Vec<String> = arguments.collect();
                return again::judge_all(&Tools::find(&house, streams)?, &folder, &names);
            }
            "--streams" => streams = PathBuf::from(arguments.next().ok_or("--streams: say where")?),
            name if PARTS.iter().any(|(part, _)| *part == name) => wanted.push(argument),
            other => return Err(format!("{other}: not known here\n{USAGE}").into()),
        }
    }
    let tools = Tools::find(&house, streams)?;
    let page = Page::at(house.join("docs/detection.md"));
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            eprintln!("{name} …");
            measure(&tools, &page)?;
        }
    }
    Ok(())
}

/// The project's folder.
fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
