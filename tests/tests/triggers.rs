//! Posts of which few are enough, and what stands around a crisis: through the real program, from posts to reasons.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use tocsin_tests::{lines, post, program, said};

const BRAND: &str = "山岚茶饮";
const RIVAL: &str = "对手茶饮";
/// Noon of a day, in minutes; three quiet days come before it.
const NOON: i64 = 29_000_160;
const MINUTE: i64 = 60_000;

const CONFIG: &str = r#"
[[brand]]
name = "山岚茶饮"
query = '山岚茶饮 OR source:service-desk'
rivals = ["对手茶饮"]
accounts = ["weibo/shanlan"]
keyword = [{ words = ["起火", "Recall"], severity = "red" }, { words = ["头晕"], posts = 3 }]

[[brand]]
name = "对手茶饮"
query = "对手茶饮"

[[source]]
name = "service-desk"
kind = "report"
posts = 2

[lists]
regulators = ["samr.gov.cn"]
ignored = ["weibo/noise"]
"#;

/// A post so many minutes after noon.
fn at(minute: i64, id: &str, text: &str) -> Value {
    post(id, text, (NOON + minute) * MINUTE)
}

fn by(mut post: Value, author: &str) -> Value {
    post["author"] = json!({ "id": author });
    post
}

/// Three quiet days of both brands, about ten posts an hour; then what a test adds.
fn stream(more: Vec<Value>) -> Vec<Value> {
    let mut posts: Vec<Value> = (-720..150)
        .flat_map(|n| {
            let quiet =
                |name: &str| at(n * 6, &format!("{name} {n}"), &format!("路过{name}，第{n}次来，坐了一会"));
            [quiet(BRAND), quiet(RIVAL)]
        })
        .chain(more)
        .collect();
    posts.sort_by_key(|post| post["created_at"].as_str().unwrap().to_owned());
    posts
}

/// A replay of a stream; what it left.
struct Replayed {
    folder: TempDir,
}

