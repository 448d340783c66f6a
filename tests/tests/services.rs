//! Five services over real brokers and a real Redis: from a post to a bell, the same counts as in one process, and
//! nothing lost while services come and go.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use serde_json::Value;
use tocsin_tests::{
    Brand, Desk, LINES, SECRET, Server, Servers, Town, data, lines, now, post, program, said, stream, until,
};

const BRAND: &str = "山岚茶饮";
const STAGES: [&str; 5] = ["ingest", "tokenize", "score", "spike-detect", "notify"];

/// A record as somebody downstream reads it.
struct Read {
    value: Value,
    headers: BTreeMap<String, String>,
}

/// The first record of a topic that a consumer in a group of its own comes to.
fn first(servers: &Servers, topic: &str) -> Read {
    find(servers, topic, |_| true)
}

/// The first that is wanted.
fn find(servers: &Servers, topic: &str, is_wanted: impl Fn(&Value) -> bool) -> Read {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers.brokers())
        .set("group.id", format!("downstream of {topic}"))
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&[topic]).unwrap();
    until(&format!("a record in {topic}"), || {
        let message = consumer.poll(std::time::Duration::from_millis(500))?.ok()?;
        let text = |value: Option<&[u8]>| String::from_utf8(value.unwrap().to_vec()).unwrap();
        let headers = message.headers().unwrap().iter().map(|h| (h.key.to_owned(), text(h.value))).collect();
        let value = serde_json::from_slice(message.payload().unwrap()).unwrap();
        is_wanted(&value).then_some(Read { value, headers })
    })
}

/// The same by a consumer in another language, where there is one.
fn first_by_python(servers: &Servers, topic: &str) -> Option<Read> {
    let code = r#"
import json, sys
from confluent_kafka import Consumer
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "python", "auto.offset.reset": "earliest",
                     "isolation.level": "read_committed"})
consumer.subscribe([sys.argv[2]])
message = consumer.poll(60)
consumer.close()
print(json.dumps({"value": json.loads(message.value()), "headers": {k: v.decode() for k, v in message.headers()}}))
"#;
    let has_client =
        Command::new("python3").args(["-c", "import confluent_kafka"]).stderr(Stdio::null()).status();
    if !has_client.is_ok_and(|status| status.success()) {
        println!("the consumer in Python is left out: there is no confluent-kafka");
        return None;
    }
    let told = said(Command::new("python3").args(["-c", code, &servers.brokers(), topic]));
    let told: Value = serde_json::from_str(&told).unwrap();
    let text = |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
    Some(Read {
        value: told["value"].clone(),
        headers: told["headers"].as_object().unwrap().iter().map(text).collect(),
    })
}

