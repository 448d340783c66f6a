//! The thread that reads. It polls whatever happens: a member that does not poll loses its lanes.
//!
//! Not `StreamConsumer`: it is known not to wake (rust-rdkafka issue 665) and to hang when it is dropped (453).

mod starts; // where a lane begins

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message, Timestamp};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tocsin_flow::Fault;
use tocsin_model::{ArrivalTime, Lane, Position};
use tracing::{debug, info, warn};

use crate::brokers::Brokers;
use crate::fault::{self, Listener, wrong};
use crate::headers;
use crate::member::{Group, Incoming, Memory};
use crate::peers;
use crate::round::{Reading, Shared};

/// How long a poll waits for the first record; also how soon the thread sees what it is asked.
const POLL: Duration = Duration::from_millis(20);
/// How long the brokers have to answer a question.
const ANSWER: Duration = Duration::from_secs(3);
/// How often the client's own thread is woken. It sends the heartbeats, hears by them that lanes are given out anew, and
/// sleeps for up to a second where nobody asks it anything (librdkafka, `rd_kafka_thread_main`).
const WAKE: Duration = Duration::from_millis(100);
/// How many records are passed on at once.
const PASS_ON: usize = 500;
/// How long the thread waits for room before it pauses its lanes and goes on polling.
const ROOM: Duration = Duration::from_secs(1);
/// How long giving up a lane waits for a commit at hand: as long as a transaction can last.
const COMMIT_ENDS: Duration = Duration::from_secs(10);

/// A connection is lost, or all are, or none can be made: with one broker the client tells only the first.
const LOST: RDKafkaErrorCode = RDKafkaErrorCode::BrokerTransportFailure;
const ALL_DOWN: RDKafkaErrorCode = RDKafkaErrorCode::AllBrokersDown;
const UNKNOWN_HOST: RDKafkaErrorCode = RDKafkaErrorCode::Resolve;

/// A member's seat in its group: what the client calls back.
pub(crate) struct Seat {
    shared: Arc<Shared>,
    listener: Listener,
    group: Group,
    topic: String,
    runtime: tokio::runtime::Handle,
    /// The client has no broker left to ask; see [`run`].
    is_cut_off: AtomicBool,
    /// Our lanes are paused.
    is_paused: AtomicBool,
}

/// What every consumer of ours is set to.
pub(crate) fn settings(brokers: &Brokers, group: &Group) -> ClientConfig {
    let mut client = brokers.client();
    client
        .set("group.id", brokers.named(&group.name))
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", brokers.limits.session.as_millis().to_string())
        // A member hears with its heartbeat that another one left (default: 3 s).
        .set("heartbeat.interval.ms", "300")
        .set("max.poll.interval.ms", "60000")
        .set("statistics.interval.ms", "5000")
        // Bounded: 1 MiB a lane beyond the records that wait in `round`.
        .set("queued.max.messages.kbytes", "1024")
        .set("queued.min.messages", "10000")
        .set("fetch.max.bytes", "8388608")
        // Of each lane, compressed: what a fetch brought stays in memory unpacked until the last of it is taken.
        .set("fetch.message.max.bytes", "262144")
        // Once a queue is full the client looks again after this (default: 1 s, a thousand times too late).
        .set("fetch.queue.backoff.ms", "2")
        .set("fetch.error.backoff.ms", "100")
        .set("fetch.wait.max.ms", "200");
    client
}

