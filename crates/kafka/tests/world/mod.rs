//! A real broker, topics of one's own, and what goes in and comes out of them.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tocsin_flow::{Meters, Room};
use tocsin_kafka::{
    About, Brokers, Group, Limits, Member, Memory, Missing, Outgoing, Portion, Replication, Retention,
    Security, Topic, apply, plan,
};
use tocsin_model::{Lane, Reason, SourceId};
use tocsin_runtime::{Patience, WallClock};

/// How long anything may take before a test gives up on it.
pub(crate) const ENOUGH: Duration = Duration::from_secs(180);

/// How often a fetch may bring nothing, 100 ms each, before no more is expected: longer than a session and a
/// transaction that nobody ends, one after the other.
const QUIET: usize = 80;

/// A broker that ends when this process does.
pub(crate) struct Broker {
    pub(crate) servers: String,
    pub(crate) dir: PathBuf,
}

/// Where the scripts are, if the machine can run them.
pub(crate) fn script() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/kafka.sh");
    let runs = |tool: &str| {
        Command::new(tool).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    if runs("java") && runs("mvn") {
        return Some(script);
    }
    assert!(std::env::var_os("CI").is_none(), "these tests need Java 17 and Maven: make setup");
    eprintln!("skipped: no Java or Maven to run a real broker with; make setup installs them");
    None
}

/// Starts a broker of our own; `settings` are those of the script: `KAFKA_SECURE` for passwords and certificates.
pub(crate) fn start(port: u16, settings: &[(&str, &str)]) -> Option<Broker> {
    start_by("start", port, settings)
}

/// Three that know each other, on this port and the next two.
pub(crate) fn start_three(port: u16) -> Option<Broker> {
    let first = start_by("start3", port, &[])?;
    let servers = (0..3).map(|n| format!("127.0.0.1:{}", port + n)).collect::<Vec<_>>().join(",");
    Some(Broker { servers, ..first })
}

fn start_by(verb: &str, port: u16, settings: &[(&str, &str)]) -> Option<Broker> {
    let script = script()?;
    let dir = std::env::temp_dir().join(format!("tocsin-kafka-{}-{port}", std::process::id()));
    let mut command = Command::new(&script);
    command.args([verb, &dir.to_string_lossy(), &port.to_string()]);
    command.envs(settings.iter().copied());
    assert!(command.status().unwrap().success(), "the broker does not start");
    // Whatever becomes of this process, the broker ends with it.
    let end = format!(
        "tail --pid={} -f /dev/null; '{}' stop '{}'; rm -rf '{}'",
        std::process::id(),
        script.display(),
        dir.display(),
        dir.display()
    );
    let mut reaper = Command::new("setsid");
    reaper.args(["--fork", "bash", "-c", &end]).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(reaper.status().unwrap().success(), "somebody who ends the broker");
    Some(Broker { servers: format!("127.0.0.1:{port}"), dir })
}

/// The first of some ports that no other test process of this machine takes.
pub(crate) fn ports() -> u16 {
    20_000 + (std::process::id() % 100) as u16 * 100
}

/// The broker that all tests of a file share.
pub(crate) fn shared() -> Option<&'static Broker> {
    static BROKER: OnceLock<Option<Broker>> = OnceLock::new();
    let start = || match std::env::var("TOCSIN_TEST_KAFKA") {
        Ok(servers) => Some(Broker { servers, dir: PathBuf::new() }),
        Err(_) => start(ports(), &[]),
    };
    BROKER.get_or_init(start).as_ref()
}

/// Brokers that wait only two seconds for one that is silent.
pub(crate) fn brokers(servers: &str, prefix: &str, lanes: u32) -> Brokers {
    Brokers {
        servers: servers.to_owned(),
        prefix: prefix.to_owned(),
        lanes,
        security: Security::Plaintext,
        limits: Limits {
            session: Duration::from_secs(2),
            transaction: Duration::from_secs(2),
            ..Limits::default()
        },
    }
}

