//! What is read of texts: analyze, train, eval, model.

use std::path::PathBuf;

use clap::Subcommand;

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
