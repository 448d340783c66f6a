//! What is abnormal now, and why.

use std::collections::BTreeMap;
use std::fmt;

use crate::{ArrivalTime, AuthorId, AuthorKey, BrandId, Label, Minute, SignalId, SourceId, Subject, Voices};

/// What sort of abnormal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// More posts than there should be.
    Volume,
    /// More negative posts, or a greater share of them, than there should be.
    Negative,
    /// Likes, reposts and views running away.
    Engagement,
    /// Coordinated copies.
    Flood,
    /// A watched word.
    Keyword,
    /// A watched or far-reaching author.
    Author,
    /// A source that has gone silent.
    Silence,
    /// An employee's or customer service's report.
    Report,
    /// What is expected, not what is.
    Forecast,
}

/// All kinds.
pub const SIGNAL_KINDS: [Kind; 9] = [
    Kind::Volume,
    Kind::Negative,
    Kind::Engagement,
    Kind::Flood,
    Kind::Keyword,
    Kind::Author,
    Kind::Silence,
    Kind::Report,
    Kind::Forecast,
];

impl Kind {
    /// `volume`, `negative`, …
    pub fn name(self) -> &'static str {
        match self {
            Kind::Volume => "volume",
            Kind::Negative => "negative",
            Kind::Engagement => "engagement",
            Kind::Flood => "flood",
            Kind::Keyword => "keyword",
            Kind::Author => "author",
            Kind::Silence => "silence",
            Kind::Report => "report",
            Kind::Forecast => "forecast",
        }
    }
    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Kind> {
        SIGNAL_KINDS.into_iter().find(|k| k.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// China's four emergency levels, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// IV, 蓝色
    Blue,
    /// III, 黄色
    Yellow,
    /// II, 橙色
    Orange,
    /// I, 红色
    Red,
}

impl Severity {
    /// All, lowest first.
    pub const ALL: [Severity; 4] = [Severity::Blue, Severity::Yellow, Severity::Orange, Severity::Red];

    /// `blue`, `yellow`, `orange` or `red`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Blue => "blue",
            Severity::Yellow => "yellow",
            Severity::Orange => "orange",
            Severity::Red => "red",
        }
    }
    /// The severity of this name.
    pub fn from_name(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|s| s.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is so now: a window judged abnormal, with every number that made the judgement; or cleared.
/// Readers keep the first of an id.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// From subject, kind, severity and minute; of a `cleared`: subject, kind and the mark's `since`.
    pub id: SignalId,
    /// About whom.
    pub subject: Subject,
    /// What sort.
    pub kind: Kind,
    /// Abnormal or cleared.
    pub state: State,
    /// As of when.
    pub at: ArrivalTime,
}

/// Whether it is or was.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It is abnormal.
    Abnormal {
        /// How bad.
        severity: Severity,
        /// Since when.
        since: Minute,
        /// Why.
        evidence: Box<Evidence>,
    },
    /// It is ordinary again.
    Cleared {
        /// Since when it had been abnormal.
        since: Minute,
    },
}

impl Signal {
    /// A signal that something is abnormal.
    pub fn abnormal(
        subject: Subject,
        kind: Kind,
        severity: Severity,
        since: Minute,
        at: ArrivalTime,
        evidence: Evidence,
    ) -> Signal {
        let id = format!("{subject}:{kind}:{severity}:{}", at.minute().0);
        let state = State::Abnormal { severity, since, evidence: Box::new(evidence) };
        Signal { id: made(&id), subject, kind, state, at }
    }
    /// A signal that something is ordinary again.
    pub fn cleared(subject: Subject, kind: Kind, since: Minute, at: ArrivalTime) -> Signal {
        let id = format!("{subject}:{kind}:cleared:{}", since.0);
        Signal { id: made(&id), subject, kind, state: State::Cleared { since }, at }
    }
}

/// A signal's id from checked parts: shorter than its limit, no control characters.
fn made(id: &str) -> SignalId {
    SignalId::new(id).expect("parts of a signal's id were checked before")
}

