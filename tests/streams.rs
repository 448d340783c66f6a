//! Recordings that tests replay: generated crises, and who is named in a post.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::data;

/// A brand as the plain count sees it.
pub struct Brand {
    /// What it is called.
    pub name: String,
    words: Vec<String>,
}

impl Brand {
    /// Named by any of these words.
    pub fn new(name: &str, words: &[&str]) -> Brand {
        Brand { name: name.to_owned(), words: words.iter().map(|w| (*w).to_owned()).collect() }
    }
    /// By the rules as they are written down.
    pub fn is_named_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words.iter().any(|word| has_word(&text, &word.to_lowercase()))
    }
    /// As a config has it.
    pub fn config(&self) -> String {
        let quoted: Vec<String> = self.words.iter().map(|w| format!("\"{w}\"")).collect();
        format!("[[brand]]\nname = \"{}\"\nquery = '{}'\n", self.name, quoted.join(" OR "))
    }
}

/// A Chinese word anywhere, an ASCII word between boundaries.
fn has_word(text: &str, word: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        let joined = is_letter(word.chars().next()) && is_letter(before);
        !(joined || is_letter(word.chars().next_back()) && is_letter(after))
    })
}

/// The posts of a file, gzipped or not.
pub fn lines_of(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    if path.extension().is_some_and(|e| e == "gz") {
        flate2::read::GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    } else {
        text = fs::read_to_string(path).unwrap();
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Posts of a generated crisis with the times of their arrival, and their brand; none where there is no generator.
pub fn stream(folder: &TempDir, scenario: &str, seed: u64, base: u32) -> Option<(PathBuf, Brand)> {
    let crises = data("crises")?;
    let out = folder.path().join(scenario);
    let status = Command::new("python3")
        .arg(crises.join("generate.py"))
        .args([
            "--scenario",
            scenario,
            "--days",
            "21",
            "--seed",
            &seed.to_string(),
            "--base",
            &base.to_string(),
            "--out",
        ])
        .arg(&out)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let mut arrivals: HashMap<String, String> = HashMap::new();
    if let Ok(text) = fs::read_to_string(out.join("arrival.tsv")) {
        arrivals.extend(
            text.lines().skip(1).filter_map(|l| l.split_once('\t')).map(|(a, b)| (a.into(), b.into())),
        );
    }
    let path = out.join("arriving.jsonl");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    for mut post in lines_of(&out.join("posts.jsonl")) {
        if let Some(at) = arrivals.get(post["id"].as_str().unwrap()) {
            post["arrives_at"] = at.as_str().into();
        }
        writeln!(file, "{post}").unwrap();
    }
    file.flush().unwrap();
    let truth: Value = serde_json::from_slice(&fs::read(out.join("truth.json")).unwrap()).unwrap();
    let words: Vec<&str> =
        truth["keywords"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    Some((path, Brand::new(truth["brand"].as_str().unwrap(), &words)))
}
