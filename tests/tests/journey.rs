//! From a post by HTTP to a notice at somebody's door, and what people type on the way.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tocsin_flow::Arrivals;
use tocsin_model::{Reason, Rejected};
use tocsin_tests::{Desk, Folder, LINES, SECRET, Server, lines, now, post, program, said, until};

const BRAND: &str = "山岚茶饮";

/// A folder with a config in it, in which the program is run.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new(config: &str) -> Scene {
        let scene = Scene { folder: tempfile::tempdir().unwrap() };
        std::fs::write(scene.config(), config).unwrap();
        scene
    }
    fn config(&self) -> PathBuf {
        self.folder.path().join("tocsin.toml")
    }
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
    fn start(&self) -> Server {
        Server::start(&self.config(), &self.data())
    }
    /// Three quiet days until now, about ten posts an hour, as a recording.
    fn three_quiet_days(&self) {
        let (file, now) = (self.folder.path().join("past.jsonl"), now().millis());
        let text = |n: i64| format!("路过{BRAND}，第{n}次来，坐了一会");
        let past: Vec<Value> =
            (0..720).map(|n| post(&format!("past {n}"), &text(n), now - (720 - n) * 360_000)).collect();
        std::fs::write(&file, lines(&past)).unwrap();
        said(
            program()
                .arg("replay")
                .arg(&file)
                .arg("--config")
                .arg(self.config())
                .arg("--data")
                .arg(self.data()),
        );
    }
    /// What `tocsin COMMAND … --data …` says.
    fn says(&self, command: &[&str]) -> String {
        said(program().args(command).arg("--data").arg(self.data()).current_dir(self.folder.path()))
    }
    fn says_json(&self, command: &[&str]) -> Vec<Value> {
        let text = self.says(&[command, &["--json"]].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn brand(name: &str) -> String {
    format!("[[brand]]\nname = \"{name}\"\nquery = '{name}'\ntime_zone = \"Asia/Shanghai\"\n")
}

fn send(server: &Server, body: &[u8]) -> Value {
    let answer = server.connect().post("/v1/posts", LINES, body).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()
}

fn angry() -> Vec<u8> {
    let text = |n| format!("{BRAND}太恶心了，喝出虫子，要求退钱！第{n}杯");
    lines(&(0..60).map(|n| post(&format!("angry {n}"), &text(n), now().millis())).collect::<Vec<_>>())
}

#[test]
fn angry_posts_by_http_ring_at_a_webhook_that_was_away_first() {
    let desk = Desk::open();
    let outlet = format!(
        "[[outlet]]\nkind = \"webhook\"\nname = \"desk\"\nurl = \"{}\"\nsecrets = [\"{SECRET}\"]\n",
        desk.url
    );
    let scene = Scene::new(&(brand(BRAND) + &outlet));
    scene.three_quiet_days();
    let server = scene.start();
    assert_eq!(send(&server, &angry())["accepted"], 60);

    let (refused, taken) = (desk.next(), desk.next());
    assert_eq!(refused.id, taken.id, "tried again, it is the same notice");
    assert_eq!(refused.body, taken.body);
    assert!(refused.is_signed() && taken.is_signed());
    let notice: Value = serde_json::from_slice(&taken.body).unwrap();
    assert_eq!((&notice["news"], &notice["ring"]), (&"rings".into(), &1.into()), "{notice}");
    assert_eq!(notice["incident"]["subject"]["brand"], BRAND, "{notice}");
    assert_eq!(notice["incident"]["kinds"][0]["kind"], "negative", "{notice}");

    let id = notice["incident"]["id"].as_str().unwrap();
    let lasting = |i: &Value| {
        [&i["id"], &i["subject"], &i["opened_at"], &i["severity"], &i["rings"][0]].map(Value::clone)
    };
    let look = || {
        let listed = scene.says_json(&["incidents", "list"]);
        assert_eq!(listed.len(), 1, "{listed:?}");
        let shown = scene.says_json(&["incidents", "show", id]);
        assert_eq!(lasting(&listed[0]), lasting(&shown[0]));
        assert!(scene.says(&["incidents", "list"]).contains(id));
        let page = scene.says(&["incidents", "show", id]);
        assert!(page.contains(BRAND) && page.contains("喝出虫子"), "{page}");
        let authors = scene.says_json(&["incidents", "authors", BRAND]);
        assert!((1..=5).contains(&authors.len()), "{authors:?}");
        let first = ["incidents", "posts", "against"].map(|field| authors[0][field].as_u64().unwrap());
        assert_eq!((first, &authors[0]["part"]), ([1, 1, 1], &"inflames".into()), "{authors:?}");
        shown
    };
    let running = look();
    assert_eq!(server.stop(), Some(0));
    let stopped = look();
    assert_eq!(lasting(&running[0]), lasting(&stopped[0]), "the process and its folder say the same");
    assert_eq!(lasting(&running[0]), lasting(&notice["incident"]), "and so did the notice");
}

#[test]
fn what_was_rejected_is_seen_and_sent_again() {
    let scene = Scene::new(&brand(BRAND));
    // As a version of tocsin would have left it that did not know this kind of post yet.
    let mended = post("mended", &format!("{BRAND}还行"), now().millis()).to_string().into_bytes();
    let reason = Reason::Field("text", "should be what it is now".to_owned());
    let rejected = Rejected {
        bytes: mended,
        reason,
        origin: "file old.jsonl line 7".to_owned(),
        source: None,
        at: now(),
    };
    Folder::open(&scene.data()).take(Arrivals { rejected: vec![rejected], ..Arrivals::default() });

    let server = scene.start();
    let bad = r#"{"id":"bad","source":"weibo","text":7}"#;
    let both = [bad.as_bytes(), b"\n", &lines([&post("good", BRAND, now().millis())])].concat();
    let answer = send(&server, &both);
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&1.into(), &1.into()), "{answer}");
    assert_eq!(answer["rejects"][0]["index"], 0, "{answer}");

    let look = || {
        let listed = scene.says_json(&["rejected", "list"]);
        let seen: Vec<(u64, &str)> =
            listed.iter().map(|r| (r["number"].as_u64().unwrap(), r["reason"].as_str().unwrap())).collect();
        assert_eq!(seen.len(), 2, "{listed:?}");
        let number = seen[0].0.to_string();
        assert!(scene.says(&["rejected", "list"]).contains("http 127.0.0.1"));
        assert!(scene.says(&["rejected", "show", &number]).contains(bad));
        number
    };
    let number = look();
    let told = scene.says(&["rejected", "retry", &number]);
    assert!(told.contains("0 sent again") && told.contains("still rejected"), "{told}");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(look(), number, "the process and its folder say the same");

    let server = scene.start();
    let told = scene.says(&["rejected", "retry", "--all"]);
    assert!(told.contains("1 sent again") && told.contains("still rejected"), "{told}");
    assert_eq!(scene.says_json(&["rejected", "list"]).len(), 1);
    server.has_read(1);
    assert_eq!(server.stop(), Some(0));
    let folder = Folder::open(&scene.data());
    assert_eq!((folder.total(BRAND).posts, folder.rejected().len()), (2, 1));
}

