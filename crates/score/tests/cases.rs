//! Reads the cases in `cases/`: `text → what is expected`, a file for each phenomenon, and pairs of texts
//! that differ in little. Prints how many of each are right (`--nocapture`), and holds a floor.
//!
//! `positive` and `negative` ask which of the two is more probable, as measurements with two labels do;
//! `neutral` asks for the label itself.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tocsin_ingest::clean;
use tocsin_model::{AuthorId, BrandId, Mention, MentionedBy, Post, PostId, Sentiment, SourceId};
use tocsin_score::linear::Model;
use tocsin_score::{Reading, Scorer};
use tocsin_tokenize::{Scratch, Tokenizer};

/// What reads: as by default, and the rules without the model.
static READERS: LazyLock<[(&str, Scorer); 2]> = LazyLock::new(|| {
    let model = Scorer::new(vec![]).with_model(Model::shipped().clone());
    [("with the model", model), ("rules alone", Scorer::new(vec![]))]
});
static TOKENIZER: LazyLock<Tokenizer> =
    LazyLock::new(|| Tokenizer::new(BRANDS.iter().map(|b| b.to_string())));

/// The brands of the cases.
const BRANDS: [&str; 4] = ["山岚", "云岭", "Acme", "Globex"];

/// What must be right in each file, in per cent.
const FLOOR: usize = 75;
/// Pairs of which both must be right, in per cent: those that were looked at, and those kept back.
const PAIRS_FLOOR: [(&str, usize); 2] = [("seen", 70), ("kept_back", 55)];

#[test]
fn each_phenomenon_is_read_as_people_read_it() {
    let mut low = Vec::new();
    for (reader, scorer) in &*READERS {
        let (mut all, mut all_right) = (0, 0);
        for path in files("cases") {
            let cases = fs::read_to_string(&path).unwrap();
            let cases: Vec<&str> = cases.lines().filter(|line| line.contains(" → ")).collect();
            let wrong: Vec<String> = cases.iter().filter_map(|case| fault(scorer, case)).collect();
            let right = cases.len() - wrong.len();
            println!("{reader}: {:<18} {right:>3} of {}", name(&path), cases.len());
            wrong.iter().for_each(|w| println!("    {w}"));
            if right * 100 < FLOOR * cases.len() {
                low.push(format!("{reader}: {}", name(&path)));
            }
            (all, all_right) = (all + cases.len(), all_right + right);
        }
        println!("{reader}: {all_right} of {all} cases");
        assert!(all >= 150, "cases went missing: {all}");
    }
    assert_eq!(low, Vec::<String>::new(), "less than {FLOOR} % right; --nocapture shows each");
}

#[test]
fn both_texts_of_a_pair_are_read_right() {
    for (reader, scorer) in &*READERS {
        for (file, floor) in PAIRS_FLOOR {
            let (right, pairs) = pairs(reader, scorer, file);
            println!("{reader}: {file:<10} both right in {right} of {pairs} pairs");
            assert!(
                right * 100 >= floor * pairs,
                "{reader}, {file}: {right} of {pairs}, less than {floor} %"
            );
        }
    }
}

/// In how many pairs of a file both texts are read right, and how many there are.
fn pairs(reader: &str, scorer: &Scorer, file: &str) -> (usize, usize) {
    let text = fs::read_to_string(folder("cases/pairs").join(file).with_extension("txt")).unwrap();
    let mut table: Vec<(&str, usize, usize)> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# ") {
            table.push((head, 0, 0));
        }
        let Some((a, b)) = line.split_once(" | ") else { continue };
        let wrong: Vec<String> = [a, b].into_iter().filter_map(|case| fault(scorer, case)).collect();
        let row = table.last_mut().unwrap();
        (row.1, row.2) = (row.1 + usize::from(wrong.is_empty()), row.2 + 1);
        if std::env::var_os("SHOW_PAIRS").is_some() {
            wrong.iter().for_each(|w| println!("    {w}"));
        }
    }
    table.retain(|row| row.2 > 0);
    table.iter().for_each(|(head, right, of)| println!("{reader}: {file:<10} {head:<18} {right:>3} of {of}"));
    table.iter().fold((0, 0), |(right, of), row| (right + row.1, of + row.2))
}

/// What is wrong with a case, if anything is.
fn fault(scorer: &Scorer, case: &str) -> Option<String> {
    let (text, expected) = case.rsplit_once(" → ").unwrap();
    let (reading, towards) = read(scorer, text);
    let wrong: Vec<&str> =
        expected.split(", ").filter(|expected| !holds(expected, &reading, &towards)).collect();
    (!wrong.is_empty()).then(|| format!("{text} → not {}: {}", wrong.join(", "), tell(&reading, &towards)))
}

fn holds(expected: &str, reading: &Reading, towards: &[(BrandId, Sentiment)]) -> bool {
    let words: Vec<&str> = expected.split(' ').collect();
    match words[..] {
        [label @ ("positive" | "negative" | "neutral")] => leans(reading.sentiment, label),
        ["brand", brand, label] => towards.iter().any(|(b, s)| b.as_str() == brand && leans(*s, label)),
        ["intent", intent] => reading.intent.name() == intent,
        ["emotion", emotion] => reading.emotions.label().name() == emotion,
        ["concern", concern] => reading.concerns.iter().any(|c| &*c.0 == concern),
        _ => panic!("nobody knows what `{expected}` asks for"),
    }
}

fn leans(sentiment: Sentiment, label: &str) -> bool {
    match label {
        "positive" => sentiment.positive > sentiment.negative,
        "negative" => sentiment.negative > sentiment.positive,
        _ => sentiment.label().name() == label,
    }
}

fn tell(reading: &Reading, towards: &[(BrandId, Sentiment)]) -> String {
    let percent = |s: Sentiment| [s.negative, s.neutral, s.positive].map(|m| m.thousandths() / 10);
    let brands: Vec<_> = towards.iter().map(|(b, s)| (b.as_str(), percent(*s))).collect();
    let concerns: Vec<&str> = reading.concerns.iter().map(|c| &*c.0).collect();
    format!(
        "{:?} {} {} {concerns:?} {brands:?}",
        percent(reading.sentiment),
        reading.intent.name(),
        reading.emotions.label().name()
    )
}

/// The way of a post: cleaned, cut, read.
fn read(scorer: &Scorer, text: &str) -> (Reading, Vec<(BrandId, Sentiment)>) {
    let cleaned = clean(&post(text));
    let mentions: Vec<Mention> = BRANDS.iter().filter_map(|brand| mention(brand, &cleaned.text)).collect();
    let tokens = TOKENIZER.cut(&cleaned.text[..cleaned.own], &mut Scratch::default());
    scorer.read_towards(&cleaned.text, cleaned.own, &tokens, &mentions)
}

fn mention(brand: &str, text: &str) -> Option<Mention> {
    let places: Vec<_> =
        text.match_indices(brand).map(|(at, name)| (at as u32, (at + name.len()) as u32)).collect();
    (!places.is_empty()).then(|| Mention {
        brand: BrandId::new(brand).unwrap(),
        by: MentionedBy::Name,
        places,
    })
}

fn post(text: &str) -> Post {
    let source = SourceId::new("weibo").unwrap();
    let id = AuthorId::new("a").unwrap();
    Post::new(PostId::new(source, "1").unwrap(), id, text)
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().replace('_', " ")
}
