//! Ten thousand damaged records among five thousand good ones: nothing crashes, each damaged one is in `rejected`
//! with its bytes or was rightly taken for a post, every good one is counted (ARCHITECTURE.md, I7).
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use tocsin_laws::Dice;
use tocsin_model::limits::RECORD_BYTES_MAX;
use tocsin_model::{ArrivalTime, DAY, EventTime, Hour, Post, PostId, Span};
use tocsin_tests::{Folder, LINES, Server, damaged, now, post, program, said, soak};

const GOOD: usize = 5_000;
const DAMAGED: usize = 10_000;
/// Named in every good post, and in no damaged one.
const GOOD_BRAND: &str = "良";
/// Named in every damaged post, where that can still be read.
const DAMAGED_BRAND: &str = "损";
/// Bytes of one request, about.
const TOGETHER: usize = 4 * 1024 * 1024;
/// So far ahead a recording may be dated; a later time is a fault in it.
const AHEAD_MAX: Span = Span::from_millis(366 * DAY.millis());

/// A line, and whether it was damaged.
struct Line {
    bytes: Vec<u8>,
    damaged: bool,
}

/// Good and damaged lines in any order; the first is good, so that a byte order mark stands within.
fn lines(seed: u64, now: ArrivalTime) -> Vec<Line> {
    let mut dice = Dice::new(seed);
    let mut lines = Vec::new();
    let created = |dice: &mut Dice| now.millis() - 60_000 - dice.below(20 * 3_600_000) as i64;
    for number in 0..GOOD {
        let json =
            post(&format!("good {number}"), &format!("路过{GOOD_BRAND}，{number}"), created(&mut dice));
        lines.push(Line { bytes: json.to_string().into_bytes(), damaged: false });
    }
    for number in 0..DAMAGED {
        let at = tocsin_wire::rfc3339(created(&mut dice));
        let bytes = damaged(&mut dice, &format!("damaged {number}"), &format!("路过{DAMAGED_BRAND}"), &at);
        lines.push(Line { bytes, damaged: true });
    }
    dice.shuffle(&mut lines[1..]);
    lines
}

/// What must come of the lines.
#[derive(Default)]
struct Expected {
    good_hours: BTreeMap<Hour, u64>,
    /// Lines that are posts, the good ones among them.
    accepted: u64,
    /// Damaged lines that are posts and name their brand, by id.
    damaged_posts: HashSet<PostId>,
    /// The bytes of all others, sorted.
    rejected: Vec<Vec<u8>>,
}

impl Expected {
    fn of(lines: &[Line], read: impl Fn(&[u8]) -> Option<Post>) -> Expected {
        let mut expected = Expected::default();
        for line in lines {
            // Of what is too long only the beginning is kept.
            let whole = line.bytes.len() <= RECORD_BYTES_MAX;
            match read(line.bytes.trim_ascii()).filter(|_| whole) {
                Some(post) => {
                    expected.accepted += 1;
                    expected.counts(line, post);
                }
                None => {
                    assert!(line.damaged, "a good post is a post");
                    expected.rejected.push(line.bytes[..line.bytes.len().min(RECORD_BYTES_MAX)].to_vec());
                }
            }
        }
        expected.rejected.sort();
        expected
    }

    fn counts(&mut self, line: &Line, post: Post) {
        let says =
            |word: &str| post.text.contains(word) || post.title.as_ref().is_some_and(|t| t.contains(word));
        if !line.damaged {
            *self.good_hours.entry(EventTime::hour(post.created)).or_default() += 1;
        } else if says(DAMAGED_BRAND) {
            self.damaged_posts.insert(post.id);
        }
    }

