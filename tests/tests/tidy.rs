//! Reads the sources and holds them against the rules of the house: who may know whom, heads,
//! habits, papers. A failure lists every fault at once, each with its file and what to do.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const STAGES: &[&str] = &["ingest", "tokenize", "score", "spike-detect", "notify"];
const SEAMS: &[&str] = &["model", "wire", "flow"];

/// Who may know whom: a crate and the crates of ours that it may use (ARCHITECTURE.md, code map).
const MAY_USE: &[(&str, &[&[&str]])] = &[
    ("model", &[]),
    ("wire", &[&["model"]]),
    ("flow", &[&["model"]]),
    ("ingest", &[&["model"]]),
    ("tokenize", &[&["model"]]),
    ("score", &[&["model"]]),
    ("spike-detect", &[&["model"]]),
    ("notify", &[&["model"]]),
    ("embedded", &[SEAMS]),
    ("inlets", &[SEAMS]),
    ("outlets", &[SEAMS]),
    ("runtime", &[&["model", "flow"]]),
    ("scenarios", &[&["model"]]),
    ("train", &[&["model", "ingest", "tokenize", "score"]]),
    ("kafka", &[SEAMS]),
    ("redis", &[SEAMS]),
    ("laws", &[SEAMS]),
    ("sim", &[&["model", "flow", "laws", "runtime"], STAGES]),
    ("tocsin", &[PRODUCTION]),
    ("tests", &[PRODUCTION, TEST_KITS]),
    ("benches", &[PRODUCTION, TEST_KITS]),
];

/// What may go into the binary: everything but the test kits.
const PRODUCTION: &[&str] = &[
    "model",
    "wire",
    "flow",
    "ingest",
    "tokenize",
    "score",
    "spike-detect",
    "notify",
    "embedded",
    "inlets",
    "outlets",
    "runtime",
    "scenarios",
    "train",
    "kafka",
    "redis",
];

/// Test kits: any crate may use them in its tests, so production carries no test code.
const TEST_KITS: &[&str] = &["laws", "sim"];

/// What a crate may use in its tests beyond [`MAY_USE`] and [`TEST_KITS`].
const TESTS_MAY_USE: &[(&str, &[&str])] =
    &[("sim", &["embedded"]), ("score", &["ingest", "tokenize"]), ("kafka", &["runtime"])];

/// The model and the stages neither run, listen nor store, and the model has no outside shape.
const PURE: &[&str] = &["model", "ingest", "tokenize", "score", "spike-detect", "notify", "scenarios"];
const NOT_PURE: &[&str] =
    &["tokio", "axum", "hyper", "reqwest", "fjall", "rdkafka", "redis", "tracing", "prometheus"];

/// Words that may not stand in a source file, and what to do instead. Each is put together from two
/// halves, so that this file does not fail itself.
const BANNED: &[(&str, &str)] = &[
    (concat!("#[", "ignore"), "run the test, or say aloud that it skips and why"),
    (concat!("to", "do!("), "write it, or leave it out"),
    (concat!("unimpl", "emented!("), "write it, or leave it out"),
    (concat!("thread::", "sleep"), "wait on the Clock that runtime hands in"),
];

/// What no file may name: one machine's folders and mirrors are nobody else's.
const LOCAL: &[&str] = &[concat!("/wo", "rk/"), concat!("arti", "factory")];

const PAPERS: &[&str] =
    &["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "deny.toml"];

#[test]
fn crates_know_only_whom_they_may() {
    let mut faults = vec![];
    for package in packages() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.short) else {
            faults.push(format!("{}: give it a line in MAY_USE (tests/tests/tidy.rs)", package.name));
            continue;
        };
        let in_tests = TESTS_MAY_USE.iter().filter(|(name, _)| *name == package.short);
        let in_tests: BTreeSet<&str> =
            in_tests.flat_map(|(_, names)| *names).chain(TEST_KITS).copied().collect();
        for dependency in &package.uses {
            let Some(ours) = dependency.name.strip_prefix("tocsin-") else { continue };
            let is_allowed = allowed.iter().any(|set| set.contains(&ours));
            let is_for_tests = dependency.dev && in_tests.contains(ours);
            if !is_allowed && !is_for_tests {
                faults.push(format!(
                    "{} may not use {}: see the table in tests/tests/tidy.rs",
                    package.name, dependency.name
                ));
            }
        }
    }
    none(faults);
}

#[test]
fn the_model_and_the_stages_are_pure() {
    let mut faults = vec![];
    for package in packages().iter().filter(|p| PURE.contains(&p.short.as_str())) {
        let is_banned =
            |name: &str| NOT_PURE.contains(&name) || (package.short == "model" && name.starts_with("serde"));
        for dependency in package.uses.iter().filter(|d| !d.dev && is_banned(&d.name)) {
            faults.push(format!("{} may not use {}: it decides, others act", package.name, dependency.name));
        }
    }
    none(faults);
}

