//! A stage's link on a real broker: nouns, what cannot be read, traces, ticks, rehearsals, and lanes that lost their
//! place.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod world;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::producer::{FutureProducer, FutureRecord};
use tocsin_flow::{Arrival, Arrivals, Fault, Intake as _, Link as _, Outputs, RawRecord};
use tocsin_kafka::{
    Brokers, Fences, Group, KafkaIntake, KafkaLink, Member, Memory, Missing, Topic, lane_of, post_key,
};
use tocsin_model::{ArrivalTime, Lane, Matched, Position, SourceId, Tokenized};
use world::{feed, group, pass_on, read_all, room, shared, world};

const GOLDEN: &str = include_str!("../../wire/tests/golden/matched-v1.json");

fn golden() -> Matched {
    let all: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    tocsin_wire::read_matched(all[0].to_string().as_bytes()).unwrap()
}

async fn write(brokers: &Brokers, topic: Topic, lane: u32, value: &[u8]) {
    let producer: FutureProducer =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &brokers.servers).create().unwrap();
    let name = topic.full(&brokers.prefix);
    let record = FutureRecord::to(&name).partition(lane as i32).key("k").payload(value);
    producer.send_result(record).map_err(|(e, _)| e).unwrap().await.unwrap().map_err(|(e, _)| e).unwrap();
}

