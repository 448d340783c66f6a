//! 10,000 words to look for: of 2 to 4 characters, drawn from jieba's dictionary by a fixed seed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Fault;
use crate::chance::Chance;
use crate::corpus::Corpus;

/// How many.
const KEYWORDS: usize = 10_000;

/// Words to look for.
pub(crate) struct Keywords {
    /// In the order in which they were drawn, all different.
    pub(crate) words: Vec<String>,
    /// Where they come from, in words.
    pub(crate) origin: String,
}

impl Keywords {
    /// Draws them. The dictionary lies among the sources of jieba-rs, which cargo names; where it can't,
    /// the words are those that jieba cuts out of the posts.
    pub(crate) fn draw(corpus: &Corpus) -> Result<Keywords, Fault> {
        let (all, from) = match dictionary() {
            Some(words) => (words, "jieba's dictionary"),
            None => {
                (cut_out_of(corpus), "what jieba cuts out of the posts, because its dictionary was not found")
            }
        };
        let mut rest: Vec<String> = all.into_iter().filter(|w| is_keyword(w)).collect();
        let mut chance = Chance::new(20_261);
        let mut words = Vec::with_capacity(KEYWORDS);
        while words.len() < KEYWORDS && !rest.is_empty() {
            words.push(rest.swap_remove(chance.below(rest.len())));
        }
        let origin =
            format!("Keywords: {} of 2 to 4 characters, drawn from {from} by a fixed seed.", words.len());
        Ok(Keywords { words, origin })
    }
}

fn is_keyword(word: &str) -> bool {
    (2..=4).contains(&word.chars().count()) && word.chars().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c))
}

/// All words of jieba's dictionary, sorted.
fn dictionary() -> Option<BTreeSet<String>> {
    let text = std::fs::read_to_string(dictionary_file()?).ok()?;
    Some(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

fn dictionary_file() -> Option<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    // What only other platforms need has perhaps never been fetched, and all that is named must be there.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", &platform])
        .current_dir(crate::house())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let jieba = metadata["packages"].as_array()?.iter().find(|p| p["name"] == "jieba-rs")?;
    let manifest = PathBuf::from(jieba["manifest_path"].as_str()?);
    Some(manifest.parent()?.join("src/data/dict.txt"))
}

fn cut_out_of(corpus: &Corpus) -> BTreeSet<String> {
    let jieba = jieba_rs::Jieba::new();
    let cut =
        |text: &String| jieba.cut(text, true).into_iter().map(|t| t.word.to_owned()).collect::<Vec<_>>();
    corpus.texts.iter().flat_map(cut).collect()
}
