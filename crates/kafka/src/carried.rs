//! Nouns as records of a topic, and back.

use std::collections::BTreeMap;

use tocsin_flow::{Outputs, RawRecord, Trace};
use tocsin_model::{
    ArrivalTime, Incident, Lane, Matched, Notice, Position, Reason, Rejected, Scored, Signal, Tell, Tokenized,
};
use tocsin_wire::{KinRecord, Unreadable};

use crate::headers::About;
use crate::lanes::{key_of, lane_of};
use crate::member::{Incoming, Outgoing};
use crate::topics::{RECORD_BYTES_MAX, Topic};

/// So large a record gets of what is told together, in bytes, unless one post alone took very many brands.
const TOLD_TOGETHER_BYTES: usize = 32 << 10;
/// What the JSON of a post that is told has beside its key, and of a brand that it took beside the name.
const TOLD_BYTES: usize = 40;
const TOOK_BYTES: usize = 50;

/// A noun that a topic carries.
pub trait Carried: Sized + Send {
    /// In which topic.
    const TOPIC: Topic;
    /// Reads it; it may keep the bytes.
    ///
    /// # Errors
    /// Why its bytes are none: they go to `rejected`.
    fn read(record: &Incoming, value: &mut Vec<u8>) -> Result<Self, Unreadable>;
    /// The post that it is about, for its trace.
    fn post(&self) -> Option<&Matched>;
}

macro_rules! carried {
    ($noun:ty, $topic:expr, $read:path, $post:expr) => {
        impl Carried for $noun {
            const TOPIC: Topic = $topic;
            fn read(_: &Incoming, value: &mut Vec<u8>) -> Result<Self, Unreadable> {
                $read(value)
            }
            fn post(&self) -> Option<&Matched> {
                let post: fn(&$noun) -> Option<&Matched> = $post;
                post(self)
            }
        }
    };
}

carried!(Matched, Topic::Matched, tocsin_wire::read_matched, |it| Some(it));
carried!(Tokenized, Topic::Tokenized, tocsin_wire::read_tokenized, |it| Some(&it.matched));
carried!(Scored, Topic::Scored, tocsin_wire::read_scored, |it| Some(&it.tokenized.matched));
carried!(Signal, Topic::Signals, tocsin_wire::read_signal, |_| None);
carried!(Incident, Topic::Incidents, tocsin_wire::read_incident, |_| None);
carried!(Notice, Topic::Notices, tocsin_wire::read_notice, |_| None);
carried!(Rejected, Topic::Rejected, tocsin_wire::read_rejected, |_| None);

impl Carried for RawRecord {
    const TOPIC: Topic = Topic::Raw;
    fn read(record: &Incoming, json: &mut Vec<u8>) -> Result<RawRecord, Unreadable> {
        Ok(RawRecord { arrived: record.arrived, json: std::mem::take(json) })
    }
    fn post(&self) -> Option<&Matched> {
        None
    }
}

impl Carried for KinRecord {
    const TOPIC: Topic = Topic::Kin;
    fn read(record: &Incoming, value: &mut Vec<u8>) -> Result<KinRecord, Unreadable> {
        tocsin_wire::read_kin(value, record.position)
    }
    fn post(&self) -> Option<&Matched> {
        match self {
            KinRecord::Asks(ask) => Some(&ask.child),
            KinRecord::Tells(_) => None,
        }
    }
}

/// What a stage gave out, as records. Posts stay in the lane that they came from; kin goes to the lane of the post that
/// is spoken of; the rest goes by subject.
pub(crate) struct Writer<'a> {
    /// How many lanes there are.
    pub(crate) lanes: u32,
    /// Where the batch came from.
    pub(crate) lane: Lane,
    /// The trace of a post by its position.
    pub(crate) trace: &'a dyn Fn(Position) -> Option<Trace>,
    /// The trace of the batch, for what is made of all its records.
    pub(crate) batch: Option<Trace>,
    /// When it is, for what has no time of its own.
    pub(crate) now: ArrivalTime,
}

