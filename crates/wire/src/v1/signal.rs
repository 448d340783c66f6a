//! What is abnormal now, and why, as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tocsin_model::{
    Answered, ArrivalTime, AuthorId, AuthorKey, AuthorShare, BrandId, Coverage, Evidence, Minute, PostRef,
    Pulled, Rival, Signal, SignalId, SourceId, State, Subject,
};

use super::One;
use super::circumstances::{AnsweredV1, PulledV1, RivalV1};
use super::names::{HearingV1, KindV1, Real, SeverityV1, StanceV1, SubjectV1};
use crate::Unreadable;
use crate::time::Time;

const WHAT: &str = "signal";

/// The tests that evidence may name: each detector's must stand here, and none is ever taken out. A name
/// that is not here (a newer program's) reads as `unknown`.
pub const KNOWN_TESTS: &[&str] = &[
    "unknown",
    "poisson_tail",
    "share_binomial",
    "negative_binomial_tail",
    "beta_binomial_tail",
    "negative binomial tail of the posts heard",
    "negative binomial tail of the negatives, given the other posts",
    "negative binomial probability of no post from the source",
    "binomial tail of the copies among the posts",
    "exponential tail of the logarithm of what a day's greatest hour gains",
    "negative binomial tail of the fewest posts to come in the next hour",
    "posts that pull a trigger, against how many are enough",
];

/// What is so now: a window judged abnormal, with every number that made the judgement; or cleared. Readers
/// keep the first of an id.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Signal")]
pub(crate) struct SignalV1 {
    v: One,
    /// From subject, kind, severity and minute; of a `cleared`: subject, kind and `since`.
    id: String,
    /// About whom: a brand, or a source gone silent.
    subject: SubjectV1,
    /// What sort.
    kind: KindV1,
    /// As of when.
    at: Time,
    /// Abnormal or cleared.
    state: StateV1,
    /// Since which minute it is abnormal, or had been.
    since: Time,
    /// How bad; null when cleared.
    severity: Option<SeverityV1>,
    /// Why; null when cleared.
    evidence: Option<Box<EvidenceV1>>,
}

/// Whether it is or was.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum StateV1 {
    Abnormal,
    Cleared,
}

/// Every number that made a judgement, each with its unit.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Evidence")]
pub(crate) struct EvidenceV1 {
    /// The window, in minutes, that ends with the minute of the signal.
    window_minutes: u32,
    /// Posts heard in it (own words, at most 60 min late).
    observed: u64,
    /// Posts that should have been heard in it.
    expected: Real,
    /// Negative posts in it, in thousandths of a post.
    negative: u64,
    /// Negative posts that should have been in it, in posts.
    negative_expected: Real,
    /// Which test, by name.
    test: String,
    /// log10 of the probability of so much or more, were all ordinary.
    log10_p: Real,
    /// The log10 p at or below which it is abnormal.
    log10_threshold: Real,
    /// What else the test was given, by name: with it both can be made again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    given: BTreeMap<String, Real>,
    /// Posts all in all in the window, late ones and bare reposts too.
    posts: u64,
    /// Persons who may have been reached in the window.
    reach: u64,
    /// About how many different authors in the last 3 hours.
    distinct_authors: u64,
    /// About how many different texts in the last 3 hours.
    distinct_texts: u64,
    /// Some posts that it comes from, the heaviest first.
    top_posts: Vec<PostRefV1>,
    /// Words that the negative posts share, the heaviest first.
    top_terms: Vec<TermV1>,
    /// Authors by their part in it, the greatest first.
    top_authors: Vec<AuthorShareV1>,
    /// Sources and their posts in the last 3 hours, the greatest first.
    sources: Vec<SourceShareV1>,
    /// The sources where the brand lives, and whether they are heard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    coverage: Vec<CoverageV1>,
    /// Of a silent source: the brands that it spoke of in the last weeks, the most often first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blinds: Vec<String>,
    /// Triggers that were pulled often enough, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pulled: Vec<PulledV1>,
    /// Brands of the same trade, in the same hour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rivals: Vec<RivalV1>,
    /// What came of the last post of the brand's own accounts, if there was one within the last hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered: Option<AnsweredV1>,
}

/// A post to look at.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PostRef")]
struct PostRefV1 {
    /// `source/id`.
    id: String,
    /// Its first words.
    excerpt: String,
    /// Thousandths of a negative post, plus what it gained.
    weight: u64,
}

/// A word that negative posts share.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Term")]
struct TermV1 {
    /// The word.
    term: String,
    /// In thousandths of a negative post.
    weight: u64,
}

