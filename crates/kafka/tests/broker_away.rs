//! A broker that goes away in the middle of the work is waited for, visibly, and nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod world;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tocsin_flow::{Arrival, Arrivals, Clock as _, Fault, Intake as _};
use tocsin_kafka::{KafkaIntake, Member, Topic};
use tocsin_model::{ArrivalTime, SourceId};
use tocsin_runtime::WallClock;
use world::{Broker, ENOUGH, Seen, feed, group, pass_on, ports, room_with, start, start_three, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_and_comes_back_costs_nothing() {
    let Some(broker) = start(ports() + 50, &[]) else { return };
    let brokers = world(&broker.servers, "away", 3).await;
    feed(&brokers, Topic::Raw, 0..6_000).await;
    let seen = Arc::new(Seen::default());
    let mut member = Member::join(&brokers, group("pass", Topic::Raw), room_with(Arc::clone(&seen))).unwrap();
    let intake = KafkaIntake::open(&brokers).unwrap();
    intake.take(post()).await.expect("a broker that is there takes posts");
    assert!(pass_on(&mut member, 1_000, 100).await >= 1_000);

    run(&broker, "kill", 1);
    let clock = WallClock::new();
    let fault = loop {
        match member.fetch(100, Duration::from_millis(100)).await {
            Err(fault) => break fault,
            Ok(portion) if portion.records.is_empty() => assert!(clock.steady() < ENOUGH, "nobody said so"),
            Ok(portion) => member.advance(world::the_same(portion, Topic::Matched)).await.unwrap(),
        }
    };
    assert!(matches!(fault, Fault::Unavailable { .. }), "{fault}");
    member.abandon();
    assert!(
        matches!(intake.take(post()).await, Err(Fault::Unavailable { .. })),
        "what is not durable is not taken"
    );
    run(&broker, "restart", 1);

    pass_on(&mut member, usize::MAX, 100).await;
    drop(member);
    let away = seen.away.lock().unwrap().clone();
    assert!(away.contains(&("kafka".to_owned(), true)), "it was said: {away:?}");
    assert_eq!(away.last(), Some(&("kafka".to_owned(), false)), "and taken back");
    // The posts that were handed in are no numbers; they went through, too.
    let posts = world::read_all(&brokers, Topic::Raw).iter().filter(|r| r.value.starts_with(b"{")).count();
    assert!(posts >= 1);
    holds_each_once_beside_posts(&brokers);
}

fn run(broker: &Broker, what: &str, number: i32) {
    let mut command = Command::new(world::script().unwrap());
    command.arg(what).arg(&broker.dir).arg(number.to_string());
    assert!(command.status().unwrap().success(), "{what}");
}

/// The only broker counts as gone for some seconds in every ten: it tells its clients that there is no broker, and
/// they forget where it was (librdkafka issue 5301). Once it is well again, everything goes through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_was_told_that_there_are_no_brokers_finds_them_again() {
    let Some(broker) = start(ports() + 53, &[]) else { return };
    let brokers = world(&broker.servers, "fenced", 3).await;
    feed(&brokers, Topic::Raw, 0..6_000).await;
    let seen = Arc::new(Seen::default());
    let mut member = Member::join(&brokers, group("pass", Topic::Raw), room_with(seen)).unwrap();
    let intake = KafkaIntake::open(&brokers).unwrap();
    assert!(pass_on(&mut member, 1_000, 100).await >= 1_000);

    let again = |from: &str, to: &str| {
        run(&broker, "kill", 1);
        let file = broker.dir.join("1/server.properties");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&file, text.replace(from, to)).unwrap();
        run(&broker, "restart", 1);
    };
    let (well, ill) = ("broker.heartbeat.interval.ms=500", "broker.heartbeat.interval.ms=10000");
    again(well, ill);
    let clock = WallClock::new();
    let fenced = || {
        let log = std::fs::read_to_string(broker.dir.join("1/log")).unwrap();
        log.matches("Fencing broker").count()
    };
    while fenced() < 3 {
        assert!(clock.steady() < ENOUGH, "the broker is well");
        pass_on(&mut member, 100, 100).await;
        // Whether it is taken depends on the moment.
        intake.take(post()).await.ok();
    }
    again(ill, well);

    while intake.take(post()).await.is_err() {
        assert!(clock.steady() < ENOUGH, "posts are not taken any more");
    }
    // What a producer of the intake had given up may still have gone out.
    loop {
        pass_on(&mut member, usize::MAX, 100).await;
        if posts_in(&world::read_all(&brokers, Topic::Raw))
            == posts_in(&world::read_all(&brokers, Topic::Matched))
        {
            break;
        }
        assert!(clock.steady() < ENOUGH, "posts are not passed on any more");
    }
    drop(member);
    holds_each_once_beside_posts(&brokers);
}