impl Writer<'_> {
    pub(crate) fn all(&self, outputs: Outputs) -> Vec<Outgoing> {
        let posts = outputs.matched.len() + outputs.tokenized.len() + outputs.scored.len();
        let mut out =
            Vec::with_capacity(posts + outputs.tells.len() + outputs.asks.len() + outputs.signals.len());
        for matched in &outputs.matched {
            out.push(self.of_post(Topic::Matched, matched, tocsin_wire::write_matched(matched)));
        }
        for tokenized in &outputs.tokenized {
            let value = tocsin_wire::write_tokenized(tokenized);
            out.push(self.of_post(Topic::Tokenized, &tokenized.matched, value));
        }
        for scored in &outputs.scored {
            let value = tocsin_wire::write_scored(scored);
            out.push(self.of_post(Topic::Scored, &scored.tokenized.matched, value));
        }
        out.extend(self.of_tells(&outputs.tells));
        for ask in &outputs.asks {
            let (child, key) = (&ask.child, key_of(&ask.parent));
            let about = About {
                id: format!("{}-{}-{}-asks-{}", self.lane.0, child.position.0, child.post.id, ask.parent),
                time: child.post.arrived,
                subject: None,
                trace: (self.trace)(child.position),
            };
            let (lane, value) = (lane_of(&key, self.lanes), tocsin_wire::write_ask(ask));
            out.push(Outgoing { topic: Topic::Kin, lane, key, value, about });
        }
        for signal in &outputs.signals {
            let (id, value) = (signal.id.to_string(), tocsin_wire::write_signal(signal));
            out.push(self.of_subject(Topic::Signals, signal.subject.to_string(), id, signal.at, value));
        }
        for incident in &outputs.incidents {
            let id = format!("{}@{}", incident.id, incident.version);
            let value = tocsin_wire::write_incident(incident);
            let mut record =
                self.of_subject(Topic::Incidents, incident.subject.to_string(), id, self.now, value);
            // Compaction keeps the latest of a key: each incident has its own, in the lane of its subject.
            record.key = incident.id.as_str().as_bytes().to_vec();
            out.push(record);
        }
        for notice in &outputs.notices {
            let subject = notice.incident.subject.to_string();
            let (id, value) = (notice.id.to_string(), tocsin_wire::write_notice(notice));
            out.push(self.of_subject(Topic::Notices, subject, id, notice.at, value));
        }
        for (i, rejected) in outputs.rejected.iter().enumerate() {
            out.push(self.of_rejected(i, rejected));
        }
        self.too_long(&mut out);
        out
    }

    fn of_post(&self, topic: Topic, matched: &Matched, value: Vec<u8>) -> Outgoing {
        let about = About {
            id: format!("{}-{}-{}", self.lane.0, matched.position.0, matched.post.id),
            time: matched.post.arrived,
            subject: None,
            trace: (self.trace)(matched.position),
        };
        Outgoing { topic, lane: self.lane, key: key_of(&matched.post.id), value, about }
    }

    /// What posts took, many in a record: nearly every post that is passed on takes some, and most have no children.
    fn of_tells(&self, tells: &[Tell]) -> Vec<Outgoing> {
        let mut by_lane: BTreeMap<Lane, Vec<(Vec<u8>, &Tell)>> = BTreeMap::new();
        for tell in tells {
            let key = key_of(&tell.id);
            by_lane.entry(lane_of(&key, self.lanes)).or_default().push((key, tell));
        }
        let mut records = Vec::new();
        for (lane, tells) in by_lane {
            for (key, told) in together(tells) {
                let about = About {
                    id: format!("{}-{}-tells-{}", self.lane.0, told[0].position.0, told[0].id),
                    time: self.now,
                    subject: None,
                    trace: self.batch,
                };
                let value = tocsin_wire::write_tells(told);
                records.push(Outgoing { topic: Topic::Kin, lane, key, value, about });
            }
        }
        records
    }

    fn of_subject(
        &self,
        topic: Topic,
        subject: String,
        id: String,
        time: ArrivalTime,
        value: Vec<u8>,
    ) -> Outgoing {
        let key = subject.as_bytes().to_vec();
        let lane = lane_of(&key, self.lanes);
        let about = About { id, time, subject: Some(subject), trace: self.batch };
        Outgoing { topic, lane, key, value, about }
    }

    fn of_rejected(&self, i: usize, rejected: &Rejected) -> Outgoing {
        let about = About {
            id: format!("{}-{}-{i}", rejected.origin, rejected.at.millis()),
            time: rejected.at,
            subject: None,
            trace: None,
        };
        let key = rejected.origin.as_bytes().to_vec();
        let value = tocsin_wire::write_rejected(rejected);
        Outgoing { topic: Topic::Rejected, lane: self.lane, key, value, about }
    }

    /// A record that no topic takes would stop its lane for ever: its beginning goes to `rejected` instead.
    fn too_long(&self, out: &mut [Outgoing]) {
        // Room for the key and the headers.
        const VALUE_MAX: usize = RECORD_BYTES_MAX - 64 * 1024;
        for record in out.iter_mut().filter(|record| record.value.len() > VALUE_MAX) {
            let rejected = Rejected {
                bytes: record.value[..VALUE_MAX / 2].to_vec(),
                reason: Reason::TooLong(VALUE_MAX as u64),
                origin: format!("{} {}", record.topic.name(), record.about.id),
                source: None,
                at: self.now,
            };
            *record = self.of_rejected(0, &rejected);
        }
    }
}