/// Reads until told to close, then leaves the group.
///
/// Once no broker is to be had, or no coordinator, a client is made anew: one that asks at a moment in which all brokers
/// count as fenced is told that there are none, forgets those it was configured with, too, and never asks again
/// (librdkafka issue 5301). Seen with one broker on a busy machine: the services stood still until they were started again.
pub(crate) fn run(
    brokers: &Brokers,
    group: Group,
    topic: String,
    shared: &Arc<Shared>,
    runtime: tokio::runtime::Handle,
) -> Result<(), Fault> {
    let settings = settings(brokers, &group);
    loop {
        let seat = Seat {
            shared: Arc::clone(shared),
            listener: Listener::default(),
            group: group.clone(),
            topic: topic.clone(),
            runtime: runtime.clone(),
            is_cut_off: AtomicBool::new(false),
            is_paused: AtomicBool::new(false),
        };
        let consumer: BaseConsumer<Seat> =
            settings.create_with_context(seat).map_err(|e| fault::not_made(&e))?;
        let seat = Arc::clone(consumer.context());
        consumer.subscribe(&[&seat.topic]).map_err(|e| fault::of(&e, "joining the group"))?;
        let away = shared.lock().away.clone();
        if let Some(why) = away {
            seat.wait_for_brokers(&consumer, &why);
        }
        let clock = &shared.room.clock;
        let mut woken = clock.steady();
        while !seat.is_leaving() {
            if clock.steady().saturating_sub(woken) >= WAKE {
                woken = clock.steady();
                // Any question that it answers by itself will do.
                drop(consumer.group_metadata());
            }
            seat.begin_again(&consumer);
            seat.make_room(&consumer);
            seat.pass_on(&consumer);
        }
        // Dropping the consumer gives the lanes up and leaves the group.
        drop(consumer);
        let mut inside = shared.lock();
        if inside.closing {
            return Ok(());
        }
        warn!(topic, "the client finds no broker, or no coordinator of its group; it is made anew");
        inside.lose_all();
    }
}

impl Seat {
    /// It gives up its lanes for good: nothing more is to be done, or nobody is there to do it with.
    fn is_leaving(&self) -> bool {
        let inside = self.shared.lock();
        inside.closing && inside.open == 0 || self.is_cut_off.load(Ordering::Relaxed)
    }

    /// While there is no room, nothing is taken from the client. Only when that lasts are the lanes paused, so that
    /// polling can go on: to pause throws away what the client has fetched ahead, and going on takes it up to a second.
    fn make_room(&self, consumer: &BaseConsumer<Seat>) {
        let is_paused = self.is_paused.load(Ordering::Relaxed);
        let clock = &self.shared.room.clock;
        let until = clock.steady() + ROOM;
        let mut inside = self.shared.lock();
        while inside.is_full() && !is_paused && clock.steady() < until {
            inside = self.shared.wait(inside, POLL);
        }
        let is_full = inside.is_full();
        drop(inside);
        if is_full == is_paused && !is_full {
            return;
        }
        let Ok(lanes) = consumer.assignment() else { return };
        let done = if is_full { consumer.pause(&lanes) } else { consumer.resume(&lanes) };
        match done {
            Ok(()) => self.is_paused.store(is_full, Ordering::Relaxed),
            Err(error) => warn!(%error, "lanes cannot be paused or resumed"),
        }
    }

    /// Polls, and hands on what came.
    fn pass_on(&self, consumer: &BaseConsumer<Seat>) {
        let mut came = Vec::new();
        let mut poll = consumer.poll(POLL);
        while let Some(polled) = poll {
            match polled {
                Ok(message) => came.push((Lane(message.partition() as u32), incoming(&message))),
                Err(error) => self.heard(consumer, &error),
            }
            if came.len() >= PASS_ON {
                break;
            }
            poll = consumer.poll(Duration::ZERO);
        }
        if !came.is_empty() {
            let now = self.shared.room.clock.steady();
            self.shared.lock().came(came.into_iter(), now);
            self.shared.told.notify_one();
        }
    }

