//! Microseconds of CPU that reading a post takes, without cutting it, by the rules alone and with the shipped
//! model, on the texts of a JSON Lines file (plain or .gz): `cargo run --release -p tocsin-score --example speed
//! -- FILE`. Then what 32 and 64 KiB of odd texts take: twice as much text, about twice as long.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read};

use rustix::time::{ClockId, clock_gettime};
use tocsin_ingest::clean_text;
use tocsin_model::Token;
use tocsin_score::Scorer;
use tocsin_score::linear::Model;
use tocsin_tokenize::{Scratch, Tokenizer};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or("../shared/data/posts/weibo.jsonl.gz".into());
    let texts = texts(&path)?;
    let tokenizer = Tokenizer::new([]);
    let rules = Scorer::new(vec![]);
    let scorer = Scorer::new(vec![]).with_model(Model::shipped().clone());
    let mut scratch = Scratch::default();
    let cut = |text: &String| {
        let post = clean_text(text);
        // As the pipeline does it: the author's own words.
        let own = post.find("//@").unwrap_or(post.len());
        let tokens = tokenizer.cut(&post[..own], &mut scratch);
        (post, own, tokens)
    };
    let cut: Vec<(String, usize, Vec<Token>)> = texts.iter().map(cut).collect();
    for (name, scorer) in [("by the rules alone", &rules), ("with the model", &scorer)] {
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            let before = cpu_seconds();
            for (text, own, tokens) in &cut {
                black_box(scorer.read(text, *own, tokens));
            }
            took.push(cpu_seconds() - before);
        }
        took.sort_by(f64::total_cmp);
        println!(
            "{:.2} µs a post {name}, {} posts of {path}",
            took[ROUNDS / 2] / cut.len() as f64 * 1e6,
            cut.len()
        );
    }
    for piece in ODD {
        let of = |bytes: usize| odd(&scorer, &tokenizer, &piece.repeat(bytes / piece.len()));
        let (half, whole) = (of(32_768), of(65_536));
        println!(
            "{:>8.0} µs for 64 KiB of {piece:?}, {:.1} times as long as 32 KiB",
            whole * 1e6,
            whole / half
        );
    }
    Ok(())
}

/// What has made readers slow: one character, marks, words that work on others, clauses without end.
const ODD: [&str; 14] = [
    "a",
    "啊",
    "不",
    "好",
    "，",
    "？",
    "吗，",
    "但是",
    "虽然",
    "好，坏但",
    "要是好就好了，",
    "好得",
    "真棒，坏了，",
    "e\u{301}",
];

/// The least of a few: whatever else the machine did only adds.
fn odd(scorer: &Scorer, tokenizer: &Tokenizer, text: &str) -> f64 {
    let tokens = tokenizer.cut(text, &mut Scratch::default());
    let mut least = f64::MAX;
    for _ in 0..ROUNDS {
        let before = cpu_seconds();
        black_box(scorer.read(text, text.len(), &tokens));
        least = least.min(cpu_seconds() - before);
    }
    least
}

fn texts(path: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let file = std::fs::File::open(path)?;
    let reader: Box<dyn Read> =
        if path.ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    let mut texts = vec![];
    for line in BufReader::new(reader).lines() {
        let post: serde_json::Value = serde_json::from_str(&line?)?;
        texts.extend(post["text"].as_str().map(String::from));
    }
    Ok(texts)
}

/// CPU seconds of this thread.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
