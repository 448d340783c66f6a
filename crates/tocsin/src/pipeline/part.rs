//! Which of the stages a chain does.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use tocsin_model::Subject;

/// A stage, in the order of a post's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Cleans, dates, claims, matches brands.
    Ingest,
    /// Cuts words.
    Tokenize,
    /// Reads.
    Score,
    /// Counts, judges.
    SpikeDetect,
    /// Folds, tells.
    Notify,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Stage; 5] =
        [Stage::Ingest, Stage::Tokenize, Stage::Score, Stage::SpikeDetect, Stage::Notify];

    /// As it is typed, and as it stands in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Ingest => "ingest",
            Stage::Tokenize => "tokenize",
            Stage::Score => "score",
            Stage::SpikeDetect => "spike-detect",
            Stage::Notify => "notify",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Stage, String> {
        let named = |stage: &Stage| stage.name() == text;
        let names = || Stage::ALL.map(Stage::name).join(", ");
        Stage::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| format!("{text:?} is no stage; there are {}", names()))
    }
}

/// Whether a subject is this process's to look at when time goes on: of all processes one does.
pub type Owns = Arc<dyn Fn(&Subject) -> bool + Send + Sync>;

/// What a chain does of the way of a post.
#[derive(Clone)]
pub struct Part {
    /// The stage that it begins with.
    pub first: Stage,
    /// The stage that it ends with.
    pub last: Stage,
    /// What it looks at when time goes on.
    pub owns: Owns,
}

impl Part {
    /// The whole way.
    pub fn whole() -> Part {
        Part { first: Stage::Ingest, last: Stage::Notify, owns: Arc::new(|_| true) }
    }

    /// All of it is on one carrier: kin meets within ingest, and a signal is folded where it is made. Over topics
    /// both go to the lane of whom they speak of.
    pub(super) fn is_whole(&self) -> bool {
        self.first == Stage::Ingest && self.last == Stage::Notify
    }
    pub(super) fn does(&self, stage: Stage) -> bool {
        self.first <= stage && stage <= self.last
    }
}