/// Topics under a prefix that nobody else has.
pub(crate) async fn world(servers: &str, name: &str, lanes: u32) -> Brokers {
    let brokers = brokers(servers, &format!("{name}-{}.", std::process::id()), lanes);
    apply(&brokers, &plan(&brokers, Replication::Default, Retention::default()).await.unwrap())
        .await
        .unwrap();
    brokers
}

/// Meters that remember who is away.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) away: Mutex<Vec<(String, bool)>>,
}

impl Meters for Seen {
    fn posts_received(&self, _: &str, _: &SourceId, _: u64) {}
    fn record_rejected(&self, _: &str, _: &Reason) {}
    fn pushed_back(&self, _: &str) {}
    fn synced(&self, _: Duration, _: usize) {}
    fn delivery_tried(&self, _: &str, _: &'static str, _: Duration) {}
    fn peer_away(&self, peer: &str, away: bool) {
        self.away.lock().unwrap().push((peer.to_owned(), away));
    }
}

pub(crate) fn room() -> Room {
    room_with(Arc::new(Seen::default()))
}

pub(crate) fn room_with(meters: Arc<Seen>) -> Room {
    Room { clock: Arc::new(WallClock::new()), backoff: Arc::new(Patience::new()), meters }
}

pub(crate) fn group(name: &str, topic: Topic) -> Group {
    Group { name: name.to_owned(), topic, memory: Memory::Nothing, fences: None, missing: Missing::Stop }
}

fn client(brokers: &Brokers) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &brokers.servers);
    client
}

/// Writes `range` to a topic, number n to lane n modulo the lanes.
pub(crate) async fn feed(brokers: &Brokers, topic: Topic, range: std::ops::Range<u64>) {
    send(brokers, topic, &producer(brokers), range).await;
}

fn producer(brokers: &Brokers) -> FutureProducer {
    client(brokers).set("enable.idempotence", "true").set("linger.ms", "5").create().unwrap()
}

async fn send(brokers: &Brokers, topic: Topic, producer: &FutureProducer, range: std::ops::Range<u64>) {
    let name = topic.full(&brokers.prefix);
    let mut sent = Vec::new();
    for n in range {
        let (key, value) = (format!("k{n}"), n.to_string());
        let lane = (n % u64::from(brokers.lanes)) as i32;
        let record = FutureRecord::to(&name).partition(lane).key(&key).payload(&value);
        sent.push(producer.send_result(record).map_err(|(e, _)| e).unwrap());
    }
    for delivery in sent {
        delivery.await.unwrap().map_err(|(e, _)| e).unwrap();
    }
}

/// Numbers that go on coming, some each few milliseconds, until they are stopped.
pub(crate) struct Trickle {
    stop: Arc<AtomicBool>,
    fed: tokio::task::JoinHandle<u64>,
}

impl Trickle {
    pub(crate) fn begin(brokers: &Brokers, topic: Topic) -> Trickle {
        let stop = Arc::new(AtomicBool::new(false));
        let (brokers, is_over) = (brokers.clone(), Arc::clone(&stop));
        let fed = tokio::spawn(async move {
            let (producer, clock) = (producer(&brokers), WallClock::new());
            let mut fed = 0;
            while !is_over.load(Ordering::SeqCst) {
                send(&brokers, topic, &producer, fed..fed + 30).await;
                fed += 30;
                tocsin_flow::Clock::wait(&clock, Duration::from_millis(5)).await;
            }
            fed
        });
        Trickle { stop, fed }
    }

    /// How many there were.
    pub(crate) async fn end(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        self.fed.await.unwrap()
    }
}

/// A record as a downstream reader sees it.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) lane: Lane,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: BTreeMap<String, String>,
}

