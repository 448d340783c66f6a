//! Counts what was read of posts, and says what is abnormal now.
//!
//! In: scored posts, to be added up by [`count()`]; a brand's view, to be judged by [`judge()`]. Out:
//! deltas; signals, each with every number that made it, and the marks to remember.
//! Never: I/O, clocks, async, memory of its own. `now` is the view's. The statistics and where they
//! come from: `surprise`; what a window should hold: `baseline`.

mod answer; // what came of an answer
mod author; // authors by a keyed hash
mod baseline; // what a window should hold
mod count; // posts to deltas
mod detectors; // the list
mod evidence; // every number of a judgement
mod forecast; // what the next hours will hold
mod habits; // its clock, its holidays, what was announced
mod instrument; // a source that came or went
mod judge; // a view to signals and marks
mod rivals; // us or everybody
mod rule; // what the operator can set
mod says; // a word, and not its denial
mod series; // a plain series of counts, bucket by bucket
mod severity; // how bad it is
mod silence; // nothing comes from a source
mod surprise; // how unlikely is this count?
mod watch; // what few posts are enough for
mod words; // which words are worth showing

pub use crate::author::AuthorSecret;
pub use crate::baseline::{Baseline, Usual};
pub use crate::count::count;
pub use crate::detectors::{DETECTORS, Detector, Finding, Look, Verdict, WINDOWS};
pub use crate::evidence::{Again, recompute};
pub use crate::forecast::{Forecast, Minutes, Outlook, forecast};
pub use crate::habits::{Habits, Holidays, Occasion};
pub use crate::instrument::by_the_sources_of_now;
pub use crate::judge::{Judgement, judge};
pub use crate::rivals::rival;
pub use crate::rule::Rule;
pub use crate::series::{SeriesJudge, SeriesReading, SeriesRule};
pub use crate::severity::{Excess, Grounds, Row, Severities};
pub use crate::watch::{Account, Enough, Letters, List, Watch, Watched};
