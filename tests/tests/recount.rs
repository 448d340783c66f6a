//! A brand's past counted anew over real brokers and a real Redis, while posts are counted on: by itself when a query is
//! new or another one, and by hand; every post counts once, as if the query had always been there.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tocsin_laws::{settle_there, still_room};
use tocsin_model::{BrandId, Hour, Subject};
use tocsin_redis::{Redis, Settings};
use tocsin_tests::{LINES, Server, Servers, Town, lines, now, post, program, said, until};

/// The first hour of the recording.
const BEGIN: i64 = 480_000;
const HOUR: i64 = 3_600_000;

/// Twelve posts an hour: of 山岚, of 苹果, of both, some reposted without a word, some hours late, some liked later.
fn recording(hours: std::ops::Range<i64>) -> Vec<u8> {
    let mut posts = Vec::new();
    for hour in hours {
        for n in 0..12 {
            let at = (BEGIN + hour) * HOUR + n * 290_000;
            let text = ["山岚的茶很好喝", "苹果真难吃，退钱", "山岚和苹果一起吃", "转发微博"][n as usize % 4];
            let made = if n == 5 { at - 7 * HOUR } else { at };
            let mut one = post(&format!("{hour}-{n}"), &format!("{text}，第{n}次"), made);
            if n % 4 == 3 {
                one["text"] = text.into();
                one["repost_of"] = format!("{hour}-{}", n - 2).into();
            }
            one["arrives_at"] = tocsin_wire::rfc3339(at).into();
            posts.push((at, one));
        }
        // A post of three hours ago is liked.
        let (at, liked) = ((BEGIN + hour) * HOUR + 3_500_000, hour - 3);
        let mut again =
            post(&format!("{liked}-1"), "苹果真难吃，退钱，第1次", (BEGIN + liked) * HOUR + 290_000);
        again["engagement"] = serde_json::json!({"likes": 10 + hour});
        again["arrives_at"] = tocsin_wire::rfc3339(at).into();
        posts.push((at, again));
    }
    posts.sort_by_key(|(at, _)| *at);
    lines(posts.iter().map(|(_, post)| post))
}

fn brand(name: &str, query: &str) -> String {
    format!("[[brand]]\nname = \"{name}\"\nquery = '{query}'\n")
}

fn redis(town: &Town, name: &str) -> Redis {
    let settings = Settings { prefix: format!("{name}:"), ..Settings::new(town.servers().redis_place()) };
    settle_there(async move { Redis::open(settings, still_room()).await }).unwrap()
}

/// How many posts each hour of a brand holds.
fn posts(redis: &Redis, brand: &str) -> BTreeMap<Hour, u64> {
    let (redis, brand) = (redis.clone(), Subject::Brand(BrandId::new(brand).unwrap()));
    let hours = settle_there(async move { redis.hours(&brand).await }).unwrap();
    hours.into_iter().map(|(hour, counts)| (hour, counts.posts)).collect()
}

fn counts(town: &Town, file: &str, more: &[&str]) -> String {
    let counts = town.file("counts.jsonl");
    let mut replay = program();
    replay.arg("replay").arg(town.file(file)).arg("--config").arg(town.config());
    said(replay.arg("--counts").arg(&counts).args(more));
    std::fs::read_to_string(counts).unwrap()
}

/// The versions of the config that these go by.
fn versions(services: &[Server]) -> Vec<String> {
    let version = |service: &Server| {
        let page = service.get("/metrics").text();
        page.lines().find(|line| line.starts_with("tocsin_config_version_info")).unwrap().to_owned()
    };
    services.iter().map(version).collect()
}

fn write(file: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn new_and_changed_queries_count_as_if_they_had_always_been_there() {
    let Some(servers) = Servers::shared(1) else { return };
    let town = Town::build(servers, "anew", 3, &brand("山岚", "山岚"));
    let (first, second) = (recording(0..20), recording(20..30));
    write(&town.file("first.jsonl"), &first);
    write(&town.file("second.jsonl"), &second);
    write(&town.file("all.jsonl"), [first, second].concat());
    let run = |stage: &&str| town.run(stage, &["--recorded-time"]);
    let mut services: Vec<Server> = ["ingest", "tokenize,score", "notify"].iter().map(run).collect();
    services.extend(["spike-detect"; 2].iter().map(run));
    counts(&town, "first.jsonl", &["--carrier", "kafka"]);

    let redis = redis(&town, "anew");
    let instruments = || {
        let redis = redis.clone();
        settle_there(async move { redis.instruments().await }).unwrap()
    };
    let (known, before) = (instruments(), versions(&services));
    assert_eq!(known.len(), 1, "what was there at the start is by its query");
    let config = std::fs::read_to_string(town.config()).unwrap();
    let config = config.replace("query = '山岚'", "query = '山岚 OR 苹果'");
    write(&town.config(), format!("{}{config}", brand("苹果", "苹果")));
    until("all go by the new config", || {
        versions(&services).iter().zip(&before).all(|(new, old)| new != old).then_some(())
    });
    // Whoever counts anew is killed in the middle of it; another one begins again.
    services.drain(3..).for_each(Server::kill);
    services.extend(["spike-detect"; 2].iter().map(run));
    until("both are counted anew", || {
        let now = instruments();
        (now.len() == 2 && known.iter().all(|(brand, by)| now[brand] != *by)).then_some(())
    });

    let through = counts(&town, "second.jsonl", &["--carrier", "kafka"]);
    let expected = counts(&town, "all.jsonl", &[]);
    assert!(expected.lines().count() > 50, "hours of two brands");
    let other = through.lines().zip(expected.lines()).find(|(through, expected)| through != expected);
    assert_eq!(other, None);
    assert_eq!(through.len(), expected.len());
    for service in services {
        assert_eq!(service.stop(), Some(0));
    }
}

#[test]
fn under_load_a_past_is_counted_anew_and_every_post_counts_once() {
    let Some(servers) = Servers::shared(1) else { return };
    let inlet = "[[inlet]]\nkind = \"http\"\nname = \"http\"\n";
    let town = Town::build(servers, "load", 3, &format!("{}{inlet}", brand("山岚", "山岚")));
    let services = [town.run("", &[]), town.run("", &[])];
    let redis = redis(&town, "load");
    let mut doors = [services[0].connect(), services[1].connect()];
    let mut sent = 0;
    let mut send = |posts: u64| {
        let some: Vec<Value> = (sent..sent + posts)
            .map(|n| post(&format!("{n}"), &format!("山岚，第{n}杯"), now().millis()))
            .collect();
        let answer = doors[(sent % 2) as usize].post("/v1/posts", LINES, &lines(&some)).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text());
        sent += posts;
        sent
    };
    send(301);
    let counted = |all: u64| (posts(&redis, "山岚").values().sum::<u64>() == all).then_some(());
    until("the first are counted", || counted(301));

    let mut backfill = program();
    backfill.args(["brands", "backfill", "山岚", "--config"]).arg(town.config());
    let mut backfill = backfill.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut all = 0;
    while backfill.try_wait().unwrap().is_none() {
        all = send(1);
    }
    let done = backfill.wait_with_output().unwrap();
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success() && told.contains("1.00 times as many"), "{told}");
    until("the last are counted", || counted(all));
    assert_eq!(counted(all), Some(()), "and stay so");
    println!("{all} posts, each once");
    for service in services {
        assert_eq!(service.stop(), Some(0));
    }
}
