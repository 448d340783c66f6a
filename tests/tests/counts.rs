//! Real and generated posts through `tocsin replay`: the counts are those of a plain independent count, at any
//! speed, with kills or without (ARCHITECTURE.md, I1 to I4).
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tocsin_tests::{Brand, data, lines_of, program, seeds, stream};

/// Posts by brand and hour.
type Hours = BTreeMap<(String, String), u64>;

/// All posts at once, in a map, by the rules as they are written down.
fn plain_count(lines: &[Value], brands: &[Brand]) -> Hours {
    let by_id: HashMap<&str, &Value> = lines.iter().map(|p| (p["id"].as_str().unwrap(), p)).collect();
    let mut hours = Hours::new();
    for post in lines {
        for brand in brands {
            if took(post, brand, &by_id).is_some() {
                let hour = format!("{}:00:00Z", &post["created_at"].as_str().unwrap()[..13]);
                *hours.entry((brand.name.clone(), hour)).or_default() += 1;
            }
        }
    }
    hours
}

/// When a post took a brand, in seconds: by name at its arrival, else from its parent.
fn took(post: &Value, brand: &Brand, by_id: &HashMap<&str, &Value>) -> Option<i64> {
    let arrived = seconds(post.get("arrives_at").unwrap_or(&post["created_at"]));
    if brand.is_named_in(post["text"].as_str().unwrap()) {
        return Some(arrived);
    }
    let parent = post.get("repost_of").or(post.get("reply_to"))?.as_str()?;
    let taken = took(by_id.get(parent)?, brand, by_id)?;
    let near = arrived - taken <= 48 * 3_600 && taken - arrived <= 30 * 60;
    near.then_some(taken.max(arrived))
}

fn seconds(time: &Value) -> i64 {
    tocsin_wire::parse_rfc3339(time.as_str().unwrap()).unwrap().div_euclid(1_000)
}

fn replay(files: &[&Path], config: &Path, folder: Option<&Path>, speed: &str, counts: &Path) -> Command {
    let mut command = program();
    command
        .arg("replay")
        .args(files)
        .arg("--config")
        .arg(config)
        .args(["--speed", speed, "--counts"])
        .arg(counts);
    if let Some(folder) = folder {
        command.arg("--data").arg(folder);
    }
    command.stdout(Stdio::null());
    command
}

fn read_hours(path: &Path) -> Hours {
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["posts"] != 0)
        .map(|row| {
            let key = (row["brand"].as_str().unwrap().to_owned(), row["hour"].as_str().unwrap().to_owned());
            (key, row["posts"].as_u64().unwrap())
        })
        .collect()
}

/// Writes the config of some brands.
fn config(folder: &TempDir, brands: &[Brand]) -> PathBuf {
    let path = folder.path().join("tocsin.toml");
    fs::write(&path, brands.iter().map(Brand::config).collect::<String>()).unwrap();
    path
}

/// A stream of the crises generator, with its arrivals put into the posts.
#[test]
fn sixty_thousand_real_posts_are_counted_as_by_hand() {
    let Some(posts) = data("posts").map(|p| p.join("weibo.jsonl.gz")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let brands = [
        Brand::new("phone", &["手机", "iPhone"]),
        Brand::new("book", &["看书"]),
        Brand::new("rt", &["微博"]),
    ];
    let config = config(&folder, &brands);
    let counts = folder.path().join("counts.jsonl");
    assert!(replay(&[&posts], &config, None, "max", &counts).status().unwrap().success());
    assert_eq!(read_hours(&counts), plain_count(&lines_of(&posts), &brands));
}

#[test]
fn late_arrivals_backlogs_and_nameless_reposts_are_counted_as_by_hand() {
    for (scenario, base) in [("late", 20), ("outage", 60), ("lottery", 20), ("crisis_fast", 5)] {
        let folder = tempfile::tempdir().unwrap();
        let Some((posts, brand)) = stream(&folder, scenario, 3, base) else { return };
        let brands = [brand];
        let config = config(&folder, &brands);
        let counts = folder.path().join("counts.jsonl");
        assert!(replay(&[&posts], &config, None, "max", &counts).status().unwrap().success());
        let expected = plain_count(&lines_of(&posts), &brands);
        assert!(expected.values().sum::<u64>() > 1_000, "{scenario}: a stream worth counting");
        assert_eq!(read_hours(&counts), expected, "{scenario}");
    }
}

#[test]
fn at_any_speed_and_in_any_pieces_the_counts_are_the_same_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let Some((posts, brand)) = stream(&folder, "late", 5, 5) else { return };
    let config = config(&folder, &[brand]);
    let [fast, slow, split] = ["fast", "slow", "split"].map(|name| folder.path().join(name));
    assert!(replay(&[&posts], &config, None, "max", &fast).status().unwrap().success());
    assert!(replay(&[&posts], &config, None, "600000", &slow).status().unwrap().success());
    // Every other line in another file, the second one turned around: merged and sorted by time.
    let text = fs::read_to_string(&posts).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (odd, even) = (folder.path().join("odd.jsonl"), folder.path().join("even.jsonl"));
    fs::write(&odd, lines.iter().step_by(2).map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    fs::write(&even, lines.iter().skip(1).step_by(2).rev().map(|l| format!("{l}\n")).collect::<String>())
        .unwrap();
    assert!(replay(&[&odd, &even], &config, None, "max", &split).status().unwrap().success());
    let bytes = fs::read_to_string(&fast).unwrap();
    assert_eq!(fs::read_to_string(&slow).unwrap(), bytes);
    assert_eq!(fs::read_to_string(&split).unwrap(), bytes);
}

#[test]
fn a_replay_killed_again_and_again_comes_to_the_same_counts() {
    let folder = tempfile::tempdir().unwrap();
    let Some((posts, brand)) = stream(&folder, "crisis_fast", 7, 60) else { return };
    let config = config(&folder, &[brand]);
    let whole = folder.path().join("whole");
    assert!(replay(&[&posts], &config, None, "max", &whole).status().unwrap().success());
    for seed in seeds(3) {
        let killed = folder.path().join(format!("killed{seed}"));
        let data = folder.path().join(format!("data{seed}"));
        let mut kills = 0;
        loop {
            let mut child = replay(&[&posts], &config, Some(&data), "max", &killed).spawn().unwrap();
            // By the size of its folder: a place in the work, not a moment in time.
            let limit = 100_000 + 700_000 * kills + seed * 37_000;
            let ended = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break Some(status);
                }
                if folder_bytes(&data) > limit {
                    break None;
                }
                std::thread::yield_now();
            };
            match ended {
                Some(status) => {
                    assert!(status.success());
                    break;
                }
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                }
            }
        }
        assert!(kills > 0, "it was killed at least once");
        assert_eq!(fs::read_to_string(&killed).unwrap(), fs::read_to_string(&whole).unwrap(), "seed {seed}");
    }
}

fn folder_bytes(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .map(|e| match e.metadata() {
            Ok(m) if m.is_dir() => folder_bytes(&e.path()),
            Ok(m) => m.len(),
            Err(_) => 0,
        })
        .sum()
}
