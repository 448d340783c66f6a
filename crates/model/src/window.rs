//! Buckets as they are added to and as a judge sees them.

use std::collections::BTreeSet;
use std::sync::Arc;

use litemap::LiteMap;

use crate::{
    ArrivalTime, Counts, Day, EventTime, Hour, Kind, Minute, Origins, Position, Pulls, Sketch, Span, Subject,
    TopList,
};

/// Minute buckets in a view.
pub const VIEW_MINUTES: usize = 75;
/// Hour buckets in a view: a day, the hour that has begun, and some hours before.
pub const VIEW_HOURS: usize = 28;

/// Where the added-up records of a brand end in one lane: the first position not yet counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Fence(pub Position);

/// The answer to a merge.
#[derive(Clone, Debug, PartialEq)]
pub enum Merged {
    /// It was added; this is the brand now.
    Added(Box<View>),
    /// Positions before this one were counted before; nothing was changed. Add up the rest and merge again.
    AgainFrom(Position),
    /// The subject's past was counted anew, or is, and some of the records came before and some after; nothing was
    /// changed. Add up what came before `at` and what came then or later, and merge both at once.
    Cut {
        /// What came before this time is in already: leave it out.
        after: Option<ArrivalTime>,
        /// Up to this time the past is being counted anew.
        at: Option<ArrivalTime>,
    },
    /// The store knows less than it once did; nothing was changed.
    Lost,
}

impl Fence {
    /// Whether records `first..` may be added by a caller who knows that everything before `seen` is in:
    /// `None` if so (the fence then moves behind the last of them).
    pub fn refuses(self, seen: Position, first: Position) -> Option<Merged> {
        if self.0 < seen {
            Some(Merged::Lost)
        } else if self.0 > first {
            Some(Merged::AgainFrom(self.0))
        } else {
            None
        }
    }
}

/// What some records of one lane add to one subject: a function of the records alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    /// Whose.
    pub subject: Subject,
    /// By minute.
    pub minutes: LiteMap<Minute, Counts>,
    /// What stands in evidence, by hour.
    pub details: LiteMap<Hour, Detail>,
    /// Where the posts came from, by the day of their arrival.
    pub origins: LiteMap<Day, Origins>,
    /// When the records came: the first and the last; nothing where nobody needs to know.
    pub came: Option<(ArrivalTime, ArrivalTime)>,
}

impl Delta {
    /// Nothing yet.
    pub fn new(subject: Subject) -> Delta {
        Delta {
            subject,
            minutes: LiteMap::new(),
            details: LiteMap::with_capacity(1),
            origins: LiteMap::with_capacity(1),
            came: None,
        }
    }
    /// A record came then.
    pub fn comes(&mut self, at: ArrivalTime) {
        let (first, last) = self.came.unwrap_or((at, at));
        self.came = Some((first.min(at), last.max(at)));
    }
    /// The days that it changes.
    pub fn days(&self) -> BTreeSet<Day> {
        self.minutes.keys().map(|minute| minute.hour().day()).chain(self.origins.keys().copied()).collect()
    }
}

/// What stands in evidence of one hour, bounded at any volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Different authors.
    pub authors: Sketch,
    /// Different texts (by fingerprint).
    pub texts: Sketch,
    /// Salient words of negative posts; weight: thousandths of a negative post.
    pub terms: TopList,
    /// Posts; weight: negative thousandths plus what they gained; note: an excerpt.
    pub posts: TopList,
    /// Authors by key; weight: their [`Voices`](crate::Voices); note: source, id and name.
    pub top_authors: TopList,
    /// Sources; weight: posts.
    pub sources: TopList,
    /// Posts that others pass on or answer, by `source/id`; weight: the [`Voices`](crate::Voices) of those who do;
    /// note: author as above, if a child carried it.
    pub roots: TopList,
    /// Triggers and the posts that pulled them, by the hour of their arrival.
    pub pulls: Pulls,
}

impl Default for Detail {
    fn default() -> Self {
        Detail {
            authors: Sketch::default(),
            texts: Sketch::default(),
            terms: TopList::new(24),
            posts: TopList::new(8),
            top_authors: TopList::new(16),
            sources: TopList::new(16),
            roots: TopList::new(16),
            pulls: Pulls::default(),
        }
    }
}

