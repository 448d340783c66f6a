//! A brand's past: made before going live, moved to another folder, counted anew by another query, and what is
//! learned and explained by it.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use tocsin_model::Hour;
use tocsin_tests::{Folder, LINES, Server, lines, now, post, program, said, until};

/// Hours of the stream.
const HOURS: i64 = 100;
/// Its first hour.
const BEGIN: i64 = 480_000;

/// Six posts an hour name 山岚, four name 苹果; three hours before the end forty people are angry.
fn stream() -> Vec<Value> {
    let mut posts = Vec::new();
    for hour in BEGIN..BEGIN + HOURS {
        for n in 0..10 {
            let text = if n % 5 < 3 { "山岚的茶很好喝" } else { "苹果也不错" };
            let at = hour * 3_600_000 + n * 350_000;
            posts.push(post(&format!("{hour}-{n}"), &format!("{text}，第{n}次"), at));
        }
        if hour == BEGIN + HOURS - 3 {
            for n in 0..40 {
                let at = hour * 3_600_000 + 3_150_000 + n * 10_000;
                posts.push(post(
                    &format!("angry-{n}"),
                    &format!("山岚太恶心了，喝出虫子，退钱！第{n}杯"),
                    at,
                ));
            }
        }
    }
    posts.sort_by_key(|post| post["created_at"].as_str().unwrap().to_owned());
    posts
}

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        fs::write(place.at("posts.jsonl"), lines(&stream())).unwrap();
        place.query("山岚");
        place
    }
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn query(&self, query: &str) {
        let config =
            format!("[[brand]]\nname = \"山岚\"\nquery = '{query}'\ntime_zone = \"Asia/Shanghai\"\n");
        fs::write(self.at("tocsin.toml"), config).unwrap();
    }
    /// Runs the program on a data folder; what it said.
    #[track_caller]
    fn run(&self, arguments: &[&str], data: &str) -> String {
        let mut command = program();
        command.current_dir(self.folder.path()).args(arguments).args(["--data", data]);
        said(&mut command)
    }
    fn rows(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.at(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
    fn heard(&self, data: &str) -> Vec<(i64, u64)> {
        let hours = Folder::open(&self.at(data)).hours("山岚");
        hours.into_iter().map(|(Hour(hour), counts)| (hour - BEGIN, counts.heard)).collect()
    }
}

#[test]
fn a_past_is_counted_before_going_live_and_nothing_of_it_is_judged() {
    let place = Place::new();
    place.run(&["replay", "posts.jsonl", "--signals", "live.jsonl"], "live");
    assert!(!place.rows("live.jsonl").is_empty(), "live it would have rung");
    place.run(&["replay", "--warm-up", "posts.jsonl", "--signals", "warm.jsonl"], "warm");
    assert_eq!(place.rows("warm.jsonl"), Vec::<Value>::new());
    assert_eq!(place.heard("warm"), place.heard("live"));
}

#[test]
fn what_is_remembered_moves_to_another_folder_row_by_row() {
    let place = Place::new();
    place.run(&["replay", "posts.jsonl"], "one");
    place.run(&["state", "export", "one.jsonl.zst"], "one");
    place.run(&["state", "import", "one.jsonl.zst"], "two");
    place.run(&["state", "export", "two.jsonl"], "two");
    place.run(&["state", "export", "one.jsonl"], "one");
    assert_eq!(fs::read(place.at("two.jsonl")).unwrap(), fs::read(place.at("one.jsonl")).unwrap());
    let rows: Vec<String> = place.rows("two.jsonl").iter().map(|row| row["row"].to_string()).collect();
    for kind in ["now", "first", "minute", "day", "evidence", "mark", "incident"] {
        assert!(rows.contains(&format!("{kind:?}")), "{kind}");
    }
    let shown = |data| place.run(&["baseline", "show", "山岚", "--json"], data);
    assert_eq!(shown("two"), shown("one"));

    let mut again = program();
    again.current_dir(place.folder.path()).args(["state", "import", "one.jsonl", "--data", "two"]);
    let refused = again.output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("remembers brands already"));
}

