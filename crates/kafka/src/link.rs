//! A stage's way in and out: nouns of one topic come, [`Outputs`] go.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tocsin_flow::{Batch, Clock, Fault, Link, Outputs, Room, Trace};
use tocsin_model::{ArrivalTime, Lane, Position, Reason, Rejected};

use crate::brokers::Brokers;
use crate::carried::{Carried, Writer};
use crate::member::{Group, Incoming, Member, Outgoing, Standing};

/// Traces of a batch that are told of.
const TRACES_MAX: usize = 32;

/// A [`Link`] over Kafka: exactly once from the topic of `R` to whatever topics the stage's outputs go to. It
/// serves all lanes that the group gives to this process.
pub struct KafkaLink<R> {
    member: Member,
    topic: String,
    lanes: u32,
    clock: Arc<dyn Clock>,
    /// The traces of the batch at hand, by the position that its posts carry.
    traces: FxHashMap<Position, Trace>,
    /// The first of them, in the order of the records.
    first_traces: Vec<Trace>,
    /// What of the batch at hand could not be read.
    rejected: Vec<Rejected>,
    reads: PhantomData<fn() -> R>,
}

impl<R: Carried> KafkaLink<R> {
    /// Joins the group; `group.topic` must be the topic of `R`.
    ///
    /// # Errors
    /// As [`Member::join`].
    ///
    /// # Panics
    /// When the group reads another topic.
    pub fn join(brokers: &Brokers, group: Group, room: Room) -> Result<KafkaLink<R>, Fault> {
        assert_eq!(group.topic, R::TOPIC, "a link reads what its topic carries");
        Ok(KafkaLink {
            topic: group.topic.full(&brokers.prefix),
            lanes: brokers.lanes,
            clock: Arc::clone(&room.clock),
            member: Member::join(brokers, group, room)?,
            traces: FxHashMap::default(),
            first_traces: Vec::new(),
            rejected: Vec::new(),
            reads: PhantomData,
        })
    }

    /// Comes back when everything that was advanced is committed.
    ///
    /// # Errors
    /// What became of it, if it is not.
    pub async fn settle(&mut self) -> Result<(), Fault> {
        self.member.settle().await
    }

    /// As [`Member::tenure`].
    pub fn tenure(&self) -> u64 {
        self.member.tenure()
    }

    /// As [`Member::sure`].
    pub fn sure(&self, lane: Lane) -> Position {
        self.member.sure(lane)
    }

    /// As [`Member::is_between_rounds`].
    pub fn is_between_rounds(&self) -> bool {
        self.member.is_between_rounds()
    }

    /// As [`Member::has_committed`].
    pub fn has_committed(&self, lane: Lane, to: Position) -> bool {
        self.member.has_committed(lane, to)
    }

    /// As [`Member::holds`].
    pub fn holds(&self) -> impl Fn(Lane) -> bool + Send + Sync + use<R> {
        self.member.holds()
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.member.standing()
    }

    /// The same, for others to ask.
    pub fn watch(&self) -> impl Fn() -> Standing + Send + Sync + use<R> {
        self.member.watch()
    }

    fn forget(&mut self) {
        self.traces.clear();
        self.first_traces.clear();
        self.rejected.clear();
    }

    /// Reads a record. What cannot be read goes to `rejected` in the same transaction, so it blocks nothing.
    fn read(&mut self, lane: Lane, mut record: Incoming) -> Option<(Position, R)> {
        let position = record.position;
        let mut bytes = record.value.take();
        let read = match &mut bytes {
            Some(bytes) => R::read(&record, bytes).map_err(|e| e.why),
            None => Err("it is empty (a tombstone)".to_owned()),
        };
        match read {
            Ok(noun) => {
                if let Some(trace) = record.trace {
                    if self.first_traces.len() < TRACES_MAX {
                        self.first_traces.push(trace);
                    }
                    self.traces.insert(noun.post().map_or(position, |post| post.position), trace);
                }
                Some((position, noun))
            }
            Err(why) => {
                self.rejected.push(Rejected {
                    bytes: bytes.unwrap_or_default(),
                    reason: Reason::Syntax(why),
                    origin: format!("{} lane {} position {}", self.topic, lane.0, position.0),
                    source: None,
                    at: record.arrived,
                });
                None
            }
        }
    }
}

impl<R: Carried> Link for KafkaLink<R> {
    type Record = R;

    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Batch<R>, Fault> {
        loop {
            self.forget();
            let portion = self.member.fetch(max, wait).await?;
            let (lane, is_empty) = (portion.lane, portion.records.is_empty());
            let records: Vec<_> =
                portion.records.into_iter().filter_map(|record| self.read(lane, record)).collect();
            if is_empty || !records.is_empty() {
                return Ok(Batch { lane, records });
            }
            // Nothing in it could be read: it is done with that.
            self.give(Outputs::default()).await?;
        }
    }

    fn rehearses(&self) -> bool {
        self.member.rehearses()
    }

    fn traces(&self) -> &[Trace] {
        &self.first_traces
    }

    fn position(&self) -> Position {
        self.member.position()
    }

    fn now(&self) -> Option<ArrivalTime> {
        self.member.now()
    }

    /// `to` is the place after the batch that was fetched last, or [`Link::position`] where none was.
    async fn advance(&mut self, _to: Position, outputs: Outputs) -> Result<(), Fault> {
        self.give(outputs).await
    }

    async fn abandon(&mut self) -> Result<(), Fault> {
        self.forget();
        self.member.abandon();
        Ok(())
    }
}

impl<R: Carried> KafkaLink<R> {
    async fn give(&mut self, outputs: Outputs) -> Result<(), Fault> {
        let outgoing = self.written(outputs);
        self.member.advance(outgoing).await
    }

    fn written(&mut self, mut outputs: Outputs) -> Vec<Outgoing> {
        outputs.rejected.append(&mut self.rejected);
        let trace = |of: Position| self.traces.get(&of).copied();
        let now = self.member.now().unwrap_or_else(|| self.clock.now());
        let batch = self.first_traces.first().copied();
        Writer { lanes: self.lanes, lane: self.member.lane(), trace: &trace, batch, now }.all(outputs)
    }
}