    /// The client reports an error instead of a record.
    fn heard(&self, consumer: &BaseConsumer<Seat>, error: &KafkaError) {
        let found = match (self.listener.take(), error.rdkafka_error_code()) {
            (Some(fault), _) => fault,
            (None, Some(RDKafkaErrorCode::AutoOffsetReset)) => {
                let expected = EMPTY_OR_MADE_AGAIN.replace("TOPIC", &self.topic);
                wrong(format!("a position in {}", self.topic), "outside the topic", expected)
            }
            (None, Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)) => {
                fault::away(format!("{} is not there; see `tocsin topics plan`", self.topic))
            }
            (None, _) => fault::of(error, &format!("reading {}", self.topic)),
        };
        match error.rdkafka_error_code() {
            Some(LOST | ALL_DOWN | UNKNOWN_HOST) if !matches!(found, Fault::Misconfigured { .. }) => {
                self.wait_for_brokers(consumer, &error.to_string());
            }
            _ => {
                self.shared.lock().fault = Some(found);
                self.shared.tell();
            }
        }
    }

    /// No broker can be reached: says so until one can.
    fn wait_for_brokers(&self, consumer: &BaseConsumer<Seat>, why: &str) {
        let meters = Arc::clone(&self.shared.room.meters);
        let answers = || consumer.fetch_metadata(Some(&self.topic), Duration::from_secs(1)).is_ok();
        let clock = &self.shared.room.clock;
        let began = clock.steady();
        while !self.shared.lock().closing && !answers() {
            if clock.steady().saturating_sub(began) > peers::ANEW {
                self.is_cut_off.store(true, Ordering::Relaxed);
                return;
            }
            if self.shared.lock().away.is_none() {
                warn!(why, "no broker can be reached");
                self.shared.lock().away = Some(why.to_owned());
                meters.peer_away("kafka", true);
                self.shared.tell();
            }
            let inside = self.shared.lock();
            drop(self.shared.wait(inside, POLL));
        }
        let was_away = self.shared.lock().away.take().is_some();
        if was_away {
            info!("the brokers are back");
            meters.peer_away("kafka", false);
            self.shared.tell();
        }
    }

    /// Takes the lanes back to where their records must come again from.
    fn begin_again(&self, consumer: &BaseConsumer<Seat>) {
        let lanes = self.shared.lock().to_begin();
        if lanes.is_empty() {
            return;
        }
        // A lane that is taken back to where it stands needs no question; a rehearsal does.
        let ask: Vec<Lane> = lanes
            .iter()
            .filter(|(_, reading, ..)| *reading == Reading::AskFirst || self.group.memory == Memory::Redis)
            .map(|(lane, ..)| *lane)
            .collect();
        let starts = match self.starts(consumer, &ask) {
            Ok(starts) => starts,
            Err(found) => {
                debug!(%found, "where the lanes stand is not known yet");
                if let Fault::Misconfigured { .. } = found {
                    self.shared.lock().fault = Some(found);
                    self.shared.tell();
                }
                return;
            }
        };
        for (lane, _, done, tenure) in lanes {
            let start = starts.iter().find(|s| s.lane == lane);
            let from = start.map_or(done, |s| s.from);
            let Ok(offset) = i64::try_from(from.0) else { continue };
            if let Err(error) = consumer.seek(&self.topic, lane.0 as i32, Offset::Offset(offset), ANSWER) {
                debug!(%error, lane = lane.0, "a lane cannot be taken back yet");
                continue;
            }
            let mut inside = self.shared.lock();
            let Some(held) = inside.lanes.get_mut(&lane).filter(|held| held.tenure == tenure) else {
                continue;
            };
            held.reading = Reading::Goes;
            held.next = from;
            if let Some(start) = start {
                held.begin(start);
            }
        }
    }

    fn assign(&self, consumer: &BaseConsumer<Seat>, given: &TopicPartitionList) -> KafkaResult<()> {
        let lanes: Vec<Lane> = given.elements().iter().map(|e| Lane(e.partition() as u32)).collect();
        for lane in &lanes {
            self.shared.lock().hold(*lane);
        }
        // What cannot be known now is asked again by `begin_again`; until then the lane's records are let go.
        let starts = self.starts(consumer, &lanes).unwrap_or_else(|found| {
            debug!(%found, "where the new lanes stand is not known yet");
            if let Fault::Misconfigured { .. } = found {
                self.shared.lock().fault = Some(found);
            }
            Vec::new()
        });
        let mut at = TopicPartitionList::new();
        for lane in &lanes {
            let start = starts.iter().find(|s| s.lane == *lane);
            let from =
                start.and_then(|s| i64::try_from(s.from.0).ok()).map_or(Offset::Beginning, Offset::Offset);
            at.add_partition_offset(&self.topic, lane.0 as i32, from)?;
        }
        consumer.incremental_assign(&at)?;
        let mut inside = self.shared.lock();
        for start in &starts {
            if let Some(held) = inside.lanes.get_mut(&start.lane) {
                held.reading = Reading::Goes;
                held.next = start.from;
                held.begin(start);
            }
        }
        Ok(())
    }

    /// A lane is given up only when no transaction of ours can still move it.
    fn revoke(&self, consumer: &BaseConsumer<Seat>, taken: &TopicPartitionList) -> KafkaResult<()> {
        let lanes: Vec<Lane> = taken.elements().iter().map(|e| Lane(e.partition() as u32)).collect();
        let clock = &self.shared.room.clock;
        let began = clock.steady();
        let mut inside = self.shared.lock();
        for lane in &lanes {
            inside.give_up(*lane);
        }
        while lanes.iter().any(|lane| inside.committing.contains(lane))
            && clock.steady().saturating_sub(began) < COMMIT_ENDS
        {
            inside = self.shared.wait(inside, POLL);
        }
        drop(inside);
        // The client keeps a lane paused until it is resumed, also over being lost and given again.
        let resumed = if self.is_paused.load(Ordering::Relaxed) { consumer.resume(taken) } else { Ok(()) };
        consumer.incremental_unassign(taken).and(resumed)
    }
}