    #[track_caller]
    fn check(&self, data: &Path, context: &str) {
        let folder = Folder::open(data);
        assert_eq!(folder.behind(), 0, "{context}");
        let hours = folder.hours(GOOD_BRAND);
        assert_eq!(
            hours.iter().map(|(h, c)| (*h, c.posts)).collect::<BTreeMap<_, _>>(),
            self.good_hours,
            "{context}"
        );
        assert_eq!(folder.total(DAMAGED_BRAND).posts, self.damaged_posts.len() as u64, "{context}");
        let mut rejected: Vec<Vec<u8>> = folder.rejected().into_iter().map(|r| r.bytes).collect();
        rejected.sort();
        assert_eq!(rejected.len(), self.rejected.len(), "{context}");
        for (found, sent) in rejected.iter().zip(&self.rejected) {
            assert!(found == sent, "{context}: {} came back as {}", shown(sent), shown(found));
        }
        // Both ways were gone, or the damage is not worth its name.
        assert!(rejected.len() > DAMAGED / 2 && self.damaged_posts.len() > DAMAGED / 20, "{context}");
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned()
}

fn config(folder: &Path) -> PathBuf {
    let path = folder.join("tocsin.toml");
    let brand = |name: &str| format!("[[brand]]\nname = \"{name}\"\nquery = '{name}'\n");
    std::fs::write(&path, brand(GOOD_BRAND) + &brand(DAMAGED_BRAND)).unwrap();
    path
}

fn all_seeds() -> std::ops::Range<u64> {
    0..if soak() { 10 } else { 1 }
}

#[test]
fn poison_in_a_recording_is_kept_apart_and_every_good_post_is_counted() {
    for seed in all_seeds() {
        let (folder, now) = (tempfile::tempdir().unwrap(), now());
        let lines = lines(seed, now);
        let recorded = |bytes: &[u8]| tocsin_wire::read_recorded(bytes).ok();
        let possible = |post: &Post| post.arrived <= now.plus(AHEAD_MAX);
        let expected = Expected::of(&lines, |bytes| recorded(bytes).filter(possible));
        let (file, data) = (folder.path().join("poison.jsonl"), folder.path().join("data"));
        let bytes: Vec<&[u8]> = lines.iter().map(|line| line.bytes.as_slice()).collect();
        std::fs::write(&file, bytes.join(b"\n".as_slice())).unwrap();
        let config = config(folder.path());
        let told =
            said(program().arg("replay").arg(&file).arg("--config").arg(&config).arg("--data").arg(&data));
        let numbers =
            format!("{} posts replayed, {} records rejected", expected.accepted, expected.rejected.len());
        assert!(told.contains(&numbers), "seed {seed}: expected {numbers}, and it said: {told}");
        expected.check(&data, &format!("seed {seed}"));
    }
}

#[test]
fn poison_by_http_is_kept_apart_and_every_good_post_is_counted() {
    for seed in all_seeds() {
        let folder = tempfile::tempdir().unwrap();
        let lines = lines(seed + 1_000, now());
        let data = folder.path().join("data");
        let server = Server::start(&config(folder.path()), &data);
        let mut connection = server.connect();
        let (mut accepted, mut rejected) = (0, 0);
        for body in bodies(&lines) {
            let answer = connection.post("/v1/posts", LINES, &body).unwrap();
            assert_eq!(answer.status, 202, "seed {seed}: {}", answer.text());
            accepted += answer.json()["accepted"].as_u64().unwrap();
            rejected += answer.json()["rejected"].as_u64().unwrap();
        }
        let expected = Expected::of(&lines, |bytes| tocsin_wire::read_post(bytes, now()).ok());
        assert_eq!((accepted, rejected), (expected.accepted, expected.rejected.len() as u64), "seed {seed}");
        server.has_read(accepted);
        assert_eq!(server.stop(), Some(0), "seed {seed}");
        expected.check(&data, &format!("seed {seed}"));
    }
}

/// Requests of some lines each. Each begins with a good one, for a byte order mark before a body is no damage.
fn bodies(lines: &[Line]) -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = vec![Vec::new()];
    for line in lines {
        if !line.damaged && bodies.last().unwrap().len() > TOGETHER / 16 {
            bodies.push(Vec::new());
        }
        let body = bodies.last_mut().unwrap();
        body.extend_from_slice(&line.bytes);
        body.push(b'\n');
        assert!(body.len() < TOGETHER * 4);
    }
    bodies
}
