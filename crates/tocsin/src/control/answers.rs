//! What is asked, and the answers as JSON: the same from a running process and from a folder.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tocsin_embedded::{Office, Store};
use tocsin_flow::{Arrival, Arrivals, Fault, Intake};
use tocsin_ingest::{BrandSet, Matcher, Query, clean};
use tocsin_model::{ArrivalTime, BrandId, Day, DayCounts, Minute, Rejected, Signal, Span, State, Subject};

/// One question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub(crate) enum Question {
    /// Incidents, the latest first.
    Incidents { open: bool, brand: Option<String>, limit: usize },
    /// One incident.
    Incident { id: String },
    /// Rejected records, the latest first.
    RejectedList { reason: Option<String>, limit: usize },
    /// One rejected record.
    RejectedOne { number: u64 },
    /// Send rejected records again.
    Retry { which: Which },
    /// The days that are kept of a brand.
    Days { brand: String },
    /// A signal, what its window holds now, and which posts that the query takes came into it later.
    Signal { id: String, query: Option<String> },
}

/// Which rejected records.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Which {
    /// These.
    Numbers(Vec<u64>),
    /// Those of this reason.
    Reason(String),
    /// All.
    All,
}

impl Which {
    fn takes(&self, number: u64, rejected: &Rejected) -> bool {
        match self {
            Which::Numbers(numbers) => numbers.contains(&number),
            Which::Reason(reason) => rejected.reason.name() == reason,
            Which::All => true,
        }
    }
}

/// Who answers: the store's office, and its intake for what is sent again.
#[derive(Clone)]
pub(crate) struct Clerk {
    office: Arc<Office>,
    intake: Arc<dyn Intake>,
}

/// A post that comes later than this is not heard.
const HEARD: Span = Span::from_minutes(60);
/// Posts that came after a signal are told one by one up to so many, ...
const LATER_MAX: usize = 20;
/// ... each with so many letters of it.
const EXCERPT_CHARS: usize = 40;
/// How many records are sent again at once.
const TOGETHER: usize = 500;

impl Clerk {
    pub(crate) fn of(store: &Store) -> Clerk {
        Clerk { office: Arc::new(store.office()), intake: Arc::new(store.intake()) }
    }

    /// Answers; `now` is when what is sent again arrives.
    pub(crate) async fn answer(&self, question: &Question, now: ArrivalTime) -> Result<Value, Fault> {
        match question {
            Question::Incidents { open, brand, limit } => self.incidents(*open, brand.as_deref(), *limit),
            Question::Incident { id } => {
                let found = self.office.incidents()?.into_iter().find(|i| i.id.as_str() == id);
                Ok(found.map_or(Value::Null, |i| value(&tocsin_wire::write_incident(&i))))
            }
            Question::RejectedList { reason, limit } => self.rejected(reason.as_deref(), *limit),
            Question::RejectedOne { number } => {
                let found = self.office.rejected_one(*number)?;
                Ok(found.map_or(Value::Null, |r| numbered(*number, &r)))
            }
            Question::Retry { which } => self.retry(which, now).await,
            Question::Days { brand } => self.days(brand),
            Question::Signal { id, query } => self.signal(id, query.as_deref()),
        }
    }

    fn days(&self, brand: &str) -> Result<Value, Fault> {
        let Ok(brand) = BrandId::new(brand) else { return Ok(Value::Null) };
        let kept = self.office.days(&Subject::Brand(brand))?;
        let day = |(day, counts): &(Day, DayCounts)| {
            json!([day.0, STANDARD.encode(tocsin_wire::write_day(counts))])
        };
        let days: Vec<Value> = kept.days.iter().map(day).collect();
        Ok(json!({"now": kept.now.millis(), "first": kept.first.map(|minute| minute.0), "days": days}))
    }

    fn signal(&self, id: &str, query: Option<&str>) -> Result<Value, Fault> {
        let mut found = None;
        self.office.signals(|signal| {
            if signal.id.as_str() == id {
                found.get_or_insert(signal);
            }
        })?;
        let Some(signal) = found else { return Ok(Value::Null) };
        let (holds, later) = match &signal.state {
            State::Abnormal { evidence, .. } => {
                let last = signal.at.minute();
                let first = Minute(last.0 - i64::from(evidence.window_minutes) + 1);
                let taken = query.map_or(Ok(Vec::new()), |query| self.later(&signal, first, query))?;
                (self.office.window(&signal.subject, first, last)?, taken)
            }
            State::Cleared { .. } => (None, Vec::new()),
        };
        let holds = holds.map(|c| json!({"heard": c.heard, "negative": c.negative, "posts": c.posts}));
        Ok(json!({"signal": value(&tocsin_wire::write_signal(&signal)), "holds": holds, "later": later}))
    }