impl Detail {
    /// Adds another one.
    pub fn merge(&mut self, other: &Detail) {
        self.authors.merge(&other.authors);
        self.texts.merge(&other.texts);
        self.terms.merge(&other.terms);
        self.posts.merge(&other.posts);
        self.top_authors.merge(&other.top_authors);
        self.sources.merge(&other.sources);
        self.roots.merge(&other.roots);
        self.pulls.merge(&other.pulls);
    }
}

/// What a judge must remember of a subject and kind. Each field only grows, so marks merge by
/// maximum and a repetition changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Mark {
    /// The minute since which it is abnormal; it stands while this is later than `cleared`.
    pub since: Minute,
    /// The minute of the last signal.
    pub signalled: Minute,
    /// The minute in which it was last found ordinary again.
    pub cleared: Minute,
    /// The last minute in which a short window was abnormal: a long one holds what was told then, and
    /// keeps it until its end.
    pub burst: Minute,
}

impl Mark {
    /// Abnormal, and not cleared since.
    pub fn stands(self) -> bool {
        self.since > self.cleared
    }
    /// The greater of each field.
    pub fn max(self, other: Mark) -> Mark {
        Mark {
            since: self.since.max(other.since),
            signalled: self.signalled.max(other.signalled),
            cleared: self.cleared.max(other.cleared),
            burst: self.burst.max(other.burst),
        }
    }
}

/// A subject as of `now`: the last 75 minutes and 25 hours (both with the unfinished one), the
/// evidence of the last 3 hours, the marks. Minutes after `now` are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Whose.
    pub subject: Subject,
    /// As of when.
    pub now: ArrivalTime,
    /// The last minutes, oldest first; the last one is the minute of `now`. [`VIEW_MINUTES`] of them.
    pub minutes: Vec<Counts>,
    /// The last hours, oldest first; the last one is the hour of `now`. [`VIEW_HOURS`] of them.
    pub hours: Vec<Counts>,
    /// Evidence of the hours of `now` and the two before it, as far as there is any. Shared, because
    /// only a judge who has found something looks at it: see [`View::detail`].
    pub details: Vec<Arc<Detail>>,
    /// What the judge remembers.
    pub marks: Vec<(Kind, Mark)>,
    /// The minute of data time in which this subject was first counted, if ever: how old its history is.
    pub first: Option<Minute>,
    /// Up to when its past was counted anew while posts were counted on, if it ever was.
    pub recounted: Option<ArrivalTime>,
    /// Up to when that is being done now.
    pub recounting: Option<ArrivalTime>,
}

impl View {
    /// A view of nothing.
    pub fn empty(subject: Subject, now: ArrivalTime) -> View {
        View {
            subject,
            now,
            minutes: vec![Counts::default(); VIEW_MINUTES],
            hours: vec![Counts::default(); VIEW_HOURS],
            details: Vec::new(),
            marks: Vec::new(),
            first: None,
            recounted: None,
            recounting: None,
        }
    }
    /// The first minute in the view.
    pub fn first_minute(&self) -> Minute {
        Minute(self.now.minute().0 - VIEW_MINUTES as i64 + 1)
    }
    /// The first hour in the view.
    pub fn first_hour(&self) -> Hour {
        Hour(self.now.hour().0 - VIEW_HOURS as i64 + 1)
    }
    /// The last `window` minutes summed, the unfinished one included; at most [`VIEW_MINUTES`].
    pub fn last_minutes(&self, window: usize) -> Counts {
        let from = self.minutes.len().saturating_sub(window);
        let mut sum = Counts::default();
        self.minutes[from..].iter().for_each(|c| sum.add(c));
        sum
    }
    /// The last `window` hours summed, the unfinished one included; at most [`VIEW_HOURS`].
    pub fn last_hours(&self, window: usize) -> Counts {
        let from = self.hours.len().saturating_sub(window);
        let mut sum = Counts::default();
        self.hours[from..].iter().for_each(|c| sum.add(c));
        sum
    }
    /// The evidence of all hours in the view, merged.
    pub fn detail(&self) -> Detail {
        let mut all = Detail::default();
        self.details.iter().for_each(|d| all.merge(d));
        all
    }
    /// The mark of a kind.
    pub fn mark(&self, kind: Kind) -> Mark {
        self.marks.iter().find(|(k, _)| *k == kind).map(|(_, m)| *m).unwrap_or_default()
    }
    /// How much history there is before `now`.
    pub fn age(&self) -> Span {
        self.first.map_or(Span::default(), |m| self.now.since(EventTime::from_millis(m.0 * 60_000)))
    }
}