const EMPTY_OR_MADE_AGAIN: &str = "a position within the topic. If the topic was made again: tocsin state fences \
    --drop TOPIC, and delete the group's positions for it";

impl ClientContext for Seat {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.listener.log(level, facility, text);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.listener.error(error, reason);
    }
    fn stats(&self, statistics: Statistics) {
        if peers::is_cut_off(&statistics) {
            self.is_cut_off.store(true, Ordering::Relaxed);
        }
        let mut inside = self.shared.lock();
        inside.missed = peers::missed(&statistics, &self.topic, inside.lanes.keys().copied());
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        for (lane, held) in &mut inside.lanes {
            let end = topic.partitions.get(&(lane.0 as i32)).map(|p| p.ls_offset).filter(|end| *end >= 0);
            held.lag = end.map(|end| position(end).0.saturating_sub(held.done.0));
        }
    }
}

impl ConsumerContext for Seat {
    fn rebalance(&self, consumer: &BaseConsumer<Seat>, what: RDKafkaRespErr, lanes: &mut TopicPartitionList) {
        let is_given = what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let done = if is_given { self.assign(consumer, lanes) } else { self.revoke(consumer, lanes) };
        if let Err(error) = done {
            warn!(%error, "lanes cannot be taken or given up");
        }
        // A client that ends may throw a question away unanswered, and whoever asked waits for ever (librdkafka,
        // `rd_kafka_cgrp_terminated`); without a coordinator to take leave of it ends as soon as the lanes are given up.
        let is_leaving = self.is_leaving();
        let us = if is_leaving { None } else { consumer.group_metadata().map(Arc::new) };
        let mut inside = self.shared.lock();
        inside.group = us.filter(|_| !consumer.assignment_lost());
        inside.rebalances += 1;
        let held: Vec<u32> = inside.lanes.keys().map(|lane| lane.0).collect();
        let leaves = is_leaving || inside.closing;
        drop(inside);
        info!(topic = self.topic, lanes = ?held, "the group has given out its lanes");
        self.shared.tell();
        // Lanes are given out in two steps, and in three where a member leaves meanwhile. The client joins once a second
        // at most, but forgets when it last did with every answer about topics (librdkafka, `rkcg_join_intvl`): without
        // one, a lane that changes hands has nobody for that second.
        if !leaves && let Err(error) = consumer.fetch_metadata(Some(&self.topic), ANSWER) {
            debug!(%error, "the next lanes may come a second late");
        }
    }
}

/// Offsets are never negative but for markers, which do not come here.
fn position(offset: i64) -> Position {
    Position(u64::try_from(offset).unwrap_or_default())
}

pub(crate) fn incoming(message: &BorrowedMessage<'_>) -> Incoming {
    let (time, trace) = message.headers().map(headers::read).unwrap_or_default();
    let stamped = match message.timestamp() {
        Timestamp::CreateTime(at) | Timestamp::LogAppendTime(at) => ArrivalTime::from_millis(at),
        Timestamp::NotAvailable => ArrivalTime::from_millis(0),
    };
    Incoming {
        position: position(message.offset()),
        arrived: time.unwrap_or(stamped),
        trace,
        value: message.payload().map(<[u8]>::to_vec),
    }
}
