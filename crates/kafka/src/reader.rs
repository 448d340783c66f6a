//! Looking at topics from outside of any group: whether all is done, and what lies there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tocsin_flow::{Fault, Room};
use tocsin_model::{ArrivalTime, Lane, Position};

use crate::brokers::Brokers;
use crate::carried::Carried;
use crate::consume::incoming;
use crate::fault::{self, Listener, away};
use crate::topics::Topic;

/// How long the brokers have to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long to wait before the next look whether a group has come further.
const NAP: Duration = Duration::from_millis(100);

/// From where a topic is read.
#[derive(Clone, Debug)]
pub enum Start {
    /// Everything that lies in it.
    Beginning,
    /// What was written at this time or later.
    Time(ArrivalTime),
    /// These lanes alone, from these positions on.
    Lanes(BTreeMap<Lane, Position>),
}

/// A reader of its own, or one that asks where a group is and never joins it.
struct Reader {
    consumer: BaseConsumer<Glass>,
    topic: String,
    lanes: u32,
}

/// Which records a reader sees.
#[derive(Clone, Copy)]
enum Sees {
    /// Up to the first transaction of which it is not yet known how it ended.
    Committed,
    /// Every one that was written.
    All,
}

/// What the client calls back.
#[derive(Default)]
struct Glass(Listener);

impl ClientContext for Glass {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, text: &str) {
        self.0.log(level, facility, text);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ConsumerContext for Glass {}

impl Reader {
    fn open(brokers: &Brokers, group: &str, topic: Topic, sees: Sees) -> Result<Reader, Fault> {
        let mut settings = brokers.client();
        settings
            .set("group.id", brokers.named(group))
            .set(
                "isolation.level",
                match sees {
                    Sees::Committed => "read_committed",
                    Sees::All => "read_uncommitted",
                },
            )
            .set("enable.auto.commit", "false")
            // What is no longer kept is passed over.
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "true");
        let consumer = settings.create_with_context(Glass::default()).map_err(|e| fault::not_made(&e))?;
        Ok(Reader { consumer, topic: topic.full(&brokers.prefix), lanes: brokers.lanes })
    }

    fn all_lanes(&self, at: Offset) -> Result<TopicPartitionList, Fault> {
        self.these((0..self.lanes).map(|lane| (Lane(lane), at)))
    }

    fn these(&self, these: impl IntoIterator<Item = (Lane, Offset)>) -> Result<TopicPartitionList, Fault> {
        let mut lanes = TopicPartitionList::new();
        for (lane, at) in these {
            lanes.add_partition_offset(&self.topic, lane.0 as i32, at).map_err(|e| self.fault(&e))?;
        }
        Ok(lanes)
    }

    fn starts(&self, start: Start) -> Result<TopicPartitionList, Fault> {
        match start {
            Start::Beginning => self.all_lanes(Offset::Beginning),
            Start::Time(at) => {
                let times = self.all_lanes(Offset::Offset(at.millis().max(0)))?;
                self.consumer.offsets_for_times(times, ANSWER).map_err(|e| self.fault(&e))
            }
            Start::Lanes(lanes) => {
                self.these(lanes.into_iter().map(|(lane, at)| (lane, Offset::Offset(at.0 as i64))))
            }
        }
    }