#[test]
fn brands_are_reloaded_while_it_runs_and_a_bad_config_is_refused() {
    const NEW: &str = "新茶";
    let scene = Scene::new(&brand(BRAND));
    let server = scene.start();
    let reloaded = "tocsin_config_last_reload_successful";
    let version = || {
        let page = server.get("/metrics").text();
        page.lines().find(|l| l.starts_with("tocsin_config_version_info{")).map(str::to_owned).unwrap()
    };
    let first = version();
    send(&server, &lines([&post("1", &format!("{NEW}和{BRAND}"), now().millis())]));
    server.has_read(1);

    // Put in its place whole, as editors and deployments do.
    let beside = scene.folder.path().join("new.toml");
    std::fs::write(&beside, brand(BRAND) + &brand(NEW)).unwrap();
    std::fs::rename(&beside, scene.config()).unwrap();
    until("the new brands are in force", || (version() != first).then_some(()));
    assert_eq!(server.metric(reloaded), Some(1.0));
    let second = version();
    send(&server, &lines([&post("2", &format!("只说{NEW}"), now().millis())]));

    std::fs::write(scene.config(), brand(BRAND) + "[[brand]]\nname = 'broken'\nquery = 'a OR'\n").unwrap();
    until("the bad config is refused", || server.metric(reloaded).filter(|taken| *taken == 0.0));
    assert_eq!(version(), second, "the old one stays");
    send(&server, &lines([&post("3", &format!("又是{NEW}"), now().millis())]));
    server.has_read(3);
    assert_eq!(server.stop(), Some(0));
    let folder = Folder::open(&scene.data());
    assert_eq!(
        (folder.total(BRAND).posts, folder.total(NEW).posts),
        (1, 2),
        "a brand counts from when it is known"
    );
}