#[test]
fn a_broken_export_is_told_with_its_line() {
    let place = Place::new();
    fs::write(place.at("broken.jsonl"), "{\"v\":1,\"row\":\"now\",\"at\":5}\n{\"v\":1,\"row\":\n").unwrap();
    let mut command = program();
    command.current_dir(place.folder.path()).args(["state", "import", "broken.jsonl", "--data", "new"]);
    let refused = command.output().unwrap();
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("broken.jsonl") && told.contains("line 2"), "{told}");
}

#[test]
fn another_query_is_counted_anew_and_the_weeks_before_are_scaled() {
    let place = Place::new();
    place.run(&["replay", "--warm-up", "posts.jsonl"], "data");
    place.query("山岚 OR 苹果");
    let told = place.run(&["brands", "backfill", "山岚", "--since", "48h"], "data");
    assert!(told.contains("times as many"), "{told}");
    let heard = place.heard("data");
    let of = |hour: i64| heard.iter().find(|(h, _)| *h == hour).map_or(0, |(_, heard)| *heard);
    assert_eq!(of(HOURS - 10), 10, "counted by the new query");
    // In two days 6 an hour and 40 angry ones were 10 an hour and 40: 520 / 328.
    assert_eq!(of(20), (6.0_f64 * 520.0 / 328.0).round() as u64, "scaled");
    assert_eq!(of(HOURS - 3), 50);
}

#[test]
fn a_query_that_changes_while_tocsin_runs_is_counted_over_what_is_kept() {
    let place = Place::new();
    let brand = |name: &str, query: &str| format!("[[brand]]\nname = \"{name}\"\nquery = '{query}'\n");
    let inlet = "[[inlet]]\nkind = \"http\"\nname = \"http\"\n";
    fs::write(place.at("tocsin.toml"), [&brand("山岚", "山岚"), inlet].concat()).unwrap();
    let server = Server::start(&place.at("tocsin.toml"), &place.at("live"));
    let mut door = server.connect();
    let mut send = |ids: std::ops::Range<i64>| {
        let text = |n: i64| format!("{}，第{n}次", if n % 3 == 0 { "山岚的茶" } else { "苹果也不错" });
        let some: Vec<Value> =
            ids.map(|n| post(&n.to_string(), &text(n), now().millis() - n % 20 * 3_600_000)).collect();
        assert_eq!(door.post("/v1/posts", LINES, &lines(&some)).unwrap().status, 202);
    };
    send(0..60);
    server.has_read(60);
    let others = [&brand("山岚", "山岚 OR 苹果"), &brand("苹果", "苹果"), inlet].concat();
    fs::write(place.at("tocsin.toml"), others).unwrap();
    until("both are counted anew", || {
        (server.said().matches("counted anew by its query").count() == 2).then_some(())
    });
    send(60..90);
    server.has_read(90);
    assert_eq!(server.stop(), Some(0));
    let folder = Folder::open(&place.at("live"));
    assert_eq!((folder.total("山岚").posts, folder.total("苹果").posts), (90, 60));
    assert!(folder.hours("苹果").len() >= 20, "each in its hour");
}

#[test]
fn the_coming_week_is_shown_hour_by_hour() {
    let place = Place::new();
    place.run(&["replay", "--warm-up", "posts.jsonl"], "data");
    let shown = place.run(&["baseline", "show", "山岚", "--json"], "data");
    let hours: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(hours.len(), 168);
    for hour in &hours {
        let of = |key: &str| hour[key].as_f64().unwrap();
        assert!((4.0..9.0).contains(&of("expected")), "{hour}");
        assert!(of("low") < of("expected") && of("expected") < of("high"), "{hour}");
    }
    let plotted = place.run(&["baseline", "show", "山岚"], "data");
    assert!(plotted.lines().count() == 169 && plotted.contains('▓'), "{plotted}");
}

#[test]
fn a_signal_is_explained_and_held_against_the_windows() {
    let place = Place::new();
    place.run(&["replay", "posts.jsonl", "--signals", "signals.jsonl"], "data");
    let signals = place.rows("signals.jsonl");
    let negative = signals.iter().find(|s| s["kind"] == "negative" && s["state"] == "abnormal").unwrap();
    let told = place.run(&["explain", negative["id"].as_str().unwrap()], "data");
    for part in ["the same, and abnormal", "windows     hold the same", "source      weibo: heard"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