/// The next batch that has something in it.
async fn next<R: tocsin_kafka::Carried>(link: &mut KafkaLink<R>) -> Result<tocsin_flow::Batch<R>, Fault> {
    for _ in 0..100 {
        let batch = link.fetch(100, Duration::from_millis(200)).await?;
        if !batch.records.is_empty() {
            return Ok(batch);
        }
    }
    panic!("nothing comes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_keeps_its_lane_its_arrival_and_its_trace_from_intake_to_the_next_topic() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "way", 4).await;
    let intake = KafkaIntake::open(&brokers).unwrap();
    let json =
        br#"{"id":"w1","source":"weibo","text":"x","created_at":"2026-01-05T00:00:04Z","author":{"id":"u"}}"#;
    let arrived = ArrivalTime::from_millis(1_767_571_209_042);
    let source = SourceId::new("weibo").unwrap();
    let arrival = Arrival { arrived, source: source.clone(), json: json.to_vec() };
    intake.take(Arrivals { posts: vec![arrival], ..Arrivals::default() }).await.unwrap();

    let mut link = KafkaLink::<RawRecord>::join(&brokers, group("ingest", Topic::Raw), room()).unwrap();
    let batch = next(&mut link).await.unwrap();
    let lane = lane_of(&post_key(&source, "w1"), 4);
    assert_eq!(batch.lane, lane);
    assert_eq!(batch.records, [(Position(0), RawRecord { arrived, json: json.to_vec() })]);
    let matched = Matched { position: Position(0), ..golden() };
    link.advance(Position(1), Outputs { matched: vec![matched.clone()], ..Outputs::default() })
        .await
        .unwrap();
    link.settle().await.unwrap();
    assert_eq!((link.position(), link.now()), (Position(1), Some(arrived)));

    let (raw, out) = (read_all(&brokers, Topic::Raw), read_all(&brokers, Topic::Matched));
    assert_eq!(out[0].lane, lane);
    assert_eq!(tocsin_wire::read_matched(&out[0].value).unwrap(), matched);
    assert_eq!(out[0].headers["traceparent"], raw[0].headers["traceparent"], "one trace");
    let headers: Vec<String> = out[0].headers.iter().map(|(k, v)| format!("{k}: {v}")).collect();
    let said = headers.iter().filter(|h| !h.starts_with("traceparent") && !h.starts_with("ce_id"));
    expect_test::expect![[r#"
        [
            "ce_source: /tocsin/ingest",
            "ce_specversion: 1.0",
            "ce_time: 2026-01-05T00:00:09Z",
            "ce_type: tocsin.matched.v1",
            "content-type: application/json",
        ]
    "#]]
    .assert_debug_eq(&said.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_goes_to_rejected_with_its_bytes_and_blocks_nothing() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "poison", 1).await;
    let good = tocsin_wire::write_matched(&golden());
    for value in [b"\xff\x00 no JSON".as_slice(), &good, b"{\"v\":9}", &good] {
        write(&brokers, Topic::Matched, 0, value).await;
    }
    let mut link = KafkaLink::<Matched>::join(&brokers, group("tokenize", Topic::Matched), room()).unwrap();
    let mut done = 0;
    while done < 2 {
        let batch = next(&mut link).await.unwrap();
        done += batch.records.len();
        let to = batch.next().unwrap();
        let cut = |(_, matched): (Position, Matched)| Tokenized { matched, tokens: vec![], fingerprint: 7 };
        let tokenized = batch.records.into_iter().map(cut).collect();
        link.advance(to, Outputs { tokenized, ..Outputs::default() }).await.unwrap();
    }
    link.settle().await.unwrap();
    assert_eq!(read_all(&brokers, Topic::Tokenized).len(), 2);
    let rejected: Vec<_> = read_all(&brokers, Topic::Rejected)
        .iter()
        .map(|record| tocsin_wire::read_rejected(&record.value).unwrap())
        .map(|rejected| (rejected.bytes, rejected.origin.replace(&brokers.prefix, "")))
        .collect();
    assert_eq!(
        rejected,
        [
            (b"\xff\x00 no JSON".to_vec(), "posts.matched lane 0 position 0".to_owned()),
            (b"{\"v\":9}".to_vec(), "posts.matched lane 0 position 2".to_owned()),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_batch_comes_again_and_what_was_made_of_it_is_gone() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "abandoned", 2).await;
    for _ in 0..3 {
        write(&brokers, Topic::Matched, 1, &tocsin_wire::write_matched(&golden())).await;
    }
    let mut link = KafkaLink::<Matched>::join(&brokers, group("tokenize", Topic::Matched), room()).unwrap();
    let first = next(&mut link).await.unwrap();
    assert_eq!(first.records[0].0, Position(0));
    link.abandon().await.unwrap();
    let mut again = Vec::new();
    while again.len() < 3 {
        let batch = next(&mut link).await.unwrap();
        let to = batch.next().unwrap();
        again.extend(batch.records.iter().map(|(position, _)| position.0));
        link.advance(to, Outputs::default()).await.unwrap();
    }
    assert_eq!(again, [0, 1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_that_remembers_in_redis_rehearses_what_redis_may_have_forgotten() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "rehearsal", 1).await;
    feed(&brokers, Topic::Raw, 0..100).await;
    let remembers = Group { memory: Memory::Redis, ..group("count", Topic::Raw) };
    let mut member = Member::join(&brokers, remembers.clone(), room()).unwrap();
    pass_on(&mut member, 100, 30).await;
    drop(member);
    // All was committed within the last ten seconds: all of it comes again, and nothing goes out of that.
    let mut next = Member::join(&brokers, remembers, room()).unwrap();
    assert_eq!(pass_on(&mut next, 100, 30).await, 100, "rehearsed");
    feed(&brokers, Topic::Raw, 100..150).await;
    assert_eq!(pass_on(&mut next, 50, 30).await, 50);
    drop(next);
    world::holds_each_once(&brokers, Topic::Matched, 0..150);
}

/// The state counted up to here.
struct CountedTo(u64);

impl Fences for CountedTo {
    fn highest(&self, _: Lane) -> Pin<Box<dyn Future<Output = Result<Option<Position>, Fault>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(Some(Position(self.0)))))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_was_counted_and_has_no_place_stops_with_a_word_or_goes_on_from_the_count() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "placeless", 1).await;
    feed(&brokers, Topic::Raw, 0..10).await;
    let counted = Group { fences: Some(Arc::new(CountedTo(7))), ..group("count", Topic::Raw) };
    let mut member = Member::join(&brokers, counted.clone(), room()).unwrap();
    let fault = fault_of(&mut member).await;
    expect_test::expect!["lane 0 of posts.raw is counted up to 7 and has no position in its group; expected a position to go on from; Kafka forgets it with the topic or the group. If the topic was made again: tocsin state fences --drop posts.raw. If only the group was deleted: start with --seek-to-fences"].assert_eq(&fault.to_string().replace(&brokers.prefix, ""));
    drop(member);

    let seeking = Group { missing: Missing::SeekToFences, ..counted };
    let mut member = Member::join(&brokers, seeking, room()).unwrap();
    assert_eq!(pass_on(&mut member, 3, 100).await, 3);
    drop(member);
    world::holds_each_once(&brokers, Topic::Matched, 7..10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_beyond_the_end_of_its_lane_stops_with_a_word() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "beyond", 1).await;
    feed(&brokers, Topic::Raw, 0..10).await;
    // Counted further than there is: the topic was made again, the state was not.
    let counted = Group {
        fences: Some(Arc::new(CountedTo(1_000))),
        missing: Missing::SeekToFences,
        ..group("count", Topic::Raw)
    };
    let mut member = Member::join(&brokers, counted, room()).unwrap();
    let fault = fault_of(&mut member).await;
    expect_test::expect!["lane 0 of posts.raw is to go on at 1000 and ends at 10; expected a position within the topic. If the topic was made again: tocsin state fences --drop posts.raw, and delete the group's positions for it"].assert_eq(&fault.to_string().replace(&brokers.prefix, ""));
}

async fn fault_of(member: &mut Member) -> Fault {
    for _ in 0..100 {
        match member.fetch(10, Duration::from_millis(200)).await {
            Err(fault @ Fault::Misconfigured { .. }) => return fault,
            Err(_) => member.abandon(),
            Ok(portion) => assert!(portion.records.is_empty(), "it should have stopped"),
        }
    }
    panic!("it should have stopped");
}