/// In portions of which each gives a record of moderate size, under the key of its first.
fn together(tells: Vec<(Vec<u8>, &Tell)>) -> Vec<(Vec<u8>, Vec<&Tell>)> {
    let mut portions: Vec<(Vec<u8>, Vec<&Tell>)> = Vec::new();
    let mut bytes = 0;
    for (key, tell) in tells {
        let brands = tell.took.iter().map(|took| TOOK_BYTES + took.brand.as_str().len());
        let size = TOLD_BYTES + key.len() + brands.sum::<usize>();
        match portions.last_mut() {
            Some((_, told)) if bytes + size <= TOLD_TOGETHER_BYTES => {
                told.push(tell);
                bytes += size;
            }
            _ => {
                portions.push((key, vec![tell]));
                bytes = size;
            }
        }
    }
    portions
}

#[cfg(test)]
mod tests {
    use tocsin_model::{BrandId, PostId, SourceId, Took};

    use super::*;

    /// How many posts each record tells of that is made of these, by lane.
    fn told(lanes: u32, tells: &[Tell]) -> Vec<(u32, usize)> {
        let writer =
            Writer { lanes, lane: Lane(0), trace: &|_| None, batch: None, now: ArrivalTime::default() };
        let mut all = Vec::new();
        let records = writer.all(Outputs { tells: tells.to_vec(), ..Outputs::default() });
        let count = |record: &Outgoing| {
            assert!(record.value.len() <= TOLD_TOGETHER_BYTES, "{} bytes", record.value.len());
            let KinRecord::Tells(tells) = tocsin_wire::read_kin(&record.value, Position(7)).unwrap() else {
                panic!("it asks")
            };
            assert_eq!(record.key, key_of(&tells[0].id), "who writes by key finds the same lane");
            assert!(tells.iter().all(|tell| lane_of(&key_of(&tell.id), lanes) == record.lane));
            all.extend(tells.iter().map(|tell| (tell.id.clone(), tell.took.clone())));
            (record.lane.0, tells.len())
        };
        let counts = records.iter().map(count).collect();
        let mut expected: Vec<_> = tells.iter().map(|tell| (tell.id.clone(), tell.took.clone())).collect();
        expected.sort();
        all.sort();
        assert_eq!(all, expected, "each once");
        counts
    }

    fn tell(n: u64) -> Tell {
        let id = PostId::new(SourceId::new("weibo").unwrap(), &format!("w{n}")).unwrap();
        let took =
            Took { brand: BrandId::new("山岚茶饮").unwrap(), at: ArrivalTime::from_millis(n as i64) };
        Tell { id, position: Position(n), took: vec![took] }
    }

    #[test]
    fn what_is_told_goes_in_few_records_each_in_the_lane_of_its_posts() {
        assert_eq!(told(3, &[]), []);
        let counts = told(3, &(0..2_000).map(tell).collect::<Vec<_>>());
        assert!(counts.len() < 12, "{counts:?}");
        assert_eq!(counts.iter().map(|(lane, _)| lane).max(), Some(&2));
    }
}
