//! Recorded posts: replay.

use std::path::PathBuf;

use clap::ValueEnum;

use super::Place;

/// Run recorded posts.
#[derive(clap::Args, Debug)]
pub(crate) struct Replay {
    /// JSON Lines or CSV, plain, .gz or .zst; - is standard input
    #[arg(required_unless_present = "warm_up", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// First these: they are counted, to have a past to judge by, and nothing of them is judged
    #[arg(long, value_name = "FILE")]
    pub(crate) warm_up: Vec<PathBuf>,
    /// Which config, and which data folder.
    #[command(flatten)]
    pub(crate) place: Place,
    /// max, or how many times recorded time
    #[arg(long, default_value = "max", value_parser = speed)]
    pub(crate) speed: Speed,
    /// Where it runs: here, in a folder; or over the [kafka] and [redis] of the config, through the services that run there with --recorded-time
    #[arg(long, default_value = "embedded", value_name = "CARRIER", conflicts_with_all = ["data", "warm_up"])]
    pub(crate) carrier: Carrier,
    /// One line here each time the bell rings (JSON Lines)
    #[arg(long, value_name = "OUT")]
    pub(crate) incidents: Option<PathBuf>,
    /// Each signal (JSON Lines)
    #[arg(long, value_name = "OUT")]
    pub(crate) signals: Option<PathBuf>,
    /// One line for each brand and hour that is not empty (JSON Lines, sorted)
    #[arg(long, value_name = "OUT")]
    pub(crate) counts: Option<PathBuf>,
}

/// Where a replay runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Carrier {
    /// In this process, on a data folder.
    Embedded,
    /// Through services that run elsewhere.
    Kafka,
}

/// How fast a replay goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Speed {
    /// As fast as it can.
    Max,
    /// So many times recorded time: 1 is as it was.
    Times(f64),
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    match text.trim_end_matches(['x', '×']).parse::<f64>() {
        Ok(times) if times.is_finite() && times > 0.0 => Ok(Speed::Times(times)),
        _ => Err("write max, or a number greater than 0, such as 60 for an hour in a minute".to_owned()),
    }
}