/// Every number that made a judgement, each with its unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The window, in minutes, that ends with the minute of the signal.
    pub window_minutes: u32,
    /// Posts heard in it (own words, at most 60 min late).
    pub observed: u64,
    /// Posts that should have been heard in it.
    pub expected: f64,
    /// Negative posts in it, in thousandths of a post.
    pub negative: u64,
    /// Negative posts that should have been in it, in posts.
    pub negative_expected: f64,
    /// Which test, by name.
    pub test: &'static str,
    /// log10 of the probability of so much or more, were all ordinary.
    pub log10_p: f64,
    /// The log10 p at or below which it is abnormal.
    pub log10_threshold: f64,
    /// What else the test was given, by name: with it `log10_p` and `log10_threshold` can be made again.
    pub given: BTreeMap<String, f64>,
    /// Posts all in all in the window, late ones and bare reposts too.
    pub posts: u64,
    /// Persons who may have been reached in the window.
    pub reach: u64,
    /// About how many different authors in the last 3 hours.
    pub distinct_authors: u64,
    /// About how many different texts in the last 3 hours.
    pub distinct_texts: u64,
    /// Some posts that it comes from, the heaviest first.
    pub top_posts: Vec<PostRef>,
    /// Words that the negative posts share, the heaviest first, with their weight in thousandths of a post.
    pub top_terms: Vec<(String, u64)>,
    /// Authors by their part in it, the greatest first.
    pub top_authors: Vec<AuthorShare>,
    /// Sources and their posts in the last 3 hours, the greatest first.
    pub sources: Vec<(SourceId, u64)>,
    /// The sources where the brand lives, and whether they are heard.
    pub coverage: Vec<Coverage>,
    /// Of a silent source: the brands that it spoke of in the last weeks, the most often first.
    pub blinds: Vec<BrandId>,
    /// Triggers that were pulled often enough, the worst first.
    pub pulled: Vec<Pulled>,
    /// Brands of the same trade, in the same hour.
    pub rivals: Vec<Rival>,
    /// What came of the last post of the brand's own accounts, if there was one within the last hour.
    pub answered: Option<Answered>,
}

/// A trigger that was pulled often enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The words, the list, the source.
    pub name: String,
    /// By how many posts, in this hour and the two before it.
    pub posts: u64,
    /// How many are enough.
    pub enough: u64,
    /// How bad that is by itself.
    pub severity: Severity,
}

/// A brand of the same trade.
#[derive(Clone, Debug, PartialEq)]
pub struct Rival {
    /// Which.
    pub brand: BrandId,
    /// Posts heard of it in the last 60 minutes.
    pub heard: u64,
    /// Posts that should have been heard.
    pub expected: f64,
    /// More than chance explains.
    pub rises: bool,
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answered {
    /// The minute of the brand's own post.
    pub at: Minute,
    /// For so many minutes it was followed by now, 60 at most.
    pub minutes: u32,
    /// Posts beyond the usual in these minutes.
    pub excess: f64,
    /// So many were to come in them, by what was known when the post was made.
    pub forecast: f64,
}

/// Whether a source is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Which.
    pub source: SourceId,
    /// How well.
    pub hearing: Hearing,
    /// The minute in which its newest post came, within the last 25 hours.
    pub newest: Option<Minute>,
}

/// How well a source is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hearing {
    /// As usual.
    Heard,
    /// Much less than usual comes from it.
    Degraded,
    /// It has gone silent.
    Silent,
    /// Nothing ever came from it.
    NotConnected,
}

impl Hearing {
    /// `heard`, `degraded`, `silent` or `not_connected`.
    pub fn name(self) -> &'static str {
        match self {
            Hearing::Heard => "heard",
            Hearing::Degraded => "degraded",
            Hearing::Silent => "silent",
            Hearing::NotConnected => "not_connected",
        }
    }
}

/// A post to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct PostRef {
    /// `source/id`.
    pub id: String,
    /// Its first words.
    pub excerpt: String,
    /// Why it stands here: thousandths of a negative post, plus what it gained.
    pub weight: u64,
}

/// An author's part.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorShare {
    /// The keyed hash: all that is stored for ever.
    pub key: AuthorKey,
    /// The id as it came in; kept until 90 days after the incident is over.
    pub id: Option<AuthorId>,
    /// The name as shown; kept as long.
    pub name: Option<String>,
    /// Posts in the last 3 hours; in an incident, in its 3 hours in which they had the greatest part.
    pub posts: u64,
    /// Posts in those 3 hours that descend from one of theirs, as far as this can be followed.
    pub started: u64,
    /// How many of both are against the brand.
    pub against: u64,
    /// How their own post leans from which most of those descend, if it is kept.
    pub stance: Option<Label>,
}

impl AuthorShare {
    /// All that they wrote or began.
    pub fn voices(&self) -> Voices {
        Voices { posts: self.posts.saturating_add(self.started), against: self.against }
    }
    /// Each author once, where his part was greatest (the first of equals); the greatest first.
    pub fn greatest<'a>(all: impl IntoIterator<Item = &'a AuthorShare>) -> Vec<AuthorShare> {
        let heaviness = |share: &AuthorShare| share.voices().heaviness();
        let mut greatest: Vec<AuthorShare> = Vec::new();
        for share in all {
            match greatest.iter_mut().find(|known| known.key == share.key) {
                Some(known) if heaviness(known) < heaviness(share) => *known = share.clone(),
                Some(_) => {}
                None => greatest.push(share.clone()),
            }
        }
        greatest.sort_by_key(|share| (std::cmp::Reverse(heaviness(share)), share.key));
        greatest
    }
}
