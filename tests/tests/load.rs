//! A steady load, and a great recording: all acknowledged, all counted, and the memory of the process stays small.
//! How fast it goes is for benches to say.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tocsin_flow::Clock;
use tocsin_runtime::WallClock;
use tocsin_tests::{Folder, LINES, Server, lines, now, post, program, soak};

const BRAND: &str = "山岚";
const MEBIBYTE: u64 = 1024 * 1024;
/// What the process may hold at most.
const MEMORY_MAX: u64 = 250 * MEBIBYTE;
/// How often posts are sent, and how often a process is looked at.
const EVERY: Duration = Duration::from_millis(20);

fn config(folder: &Path) -> PathBuf {
    let path = folder.join("tocsin.toml");
    std::fs::write(&path, format!("[[brand]]\nname = \"{BRAND}\"\nquery = '{BRAND}'\n")).unwrap();
    path
}

/// The most memory that a running process has held so far, in bytes; none once it has ended.
fn peak_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1_024)
}

#[test]
fn a_steady_load_is_acknowledged_and_counted_in_little_memory() {
    let (rate, seconds) = if soak() { (1_000, 30) } else { (200, 2) };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&config(folder.path()), &data);
    let (mut connection, clock, mut sent) = (server.connect(), WallClock::new(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let rounds = seconds * 1_000 / EVERY.as_millis() as u64;
    for round in 0..rounds {
        // A rate is posts by time, so here, and nowhere else, a test waits for the clock.
        runtime.block_on(async { clock.wait((EVERY * round as u32).saturating_sub(clock.steady())).await });
        let together = rate * seconds * (round + 1) / rounds - sent;
        let posts: Vec<_> = (sent..sent + together)
            .map(|n| post(&n.to_string(), &format!("路过{BRAND}，第{n}次"), now().millis()))
            .collect();
        let answer = connection.post("/v1/posts", LINES, &lines(&posts)).unwrap();
        assert_eq!((answer.status, &answer.json()["accepted"]), (202, &together.into()), "{}", answer.text());
        sent += together;
    }
    assert_eq!(sent, rate * seconds);
    server.has_read(sent);
    let peak = peak_bytes(server.pid()).unwrap();
    println!("{rate} posts/s by HTTP for {seconds} s: at most {} MiB", peak / MEBIBYTE);
    assert!(peak <= MEMORY_MAX, "{} MiB", peak / MEBIBYTE);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(Folder::open(&data).total(BRAND).posts, sent);
}

#[test]
fn a_great_recording_of_one_brand_needs_little_memory() {
    let posts: u64 = if soak() { 1_000_000 } else { 20_000 };
    let folder = tempfile::tempdir().unwrap();
    let (file, counts) = (folder.path().join("posts.jsonl"), folder.path().join("counts.jsonl"));
    write_recording(&file, posts);
    let mut child = program()
        .arg("replay")
        .arg(&file)
        .arg("--config")
        .arg(config(folder.path()))
        .arg("--counts")
        .arg(&counts)
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (clock, mut peak) = (WallClock::new(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let status = loop {
        peak = peak.max(peak_bytes(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        runtime.block_on(async { clock.wait(EVERY).await });
    };
    assert!(status.success());
    println!(
        "{posts} posts on one brand: at most {} MiB, in {:.1} s",
        peak / MEBIBYTE,
        clock.steady().as_secs_f64()
    );
    assert!(peak <= MEMORY_MAX, "{} MiB", peak / MEBIBYTE);
    let text = std::fs::read_to_string(&counts).unwrap();
    let hours = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    assert_eq!(hours.map(|hour| hour["posts"].as_u64().unwrap()).sum::<u64>(), posts);
}

/// Ten days of one brand that ends now; half of it in the last day.
fn write_recording(file: &Path, posts: u64) {
    let (mut out, now) = (BufWriter::new(std::fs::File::create(file).unwrap()), now().millis());
    let (day, half) = (86_400_000, posts as i64 / 2);
    for n in 0..posts as i64 {
        let before =
            if n < half { day + (half - n) * 9 * day / half } else { (posts as i64 - n) * day / half };
        let json = post(
            &n.to_string(),
            &format!("路过{BRAND}，第{n}次来，味道和上次一样，排队{}分钟", n % 60),
            now - before,
        );
        writeln!(out, "{json}").unwrap();
    }
    out.flush().unwrap();
}
