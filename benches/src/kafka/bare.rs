//! An exactly-once pass-through as one would write it on the client alone: one thread, a commit every 100 ms, and the
//! deliveries waited for before each (without that, every commit costs 100 ms more).

use std::thread;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tocsin_flow::Clock;
use tocsin_kafka::{Brokers, Topic};
use tocsin_runtime::WallClock;

use crate::{ENOUGH, Fault, Went, cpu, cpu_micros};

const COMMIT_EVERY: Duration = Duration::from_millis(100);
const CALL: Duration = Duration::from_secs(10);

pub(crate) fn pass(brokers: &Brokers, name: &str, posts: usize) -> Result<Went, Fault> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &brokers.servers)
        .set("group.id", brokers.prefix.clone() + name)
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .create()?;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &brokers.servers)
        .set("transactional.id", brokers.prefix.clone() + name)
        .set("compression.type", "lz4")
        .set("linger.ms", "5")
        .set("queue.buffering.max.messages", "1000000")
        .create()?;
    producer.init_transactions(CALL)?;
    let (raw, out) = (Topic::Raw.full(&brokers.prefix), Topic::Matched.full(&brokers.prefix));
    consumer.subscribe(&[&raw])?;
    let clock = WallClock::new();
    let spent = cpu();
    let (mut passed, mut began, mut commits, mut committing) = (0, None, 0_u64, Duration::ZERO);
    while passed < posts {
        let mut next = std::collections::BTreeMap::new();
        producer.begin_transaction()?;
        let opened = clock.steady();
        while passed < posts && clock.steady() - opened < COMMIT_EVERY {
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
