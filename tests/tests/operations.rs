//! What operators do over Kafka and Redis: plan topics, see fences, mend what Redis lost, move what is remembered.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tocsin_tests::{LINES, Servers, Town, lines, now, post, program, said, until};
use tocsin_wire::StateRow;

const BRAND: &str = "[[brand]]\nname = \"山岚茶饮\"\nquery = \"山岚茶饮\"\n";

fn command(town: &Town, words: &str) -> Command {
    let mut command = program();
    command.args(words.split(' ')).env("TOCSIN_CONFIG", town.config());
    command
}

/// What a command that could not do it said, and its exit code.
fn refused(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Starts a process, hands posts in, and stops it once Redis remembers so many records of the lanes of `posts.raw`.
fn counted(town: &Town, name: &str, posts: usize, all: u64) {
    let server = town.run("", &[]);
    let new: Vec<Value> =
        (0..posts).map(|n| post(&format!("{name} {n}"), "山岚茶饮喝出虫子", now().millis())).collect();
    assert_eq!(server.connect().post("/v1/posts", LINES, &lines(&new)).unwrap().status, 202);
    until(&format!("{all} are remembered"), || {
        let fences = said(&mut command(town, "state fences"));
        let raw = fences.lines().filter(|line| line.starts_with("posts.raw"));
        let remembered = raw.map(|line| line.split_whitespace().nth(2).unwrap().parse::<u64>().unwrap());
        (remembered.sum::<u64>() == all).then_some(())
    });
    assert_eq!(server.stop(), Some(0));
}

/// The rows of an export, without data time, and how many posts of the brand are in it.
fn rows(file: &Path) -> (Vec<String>, u64) {
    let text = std::fs::read_to_string(file).unwrap();
    let mut rows: Vec<String> =
        text.lines().filter(|line| !line.contains(r#""row":"now""#)).map(str::to_owned).collect();
    rows.sort();
    let posts = rows.iter().map(|line| match tocsin_wire::read_state_row(line.as_bytes()).unwrap() {
        StateRow::Day(subject, _, counts) if subject.to_string().contains("山岚") => {
            counts.hours.iter().map(|hour| hour.posts).sum()
        }
        _ => 0,
    });
    let posts = posts.sum();
    (rows, posts)
}

#[test]
fn topics_are_planned_then_made_then_as_they_should_be() {
    let Some(servers) = Servers::shared(1) else { return };
    let town = Town::build(servers, "planned", 2, BRAND);
    let plan = said(&mut command(&town, "topics plan"));
    assert!(plan.contains("create posts.raw\n") && plan.contains("Nothing was changed"), "{plan}");
    let made = said(&mut command(&town, "topics apply"));
    assert!(made.ends_with("Done: 10 steps.\n"), "{made}");
    let after = said(&mut command(&town, "topics plan"));
    assert_eq!(after, "All 10 topics under \"planned.\" are as they should be.\n");
    // More partitions cost something, and shorter retention would lose something.
    let more = said(command(&town, "topics plan").env("TOCSIN__KAFKA__PARTITIONS", "4"));
    assert!(more.contains("add partitions to posts.raw, which has 2"), "{more}");
    assert!(more.contains("who descends from whom is lost for the last 48 h"), "{more}");
    let fewer = refused(command(&town, "topics apply").env("TOCSIN__KAFKA__PARTITIONS", "1"));
    assert_eq!(fewer.0, Some(1), "{fewer:?}");
    assert!(fewer.1.contains("10 steps for you to take"), "{fewer:?}");
    // Somebody has set it by hand: the process that would lose something by it does not start.
    let broker = servers.brokers();
    let short = ["cli", "configs", "--bootstrap-server", &broker, "--alter", "--entity-type", "topics"];
    let short = [&short[..], &["--entity-name", "planned.posts.raw", "--add-config", "retention.ms=3600000"]];
    said(
        Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/kafka.sh")).args(short.concat()),
    );
    let (code, words) = refused(command(&town, "run").env("TOCSIN__HTTP__LISTEN", "127.0.0.1:0"));
    assert_eq!(code, Some(2), "{words}");
    assert!(
        words.contains("retention.ms of planned.posts.raw is 3600000; expected at least 259200000"),
        "{words}"
    );
}

#[test]
fn a_redis_that_would_forget_is_refused_at_the_start() {
    let Some(servers) = Servers::shared(1) else { return };
    let town = Town::build(servers, "forgetful", 1, BRAND);
    servers.redis("cli", &["config", "set", "maxmemory-policy", "allkeys-lru"]);
    let (code, words) = refused(command(&town, "run").env("TOCSIN__HTTP__LISTEN", "127.0.0.1:0"));
    servers.redis("cli", &["config", "set", "maxmemory-policy", "noeviction"]);
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("maxmemory-policy") && words.contains("expected noeviction"), "{words}");
}

#[test]
fn what_an_emptied_redis_lost_is_counted_again_after_healing() {
    let Some(servers) = Servers::shared(1) else { return };
    let town = Town::build(servers, "healed", 3, BRAND);
    counted(&town, "before", 200, 200);
    // From now on the groups are sure of what Redis has; as they would be after ten seconds of work.
    said(&mut command(&town, "state heal --since 0s"));
    counted(&town, "last", 1, 201);
    servers.redis("cli", &["flushall"]);
    let (code, words) = refused(command(&town, "run").env("TOCSIN__HTTP__LISTEN", "127.0.0.1:0"));
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("tocsin state heal --since"), "{words}");
    let healed = said(&mut command(&town, "state heal --since 1h"));
    assert!(healed.contains("ingest goes over its lanes again from 0: 0, 1: 0, 2: 0"), "{healed}");
    counted(&town, "after", 100, 301);
    let file = town.file("healed.jsonl");
    said(command(&town, "state export").arg(&file));
    assert_eq!(rows(&file).1, 301);
    let (code, words) = refused(&mut command(&town, "state heal --since 2999-01-01T00:00:00Z"));
    assert_eq!((code, words.contains("lies in the future")), (Some(2), true), "{words}");
}

#[test]
fn what_is_remembered_moves_to_a_folder_and_to_another_redis_and_back() {
    let Some(servers) = Servers::shared(1) else { return };
    let town = Town::build(servers, "moved", 2, BRAND);
    counted(&town, "moved", 150, 150);
    let exported = |export: &mut Command, name: &str| {
        let file = town.file(name);
        said(export.arg(&file));
        rows(&file)
    };
    let (from_redis, posts) = exported(&mut command(&town, "state export"), "redis.jsonl");
    assert_eq!(posts, 150);
    let folder = town.file("folder");
    said(command(&town, "state import").arg(town.file("redis.jsonl")).arg("--data").arg(&folder));
    let of_folder = exported(command(&town, "state export --data").arg(&folder), "folder.jsonl");
    assert_eq!(of_folder.0, from_redis, "in a folder");
    let other = ("TOCSIN__REDIS__PREFIX", "elsewhere:");
    said(command(&town, "state import").arg(town.file("folder.jsonl")).env(other.0, other.1));
    let elsewhere = exported(command(&town, "state export").env(other.0, other.1), "elsewhere.jsonl");
    assert_eq!(elsewhere.0, from_redis, "in another Redis");
    let (code, words) = refused(command(&town, "state import").arg(town.file("folder.jsonl")));
    assert_eq!(code, Some(2));
    assert!(words.contains("this Redis remembers brands already"), "{words}");
}

#[test]
fn fences_of_a_topic_are_dropped_by_its_name() {
    let Some(servers) = Servers::shared(1) else { return };
    let town = Town::build(servers, "fenced", 1, BRAND);
    counted(&town, "fenced", 20, 20);
    let fences = said(&mut command(&town, "state fences"));
    assert!(
        fences.contains("posts.raw                    0            20            20         2"),
        "{fences}"
    );
    // The lane's own, and of the brand and the source one each.
    let dropped = said(&mut command(&town, "state fences --drop fenced.posts.raw"));
    assert_eq!(dropped, "3 fences of posts.raw dropped; it is read from its beginning\n");
    let fences = said(&mut command(&town, "state fences"));
    assert!(
        fences.contains("posts.raw                    0             0             -         0"),
        "{fences}"
    );
    let (code, words) = refused(&mut command(&town, "state fences --drop posts.raws"));
    assert_eq!(code, Some(2));
    assert!(words.contains("\"posts.raws\" is none of our topics; they are posts.raw, posts.kin"), "{words}");
}
