//! `tocsin demo`: the first thing that anybody sees.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tocsin_tests::{Connection, program, said, terminate};

const BRAND: &str = "山岚茶饮";

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn the_demo_rings_with_reasons_and_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let shown = said(program().args(["demo", "--exit", "--color", "never"]).env("TMPDIR", temporary.path()));
    let bells: Vec<&str> = shown.lines().filter(|line| line.contains('🔔')).collect();
    assert!(!bells.is_empty() && bells.iter().all(|bell| bell.contains(BRAND)), "{shown}");
    for reason in ["往常", "negative", "posts were heard", "next"] {
        assert!(shown.contains(reason), "{reason} is missing: {shown}");
    }
    assert!(is_empty(temporary.path()), "the demo left something behind");
}

#[test]
fn the_line_that_the_demo_prints_works_as_it_is_typed() {
    let temporary = tempfile::tempdir().unwrap();
    let mut demo = program()
        .args(["demo", "--color", "never"])
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut next = |head: &str| loop {
        let line = shown.next().expect("the demo says what to type next").unwrap();
        if line.contains(head) {
            return line.trim().to_owned();
        }
    };
    let (send, list) = (next("curl http://"), next("tocsin incidents list "));
    type_in(&send, temporary.path());
    assert!(said(Command::new("sh").args(["-c", &list])).contains("negative"));
    terminate(demo.id());
    assert_eq!(demo.wait().unwrap().code(), Some(0));
    assert!(is_empty(temporary.path()), "the demo left its folder behind");
}

/// Types a line of curl into a shell; where there is no curl, sends the same.
fn type_in(line: &str, home: &Path) {
    // What one would add by hand to see the code stands in curl's own settings, so the line stays as it is.
    let settings = home.join(".curlrc");
    std::fs::write(&settings, "silent\nnoproxy = \"*\"\nwrite-out = \"\\n%{http_code}\"\n").unwrap();
    let (answer, code) = if Command::new("curl").arg("--version").output().is_ok() {
        let typed = said(Command::new("sh").args(["-c", line]).env("CURL_HOME", home).env("HOME", home));
        let (answer, code) = typed.rsplit_once('\n').unwrap();
        (serde_json::from_str::<Value>(answer).unwrap(), code.to_owned())
    } else {
        assert!(std::env::var_os("CI").is_none(), "CI needs curl");
        println!("curl is not here: the same is sent without it");
        let mut words = line.split_whitespace();
        let url = words.nth(1).unwrap().strip_suffix("/v1/posts").unwrap();
        let body = said(Command::new("sh").args(["-c", &line.replacen("curl ", "printf '%s\\n' ", 1)]));
        let answer = Connection::open(url)
            .unwrap()
            .post("/v1/posts", "application/x-www-form-urlencoded", body.lines().last().unwrap().as_bytes())
            .unwrap();
        (answer.json(), answer.status.to_string())
    };
    std::fs::remove_file(settings).unwrap();
    assert_eq!((code.as_str(), &answer["accepted"]), ("202", &1.into()), "{line}: {answer}");
}
