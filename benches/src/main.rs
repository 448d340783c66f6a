//! `make bench`: one table of what tocsin manages on this machine, measured in one run.
//!
//! Every bar is a ratio of two figures of the same run, with the same posts on both sides, because
//! absolute figures are a machine's and an hour's. What computes alone is measured in CPU seconds of its
//! thread; whole programs in both, wall and CPU. A missed bar is said and fails nothing: this is no test.

mod brands; // ten thousand of them, every ten seconds
mod chain; // a post's whole way in memory
mod chance; // draws that are the same in every run
mod child; // another program: how long, how much
mod corpus; // the posts
mod inlet; // the HTTP inlet, alive
mod keywords; // 10,000 words to look for
mod matching; // brands, against a plain automaton
mod memory; // a million posts on one brand
mod python; // what a plain worker manages
mod replay; // the whole command
mod table; // what comes out
mod watch; // seconds of this thread and on the wall
mod windows; // counts in memory
mod write; // what was read of a post, as bytes

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::corpus::Corpus;
use crate::keywords::Keywords;
use crate::table::Table;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What went wrong, in words: this program is read by people only.
type Fault = Box<dyn Error>;

const USAGE: &str = "\
tocsin-bench [--full] [--rounds N] [PART …]
  PART      chain, matching, brands, replay, inlet: all of them if none is named
  --full    also the memory of a million posts on one brand (some minutes)
  --rounds  how often each figure is taken (5); the median counts";

fn main() -> ExitCode {
    match Wanted::from_arguments(std::env::args().skip(1)).and_then(|wanted| bench(&wanted)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn bench(wanted: &Wanted) -> Result<(), Fault> {
    let corpus = Corpus::load(&house().join("../shared/data/posts/weibo.jsonl.gz"))?;
    let mut table = Table::default();
    table.note(corpus.origin.clone());
    if wanted.part("chain") || wanted.part("matching") {
        let keywords = Keywords::draw(&corpus)?;
        table.note(keywords.origin.clone());
        if wanted.part("chain") {
            eprintln!("the chain, {} rounds …", wanted.rounds);
            chain::measure(&corpus, &keywords, wanted.rounds, &mut table)?;
        }
        if wanted.part("matching") {
            eprintln!("brands …");
            matching::measure(&corpus, &keywords, wanted.rounds, &mut table)?;
        }
    }
    if wanted.part("brands") {
        eprintln!("ten thousand brands …");
        brands::measure(wanted.rounds, &mut table)?;
    }
    if wanted.part("replay") || wanted.part("inlet") || wanted.full {
        let tocsin = child::build_tocsin(&house())?;
        if wanted.part("replay") {
            eprintln!("replay …");
            replay::measure(&tocsin, &corpus, &mut table)?;
        }
        if wanted.part("inlet") {
            eprintln!("the HTTP inlet …");
            inlet::measure(&tocsin, &corpus, &mut table)?;
        }
        if wanted.full {
            eprintln!("a million posts …");
            memory::measure(&tocsin, &corpus, &mut table)?;
        }
    }
    print!("{table}");
    Ok(())
}

/// The folder of the workspace.
fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What was typed.
struct Wanted {
    full: bool,
    rounds: usize,
    parts: Vec<String>,
}

impl Wanted {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Wanted, Fault> {
        let mut wanted = Wanted { full: false, rounds: 5, parts: Vec::new() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--full" => wanted.full = true,
                "--rounds" => {
                    let rounds = arguments.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                    wanted.rounds = rounds.ok_or("--rounds: say how many, such as 5")?;
                }
                "chain" | "matching" | "brands" | "replay" | "inlet" => wanted.parts.push(argument),
                other => return Err(format!("{other}: not known here\n{USAGE}").into()),
            }
        }
        Ok(wanted)
    }

    /// Whether a part is measured.
    fn part(&self, name: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|p| p == name)
    }
}
