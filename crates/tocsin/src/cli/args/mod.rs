//! What was typed, and the help that teaches it: the list of commands here, what they take in a file a family.

mod brands; // try, backfill
mod cases; // incidents, explain, rejected
mod judge; // backtest, drill, baseline
mod memory; // state, topics
mod read; // analyze, train, eval, model
mod replay; // recorded posts

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use super::exit::EXIT_CODES;
use crate::pipeline::Stage;
pub(crate) use brands::{Backfill, Brands, BrandsTry};
pub(crate) use cases::{Explain, Incidents, Rejected};
pub(crate) use judge::{Backtest, Baselines, Drill};
pub(crate) use memory::{Since, State, Topics};
pub(crate) use read::{Analyze, Eval, Model, Train};
pub(crate) use replay::{Carrier, Replay, Speed};

const EXAMPLES: &str = "\
Start here:
  tocsin demo                                    a crisis in a tea house, in a minute
  tocsin config example > tocsin.toml            then write your brand into it
  tocsin config check                            every fault, with line and column
  tocsin run                                     watch
  tocsin replay posts.jsonl --config tocsin.toml recorded posts, as if they came in now";

fn after_help() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

/// Listens to what people post about a brand, and rings early, with its reasons.
#[derive(Parser, Debug)]
#[command(name = "tocsin", version = super::version::line(), after_help = after_help(), propagate_version = true)]
#[command(max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    /// For every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// For every command.
#[derive(clap::Args, Debug)]
pub(crate) struct Global {
    /// How much to log: error, warn, info, debug or trace, or by part (info,tocsin_inlets=debug)
    #[arg(long, global = true, value_name = "LEVEL", value_parser = log_level, help_heading = "For every command")]
    pub(crate) log: Option<String>,
    /// Log more: -v is debug, -vv is trace
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "For every command")]
    pub(crate) verbose: u8,
    /// Colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "For every command"
    )]
    pub(crate) color: Color,
}