/// An author's part.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AuthorShare")]
struct AuthorShareV1 {
    /// A keyed hash of source and author, 16 hexadecimal digits: all that is stored for ever.
    key: String,
    /// The id as it came in, while it is kept.
    id: Option<String>,
    /// The name as shown, while it is kept.
    name: Option<String>,
    /// Posts in the last 3 hours; in an incident, in its 3 hours in which they had the greatest part.
    posts: u64,
    /// Posts in those 3 hours that descend from one of theirs, as far as this can be followed.
    #[serde(default, skip_serializing_if = "is_zero")]
    started: u64,
    /// How many of both are against the brand.
    #[serde(default, skip_serializing_if = "is_zero")]
    against: u64,
    /// How their own post leans from which most of those descend, if it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stance: Option<StanceV1>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Whether a source is heard.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Coverage")]
struct CoverageV1 {
    /// Which.
    source: String,
    /// How well.
    hearing: HearingV1,
    /// The minute in which its newest post came, within the last 25 hours.
    newest: Option<Time>,
}

/// A source's part.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SourceShare")]
struct SourceShareV1 {
    /// Which.
    source: String,
    /// Posts in the last 3 hours.
    posts: u64,
}

/// A signal as JSON.
pub fn write_signal(signal: &Signal) -> Vec<u8> {
    super::json(&SignalV1::from(signal))
}

/// The contrary of [`write_signal`].
///
/// # Errors
/// JSON that it did not write, or a newer version did.
pub fn read_signal(json: &[u8]) -> Result<Signal, Unreadable> {
    let shape: SignalV1 = super::shape(WHAT, json)?;
    Signal::try_from(shape).map_err(|why| Unreadable::new(WHAT, why))
}

/// The first moment of a minute.
fn time_of(minute: Minute) -> Time {
    Time(minute.start().millis())
}

fn minute_of(time: Time) -> Minute {
    ArrivalTime::from_millis(time.0).minute()
}

impl From<&Signal> for SignalV1 {
    fn from(signal: &Signal) -> SignalV1 {
        let (state, since, severity, evidence) = match &signal.state {
            State::Abnormal { severity, since, evidence } => (
                StateV1::Abnormal,
                *since,
                Some(SeverityV1::from(*severity)),
                Some(Box::new(EvidenceV1::from(&**evidence))),
            ),
            State::Cleared { since } => (StateV1::Cleared, *since, None, None),
        };
        SignalV1 {
            v: One,
            id: signal.id.as_str().to_owned(),
            subject: SubjectV1::from(&signal.subject),
            kind: signal.kind.into(),
            at: Time(signal.at.millis()),
            state,
            since: time_of(since),
            severity,
            evidence,
        }
    }
}

impl TryFrom<SignalV1> for Signal {
    type Error = String;

    fn try_from(shape: SignalV1) -> Result<Signal, String> {
        let since = minute_of(shape.since);
        let state = match shape.state {
            StateV1::Cleared => State::Cleared { since },
            StateV1::Abnormal => State::Abnormal {
                severity: shape.severity.ok_or("it is abnormal and has no severity")?.into(),
                since,
                evidence: Box::new(Evidence::try_from(*shape.evidence.ok_or("it has no evidence")?)?),
            },
        };
        Ok(Signal {
            id: SignalId::new(&shape.id).map_err(|bad| format!("its id {bad}"))?,
            subject: Subject::try_from(shape.subject)?,
            kind: shape.kind.into(),
            state,
            at: ArrivalTime::from_millis(shape.at.0),
        })
    }
}

impl From<&Evidence> for EvidenceV1 {
    fn from(e: &Evidence) -> EvidenceV1 {
        EvidenceV1 {
            window_minutes: e.window_minutes,
            observed: e.observed,
            expected: Real(e.expected),
            negative: e.negative,
            negative_expected: Real(e.negative_expected),
            test: e.test.to_owned(),
            log10_p: Real(e.log10_p),
            log10_threshold: Real(e.log10_threshold),
            given: e.given.iter().map(|(name, number)| (name.clone(), Real(*number))).collect(),
            posts: e.posts,
            reach: e.reach,
            distinct_authors: e.distinct_authors,
            distinct_texts: e.distinct_texts,
            top_posts: e.top_posts.iter().map(PostRefV1::from).collect(),
            top_terms: e
                .top_terms
                .iter()
                .map(|(term, weight)| TermV1 { term: term.clone(), weight: *weight })
                .collect(),
            top_authors: e.top_authors.iter().map(AuthorShareV1::from).collect(),
            sources: e
                .sources
                .iter()
                .map(|(source, posts)| SourceShareV1 { source: source.as_str().to_owned(), posts: *posts })
                .collect(),
            coverage: e.coverage.iter().map(CoverageV1::from).collect(),
            blinds: e.blinds.iter().map(|brand| brand.as_str().to_owned()).collect(),
            pulled: e.pulled.iter().map(PulledV1::from).collect(),
            rivals: e.rivals.iter().map(RivalV1::from).collect(),
            answered: e.answered.map(AnsweredV1::from),
        }
    }
}

impl TryFrom<EvidenceV1> for Evidence {
    type Error = String;

