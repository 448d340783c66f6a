//! What was typed, and the help that teaches it.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use tocsin_model::{ArrivalTime, Span};
use tocsin_spike_detect::SeriesRule;

use super::exit::EXIT_CODES;
use crate::pipeline::Stage;

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

/// Read texts.
#[derive(clap::Args, Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Analyze {
    /// Find these brands, and the sentiment towards each
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Say what made each verdict: words, rules and n-grams with their weights
    #[arg(long)]
    pub(crate) explain: bool,
    /// Each line is a post as JSON, as tocsin takes them in, instead of a text
    #[arg(long)]
    pub(crate) posts: bool,
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

/// Make a model.
#[derive(clap::Args, Debug)]
pub(crate) struct Train {
    /// A folder of sets, NAME.train.tsv
    #[arg(long, value_name = "DIR", required_unless_present = "from_labels", conflicts_with = "from_labels")]
    pub(crate) data: Option<PathBuf>,
    /// Your own labels: what reads now learns them
    #[arg(long, value_name = "FILE")]
    pub(crate) from_labels: Option<PathBuf>,
    /// Where the model goes
    #[arg(long, value_name = "MODEL")]
    pub(crate) out: PathBuf,
    /// The model that learns the labels; else the one that comes with the program
    #[arg(long, value_name = "MODEL", requires = "from_labels")]
    pub(crate) base: Option<PathBuf>,
    /// Leave this set out; may stand several times
    #[arg(long, value_name = "SET", requires = "data")]
    pub(crate) without: Vec<String>,
    /// Take sets whose terms say research only as well: the model is not to be passed on
    #[arg(long, requires = "data")]
    pub(crate) all: bool,
    /// What all chance is drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// What the model is called; it stands in its version
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Measure.
#[derive(clap::Args, Debug)]
pub(crate) struct Eval {
    /// A folder of sets, NAME.test.tsv
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// This model instead of the one that comes with the program
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<PathBuf>,
    /// Leave out one set of NAME.train.tsv after the other, learn from the rest and read it: what new texts may
    /// expect, beside a plain linear model over n-grams of characters (some ten minutes)
    #[arg(long, conflicts_with_all = ["model", "json"])]
    pub(crate) left_out: bool,
    /// A table in Markdown
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// All figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Models.
#[derive(Subcommand, Debug)]
pub(crate) enum Model {
    /// What a model is: its version, features and calibration
    #[command(after_help = "\
Examples:
  tocsin model show                              the one that comes with the program
  tocsin model show own.model")]
    Show {
        /// Its file; else the one that comes with the program
        model: Option<PathBuf>,
    },
    /// Check a model, and say what to write into the config so that it reads
    #[command(after_help = "\
Example:
  tocsin model use own.model")]
    Use {
        /// Its file
        model: PathBuf,
    },
}

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

fn bucket(text: &str) -> Result<Span, String> {
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

fn log_level(text: &str) -> Result<String, String> {
    match crate::config::log_level(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(why) => {
            Err(format!("{why}; write error, warn, info, debug or trace, or info,tocsin_inlets=debug"))
        }
    }
}

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
new or changed query does this by itself, for 48 hours, when tocsin run starts. The process must not be running. Over
Kafka and Redis there is none of this: a query counts from when it is new.")]
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

fn far(text: &str) -> Result<Span, String> {
    let span = bucket(text).map_err(|_| "write a length from 1h to 7d, such as 48h or 5d".to_owned())?;
    if span.minutes() < 60 { Err("write 1h or more: whole hours are counted".to_owned()) } else { Ok(span) }
}

/// Explain a signal.
#[derive(clap::Args, Debug)]
pub(crate) struct Explain {
    /// Its id
    pub(crate) signal: String,
    /// Which config, and which data folder.
    #[command(flatten)]
    pub(crate) place: Place,
}

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
    fn a_bucket_is_a_length_of_time() {
        let of = |text: &str| bucket(text).map(Span::minutes);
        assert_eq!([of("5m"), of("5min"), of("1h"), of("1d")], [Ok(5), Ok(5), Ok(60), Ok(1_440)]);
        assert!(
            [of("5"), of("m"), of("0m"), of("9d"), of("99999999999999999999h")].iter().all(Result::is_err)
        );
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
