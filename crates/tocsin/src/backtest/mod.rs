//! `tocsin backtest`: what would have rung on what is recorded, a series of counts or posts.

mod counts; // a plain series, bucket by bucket
mod posts; // posts, by one config or two side by side

use std::io;

use crate::cli::args::Backtest;
use crate::cli::{self, exit};

/// Runs the command.
///
/// # Errors
/// What is recorded cannot be read; a config is not right.
pub(crate) fn backtest(typed: &Backtest, log: &str) -> Result<(), cli::Stop> {
    match &typed.counts {
        Some(path) => exit::quiet_on_broken_pipe(counts::judge(
            path,
            typed,
            &mut io::BufWriter::new(io::stdout().lock()),
        )?),
        None => posts::compare(typed, log),
    }
}
