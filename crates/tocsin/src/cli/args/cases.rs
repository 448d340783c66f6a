//! What came of posts: incidents, explain, rejected.

use clap::Subcommand;

use super::Place;

/// Explain a signal.
#[derive(clap::Args, Debug)]
pub(crate) struct Explain {
    /// Its id
    pub(crate) signal: String,
    /// Which config, and which data folder.
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Records that could not be read.
#[derive(Subcommand, Debug)]
pub(crate) enum Rejected {
    /// One line each: number, when, reason, where from
    #[command(after_help = "\
Examples:
  tocsin rejected list
  tocsin rejected list --reason field --limit 20
  tocsin rejected list --json | jq .reason")]
    List {
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
        /// Only of this reason: syntax, encoding, missing, field, limit, too_long
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
        /// At most so many, the latest first
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
        /// One JSON object a line instead of text
        #[arg(long)]
        json: bool,
    },
    /// One record: its bytes as they came in, why it was rejected, where it came from
    #[command(after_help = "\
Example:
  tocsin rejected show 17")]
    Show {
        /// Its number in the list
        number: u64,
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Send records again, as if they came in now
    #[command(after_help = "\
Examples:
  tocsin rejected retry 17 18
  tocsin rejected retry --reason limit           after an update that allows more
  tocsin rejected retry --all

With [kafka] in the config a record that was sent again stays in the list until its topic forgets it; sent once more,
it is an update and counts once.")]
    Retry {
        /// Their numbers in the list
        #[arg(required_unless_present_any = ["all", "reason"], conflicts_with_all = ["all", "reason"])]
        numbers: Vec<u64>,
        /// All of this reason
        #[arg(long, value_name = "REASON", conflicts_with = "all")]
        reason: Option<String>,
        /// All of them
        #[arg(long)]
        all: bool,
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
    },
}

/// Incidents.
#[derive(Subcommand, Debug)]
pub(crate) enum Incidents {
    /// One line each, the latest first
    #[command(after_help = "\
Examples:
  tocsin incidents list
  tocsin incidents list --open --brand 山岚茶饮
  tocsin incidents list --json | jq .id")]
    List {
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
        /// Only those that are not over
        #[arg(long)]
        open: bool,
        /// Only of this brand
        #[arg(long, value_name = "BRAND")]
        brand: Option<String>,
        /// At most so many, the latest first
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
        /// One JSON object a line instead of text
        #[arg(long)]
        json: bool,
    },
    /// Who matters to a brand: the authors with the greatest parts in its incidents
    #[command(after_help = "\
An author counts once an incident, by the three hours in which he had the greatest part in it; of each incident the
five greatest are known. Who speaks against the brand himself, or below whom most do, inflames; who speaks for it calms.

Examples:
  tocsin incidents authors 山岚茶饮
  tocsin incidents authors 山岚茶饮 --json | jq 'select(.part == \"calms\")'")]
    Authors {
        /// The brand
        brand: String,
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
        /// At most so many, the greatest first
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: usize,
        /// One JSON object a line instead of text
        #[arg(long)]
        json: bool,
    },
    /// One incident with its reasons
    #[command(after_help = "\
Example:
  tocsin incidents show brand:山岚茶饮:negative:orange:29541120")]
    Show {
        /// Its id in the list
        id: String,
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
}