#[test]
fn a_crate_is_named_by_its_folder_and_takes_the_lints_of_the_workspace() {
    let mut faults = vec![];
    for package in packages() {
        let folder = package.folder.file_name().unwrap().to_string_lossy().into_owned();
        let expected = if folder == "tocsin" { folder } else { format!("tocsin-{folder}") };
        if package.name != expected {
            faults.push(format!("{}: its folder says {expected}", package.name));
        }
        let manifest: toml::Table = read(&package.folder.join("Cargo.toml")).parse().unwrap();
        let lints = manifest.get("lints").and_then(|l| l.get("workspace")).and_then(toml::Value::as_bool);
        if lints != Some(true) {
            faults.push(format!("{}: add `[lints] workspace = true`", package.name));
        }
    }
    none(faults);
}

#[test]
fn every_outside_crate_says_why_and_is_used() {
    let manifest = read(&root().join("Cargo.toml"));
    let used: BTreeSet<String> =
        packages().iter().flat_map(|p| p.uses.iter().map(|d| d.name.clone())).collect();
    let mut faults = vec![];
    let mut above = "";
    let lines = manifest.lines().skip_while(|l| *l != "[workspace.dependencies]").skip(1);
    for line in lines.take_while(|l| !l.starts_with('[')) {
        // A `#` inside of a version or a feature does not occur; a comment behind them does.
        let outside = line.split_once(" = ").filter(|(name, _)| !name.starts_with("tocsin"));
        if let Some((name, rest)) = outside {
            if !rest.contains(" # ") && !above.starts_with("# ") {
                faults.push(format!("Cargo.toml: {name}: say in a comment why it is there"));
            }
            if !used.contains(name) {
                faults.push(format!("Cargo.toml: {name}: no crate uses it, take it out"));
            }
        }
        above = line;
    }
    none(faults);
}

#[test]
fn outside_crates_are_named_once() {
    let mut faults = vec![];
    for package in packages() {
        let manifest: toml::Table = read(&package.folder.join("Cargo.toml")).parse().unwrap();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(entries) = manifest.get(section).and_then(toml::Value::as_table) else { continue };
            for (name, entry) in entries {
                if entry.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                    let advice = "name it in the root Cargo.toml and write `workspace = true` here";
                    faults.push(format!("{}: {name}: {advice}", package.name));
                }
            }
        }
    }
    none(faults);
}

#[test]
fn source_files_have_a_head_and_good_habits() {
    let mut faults = vec![];
    for (path, text) in texts() {
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let shown = path.display();
        if !text.starts_with("//! ") {
            faults.push(format!("{shown}:1: begin with `//! ` and what the file is for"));
        }
        for (number, line) in text.lines().enumerate() {
            for (word, advice) in BANNED.iter().filter(|(word, _)| line.contains(word)) {
                faults.push(format!("{shown}:{}: `{word}`: {advice}", number + 1));
            }
        }
    }
    none(faults);
}

#[test]
fn no_file_names_this_machine() {
    let mut faults = vec![];
    for (path, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            for word in LOCAL.iter().filter(|word| line.to_lowercase().contains(*word)) {
                faults.push(format!("{}:{}: `{word}` is on one machine only", path.display(), number + 1));
            }
        }
    }
    none(faults);
}

#[test]
fn the_papers_are_there() {
    let missing = PAPERS
        .iter()
        .filter(|name| fs::read_to_string(root().join(name)).map_or(true, |text| text.trim().is_empty()));
    none(missing.map(|name| format!("{name}: is missing or empty")).collect());
}

#[test]
fn make_help_lists_every_target() {
    let makefile = read(&root().join("Makefile"));
    let mut faults = vec![];
    for line in makefile.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase())) {
        let Some((target, rest)) = line.split_once(':') else { continue };
        if !rest.starts_with('=') && !rest.contains("## ") {
            faults.push(format!("Makefile: {target}: say what it does after `## `"));
        }
    }
    none(faults);
}

/// A crate of ours as cargo sees it.
struct Package {
    name: String,
    /// The name without `tocsin-`.
    short: String,
    folder: PathBuf,
    uses: Vec<Dependency>,
}

struct Dependency {
    name: String,
    dev: bool,
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn package(found: &Value) -> Package {
    let name = found["name"].as_str().unwrap().to_owned();
    let dependency = |d: &Value| Dependency {
        name: d["name"].as_str().unwrap().to_owned(),
        dev: d["kind"].as_str() == Some("dev"),
    };
    Package {
        short: name.strip_prefix("tocsin-").unwrap_or(&name).to_owned(),
        folder: Path::new(found["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned(),
        uses: found["dependencies"].as_array().unwrap().iter().map(dependency).collect(),
        name,
    }
}

/// Every text file of the project by its path from the root: what is built, hidden (but for `.ci`) or
/// no UTF-8 is left out.
fn texts() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().unwrap();
            if name == "target" || (name.starts_with('.') && name != ".ci") {
                continue;
            } else if kind.is_dir() {
                folders.push(entry.path());
            } else if let (true, Ok(text)) = (kind.is_file(), fs::read_to_string(entry.path())) {
                found.insert(entry.path().strip_prefix(root()).unwrap().to_owned(), text);
            }
        }
    }
    assert!(found.len() > 20, "the sources are not where tidy looks for them: {}", root().display());
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
