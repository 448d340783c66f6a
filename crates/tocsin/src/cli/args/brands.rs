//! Brands: try, backfill.

use std::path::PathBuf;

use clap::Subcommand;
use tocsin_model::Span;

use super::Place;
use super::judge::bucket;

/// Brands.
#[derive(Subcommand, Debug)]
pub(crate) enum Brands {
    /// Which posts would a query take, term by term
    #[command(after_help = "\
Examples:
  tocsin brands try '苹果 OR iPhone' --against posts.jsonl.gz
  tocsin brands try '苹果 NOT (果园 OR 水果)' --against posts.jsonl.gz --vs 苹果
  tocsin brands try '山岚茶饮' --against posts.jsonl.gz --vs 山岚茶饮 --config tocsin.toml

It says posts an hour, share and ten samples for each term, which terms never match, what each NOT takes away,
with samples, and with --vs which posts only one of the two queries takes. The samples are the same every time.")]
    Try(BrandsTry),
    /// Count a brand anew over the posts that are kept, as if its query had always been there
    #[command(after_help = "\
Examples:
  tocsin brands backfill 山岚茶饮
  tocsin brands backfill 山岚茶饮 --since 5d --data tocsin-data

Nothing is judged and nobody is told. The weeks before are scaled by how many times as many posts the query finds. A
new or changed query does this by itself, for 48 hours, when tocsin run starts and when the config is reloaded. To do it
by hand in a folder, the process must not be running; over Kafka and Redis services run on, and every post counts once.")]
    Backfill(Backfill),
}

/// Count a brand anew.
#[derive(clap::Args, Debug)]
pub(crate) struct Backfill {
    /// Its name in the config
    pub(crate) name: String,
    /// How far back, at most as far as posts are kept
    #[arg(long, value_name = "TIME", default_value = "48h", value_parser = far)]
    pub(crate) since: Span,
    /// Which config, and which data folder.
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Try a query.
#[derive(clap::Args, Debug)]
pub(crate) struct BrandsTry {
    /// Terms, "phrases", AND OR NOT, parentheses, NEAR/n, #hashtag, @account, author:, source:, lang:
    pub(crate) query: String,
    /// Posts to try it on: JSON Lines, plain, .gz or .zst; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) against: PathBuf,
    /// A brand of the config, or another query, to compare with
    #[arg(long, value_name = "BRAND|QUERY")]
    pub(crate) vs: Option<String>,
    /// Where the brand of --vs is; ./tocsin.toml if there is one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

fn far(text: &str) -> Result<Span, String> {
    let span = bucket(text).map_err(|_| "write a length from 1h to 7d, such as 48h or 5d".to_owned())?;
    if span.minutes() < 60 { Err("write 1h or more: whole hours are counted".to_owned()) } else { Ok(span) }
}