    /// Reads each lane from its position to the end as of now, while `each` wants more of it.
    fn read(
        &self,
        from: &TopicPartitionList,
        mut each: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> Result<(), Fault> {
        self.consumer.assign(from).map_err(|e| self.fault(&e))?;
        // A lane that was paused in an earlier look still is.
        self.consumer.resume(from).map_err(|e| self.fault(&e))?;
        let mut open: BTreeSet<i32> = from.elements().iter().map(|element| element.partition()).collect();
        while !open.is_empty() {
            match self.consumer.poll(ANSWER) {
                Some(Ok(message)) => {
                    let lane = message.partition();
                    if open.contains(&lane) && !each(&message) {
                        open.remove(&lane);
                        let ended = self.these([(Lane(lane as u32), Offset::Invalid)])?;
                        self.consumer.pause(&ended).map_err(|e| self.fault(&e))?;
                    }
                }
                Some(Err(KafkaError::PartitionEOF(lane))) => drop(open.remove(&lane)),
                Some(Err(error)) => {
                    let told = self.consumer.context().0.take();
                    return Err(told.unwrap_or_else(|| self.fault(&error)));
                }
                None => return Err(away(format!("{} is silent", self.topic))),
            }
        }
        Ok(())
    }

    /// Where each lane ends for it.
    fn ends(&self) -> Result<Vec<i64>, Fault> {
        let end =
            |lane| self.consumer.fetch_watermarks(&self.topic, lane as i32, ANSWER).map(|marks| marks.1);
        (0..self.lanes).map(end).collect::<Result<_, _>>().map_err(|e| self.fault(&e))
    }

    /// Nothing stands behind what the group has committed. Positions alone do not tell: a transaction's end has one.
    fn is_done(&self) -> Result<bool, Fault> {
        let asked = self.all_lanes(Offset::Invalid)?;
        let from = self.consumer.committed_offsets(asked, ANSWER).map_err(|e| self.fault(&e))?;
        for lane in 0..self.lanes {
            let mut element =
                from.find_partition(&self.topic, lane as i32).ok_or_else(|| away("a lane is missing"))?;
            if element.offset() == Offset::Invalid {
                element.set_offset(Offset::Beginning).map_err(|e| self.fault(&e))?;
            }
        }
        let mut is_done = true;
        self.read(&from, |_| {
            is_done = false;
            false
        })?;
        Ok(is_done)
    }

    fn fault(&self, error: &KafkaError) -> Fault {
        fault::of(error, &format!("looking at {}", self.topic))
    }
}

/// Comes back when a group has done all that lies in a topic, what was only just committed included: for a moment nobody
/// sees that, because each lane is told apart that its transaction is over. It does not join.
///
/// # Errors
/// What keeps us from the brokers.
pub async fn done(brokers: &Brokers, group: &str, topic: Topic, room: &Room) -> Result<(), Fault> {
    let (brokers, group) = (brokers.clone(), group.to_owned());
    let open = move |sees| Reader::open(&brokers, &group, topic, sees);
    let readers = Arc::new(blocking(move || Ok((open(Sees::Committed)?, open(Sees::All)?))).await?);
    loop {
        let look = Arc::clone(&readers);
        if blocking(move || Ok(look.0.ends()? == look.1.ends()? && look.0.is_done()?)).await? {
            return Ok(());
        }
        room.clock.wait(NAP).await;
    }
}

/// Everything that lies in the topic of `R` as of now, lane by lane in order. What cannot be read is left out.
///
/// # Errors
/// What keeps us from the brokers.
pub async fn read_all<R: Carried + 'static>(brokers: &Brokers) -> Result<Vec<R>, Fault> {
    fold(brokers, Start::Beginning, Vec::new(), kept).await
}

/// The same of one lane.
///
/// # Errors
/// As [`read_all`].
pub async fn read_lane<R: Carried + 'static>(brokers: &Brokers, lane: Lane) -> Result<Vec<R>, Fault> {
    let whole = Start::Lanes(BTreeMap::from([(lane, Position(0))]));
    fold(brokers, whole, Vec::new(), kept).await
}

fn kept<R>(all: &mut Vec<R>, _: Lane, _: Position, record: R) -> bool {
    all.push(record);
    true
}

/// Goes through the topic of `R` to its end as of now: each lane in order, while `each` wants more of it. What cannot
/// be read is left out.
///
/// # Errors
/// As [`read_all`].
pub async fn fold<R: Carried + 'static, T: Send + 'static>(
    brokers: &Brokers,
    from: Start,
    mut so_far: T,
    mut each: impl FnMut(&mut T, Lane, Position, R) -> bool + Send + 'static,
) -> Result<T, Fault> {
    let brokers = brokers.clone();
    blocking(move || {
        let reader = Reader::open(&brokers, "reader", R::TOPIC, Sees::Committed)?;
        reader.read(&reader.starts(from)?, |message| {
            let mut record = incoming(message);
            let read = record.value.take().and_then(|mut bytes| R::read(&record, &mut bytes).ok());
            read.is_none_or(|read| each(&mut so_far, Lane(message.partition() as u32), record.position, read))
        })?;
        Ok(so_far)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(ask)
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
