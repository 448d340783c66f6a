//! An exactly-once pass-through as one would write it on the client alone: one thread, a commit in fixed intervals, and
//! the deliveries waited for before each (without that, every commit costs 100 ms more). And four of them in a row.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, FutureProducer, FutureRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tocsin_flow::Clock;
use tocsin_kafka::{Brokers, Topic, lane_of};
use tocsin_runtime::WallClock;

use crate::corpus::Corpus;
use crate::services::{BEAT, EACH, PACED_BEATS, WARM_BEATS};
use crate::{ENOUGH, Fault, Went, cpu, cpu_micros};

const CALL: Duration = Duration::from_secs(10);
/// Between commits where much is to pass, and where it is to pass soon: so soon our link commits, too.
const FOR_MUCH: Duration = Duration::from_millis(100);
const SOON: Duration = Duration::from_millis(20);
/// Four hops.
const CHAIN: [Topic; 5] = [Topic::Raw, Topic::Matched, Topic::Tokenized, Topic::Scored, Topic::Signals];

/// Much, from the first topic to the second.
pub(crate) fn pass(brokers: &Brokers, name: &str, posts: usize) -> Result<Went, Fault> {
    hop(brokers, name, [CHAIN[0], CHAIN[1]], posts, FOR_MUCH)
}

/// 1,000 posts a second over four hops: from when a post was due to when a reader of what is committed has it, the 99th
/// of a hundred, in milliseconds.
pub(crate) async fn delay(brokers: &Brokers, corpus: &Corpus) -> Result<f64, Fault> {
    let posts = PACED_BEATS * EACH;
    let clock = Arc::new(WallClock::new());
    let mut hops = Vec::new();
    for way in CHAIN.windows(2) {
        let (brokers, way) = (brokers.clone(), [way[0], way[1]]);
        let hop = move || hop(&brokers, way[1].name(), way, posts, SOON).map(|_| Vec::new());
        hops.push(thread::spawn(hop));
    }
    let (reader, now) = (reader(brokers, "bare-end")?, Arc::clone(&clock));
    let last = CHAIN[4].full(&brokers.prefix);
    hops.push(thread::spawn(move || arrive(&reader, &last, posts, &now)));
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &brokers.servers)
        .set("enable.idempotence", "true")
        .set("compression.type", "lz4")
        .set("linger.ms", "1")
        .create()?;
    let name = CHAIN[0].full(&brokers.prefix);
    let began = clock.steady();
    for (n, line) in corpus.lines.iter().cycle().take(posts).enumerate() {
        let due = began + BEAT * (n / EACH) as u32;
        if n % EACH == 0 {
            clock.wait(due.saturating_sub(clock.steady())).await;
        }
        let lane = lane_of(n.to_string().as_bytes(), brokers.lanes);
        let key = if n < WARM_BEATS * EACH { 0 } else { due.as_micros() }.to_string();
        let record = FutureRecord::to(&name).partition(lane.0 as i32).key(&key).payload(line);
        producer.send_result(record).map_err(|(error, _)| error)?;
    }
    let mut delays = Vec::new();
    for hop in hops {
        delays.extend(hop.join().map_err(|_| "a hop panicked")??);
    }
    delays.sort_by(f64::total_cmp);
    Ok(delays[delays.len() * 99 / 100])
}

/// How long each post was under way that has a time as its key, in milliseconds.
fn arrive(reader: &BaseConsumer, topic: &str, posts: usize, clock: &WallClock) -> Result<Vec<f64>, Fault> {
    reader.subscribe(&[topic])?;
    let (mut delays, mut read) = (Vec::new(), 0);
    while read < posts {
        if clock.steady() > ENOUGH {
            return Err("four by hand: they do not come to an end".into());
        }
        let Some(message) = reader.poll(SOON) else { continue };
        let message = message?;
        read += 1;
        let due: u64 = std::str::from_utf8(message.key().unwrap_or_default())?.parse()?;
        if due > 0 {
            delays.push((clock.steady() - Duration::from_micros(due)).as_secs_f64() * 1e3);
        }
    }
    Ok(delays)
}

fn reader(brokers: &Brokers, name: &str) -> Result<BaseConsumer, Fault> {
    Ok(ClientConfig::new()
        .set("bootstrap.servers", &brokers.servers)
        .set("group.id", brokers.prefix.clone() + name)
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .create()?)
}

fn hop(
    brokers: &Brokers,
    name: &str,
    [from, to]: [Topic; 2],
    posts: usize,
    every: Duration,
) -> Result<Went, Fault> {
    let consumer = reader(brokers, name)?;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &brokers.servers)
        .set("transactional.id", brokers.prefix.clone() + name)
        .set("compression.type", "lz4")
        .set("linger.ms", "5")
        .set("queue.buffering.max.messages", "1000000")
        .create()?;
    producer.init_transactions(CALL)?;
    let (raw, out) = (from.full(&brokers.prefix), to.full(&brokers.prefix));
    consumer.subscribe(&[&raw])?;
    let clock = WallClock::new();
    let spent = cpu();
    let (mut passed, mut began, mut commits, mut committing) = (0, None, 0_u64, Duration::ZERO);
    while passed < posts {
        let mut next = BTreeMap::new();
        producer.begin_transaction()?;
        let opened = clock.steady();
        while passed < posts && clock.steady() - opened < every {
            let Some(message) = consumer.poll(Duration::from_millis(5)) else { continue };
            let message = message?;
            began.get_or_insert_with(|| clock.steady());
            next.insert(message.partition(), message.offset() + 1);
            let record = BaseRecord::<[u8], [u8]>::to(&out)
                .partition(message.partition())
                .key(message.key().unwrap_or_default())
                .payload(message.payload().unwrap_or_default());
            producer.send(record).map_err(|(error, _)| error)?;
            passed += 1;
            if passed % 256 == 0 {
                producer.poll(Duration::ZERO);
            }
        }
        let closing = clock.steady();
        let mut offsets = TopicPartitionList::new();
        for (lane, offset) in next {
            offsets.add_partition_offset(&raw, lane, Offset::Offset(offset))?;
        }
        let group = consumer.group_metadata().ok_or("the consumer is in no group")?;
        producer.send_offsets_to_transaction(&offsets, &group, CALL)?;
        while producer.in_flight_count() > 0 {
            producer.poll(Duration::ZERO);
            thread::park_timeout(Duration::from_micros(200));
        }
        producer.commit_transaction(CALL)?;
        if began.is_some() {
            commits += 1;
            committing += clock.steady() - closing;
        }
        if clock.steady() > ENOUGH {
            return Err("by hand: it does not come to an end".into());
        }
    }
    let took = clock.steady() - began.unwrap_or_default();
    Ok(Went {
        cpu_micros: cpu_micros(spent, posts),
        posts_per_second: posts as f64 / took.as_secs_f64(),
        commit_millis: committing.as_secs_f64() * 1e3 / commits as f64,
        commits,
    })
}