impl Global {
    /// How much to log: what was typed last goes before the config's word.
    pub(crate) fn log_level<'a>(&'a self, config: Option<&'a str>) -> &'a str {
        match (&self.log, self.verbose) {
            (Some(level), _) => level,
            (None, 0) => config.unwrap_or("info"),
            (None, 1) => "debug",
            (None, _) => "trace",
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Also into files and pipes.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// The same in the words of what writes colours.
    pub(crate) fn choice(self) -> anstream::ColorChoice {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Watch, until told to stop: everything in one process, or some stages over Kafka and Redis
    #[command(after_help = "\
Examples:
  tocsin run                                     with ./tocsin.toml
  tocsin run --config /etc/tocsin/tocsin.toml --data /var/lib/tocsin
  TOCSIN__HTTP__LISTEN=127.0.0.1:8000 tocsin run

With [kafka] and [redis] in the config, a process for each stage, as many of each as you like:
  tocsin run ingest                              and where posts come in
  tocsin run tokenize,score                      without a topic between the two
  tocsin run spike-detect
  tocsin run notify                              and where notices go out
  tocsin run                                     all of them in one process

Send it a post:
  curl http://127.0.0.1:7227/v1/posts -d '{\"id\":\"1\",\"source\":\"weibo\",\"text\":\"山岚茶饮喝出虫子\",\"created_at\":\"2026-03-01T08:00:00+08:00\",\"author\":{\"id\":\"u1\"}}'

SIGTERM or ctrl-c: it takes nothing more in, finishes what it holds, and ends.")]
    Run(Run),

    /// See a crisis: an example stream at great speed through the real pipeline
    #[command(after_help = "\
Examples:
  tocsin demo                                    then stays up, and says what to type next
  tocsin demo --exit                             ends when the bell has rung

It needs nothing and leaves nothing behind: its data lies in a temporary folder.")]
    Demo {
        /// End after the incident instead of staying up
        #[arg(long)]
        exit: bool,
    },

    /// Run recorded posts through the pipeline, with their recorded time
    #[command(after_help = "\
Examples:
  tocsin replay posts.jsonl.gz --config tocsin.toml
  tocsin replay weibo.jsonl xhs.csv --config tocsin.toml --incidents rings.jsonl --counts hours.jsonl
  zcat old.gz | tocsin replay - --config tocsin.toml --speed 60
  tocsin replay posts.jsonl.gz --carrier kafka --counts hours.jsonl     through services that run with --recorded-time
  tocsin replay --warm-up history.jsonl.gz --data tocsin-data     before the first tocsin run: nobody begins from nothing

Time is that of the recording: arrives_at, else created_at. Several files are merged by it; what is out of
order is sorted, and said. Without --data it works in a temporary folder; with it, the same command goes on
where it stopped. Nobody is told: what is recorded has been told before. Lines that are no posts are counted and said at the end; the exit code is 0 all the same.")]
    Replay(Replay),

    /// What would have rung on what is recorded: posts, or a series of counts
    #[command(after_help = "\
Examples:
  tocsin backtest --posts march.jsonl.gz                      alarms by ./tocsin.toml
  tocsin backtest --posts march.jsonl.gz --detect tocsin.toml --vs keener.toml
  tocsin backtest --counts mentions.csv > scored.csv
  tocsin backtest --counts hourly.csv.gz --bucket 1h -o scored.csv

Posts run through the whole pipeline in a temporary folder, once for each config; alarms stand side by side, and
what the second config costs and gains is said at the end.

A series of counts has the columns timestamp and value (posts in a bucket that begins there); each row comes out
again with anomaly_score. Nothing is looked at before its time. A score of 0.5 and more is the row at which an
alarm starts: a burst 1.4 times as high (--cut) as the bursts of a usual day of this series. Then it is silent for a
day, unless the burst grows to three times as much. The first day is only learned from. Alarms, gaps and rows that
could not be read are told on standard error.")]
    Backtest(Backtest),

    /// Try how your watch does: a made-up crisis of your brand through the real pipeline, apart from what is live
    #[command(after_help = "\
Examples:
  tocsin drill --list                            all scenarios
  tocsin drill fast_cascade                      the first brand of ./tocsin.toml; without a config a tea house
  tocsin drill slow_burn --brand 山岚茶饮 --usual 300 --scale 0.5
  tocsin drill campaign --seed 7 --json

Three ordinary weeks are made up, then what the scenario says; the same seed makes the same posts. It ends with a
score card: after how long the bell rang, from which post, how bad it was called, false alarms, the all-clear. The
exit code is 0 when the watch did what a good one does, and 4 when not. Nobody is told, nothing is left behind.")]
    Drill(Drill),

    /// What is expected of a brand, hour by hour
    Baseline {
        #[command(subcommand)]
        command: Baselines,
    },

    /// Why a signal was made, in numbers that can be checked by hand
    #[command(after_help = "\
Examples:
  tocsin explain brand:山岚茶饮:negative:orange:29459521
  tocsin explain brand:山岚茶饮:negative:orange:29459521 --data tocsin-data

It prints every number of the judgement with its unit, and holds it against what the window holds now, as long as its
minutes are kept (48 hours); posts that came later are told apart.")]
    Explain(Explain),

    /// What is remembered of brands and sources: move it, see how far it goes, mend it
    #[command(after_help = "\
Examples:
  tocsin state export state.jsonl.zst --data tocsin-data
  tocsin state import state.jsonl.zst --config over-kafka.toml
  tocsin state fences                            over Kafka: how far each lane is remembered
  tocsin state heal --since 6h                   after Redis was emptied, or restored from a backup

Where the config has [redis], export and import speak of what is there, unless --data names a folder. The processes
must not be running. What is known of single posts does not move: a post that is sent again within 48 hours of the
move counts again.")]
    State {
        #[command(subcommand)]
        command: State,
    },

    /// Over Kafka: which topics there are, and which there should be
    #[command(after_help = "\
Examples:
  tocsin topics plan
  tocsin topics apply --config tocsin.toml

Topics, their partitions and replicas are as [kafka] says, and records stay as long as [store] says. tocsin run makes
what is missing by itself, unless kafka.create_topics is false; what is there is changed by nobody but topics apply.
More partitions move ids to other lanes: who descends from whom is lost for 48 hours, so better plan for enough.")]
    Topics {
        #[command(subcommand)]
        command: Topics,
    },

    /// Read texts: one a line on standard input, one JSON object a line out, in order
    #[command(after_help = "\
Examples:
  echo '山岚茶饮喝出虫子,太恶心了[怒]' | tocsin analyze
  tocsin analyze --config tocsin.toml < texts.txt > read.jsonl
  echo '好吃个屁,等了两个小时' | tocsin analyze --explain
  tocsin analyze --posts --explain < posts.jsonl

Each line out has: text, lang, brands, tokens, fingerprint (16 hexadecimal digits), sentiment {label, negative,
neutral, positive}, emotion {label, anger, disgust, fear, sadness, surprise, joy, none}, irony, intent, concerns,
model; with --config also brand_sentiment, by brand; with --explain also why, the heaviest first: words, where (text,
or media: what was read out of pictures and videos), by (word, face or n-gram), rules (negated, wish, before but, …) and
weight (less than 0 is against). A line that is not UTF-8, or is too long, or no post, gives {\"error\": …}.")]
    Analyze(Analyze),

    /// Make a model from labelled texts, or teach the model your own labels
    #[command(after_help = "\
Examples:
  tocsin train --from-labels ours.tsv --out own.model      a few hundred rows; the rest stays as it is
  tocsin train --data sets --out new.model                 from sets, in minutes
  tocsin train --data sets --out new.model --without waimai_10k --seed 7

A file of labels has a first line label<TAB>text, then a row a line, such as negative<TAB>又翻车了; labels are negative,
neutral and positive. A folder of sets holds NAME.train.tsv files of the same form; emotions (anger, joy, …) and
irony / not_irony are labels, too. Sets whose terms say research only are left out unless --all is given. The same
seed gives the same model. Beside the model its card is written, with .md behind its name.")]
    Train(Train),

    /// Measure what is read right, on labelled texts
    #[command(after_help = "\
Examples:
  tocsin eval --data sets                        a table of all NAME.test.tsv
  tocsin eval --data sets --markdown > table.md
  tocsin eval --data sets --model own.model --json | jq '.[] | {set, macro_f1}'

A set of two ways asks for the greater of positive and negative; a set of emotions for the most probable of its own
labels; irony counts from 0.5 on.")]
    Eval(Eval),

    /// Which model reads
    Model {
        /// What to do
        #[command(subcommand)]
        command: Model,
    },

    /// Try a brand's query on your posts before you watch with it
    Brands {
        /// What to do
        #[command(subcommand)]
        command: Brands,
    },

    /// Check, show, explain the config
    Config {
        /// What to do
        #[command(subcommand)]
        command: Config,
    },

    /// Records that could not be read: look at them, send them again
    Rejected {
        /// What to do
        #[command(subcommand)]
        command: Rejected,
    },

    /// What the bell rang for
    Incidents {
        /// What to do
        #[command(subcommand)]
        command: Incidents,
    },

    /// The shapes of what goes over topics, for those downstream
    #[command(after_help = "\
Examples:
  tocsin schema                                  which shapes there are
  tocsin schema signal > signal-v1.json          the JSON Schema of one
  tocsin schema --asyncapi > asyncapi.yaml       topics, keys, headers, as AsyncAPI 3 says them")]
    Schema(Schema),

    /// Whether a running process is ready, for health checks
    #[command(after_help = "\
Examples:
  tocsin ready
  tocsin ready 127.0.0.1:8000

It asks /readyz. The exit code is 0 when it is ready, and 1 when it is not or nobody answers.")]
    Ready {
        /// Where it listens
        #[arg(value_name = "ADDRESS", default_value = "127.0.0.1:7227")]
        address: String,
    },

    /// Print what makes a shell complete commands
    #[command(after_help = "\
Examples:
  tocsin completions bash > ~/.local/share/bash-completion/completions/tocsin
  tocsin completions zsh > ~/.zfunc/_tocsin
  tocsin completions fish > ~/.config/fish/completions/tocsin.fish")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },

    /// Print the version of the program and of what reads the text
    Version,
}

/// Which stages, and where.
#[derive(clap::Args, Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Run {
    /// Which stages, with commas between: ingest, tokenize, score, spike-detect, notify; all of them if none is named
    #[arg(value_name = "STAGES", value_delimiter = ',')]
    pub(crate) stages: Vec<Stage>,
    /// Where things are.
    #[command(flatten)]
    pub(crate) place: Place,
    /// Over Kafka: time goes on with the records only, as in a replay; for `tocsin replay --carrier kafka`
    #[arg(long)]
    pub(crate) recorded_time: bool,
    /// Over Kafka: where a group has no positions, go on from what was counted; after the group was deleted
    #[arg(long)]
    pub(crate) seek_to_fences: bool,
}

/// Which config, and which data folder.
#[derive(clap::Args, Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The config; ./tocsin.toml if there is one
    #[arg(long, value_name = "FILE", env = "TOCSIN_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder; goes before the config's [store] path
    #[arg(long, value_name = "FOLDER", env = "TOCSIN_DATA")]
    pub(crate) data: Option<PathBuf>,
}