    /// Kept posts that the query takes, of the window from `first` on, that were heard after the signal: at most
    /// [`LATER_MAX`] of them. What mentions the brand only by descent is not among them.
    fn later(&self, signal: &Signal, first: Minute, query: &str) -> Result<Vec<Value>, Fault> {
        let Subject::Brand(brand) = &signal.subject else { return Ok(Vec::new()) };
        let Ok(query) = Query::parse(query) else { return Ok(Vec::new()) };
        let Ok(set) = BrandSet::compile(vec![(brand.clone(), query)], 0) else { return Ok(Vec::new()) };
        let mut matcher = Matcher::new(Arc::new(set));
        let mut later = Vec::new();
        for kept in self.office.recorded(signal.at) {
            let (arrived, json) = kept?;
            if arrived.after(signal.at) > HEARD || later.len() == LATER_MAX {
                break;
            }
            let Ok(post) = tocsin_wire::read_post(&json, arrived) else { continue };
            let in_window = (first..=signal.at.minute()).contains(&post.created.minute());
            let text = clean(&post);
            if arrived > signal.at && in_window && !matcher.mentions(&post, &text).is_empty() {
                let excerpt: String = text.text.chars().take(EXCERPT_CHARS).collect();
                let (id, arrived) = (post.id.to_string(), tocsin_wire::rfc3339(arrived.millis()));
                later.push(json!({"id": id, "arrived": arrived, "excerpt": excerpt}));
            }
        }
        Ok(later)
    }

    fn incidents(&self, open: bool, brand: Option<&str>, limit: usize) -> Result<Value, Fault> {
        let of_brand = |subject: &Subject| match (brand, subject) {
            (None, _) => true,
            (Some(wanted), Subject::Brand(brand)) => brand.as_str() == wanted,
            (Some(_), Subject::Source(_)) => false,
        };
        let all = self.office.incidents()?;
        let wanted = all.iter().rev().filter(|i| !(open && i.is_over()) && of_brand(&i.subject)).take(limit);
        Ok(wanted.map(|i| value(&tocsin_wire::write_incident(i))).collect())
    }

    fn rejected(&self, reason: Option<&str>, limit: usize) -> Result<Value, Fault> {
        let mut latest = std::collections::VecDeque::new();
        self.office.rejected(|number, rejected| {
            if reason.is_none_or(|r| r == rejected.reason.name()) {
                latest.push_front(numbered(number, &rejected));
                latest.truncate(limit);
            }
        })?;
        Ok(Value::Array(latest.into()))
    }

    /// Sends records again as if they came in now; those that still are no post stay where they are.
    async fn retry(&self, which: &Which, now: ArrivalTime) -> Result<Value, Fault> {
        let (mut wanted, mut still) = (Vec::new(), Vec::new());
        self.office.rejected(|number, rejected| {
            if which.takes(number, &rejected) {
                wanted.push(number);
            }
        })?;
        let mut sent = 0;
        for numbers in wanted.chunks(TOGETHER) {
            let (mut arrivals, mut gone) = (Arrivals::default(), Vec::new());
            for number in numbers {
                let Some(rejected) = self.office.rejected_one(*number)? else { continue };
                match tocsin_wire::read_post(&rejected.bytes, now) {
                    Ok(post) => {
                        arrivals.posts.push(Arrival {
                            arrived: now,
                            source: post.id.source,
                            json: rejected.bytes,
                        });
                        gone.push(*number);
                    }
                    Err(refused) => still.push(json!({"number": number, "why": refused.reason.to_string()})),
                }
            }
            sent += gone.len();
            self.intake.take(arrivals).await?;
            // Durable in the log first: a crash here sends a record twice, which is an update and counts once.
            for number in gone {
                self.office.forget_rejected(number)?;
            }
        }
        Ok(json!({"sent": sent, "still_rejected": still}))
    }
}

fn value(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap_or(Value::Null)
}

fn numbered(number: u64, rejected: &Rejected) -> Value {
    let mut record = value(&tocsin_wire::write_rejected(rejected));
    if let Some(fields) = record.as_object_mut() {
        fields.insert("number".into(), number.into());
    }
    record
}