impl Replayed {
    fn new(more: Vec<Value>) -> Replayed {
        let replayed = Replayed { folder: tempfile::tempdir().unwrap() };
        fs::write(replayed.at("posts.jsonl"), lines(&stream(more))).unwrap();
        fs::write(replayed.at("tocsin.toml"), CONFIG).unwrap();
        replayed.says(&[
            "replay",
            "posts.jsonl",
            "--incidents",
            "rings.jsonl",
            "--signals",
            "signals.jsonl",
            "--counts",
            "counts.jsonl",
        ]);
        replayed
    }
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    #[track_caller]
    fn says(&self, arguments: &[&str]) -> String {
        let mut command = program();
        command.current_dir(self.folder.path()).args(arguments).args(["--data", "data"]);
        said(&mut command)
    }
    fn rows(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.at(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
    /// Each ring of the brand: kind, severity.
    fn rings(&self) -> Vec<(String, String)> {
        let of = |ring: &Value, key: &str| ring[key].as_str().unwrap().to_owned();
        let ours = self.rows("rings.jsonl").into_iter().filter(|ring| ring["brand"] == BRAND);
        ours.map(|ring| (of(&ring, "kind"), of(&ring, "severity"))).collect()
    }
    /// The signals of the brand that something of a kind is abnormal.
    fn signals(&self, kind: &str) -> Vec<Value> {
        let ours =
            |s: &Value| s["subject"]["brand"] == BRAND && s["kind"] == kind && s["state"] == "abnormal";
        self.rows("signals.jsonl").into_iter().filter(ours).collect()
    }
    /// What `tocsin explain` says of a signal; its verdict can be made again.
    #[track_caller]
    fn explained(&self, signal: &Value) -> String {
        let told = self.says(&["explain", signal["id"].as_str().unwrap()]);
        assert!(told.contains("the same, and abnormal"), "{told}");
        assert!(!told.contains("DIFFER"), "{told}");
        told
    }
}

fn told(kind: &str, severity: &str) -> (String, String) {
    (kind.to_owned(), severity.to_owned())
}

#[test]
fn one_post_with_a_watched_word_rings_once_and_three_of_another() {
    let replayed = Replayed::new(vec![
        at(1, "denied", "别传谣，山岚茶饮的机器不会起火"),
        at(3, "fire", "山岚茶饮门店起火了，快跑"),
        at(300, "dizzy 1", "喝了山岚茶饮有點頭暈"),
        at(310, "dizzy 2", "山岚茶饮喝完头晕，正常吗"),
        at(360, "dizzy 3", "头晕，刚喝了山岚茶饮"),
    ]);
    assert_eq!(replayed.rings(), [told("keyword", "red"), told("keyword", "yellow")]);
    let signals = replayed.signals("keyword");
    assert_eq!(
        signals[0]["evidence"]["pulled"],
        json!([
            {"name": "起火、recall", "posts": 1, "enough": 1, "severity": "red"}
        ])
    );
    assert_eq!(signals[0]["evidence"]["top_posts"][0]["id"], "weibo/fire");
    let last = signals.last().unwrap();
    assert_eq!(last["evidence"]["pulled"][0]["posts"], 3);
    let why = replayed.explained(last);
    assert!(why.contains("pulled      头晕: 3 posts, 3 are enough"), "{why}");
    assert!(why.contains("severity    yellow: the same"), "{why}");
}

#[test]
fn a_regulator_rings_whatever_it_says_and_the_ignored_are_counted_apart() {
    let mut notice = at(5, "notice", "关于山岚茶饮的抽检公告");
    notice["source"] = "news".into();
    notice["url"] = "https://www.samr.gov.cn/notice/1".into();
    let noise = (0..60).map(|n| by(at(200, &format!("noise {n}"), "山岚茶饮太恶心了，喝出虫子"), "noise"));
    let replayed = Replayed::new(noise.chain([notice]).collect());
    assert_eq!(replayed.rings(), [told("author", "orange")]);
    replayed.explained(&replayed.signals("author")[0]);
    let ignored = |row: &Value| row["brand"] == BRAND && row["ignored"] != 0;
    let rows: Vec<Value> = replayed.rows("counts.jsonl").into_iter().filter(ignored).collect();
    let counts: Vec<[&Value; 3]> =
        rows.iter().map(|row| [&row["posts"], &row["heard"], &row["ignored"]]).collect();
    assert_eq!(counts, [[&json!(70), &json!(10), &json!(60)]]);
}

#[test]
fn reports_ring_by_a_threshold_of_their_own_and_need_not_name_the_brand() {
    let report = |minute, id: &str| {
        let mut report = by(at(minute, id, "顾客投诉：杯子里有玻璃碴"), "desk");
        report["source"] = "service-desk".into();
        report
    };
    let one = Replayed::new(vec![report(5, "r1"), report(400, "r2")]);
    assert_eq!(one.rings(), [], "one is not enough, and the other came too late");
    let two = Replayed::new(vec![report(5, "r1"), report(50, "r2")]);
    assert_eq!(two.rings(), [told("report", "yellow")]);
    two.explained(&two.signals("report")[0]);
}

/// Sixty angry posts about each of these brands within half an hour, then fewer; the house speaks after twenty
/// minutes.
fn trouble(of: &[&str]) -> Vec<Value> {
    let angry = |name: &str, n: i64| {
        let minute = if n < 60 { n / 2 } else { 30 + (n - 60) * 5 };
        at(minute, &format!("angry {name} {n}"), &format!("{name}太恶心了，喝出虫子，要求退钱！第{n}杯"))
    };
    let answer = by(at(20, "answer", "山岚茶饮声明：门店已停业整改，向大家道歉"), "shanlan");
    of.iter().flat_map(|name| (0..66).map(move |n| angry(name, n))).chain([answer]).collect()
}

/// The latest incident.
fn incident(replayed: &Replayed) -> Value {
    let listed = replayed.says(&["incidents", "list", "--json"]);
    serde_json::from_str(listed.lines().next().unwrap()).unwrap()
}

#[test]
fn posts_that_came_after_a_signal_are_listed_apart() {
    let mut late = at(12, "late", "山岚茶饮喝出虫子，我也是");
    late["arrives_at"] = tocsin_wire::rfc3339((NOON + 40) * MINUTE).into();
    let mut of_others = at(12, "of others", "路过对手茶饮");
    of_others["arrives_at"] = late["arrives_at"].clone();
    let replayed = Replayed::new(trouble(&[BRAND]).into_iter().chain([late, of_others]).collect());
    let at = tocsin_wire::rfc3339((NOON + 13) * MINUTE);
    let signal = replayed.signals("negative").into_iter().find(|s| s["at"].as_str() >= Some(&*at)).unwrap();
    let why = replayed.explained(&signal);
    let later: Vec<&str> = why.lines().filter(|line| line.starts_with("later ")).collect();
    assert!(later.iter().any(|line| line.contains("weibo/late came") && line.contains("喝出虫子")), "{why}");
    assert!(!later.iter().any(|line| line.contains("对手")), "{why}");
}

#[test]
fn an_answer_is_marked_and_held_against_the_forecast() {
    let replayed = Replayed::new(trouble(&[BRAND]));
    let signals = replayed.signals("negative");
    let answered = |signal: &Value| signal["evidence"]["answered"].clone();
    assert!(signals.iter().take(5).all(|signal| answered(signal).is_null()), "before it there is none");
    let followed = signals.iter().map(answered).rfind(|answered| !answered.is_null()).unwrap();
    assert_eq!(followed["at"], tocsin_wire::rfc3339((NOON + 20) * MINUTE));
    let (excess, forecast) = (followed["excess"].as_f64().unwrap(), followed["forecast"].as_f64().unwrap());
    assert!(forecast > 40.0 && excess < forecast, "{followed}");
    let why = replayed.explained(signals.iter().rfind(|s| !answered(s).is_null()).unwrap());
    assert!(why.contains("answered    "), "{why}");
    let page = replayed.says(&["incidents", "show", incident(&replayed)["id"].as_str().unwrap()]);
    assert!(page.contains("回应 answer") && page.contains("若没有回应"), "{page}");
    let incident: Value =
        serde_json::from_str(replayed.says(&["incidents", "list", "--json"]).lines().next().unwrap())
            .unwrap();
    assert_eq!(incident["answers"].as_array().unwrap().len(), 1, "{incident}");
    let answers: u64 = replayed.rows("counts.jsonl").iter().filter_map(|row| row["answers"].as_u64()).sum();
    assert_eq!(answers, 1);
}

#[test]
fn a_signal_says_whether_the_trade_rises_too() {
    let rises = |of: &[&str]| {
        let replayed = Replayed::new(trouble(of));
        let signal = replayed.signals("negative").remove(10);
        replayed.explained(&signal);
        let rival = signal["evidence"]["rivals"][0].clone();
        assert_eq!(rival["brand"], RIVAL);
        assert!(signal["evidence"]["given"]["heard_in_60_minutes"].as_f64() > Some(20.0));
        rival["rises"].as_bool().unwrap()
    };
    assert!(!rises(&[BRAND]), "us alone");
    assert!(rises(&[BRAND, RIVAL]), "everybody");
}
