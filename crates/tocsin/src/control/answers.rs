//! What is asked, and the answers as JSON: the same from a running process, from a folder and over servers.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tocsin_embedded::Store;
use tocsin_flow::{Arrival, Arrivals, Fault, Intake};
use tocsin_ingest::{BrandSet, Matcher, Query, clean};
use tocsin_kafka::KafkaIntake;
use tocsin_model::{
    ArrivalTime, BrandId, Day, DayCounts, Minute, Rejected, Signal, SignalId, Span, State, Subject,
};

use super::records::Records;
use crate::config::Servers;

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

/// Who answers: from the records, and by the intake for what is sent again.
#[derive(Clone)]
pub(crate) struct Clerk {
    records: Records,
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
        Clerk { records: Records::Folder(Arc::new(store.office())), intake: Arc::new(store.intake()) }
    }

    /// Over Kafka and Redis; nothing is asked of them yet.
    pub(crate) fn over(servers: Arc<Servers>) -> Result<Clerk, Fault> {
        let intake = Arc::new(KafkaIntake::open(&servers.kafka.brokers)?);
        Ok(Clerk { records: Records::Servers(servers), intake })
    }

    /// Answers; `now` is when what is sent again arrives.
    pub(crate) async fn answer(&self, question: &Question, now: ArrivalTime) -> Result<Value, Fault> {
        match question {
            Question::Incidents { open, brand, limit } => {
                self.incidents(*open, brand.as_deref(), *limit).await
            }
            Question::Incident { id } => {
                let found = self.records.incidents().await?.into_iter().find(|i| i.id.as_str() == id);
                Ok(found.map_or(Value::Null, |i| value(&tocsin_wire::write_incident(&i))))
            }
            Question::RejectedList { reason, limit } => self.rejected(reason.clone(), *limit).await,
            Question::RejectedOne { number } => {
                let found = self.records.rejected_of(&[*number]).await?.remove(number);
                Ok(found.map_or(Value::Null, |r| numbered(*number, &r)))
            }
            Question::Retry { which } => self.retry(which, now).await,
            Question::Days { brand } => self.days(brand).await,
            Question::Signal { id, query } => self.signal(id, query.as_deref()).await,
        }
    }

    async fn days(&self, brand: &str) -> Result<Value, Fault> {
        let Ok(brand) = BrandId::new(brand) else { return Ok(Value::Null) };
        let kept = self.records.days(&Subject::Brand(brand)).await?;
        let day = |(day, counts): &(Day, DayCounts)| {
            json!([day.0, STANDARD.encode(tocsin_wire::write_day(counts))])
        };
        let days: Vec<Value> = kept.days.iter().map(day).collect();
        Ok(json!({"now": kept.now.millis(), "first": kept.first.map(|minute| minute.0), "days": days}))
    }

    async fn signal(&self, id: &str, query: Option<&str>) -> Result<Value, Fault> {
        let Ok(id) = SignalId::new(id) else { return Ok(Value::Null) };
        let Some(signal) = self.records.signal(&id).await? else { return Ok(Value::Null) };
        let (holds, later) = match &signal.state {
            State::Abnormal { evidence, .. } => {
                let last = signal.at.minute();
                let first = Minute(last.0 - i64::from(evidence.window_minutes) + 1);
                let taken = match query {
                    Some(query) => self.later(&signal, first, query).await?,
                    None => Vec::new(),
                };
                (self.records.window(&signal.subject, first, last).await?, taken)
            }
            State::Cleared { .. } => (None, Vec::new()),
        };
        let holds = holds.map(|c| json!({"heard": c.heard, "negative": c.negative, "posts": c.posts}));
        Ok(json!({"signal": value(&tocsin_wire::write_signal(&signal)), "holds": holds, "later": later}))
    }

    /// Kept posts that the query takes, of the window from `first` on, that were heard after the signal: at most
    /// [`LATER_MAX`] of them. What mentions the brand only by descent is not among them.
    async fn later(&self, signal: &Signal, first: Minute, query: &str) -> Result<Vec<Value>, Fault> {
        let Subject::Brand(brand) = &signal.subject else { return Ok(Vec::new()) };
        let Ok(query) = Query::parse(query) else { return Ok(Vec::new()) };
        let Ok(set) = BrandSet::compile(vec![(brand.clone(), query)], 0) else { return Ok(Vec::new()) };
        let mut matcher = Matcher::new(Arc::new(set));
        let at = signal.at;
        let each = move |later: &mut Vec<Value>, arrived: ArrivalTime, json: &[u8]| {
            if arrived.after(at) > HEARD || later.len() == LATER_MAX {
                return false;
            }
            let Ok(post) = tocsin_wire::read_post(json, arrived) else { return true };
            let in_window = (first..=at.minute()).contains(&post.created.minute());
            let text = clean(&post);
            if arrived > at && in_window && !matcher.mentions(&post, &text).is_empty() {
                let excerpt: String = text.text.chars().take(EXCERPT_CHARS).collect();
                let (id, arrived) = (post.id.to_string(), tocsin_wire::rfc3339(arrived.millis()));
                later.push(json!({"id": id, "arrived": arrived, "excerpt": excerpt}));
            }
            true
        };
        self.records.posts(at, Vec::new(), each).await
    }

    async fn incidents(&self, open: bool, brand: Option<&str>, limit: usize) -> Result<Value, Fault> {
        let of_brand = |subject: &Subject| match (brand, subject) {
            (None, _) => true,
            (Some(wanted), Subject::Brand(brand)) => brand.as_str() == wanted,
            (Some(_), Subject::Source(_)) => false,
        };
        let all = self.records.incidents().await?;
        let wanted = all.iter().rev().filter(|i| !(open && i.is_over()) && of_brand(&i.subject)).take(limit);
        Ok(wanted.map(|i| value(&tocsin_wire::write_incident(i))).collect())
    }

    async fn rejected(&self, reason: Option<String>, limit: usize) -> Result<Value, Fault> {
        let each = move |latest: &mut BTreeMap<_, _>, number, rejected: Rejected| {
            if reason.as_deref().is_none_or(|r| r == rejected.reason.name()) {
                latest.insert((rejected.at, number), numbered(number, &rejected));
                if latest.len() > limit {
                    latest.pop_first();
                }
            }
        };
        let latest = self.records.rejected(BTreeMap::new(), each).await?;
        Ok(latest.into_values().rev().collect())
    }

    /// Sends records again as if they came in now; those that still are no post stay where they are, and over Kafka
    /// all do: sent once more, they are updates and count once.
    async fn retry(&self, which: &Which, now: ArrivalTime) -> Result<Value, Fault> {
        let (which, mut still, mut sent) = (which.clone(), Vec::new(), 0);
        let each = move |wanted: &mut Vec<u64>, number, rejected: Rejected| {
            if which.takes(number, &rejected) {
                wanted.push(number);
            }
        };
        let wanted = self.records.rejected(Vec::new(), each).await?;
        for numbers in wanted.chunks(TOGETHER) {
            let (mut arrivals, mut gone) = (Arrivals::default(), Vec::new());
            for (number, rejected) in self.records.rejected_of(numbers).await? {
                match tocsin_wire::read_post(&rejected.bytes, now) {
                    Ok(post) => {
                        arrivals.posts.push(Arrival {
                            arrived: now,
                            source: post.id.source,
                            json: rejected.bytes,
                        });
                        gone.push(number);
                    }
                    Err(refused) => still.push(json!({"number": number, "why": refused.reason.to_string()})),
                }
            }
            sent += gone.len();
            self.intake.take(arrivals).await?;
            // Durable in the log first: a crash here sends a record twice, which is an update and counts once.
            self.records.forget_rejected(&gone)?;
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