    fn try_from(e: EvidenceV1) -> Result<Evidence, String> {
        let mut top_authors = Vec::with_capacity(e.top_authors.len());
        for author in e.top_authors {
            top_authors.push(AuthorShare::try_from(author)?);
        }
        let mut sources = Vec::with_capacity(e.sources.len());
        for share in e.sources {
            let source = SourceId::new(&share.source).map_err(|bad| format!("a source {bad}"))?;
            sources.push((source, share.posts));
        }
        Ok(Evidence {
            window_minutes: e.window_minutes,
            observed: e.observed,
            expected: e.expected.0,
            negative: e.negative,
            negative_expected: e.negative_expected.0,
            test: known_test(&e.test),
            log10_p: e.log10_p.0,
            log10_threshold: e.log10_threshold.0,
            given: e.given.into_iter().map(|(name, number)| (name, number.0)).collect(),
            posts: e.posts,
            reach: e.reach,
            distinct_authors: e.distinct_authors,
            distinct_texts: e.distinct_texts,
            top_posts: e
                .top_posts
                .into_iter()
                .map(|p| PostRef { id: p.id, excerpt: p.excerpt, weight: p.weight })
                .collect(),
            top_terms: e.top_terms.into_iter().map(|t| (t.term, t.weight)).collect(),
            top_authors,
            sources,
            coverage: e.coverage.into_iter().map(Coverage::try_from).collect::<Result<_, _>>()?,
            blinds: e.blinds.iter().map(|name| brand(name)).collect::<Result<_, _>>()?,
            pulled: e.pulled.into_iter().map(Pulled::from).collect(),
            rivals: e.rivals.into_iter().map(Rival::try_from).collect::<Result<_, _>>()?,
            answered: e.answered.map(Answered::from),
        })
    }
}

fn brand(name: &str) -> Result<BrandId, String> {
    BrandId::new(name).map_err(|bad| format!("a brand {bad}"))
}

impl From<&Coverage> for CoverageV1 {
    fn from(c: &Coverage) -> CoverageV1 {
        CoverageV1 {
            source: c.source.as_str().to_owned(),
            hearing: c.hearing.into(),
            newest: c.newest.map(time_of),
        }
    }
}

impl TryFrom<CoverageV1> for Coverage {
    type Error = String;

    fn try_from(c: CoverageV1) -> Result<Coverage, String> {
        Ok(Coverage {
            source: SourceId::new(&c.source).map_err(|bad| format!("a source {bad}"))?,
            hearing: c.hearing.into(),
            newest: c.newest.map(minute_of),
        })
    }
}

fn known_test(name: &str) -> &'static str {
    KNOWN_TESTS.iter().find(|known| **known == name).copied().unwrap_or("unknown")
}

impl From<&PostRef> for PostRefV1 {
    fn from(post: &PostRef) -> PostRefV1 {
        PostRefV1 { id: post.id.clone(), excerpt: post.excerpt.clone(), weight: post.weight }
    }
}

impl From<&AuthorShare> for AuthorShareV1 {
    fn from(author: &AuthorShare) -> AuthorShareV1 {
        AuthorShareV1 {
            key: author.key.to_string(),
            id: author.id.as_ref().map(|id| id.as_str().to_owned()),
            name: author.name.clone(),
            posts: author.posts,
            started: author.started,
            against: author.against,
            stance: author.stance.map(StanceV1::from),
        }
    }
}

impl TryFrom<AuthorShareV1> for AuthorShare {
    type Error = String;

    fn try_from(author: AuthorShareV1) -> Result<AuthorShare, String> {
        let key = u64::from_str_radix(&author.key, 16)
            .map_err(|_| "an author's key is not 16 hexadecimal digits".to_owned())?;
        let id = match author.id {
            Some(id) => Some(AuthorId::new(&id).map_err(|bad| format!("an author's id {bad}"))?),
            None => None,
        };
        Ok(AuthorShare {
            key: AuthorKey(key),
            id,
            name: author.name,
            posts: author.posts,
            started: author.started,
            against: author.against,
            stance: author.stance.map(Into::into),
        })
    }
}
