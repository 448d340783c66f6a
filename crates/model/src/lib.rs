//! The nouns of tocsin: what is said, what is counted, what is judged, whom it is told.
//!
//! In: nothing. Out: types whose wrong states can't be said, and the small rules that belong to a
//! noun alone (how counts add up, how a claim meets a record, when kin is close enough).
//! Never: I/O, clocks, async, serde. The words are those of ARCHITECTURE.md.

mod claim; // what is known of an id
mod counts; // what a bucket holds
mod history; // a subject's past weeks
mod ids; // who and what
mod incident; // the life of a crisis
mod kin; // who descends from whom
pub mod limits; // every bound on what comes in
mod matched; // a post with its brands
mod notice; // one message to one channel
mod origins; // where posts came from, and how late
mod post; // one thing somebody said
mod pulls; // what few posts are enough for
mod reading; // what the text says
mod recount; // a past as another query would have counted it
mod signal; // what is abnormal now, and why
mod sketch; // how many different ones
mod time; // the two clocks and the buckets
mod top; // the greatest few
mod window; // buckets as a judge sees them

pub use crate::claim::{Claim, Record};
pub use crate::counts::Counts;
pub use crate::history::{DayCounts, HISTORY_HOURS, History, KeptDays, MINUTES_KEPT};
pub use crate::ids::{
    AuthorId, AuthorKey, BadId, BrandId, IncidentId, Lane, NoticeId, OutletId, Position, PostId, SignalId,
    SourceId, Subject,
};
pub use crate::incident::{Course, Handling, Incident, KindState, Ring};
pub use crate::kin::{Ask, Gained, KIN_AFTER, KIN_BEFORE, Tell, Took, took_from};
pub use crate::matched::{CROWD_ACTS, Matched, Mention, MentionedBy, PLACES_MAX, Sighting, Timing, Update};
pub use crate::notice::{News, Notice, Receipt};
pub use crate::origins::{DELAY_SECONDS, Delays, Origins};
pub use crate::post::{Author, Engagement, Media, Parent, Post, Reason, Rejected};
pub use crate::pulls::{Pull, Pulls, Trigger};
pub use crate::reading::{
    Concern, EMOTIONS, Emotion, Emotions, Intent, Label, Milli, Scored, Sentiment, Token, TokenKind,
    Tokenized,
};
pub use crate::recount::recount;
pub use crate::signal::{
    Answered, AuthorShare, Coverage, Evidence, Hearing, Kind, PostRef, Pulled, Rival, SIGNAL_KINDS, Severity,
    Signal, State,
};
pub use crate::sketch::Sketch;
pub use crate::time::{ArrivalTime, DAY, Day, EventTime, HOUR, Hour, MINUTE, Minute, Span};
pub use crate::top::{TopEntry, TopList, Voices};
pub use crate::window::{Delta, Detail, Fence, Mark, Merged, VIEW_HOURS, VIEW_MINUTES, View};
