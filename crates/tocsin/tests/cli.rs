//! The program from outside: what other programs see of it.
#![expect(clippy::unwrap_used, reason = "a test says by panicking that something is wrong")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use expect_test::expect;

/// Runs the program in `folder`, with `input` on standard input and nothing of our own environment.
fn tocsin(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tocsin"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may be gone already.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_example_config_is_right_as_it_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let example = out(&tocsin(folder.path(), &["config", "example"], ""));
    std::fs::write(folder.path().join("tocsin.toml"), example).unwrap();
    let told = out(&tocsin(folder.path(), &["config", "check"], ""));
    expect![[r#"
        tocsin.toml is right: 1 brand, 1 inlet, 1 outlet; version of the brands c5647128b1928105
    "#]]
    .assert_eq(&told);
    let shown = out(&tocsin(folder.path(), &["config", "show"], ""));
    assert!(shown.contains("listen = \"127.0.0.1:7227\"") && shown.contains("山岚茶饮"), "{shown}");
}

#[test]
fn a_wrong_config_ends_with_2_and_every_fault_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tocsin.toml"), "[[brand]]\nname = 'a'\nquery = 'a OR'\n[lgo]\n")
        .unwrap();
    let output = tocsin(folder.path(), &["config", "check"], "");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    expect![[r#"
        tocsin.toml:3:12: brand a: query: OR has nothing after it
          help: write a term after it, or take OR away
        tocsin.toml:4:2: `lgo` is not known here
          help: did you mean `log`? Known here are `brand`, `detect`, `event`, `http`, `inlet`, `kafka`, `lists`, `log`, `notify`, `outlet`, `redis`, `score`, `source`, `store`, `tokenize`, `trace`
        2 faults in the config: nothing was done
    "#]].assert_eq(&String::from_utf8(output.stderr).unwrap());
    let nothing = tempfile::tempdir().unwrap();
    let output = tocsin(nothing.path(), &["config", "check"], "");
    assert_eq!(output.status.code(), Some(2));
    expect![[r#"
        config: there is no tocsin.toml here
          help: name one with --config, or write one: tocsin config example > tocsin.toml
        1 fault in the config: nothing was done
    "#]]
    .assert_eq(&String::from_utf8(output.stderr).unwrap());
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["replay"][..], &["brands", "try"], &["run", "--speed", "3"], &["fly"], &[]] {
        assert_eq!(tocsin(folder.path(), arguments, "").status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn help_teaches_and_lists_the_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let help = out(&tocsin(folder.path(), &["--help"], ""));
    for line in ["tocsin demo", "Exit codes:", "  3  the data folder", "analyze", "incidents"] {
        assert!(help.contains(line), "{line} is not in\n{help}");
    }
    assert!(out(&tocsin(folder.path(), &["replay", "--help"], "")).contains("Examples:"));
}

#[test]
fn texts_go_in_and_objects_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let told = out(&tocsin(folder.path(), &["analyze"], "太难喝了\n好喝\n"));
    let labels: Vec<serde_json::Value> = told
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["sentiment"]["label"].clone())
        .collect();
    assert_eq!(labels, ["negative", "positive"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tocsin"))
        .arg("analyze")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    // Far more than any buffer between us holds; writing ends when the program does.
    child.stdin.take().unwrap().write_all("好喝\n".repeat(20_000).as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn completions_and_the_version_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(out(&tocsin(folder.path(), &["completions", shell], "")).contains("replay"), "{shell}");
    }
    let version = out(&tocsin(folder.path(), &["version"], ""));
    assert!(version.starts_with("tocsin 0.") && version.contains("\nrules  rules-"), "{version}");
    assert!(out(&tocsin(folder.path(), &["--version"], "")).starts_with("tocsin 0."));
    let schema = out(&tocsin(folder.path(), &["config", "schema"], ""));
    assert!(serde_json::from_str::<serde_json::Value>(&schema).unwrap()["properties"]["brand"].is_object());
}
