//! Looking at topics from outside of any group: whether all is done, and what lies there.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tocsin_flow::{Fault, Room};
use tocsin_model::Lane;

use crate::brokers::Brokers;
use crate::carried::Carried;
use crate::consume::incoming;
use crate::fault::{self, Listener, away};
use crate::topics::Topic;

/// How long the brokers have to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long to wait before the next look whether a group has come further.
const NAP: Duration = Duration::from_millis(100);

/// A reader of its own, or one that asks where a group is and never joins it.
struct Reader {
    consumer: BaseConsumer<Glass>,
    topic: String,
    lanes: u32,
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
    fn open(brokers: &Brokers, group: &str, topic: Topic) -> Result<Reader, Fault> {
        let mut settings = brokers.client();
        settings
            .set("group.id", brokers.named(group))
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true");
        let consumer = settings.create_with_context(Glass::default()).map_err(|e| fault::not_made(&e))?;
        Ok(Reader { consumer, topic: topic.full(&brokers.prefix), lanes: brokers.lanes })
    }

    fn all_lanes(&self, at: Offset) -> Result<TopicPartitionList, Fault> {
        self.these(0..self.lanes, at)
    }

    fn these(&self, these: impl IntoIterator<Item = u32>, at: Offset) -> Result<TopicPartitionList, Fault> {
        let mut lanes = TopicPartitionList::new();
        for lane in these {
            lanes.add_partition_offset(&self.topic, lane as i32, at).map_err(|e| self.fault(&e))?;
        }
        Ok(lanes)
    }

    /// Reads from these positions to the end as of now, while `each` wants more; whether the end was reached.
    fn read(
        &self,
        from: &TopicPartitionList,
        mut each: impl FnMut(&rdkafka::message::BorrowedMessage<'_>) -> bool,
    ) -> Result<bool, Fault> {
        self.consumer.assign(from).map_err(|e| self.fault(&e))?;
        let mut ends = 0;
        while ends < from.count() {
            match self.consumer.poll(ANSWER) {
                Some(Ok(message)) => {
                    if !each(&message) {
                        return Ok(false);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => ends += 1,
                Some(Err(error)) => {
                    let told = self.consumer.context().0.take();
                    return Err(told.unwrap_or_else(|| self.fault(&error)));
                }
                None => return Err(away(format!("{} is silent", self.topic))),
            }
        }
        Ok(true)
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
        self.read(&from, |_| false)
    }

    fn fault(&self, error: &KafkaError) -> Fault {
        fault::of(error, &format!("looking at {}", self.topic))
    }
}

/// Comes back when a group has done all that lies in a topic. It does not join.
///
/// # Errors
/// What keeps us from the brokers.
pub async fn done(brokers: &Brokers, group: &str, topic: Topic, room: &Room) -> Result<(), Fault> {
    let (brokers, group) = (brokers.clone(), group.to_owned());
    let reader = blocking(move || Reader::open(&brokers, &group, topic)).await?;
    let reader = Arc::new(reader);
    loop {
        let look = Arc::clone(&reader);
        if blocking(move || look.is_done()).await? {
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
    read_lanes(brokers, 0..brokers.lanes).await
}

/// The same of one lane.
///
/// # Errors
/// As [`read_all`].
pub async fn read_lane<R: Carried + 'static>(brokers: &Brokers, lane: Lane) -> Result<Vec<R>, Fault> {
    read_lanes(brokers, lane.0..lane.0 + 1).await
}

async fn read_lanes<R: Carried + 'static>(brokers: &Brokers, lanes: Range<u32>) -> Result<Vec<R>, Fault> {
    let brokers = brokers.clone();
    blocking(move || {
        let reader = Reader::open(&brokers, "reader", R::TOPIC)?;
        let mut all = Vec::new();
        reader.read(&reader.these(lanes, Offset::Beginning)?, |message| {
            let mut record = incoming(message);
            if let Some(mut bytes) = record.value.take() {
                all.extend(R::read(&record, &mut bytes).ok());
            }
            true
        })?;
        Ok(all)
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