/// A shape, or all topics.
#[derive(clap::Args, Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Schema {
    /// Its name, such as signal
    #[arg(conflicts_with = "asyncapi")]
    pub(crate) name: Option<String>,
    /// The AsyncAPI document
    #[arg(long)]
    pub(crate) asyncapi: bool,
}

fn log_level(text: &str) -> Result<String, String> {
    match crate::config::log_level(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(why) => {
            Err(format!("{why}; write error, warn, info, debug or trace, or info,tocsin_inlets=debug"))
        }
    }
}

/// The config.
#[derive(Subcommand, Debug)]
pub(crate) enum Config {
    /// Tell every fault, with line and column and what to write instead
    #[command(after_help = "\
Examples:
  tocsin config check                            ./tocsin.toml
  tocsin config check --config new.toml && mv new.toml tocsin.toml")]
    Check(ConfigFile),
    /// Print what is in force, defaults and overrides included; secrets as ***
    Show(ConfigFile),
    /// Print the JSON Schema of the config, for editors
    #[command(after_help = "\
Example:
  tocsin config schema > tocsin.schema.json      then begin tocsin.toml with: #:schema ./tocsin.schema.json")]
    Schema,
    /// Print a config to start from, with every key and what it means
    #[command(after_help = "\
Example:
  tocsin config example > tocsin.toml")]
    Example,
}