/// A broker that counts as gone for good is struck from the list of brokers, and librdkafka keeps no time in a call that
/// waits for one (issues 5456 and 5511): a stage whose coordinator was lost while there was nothing to commit stood still
/// at its next commit. Others coordinate the group since long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_whose_coordinator_is_struck_from_the_list_goes_on() {
    let Some(broker) = start_three(ports() + 56) else { return };
    let brokers = world(&broker.servers, "struck", 3).await;
    feed(&brokers, Topic::Raw, 0..1_000).await;
    let mut member = Member::join(&brokers, group("pass", Topic::Raw), room_with(Arc::default())).unwrap();
    assert!(pass_on(&mut member, 1_000, 100).await >= 1_000);
    member.settle().await.unwrap();

    run(&broker, "kill", coordinator(&brokers, "pass"));
    // Until nothing has come for a while, in which the client asks who is there.
    pass_on(&mut member, usize::MAX, 100).await;
    feed(&brokers, Topic::Raw, 1_000..2_000).await;
    pass_on(&mut member, usize::MAX, 100).await;
    drop(member);
    world::holds_each_once(&brokers, Topic::Matched, 0..2_000);
}

/// A member that has its hands full pauses its lanes. When it loses them meanwhile, for the broker is silent, and is given
/// the same again, the client has them paused still, and nobody came back to that: the stage stood still for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_that_were_paused_when_they_were_lost_go_on() {
    let Some(broker) = start(ports() + 54, &[]) else { return };
    let brokers = world(&broker.servers, "paused", 3).await;
    feed(&brokers, Topic::Raw, 0..20_000).await;
    let mut member = Member::join(&brokers, group("pass", Topic::Raw), room_with(Arc::default())).unwrap();
    assert!(pass_on(&mut member, 100, 100).await >= 100);
    // A stage that is slow, and then a broker that is silent for longer than a session.
    let clock = WallClock::new();
    clock.wait(Duration::from_secs(3)).await;
    run(&broker, "pause", 1);
    clock.wait(Duration::from_secs(4)).await;
    run(&broker, "resume", 1);
    pass_on(&mut member, usize::MAX, 100).await;
    drop(member);
    world::holds_each_once(&brokers, Topic::Matched, 0..20_000);
}

/// The broker that coordinates a group: who leads the partition that its name falls to.
fn coordinator(brokers: &tocsin_kafka::Brokers, group: &str) -> i32 {
    let name = format!("{}{group}", brokers.prefix);
    let hash = name.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)));
    let reader: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", &brokers.servers).create().unwrap();
    let offsets = reader.fetch_metadata(Some("__consumer_offsets"), ENOUGH).unwrap();
    let partitions = offsets.topics()[0].partitions();
    let partition = (hash & i32::MAX) % partitions.len() as i32;
    partitions.iter().find(|p| p.id() == partition).unwrap().leader()
}

fn is_number(record: &world::Read) -> bool {
    record.value.iter().all(u8::is_ascii_digit)
}

fn posts_in(records: &[world::Read]) -> usize {
    records.iter().filter(|record| !is_number(record)).count()
}

fn holds_each_once_beside_posts(brokers: &tocsin_kafka::Brokers) {
    let out = world::read_all(brokers, Topic::Matched);
    assert_eq!(posts_in(&world::read_all(brokers, Topic::Raw)), posts_in(&out));
    let mut numbers: Vec<u64> = out
        .iter()
        .filter(|r| is_number(r))
        .map(|r| String::from_utf8_lossy(&r.value).parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..6_000).collect::<Vec<_>>());
}

fn post() -> Arrivals {
    let json =
        br#"{"id":"1","source":"weibo","text":"x","created_at":"2026-01-05T00:00:04Z","author":{"id":"u"}}"#;
    let source = SourceId::new("weibo").unwrap();
    let arrival = Arrival { arrived: ArrivalTime::from_millis(7), source, json: json.to_vec() };
    Arrivals { posts: vec![arrival], ..Arrivals::default() }
}
