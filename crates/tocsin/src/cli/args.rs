//! What was typed, and the help that teaches it.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use super::exit::EXIT_CODES;

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
    /// Watch: everything in one process, until told to stop
    #[command(after_help = "\
Examples:
  tocsin run                                     with ./tocsin.toml
  tocsin run --config /etc/tocsin/tocsin.toml --data /var/lib/tocsin
  TOCSIN__HTTP__LISTEN=127.0.0.1:8000 tocsin run

Send it a post:
  curl http://127.0.0.1:7227/v1/posts -d '{\"id\":\"1\",\"source\":\"weibo\",\"text\":\"山岚茶饮喝出虫子\",\"created_at\":\"2026-03-01T08:00:00+08:00\",\"author\":{\"id\":\"u1\"}}'

SIGTERM or ctrl-c: it takes nothing more in, finishes what it holds, and ends.")]
    Run(Place),

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

Time is that of the recording: arrives_at, else created_at. Several files are merged by it; what is out of
order is sorted, and said. Without --data it works in a temporary folder; with it, the same command goes on
where it stopped. Nobody is told: what is recorded has been told before. Lines that are no posts are counted and said at the end; the exit code is 0 all the same.")]
    Replay(Replay),

    /// Read texts: one a line on standard input, one JSON object a line out, in order
    #[command(after_help = "\
Examples:
  echo '山岚茶饮喝出虫子,太恶心了[怒]' | tocsin analyze
  tocsin analyze --config tocsin.toml < texts.txt > read.jsonl

Each line out has: text, lang, brands, tokens, fingerprint (16 hexadecimal digits), sentiment {label, negative,
neutral, positive}, emotion {label, anger, disgust, fear, sadness, surprise, joy, none}, irony, intent, concerns,
model; with --config also brand_sentiment, by brand. A line that is not UTF-8, or is too long, gives {\"error\": …}.")]
    Analyze {
        /// Find these brands, and the sentiment towards each
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
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

/// Run recorded posts.
#[derive(clap::Args, Debug)]
pub(crate) struct Replay {
    /// JSON Lines or CSV, plain, .gz or .zst; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Which config, and which data folder.
    #[command(flatten)]
    pub(crate) place: Place,
    /// max, or how many times recorded time
    #[arg(long, default_value = "max", value_parser = speed)]
    pub(crate) speed: Speed,
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
  tocsin rejected retry --all")]
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