/// Which config.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct ConfigFile {
    /// The config; ./tocsin.toml if there is one
    #[arg(long, value_name = "FILE", env = "TOCSIN_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Args::try_parse_from(line.split(' ')).map(|args| args.command).map_err(|why| why.to_string())
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
    }

    #[test]
    fn a_replay_takes_files_a_speed_and_places_for_its_answers() {
        let line = "tocsin replay a.jsonl - --config c.toml --speed 60 --incidents i --counts c";
        let Ok(Command::Replay(replay)) = parse(line) else { panic!("not a replay") };
        assert_eq!(replay.files, [PathBuf::from("a.jsonl"), PathBuf::from("-")]);
        assert_eq!(replay.speed, Speed::Times(60.0));
        assert_eq!(replay.place.config, Some(PathBuf::from("c.toml")));
        assert_eq!((replay.incidents.is_some(), replay.signals.is_some()), (true, false));
        let Ok(Command::Replay(replay)) = parse("tocsin replay a") else { panic!("not a replay") };
        assert_eq!(replay.speed, Speed::Max);
        assert!(parse("tocsin replay a --speed 0").unwrap_err().contains("write max, or a number"));
        assert!(parse("tocsin replay").is_err());
    }

    #[test]
    fn a_back_test_has_a_cut() {
        let Ok(Command::Backtest(typed)) = parse("tocsin backtest --counts a.csv") else {
            panic!("no back-test")
        };
        assert_eq!((typed.bucket, typed.cut), (None, 1.4));
        assert!(parse("tocsin backtest --counts a.csv --cut 0").is_err());
    }

    #[test]
    fn a_back_test_is_of_posts_or_of_counts() {
        for right in ["--posts a b", "--posts a --detect c --vs d", "--counts a -o b"] {
            assert!(parse(&format!("tocsin backtest {right}")).is_ok(), "{right}");
        }
        for wrong in ["", "--posts a --counts b", "--counts a --vs b", "--posts a --bucket 5m"] {
            assert!(parse(format!("tocsin backtest {wrong}").trim()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_drill_has_a_scenario_or_lists_them() {
        assert!(parse("tocsin drill").is_err());
        assert!(parse("tocsin drill --list").is_ok());
        let Ok(Command::Drill(drill)) = parse("tocsin drill robots --scale 0.2") else { panic!("no drill") };
        assert_eq!((drill.scale, drill.seed, drill.usual), (0.2, 1, None));
        assert!(
            parse("tocsin drill robots --scale 0").is_err()
                && parse("tocsin drill robots --usual -1").is_err()
        );
    }

    #[test]
    fn options_for_every_command_stand_before_or_behind_it() {
        let check = |line: &str, level: &str, color| {
            let args = Args::try_parse_from(line.split(' ')).unwrap();
            assert_eq!((args.global.log_level(Some("warn")), args.global.color), (level, color), "{line}");
        };
        check("tocsin version", "warn", Color::Auto);
        check("tocsin -v version", "debug", Color::Auto);
        check("tocsin version -vv --color never", "trace", Color::Never);
        check("tocsin --log tocsin_inlets=debug run -v", "tocsin_inlets=debug", Color::Auto);
        assert!(parse("tocsin --log loud run").unwrap_err().contains("\"loud\" is no level"));
    }

    #[test]
    fn a_retry_says_which() {
        assert!(parse("tocsin rejected retry").is_err());
        assert!(parse("tocsin rejected retry 3 --all").is_err());
        for line in ["retry 3 4", "retry --all", "retry --reason limit", "list", "show 3"] {
            assert!(parse(&format!("tocsin rejected {line}")).is_ok(), "{line}");
        }
    }

    #[test]
    fn every_command_has_help_that_teaches() {
        use clap::CommandFactory as _;
        let command = Args::command();
        let mut waiting: Vec<&clap::Command> = command.get_subcommands().collect();
        while let Some(command) = waiting.pop() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            let teaches = command.get_after_help().is_some() || command.has_subcommands();
            assert!(teaches || ["version", "show"].contains(&command.get_name()), "{}", command.get_name());
            waiting.extend(command.get_subcommands());
        }
    }
}