/// All that a `read_committed` reader sees in a topic, up to its end as of now.
pub(crate) fn read_all(brokers: &Brokers, topic: Topic) -> Vec<Read> {
    let reader: BaseConsumer = client(brokers)
        .set("group.id", "nobody")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    let name = topic.full(&brokers.prefix);
    let mut lanes = TopicPartitionList::new();
    for lane in 0..brokers.lanes {
        lanes.add_partition_offset(&name, lane as i32, Offset::Beginning).unwrap();
    }
    reader.assign(&lanes).unwrap();
    let (mut records, mut ends) = (Vec::new(), 0);
    while ends < brokers.lanes {
        match reader.poll(ENOUGH).expect("a topic has an end") {
            Ok(message) => records.push(Read {
                lane: Lane(message.partition() as u32),
                key: message.key().unwrap_or_default().to_vec(),
                value: message.payload().unwrap_or_default().to_vec(),
                headers: message
                    .headers()
                    .iter()
                    .flat_map(|headers| headers.iter())
                    .map(|h| {
                        (h.key.to_owned(), String::from_utf8_lossy(h.value.unwrap_or_default()).into_owned())
                    })
                    .collect(),
            }),
            Err(rdkafka::error::KafkaError::PartitionEOF(_)) => ends += 1,
            Err(_) => {}
        }
    }
    records
}

/// How often a topic is read until it holds enough.
const READS: usize = 20;

/// Each number of a topic once and no other, in the lane that it was fed to, in order.
#[track_caller]
pub(crate) fn holds_each_once(brokers: &Brokers, topic: Topic, numbers: std::ops::Range<u64>) {
    let mut lanes: BTreeMap<Lane, Vec<u64>> = BTreeMap::new();
    // What was only just committed is not seen until each lane is told that its transaction is over.
    let mut reads = std::iter::repeat_with(|| read_all(brokers, topic)).take(READS);
    let records = reads.find(|records| records.len() as u64 >= numbers.end - numbers.start);
    for record in records.unwrap_or_else(|| read_all(brokers, topic)) {
        let number = String::from_utf8(record.value).unwrap().parse().unwrap();
        lanes.entry(record.lane).or_default().push(number);
    }
    for lane in 0..brokers.lanes {
        let expected: Vec<u64> =
            numbers.clone().filter(|n| n % u64::from(brokers.lanes) == u64::from(lane)).collect();
        let found = lanes.remove(&Lane(lane)).unwrap_or_default();
        assert_eq!(found.len(), expected.len(), "lane {lane} of {}", topic.name());
        assert_eq!(found, expected, "lane {lane} of {}", topic.name());
    }
}

/// What an empty stage makes of a portion: the same again.
pub(crate) fn the_same(portion: Portion, topic: Topic) -> Vec<Outgoing> {
    let lane = portion.lane;
    let same = |record: tocsin_kafka::Incoming| Outgoing {
        topic,
        lane,
        key: b"k".to_vec(),
        about: About {
            id: format!("{}-{}", lane.0, record.position.0),
            time: record.arrived,
            subject: None,
            trace: record.trace,
        },
        value: record.value.unwrap_or_default(),
    };
    portion.records.into_iter().map(same).collect()
}

/// Passes records on until so many have been passed on, or nothing has come for a while; waits as the runtime's loop does
/// when it is told to come again. How many were passed on.
pub(crate) async fn pass_on(member: &mut Member, enough: usize, max: usize) -> usize {
    let clock = WallClock::new();
    let mut passed = 0;
    let mut quiet = 0;
    while passed < enough && quiet < QUIET {
        let portion = match member.fetch(max, Duration::from_millis(100)).await {
            Ok(portion) => portion,
            Err(tocsin_flow::Fault::Unavailable { .. }) => {
                member.abandon();
                tocsin_flow::Clock::wait(&clock, Duration::from_millis(100)).await;
                quiet += 1;
                continue;
            }
            Err(fault) => panic!("{fault}"),
        };
        if portion.records.is_empty() {
            quiet += 1;
            continue;
        }
        quiet = 0;
        passed += portion.records.len();
        member.advance(the_same(portion, Topic::Matched)).await.unwrap();
    }
    passed
}
