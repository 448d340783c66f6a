//! What is judged: backtest, drill, baseline.

use std::path::PathBuf;

use clap::Subcommand;
use tocsin_model::Span;
use tocsin_spike_detect::SeriesRule;

use super::Place;

/// Judge what is recorded.
#[derive(clap::Args, Debug, Default)]
#[command(group = clap::ArgGroup::new("recorded").args(["posts", "counts"]).required(true))]
pub(crate) struct Backtest {
    /// Recorded posts: JSON Lines or CSV, plain, .gz or .zst; - is standard input
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) posts: Vec<PathBuf>,
    /// By this config; ./tocsin.toml if none is named
    #[arg(long, value_name = "CONFIG", conflicts_with = "counts")]
    pub(crate) detect: Option<PathBuf>,
    /// And by this one, side by side
    #[arg(long, value_name = "CONFIG", conflicts_with = "counts")]
    pub(crate) vs: Option<PathBuf>,
    /// A series of counts: CSV with the columns timestamp and value, plain, .gz or .zst; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) counts: Option<PathBuf>,
    /// How long a bucket is, such as 5m or 1h; else the step that most rows have
    #[arg(long, value_name = "TIME", value_parser = bucket, conflicts_with = "posts")]
    pub(crate) bucket: Option<Span>,
    /// From how many times its usual daily peak on a burst is an alarm
    #[arg(long, value_name = "TIMES", default_value_t = SeriesRule::default().cut, value_parser = positive)]
    pub(crate) cut: f64,
    /// Write the series here instead of to standard output
    #[arg(short, long, value_name = "OUT", conflicts_with = "posts")]
    pub(crate) out: Option<PathBuf>,
}

/// Try how the watch does.
#[derive(clap::Args, Debug)]
pub(crate) struct Drill {
    /// What happens; --list says what there is
    #[arg(value_name = "SCENARIO", required_unless_present = "list")]
    pub(crate) scenario: Option<String>,
    /// Print all scenarios, and what a good watch makes of each
    #[arg(long, conflicts_with = "scenario")]
    pub(crate) list: bool,
    /// A brand of the config, else its first; without a config any name
    #[arg(long, value_name = "BRAND")]
    pub(crate) brand: Option<String>,
    /// How great it is: 1 as it was written, 0.2 a fifth of the posts
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = scale)]
    pub(crate) scale: f64,
    /// Posts an hour that are usual for the brand; else as many as the scenario is made for
    #[arg(long, value_name = "POSTS", value_parser = usual)]
    pub(crate) usual: Option<f64>,
    /// Another seed is another story of the same kind
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The config; ./tocsin.toml if there is one
    #[arg(long, value_name = "FILE", env = "TOCSIN_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is expected.
#[derive(Subcommand, Debug)]
pub(crate) enum Baselines {
    /// A brand's coming week, hour by hour: what is expected, and how much that varies
    #[command(after_help = "\
Examples:
  tocsin baseline show 山岚茶饮
  tocsin baseline show 山岚茶饮 --json

It is learned from the last eight weeks as they are kept, by the config's clock, holidays and events. The band holds
nineteen hours of twenty while nothing is the matter.")]
    Show {
        /// The brand
        brand: String,
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
        /// One JSON object an hour
        #[arg(long)]
        json: bool,
    },
}

/// A length of time.
pub(super) fn bucket(text: &str) -> Result<Span, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let seconds = match &text[digits..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => 0,
    };
    match text[..digits].parse::<i64>().ok().and_then(|n| n.checked_mul(seconds)) {
        Some(length @ 1..=604_800) => Ok(Span::from_seconds(length)),
        _ => Err("write a length from 1s to 7d, such as 30s, 5m, 1h or 1d".to_owned()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("write a number greater than 0".to_owned()),
    }
}

fn scale(text: &str) -> Result<f64, String> {
    positive(text)
        .ok()
        .filter(|scale| (0.01..=100.0).contains(scale))
        .ok_or("write a number from 0.01 to 100".into())
}

fn usual(text: &str) -> Result<f64, String> {
    positive(text)
        .ok()
        .filter(|posts| (0.1..=2_000.0).contains(posts))
        .ok_or("write a number from 0.1 to 2000".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_length_of_time() {
        let of = |text: &str| bucket(text).map(Span::minutes);
        assert_eq!([of("5m"), of("5min"), of("1h"), of("1d")], [Ok(5), Ok(5), Ok(60), Ok(1_440)]);
        assert!(
            [of("5"), of("m"), of("0m"), of("9d"), of("99999999999999999999h")].iter().all(Result::is_err)
        );
    }
}