#[test]
fn a_post_by_http_goes_through_five_processes_and_rings_at_a_webhook() {
    let Some(servers) = Servers::shared(1) else { return };
    let desk = Desk::open();
    let config = format!(
        "[[brand]]\nname = \"{BRAND}\"\nquery = '{BRAND}'\n\
         [[inlet]]\nkind = \"http\"\nname = \"http\"\n\
         [[outlet]]\nkind = \"webhook\"\nname = \"desk\"\nurl = \"{}\"\nsecrets = [\"{SECRET}\"]\n",
        desk.url
    );
    let town = Town::build(servers, "journey", 3, &config);
    let mut services = STAGES.map(|stage| town.run(stage, &[]));
    // Three quiet days until now, to have a past to judge by.
    let text = |n: i64| format!("路过{BRAND}，第{n}次来，坐了一会");
    let made = |n: i64| now().millis() - (720 - n) * 360_000;
    let past: Vec<Value> = (0..720).map(|n| post(&format!("past {n}"), &text(n), made(n))).collect();
    std::fs::write(town.file("past.jsonl"), lines(&past)).unwrap();
    ended(replay(&town, &[&town.file("past.jsonl")], "max", "past-counts.jsonl"), &mut services);
    let text = |n| format!("{BRAND}太恶心了，喝出虫子，要求退钱！第{n}杯");
    let angry: Vec<Value> = (0..60).map(|n| post(&format!("angry {n}"), &text(n), now().millis())).collect();
    let answer = services[0].connect().post("/v1/posts", LINES, &lines(&angry)).unwrap();
    assert_eq!((answer.status, &answer.json()["accepted"]), (202, &60.into()), "{}", answer.text());

    let (refused, taken) = (desk.next(), desk.next());
    assert_eq!(refused.id, taken.id, "tried again, it is the same notice");
    assert!(refused.is_signed() && taken.is_signed());
    let notice: Value = serde_json::from_slice(&taken.body).unwrap();
    assert_eq!((&notice["news"], &notice["ring"]), (&"rings".into(), &1.into()), "{notice}");
    assert_eq!(notice["incident"]["subject"]["brand"], BRAND, "{notice}");

    for (topic, kind) in [("signals", "tocsin.signal.v1"), ("incidents", "tocsin.incident.v1")] {
        let name = format!("journey.{topic}");
        let by_python = first_by_python(servers, &name);
        for read in by_python.into_iter().chain([first(servers, &name)]) {
            assert_eq!(read.value["subject"]["brand"], BRAND, "{topic}: {}", read.value);
            assert_eq!(read.headers["ce_type"], kind);
            assert_eq!(read.headers["ce_specversion"], "1.0");
            assert_eq!(read.headers["content-type"], "application/json");
        }
    }
    for (stage, service) in STAGES.iter().zip(&services) {
        assert_eq!(service.get("/readyz").status, 200, "{stage}");
    }
    let places = [("matched", "/post/id"), ("tokenized", "/matched/post/id"), ("scored", "/matched/post/id")];
    let traces = places.map(|(topic, id)| {
        let topic = format!("journey.posts.{topic}");
        let read = find(servers, &topic, |value| value.pointer(id) == Some(&"angry 7".into()));
        read.headers["traceparent"].split('-').nth(1).unwrap().to_owned()
    });
    assert_eq!(traces[0].len(), 32);
    assert!(traces.iter().all(|trace| *trace == traces[0]), "one post is one trace: {traces:?}");
    let refused = services[0].connect().post("/v1/posts", LINES, b"no post\n").unwrap();
    assert_eq!(refused.json()["rejected"], 1, "{}", refused.text());
    are_looked_up(&town, notice["incident"]["id"].as_str().unwrap());
    for service in services {
        assert_eq!(service.stop(), Some(0));
    }
}

/// Commands find in the topics and in Redis what the services have made.
fn are_looked_up(town: &Town, incident: &str) {
    let ask = |words: &[&str]| said(program().args(words).arg("--config").arg(town.config()));
    let json = |words: &[&str]| -> Vec<Value> {
        ask(&[words, &["--json"]].concat()).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let listed = json(&["incidents", "list", "--open", "--brand", BRAND]);
    assert!(listed.iter().any(|of| of["id"] == incident), "{listed:?}");
    let shown = json(&["incidents", "show", incident]);
    assert_eq!(shown[0]["subject"]["brand"], BRAND, "{shown:?}");
    let signal = shown[0]["causes"][0].as_str().unwrap();
    let explained = ask(&["explain", signal]);
    assert!(explained.contains(BRAND) && explained.contains("posts"), "{explained}");

    let rejected = json(&["rejected", "list"]);
    let number = rejected[0]["number"].to_string();
    assert_eq!((rejected.len(), &rejected[0]["reason"]), (1, &"syntax".into()), "{rejected:?}");
    assert_eq!(json(&["rejected", "show", &number]), rejected);
    let still = ask(&["rejected", "retry", &number]);
    assert!(still.contains(&number), "it still is no post: {still}");

    let week = json(&["baseline", "show", BRAND]);
    assert_eq!(week.len(), 7 * 24);
    let expected: f64 = week.iter().map(|hour| hour["expected"].as_f64().unwrap()).sum();
    assert!(expected > 7.0 * 24.0, "ten posts an hour were usual: {expected}");
}

/// A replay through the services of a town.
fn replay(town: &Town, files: &[&Path], speed: &str, counts: &str) -> Child {
    let mut replay = program();
    replay.arg("replay").args(files).arg("--config").arg(town.config());
    replay.args(["--carrier", "kafka", "--speed", speed, "--counts"]).arg(town.file(counts));
    replay.stdout(Stdio::null()).spawn().unwrap()
}

/// The same in one process.
fn in_one_process(town: &Town, files: &[&Path]) -> String {
    let counts = town.file("embedded.jsonl");
    let mut replay = program();
    replay.arg("replay").args(files).arg("--config").arg(town.config()).arg("--counts").arg(&counts);
    said(&mut replay);
    std::fs::read_to_string(counts).unwrap()
}

/// Waits for a replay, for as long as all services live.
#[track_caller]
fn ended<'a>(mut replay: Child, services: impl IntoIterator<Item = &'a mut Server>) {
    let mut services: Vec<&mut Server> = services.into_iter().collect();
    let ended = loop {
        for service in &mut services {
            assert!(!service.has_ended(), "a service ended by itself");
            // The answer sets the pace.
            service.get("/metrics");
        }
        if let Some(ended) = replay.try_wait().unwrap() {
            break ended;
        }
    };
    assert!(ended.success(), "the replay through the services");
}

