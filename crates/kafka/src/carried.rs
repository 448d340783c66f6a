//! Nouns as records of a topic, and back.

use tocsin_flow::{Outputs, RawRecord, Trace};
use tocsin_model::{
    ArrivalTime, Incident, Lane, Matched, Notice, Position, PostId, Reason, Rejected, Scored, Signal,
    Tokenized,
};
use tocsin_wire::{KinRecord, Unreadable};

use crate::headers::About;
use crate::lanes::{key_of, lane_of};
use crate::member::{Incoming, Outgoing};
use crate::topics::{RECORD_BYTES_MAX, Topic};

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
        for tell in &outputs.tells {
            out.push(self.of_kin(
                &tell.id,
                tell.position.0,
                "tells",
                self.now,
                (self.trace)(tell.position),
                tocsin_wire::write_tell(tell),
            ));
        }
        for ask in &outputs.asks {
            let (child, trace) = (&ask.child, (self.trace)(ask.child.position));
            let value = tocsin_wire::write_ask(ask);
            let mut record =
                self.of_kin(&ask.parent, child.position.0, "asks", child.post.arrived, trace, value);
            record.about.id = format!("{}-{}", record.about.id, child.post.id);
            out.push(record);
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

    fn of_kin(
        &self,
        spoken_of: &PostId,
        position: u64,
        verb: &str,
        time: ArrivalTime,
        trace: Option<Trace>,
        value: Vec<u8>,
    ) -> Outgoing {
        let key = key_of(spoken_of);
        let id = format!("{}-{position}-{verb}-{spoken_of}", self.lane.0);
        let about = About { id, time, subject: None, trace };
        Outgoing { topic: Topic::Kin, lane: lane_of(&key, self.lanes), key, value, about }
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
