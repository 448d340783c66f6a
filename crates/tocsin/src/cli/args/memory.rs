//! What is remembered, and the topics that it comes by: state, topics.

use std::path::PathBuf;

use clap::Subcommand;
use tocsin_model::{ArrivalTime, Span};

use super::{ConfigFile, Place};

/// What is remembered.
#[derive(Subcommand, Debug)]
pub(crate) enum State {
    /// Write it to a file: minutes, hours, evidence, marks, incidents; one row a line
    #[command(after_help = "\
Examples:
  tocsin state export state.jsonl.zst --data tocsin-data
  tocsin state export state.jsonl.zst --config over-kafka.toml

Redis has the incidents that are not over; the others are in the topic incidents.")]
    Export {
        /// Where to; compressed if it ends in .zst
        file: PathBuf,
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
    },
    /// Take it over into a data folder, or a Redis, that remembers nothing yet
    #[command(after_help = "\
Examples:
  tocsin state import state.jsonl.zst --data /var/lib/tocsin
  tocsin state import state.jsonl.zst --config over-kafka.toml")]
    Import {
        /// What an export wrote
        file: PathBuf,
        /// Which config, and which data folder.
        #[command(flatten)]
        place: Place,
    },
    /// Over Kafka: how far each lane is remembered; or forget that of a topic that was made again
    #[command(after_help = "\
Examples:
  tocsin state fences
  tocsin state fences --drop posts.scored

A lane is one partition. Remembered: the first position that its claims and kin do not have; counted: the same of
windows. Nothing is counted twice because of them. When tocsin run says that a topic was made again, stop all processes,
drop its fences, and start them. Was only the group deleted: tocsin run --seek-to-fences.")]
    Fences {
        /// Forget how far this topic is remembered: it begins anew
        #[arg(long, value_name = "TOPIC")]
        drop: Option<String>,
        /// Which config.
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Over Kafka: Redis is empty or older than it was; count again what was written since a time before that
    #[command(after_help = "\
Examples:
  tocsin state heal --since 6h
  tocsin state heal --since 2026-06-18T20:00:00+08:00

Stop all processes first, and start them afterwards: they go over the posts since then again, put into Redis what it
does not have, and send nothing twice. Posts are in their topics for as long as [store] keep_posts says. What Redis has
lost of a time before --since stays lost.")]
    Heal {
        /// A time before Redis lost anything: 2026-06-18T20:00:00+08:00, or a length before now, such as 6h
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Since,
        /// Which config.
        #[command(flatten)]
        config: ConfigFile,
    },
}

/// A time, or how long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// Then.
    At(ArrivalTime),
    /// So long before now.
    Ago(Span),
}

fn since(text: &str) -> Result<Since, String> {
    if let Some(millis) = tocsin_wire::parse_rfc3339(text) {
        return Ok(Since::At(ArrivalTime::from_millis(millis)));
    }
    let words = "write a time such as 2026-06-18T20:00:00+08:00, or a length such as 90min, 6h, 3d";
    crate::config::length(text).map(Since::Ago).map_err(|why| format!("{why}; {words}"))
}

/// Topics.
#[derive(Subcommand, Debug)]
pub(crate) enum Topics {
    /// Say what would be made or changed, and change nothing
    #[command(after_help = "\
Examples:
  tocsin topics plan
  tocsin topics plan --config production.toml")]
    Plan(ConfigFile),
    /// Make and change it
    #[command(after_help = "\
Examples:
  tocsin topics apply
  tocsin topics apply --config production.toml

Look at tocsin topics plan first. Partitions are added, never taken away.")]
    Apply(ConfigFile),
}