fn counts(town: &Town, name: &str) -> String {
    std::fs::read_to_string(town.file(name)).unwrap()
}

/// What three instances of each stage count over six partitions is to the byte what one process counts.
#[track_caller]
fn is_counted_as_in_one_process(name: &str, config: &str, files: &[&Path]) {
    let Some(servers) = Servers::shared(1) else { return };
    let town = Town::build(servers, name, 6, config);
    let mut services: Vec<Server> =
        (0..3).flat_map(|_| STAGES).map(|stage| town.run(stage, &["--recorded-time"])).collect();
    ended(replay(&town, files, "max", "kafka.jsonl"), &mut services);
    let expected = in_one_process(&town, files);
    assert!(expected.lines().count() > 50, "a stream worth counting");
    assert_eq!(counts(&town, "kafka.jsonl"), expected, "{name}");
    for service in services {
        assert_eq!(service.stop(), Some(0));
    }
}

#[test]
fn sixty_thousand_real_posts_are_counted_as_in_one_process() {
    let Some(posts) = data("posts").map(|p| p.join("weibo.jsonl.gz")) else { return };
    let brands = [Brand::new("phone", &["手机", "iPhone"]), Brand::new("rt", &["微博"])];
    let config: String = brands.iter().map(Brand::config).collect();
    is_counted_as_in_one_process("parity-real", &config, &[&posts]);
}

#[test]
fn late_posts_and_nameless_reposts_are_counted_as_in_one_process() {
    for (scenario, base) in [("late", 20), ("crisis_fast", 5)] {
        let folder = tempfile::tempdir().unwrap();
        let Some((posts, brand)) = stream(&folder, scenario, 3, base) else { return };
        is_counted_as_in_one_process(&format!("parity-{scenario}"), &brand.config(), &[&posts]);
    }
}

#[test]
fn the_whole_way_in_one_process_over_kafka_counts_the_same() {
    let Some(servers) = Servers::shared(1) else { return };
    let folder = tempfile::tempdir().unwrap();
    let Some((posts, brand)) = stream(&folder, "crisis_fast", 4, 5) else { return };
    let town = Town::build(servers, "whole", 3, &brand.config());
    let mut both = [town.run("", &["--recorded-time"]), town.run("", &["--recorded-time"])];
    ended(replay(&town, &[&posts], "max", "kafka.jsonl"), &mut both);
    assert_eq!(counts(&town, "kafka.jsonl"), in_one_process(&town, &[&posts]));
    for service in both {
        assert_eq!(service.stop(), Some(0));
    }
}

#[test]
fn services_are_replaced_under_load_and_nothing_is_lost() {
    let Some(servers) = Servers::shared(1) else { return };
    let folder = tempfile::tempdir().unwrap();
    let Some((posts, brand)) = stream(&folder, "crisis_fast", 5, 20) else { return };
    let town = Town::build(servers, "rolling", 6, &brand.config());
    let run = |stage: &str| town.run(stage, &["--recorded-time"]);
    let mut services: Vec<Vec<Server>> = STAGES.iter().map(|stage| vec![run(stage)]).collect();
    // Some forty seconds of load.
    let replay = replay(&town, &[&posts], "50000", "kafka.jsonl");
    for (stage, instances) in STAGES.iter().zip(&mut services) {
        // One becomes three, the oldest goes, then one of the new ones is left.
        instances.extend([run(stage), run(stage)]);
        for _ in 0..2 {
            assert_eq!(instances.remove(0).stop(), Some(0), "{stage}");
        }
    }
    ended(replay, services.iter_mut().flatten());
    assert_eq!(counts(&town, "kafka.jsonl"), in_one_process(&town, &[&posts]));
    for service in services.into_iter().flatten() {
        assert_eq!(service.stop(), Some(0));
    }
}