#[test]
fn the_pages_answer_and_promtool_has_no_complaint() {
    let scene = Scene::new(&brand(BRAND));
    scene.three_quiet_days();
    let server = scene.start();
    send(&server, &[b"no post\n".as_slice(), &angry()].concat());
    server.has_read(60);
    assert_eq!(server.get("/healthz").status, 200);
    let ready = server.get("/readyz");
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &true.into()), "{}", ready.text());
    until("the bell has rung", || {
        let page = server.get("/metrics").text();
        page.lines().any(|l| l.starts_with("tocsin_rings_total{") && !l.ends_with(" 0")).then_some(())
    });
    let page = server.get("/metrics");
    assert_eq!(page.status, 200);
    for metric in
        ["tocsin_records_rejected_total", "tocsin_post_judged_delay_seconds_bucket", "tocsin_commits_total"]
    {
        assert!(page.text().contains(metric), "{metric} is missing");
    }
    promtool(&page.body);
    assert_eq!(server.stop(), Some(0));
}

fn promtool(metrics: &[u8]) {
    let pipes = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = pipes else {
        assert!(std::env::var_os("CI").is_none(), "CI needs promtool: Debian's package prometheus");
        println!("skipped: promtool is not here (Debian's package prometheus)");
        return;
    };
    promtool.stdin.take().unwrap().write_all(metrics).unwrap();
    let answer = promtool.wait_with_output().unwrap();
    let said = [answer.stdout, answer.stderr].concat();
    assert!(answer.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn a_recording_of_half_a_year_is_counted_whole_and_nothing_in_it_is_too_old() {
    let scene = Scene::new(&brand(BRAND));
    let (file, counts) =
        (scene.folder.path().join("half-year.jsonl"), scene.folder.path().join("counts.jsonl"));
    let at = |day: i64| now().millis() - day * 86_400_000;
    let posts: Vec<Value> = (0..180).rev().map(|day| post(&format!("day {day}"), BRAND, at(day))).collect();
    std::fs::write(&file, [b"no post\n", lines(&posts).as_slice()].concat()).unwrap();
    let mut replay = program();
    replay.arg("replay").arg(&file).arg("--config").arg(scene.config()).arg("--data").arg(scene.data());
    let told = said(replay.arg("--counts").arg(&counts));
    assert!(told.contains("180 posts replayed, 1 records rejected"), "{told}");
    assert_eq!(
        std::fs::read_to_string(&counts).unwrap().lines().count(),
        180,
        "longer than a live process keeps counts"
    );
    assert_eq!(scene.says_json(&["rejected", "list"]).len(), 1, "what it said that it shows, it shows");
}

#[test]
fn two_processes_on_one_folder_are_refused() {
    let scene = Scene::new(&brand(BRAND));
    let server = scene.start();
    let second = Server::command(&scene.config(), &scene.data()).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains("held by another process") && said.contains(&shown(&scene.data())), "{said}");
    assert_eq!(server.get("/healthz").status, 200, "the first one goes on");
    assert_eq!(server.stop(), Some(0));
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
