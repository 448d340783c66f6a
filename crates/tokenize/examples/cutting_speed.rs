//! Posts a CPU-second of raw jieba-rs, of our cutting and of the fingerprint, on the texts of a JSON
//! Lines file (plain or .gz): `cargo run --release -p tocsin-tokenize --example speed -- FILE`.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read};

use tocsin_tokenize::{Scratch, Tokenizer, fingerprint};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or("../shared/data/posts/weibo.jsonl.gz".into());
    let texts = texts(&path)?;
    println!("{} posts of {path}", texts.len());

    let jieba = jieba_rs::Jieba::new();
    let tokenizer = Tokenizer::new([]);
    let mut scratch = Scratch::default();
    let tokens: Vec<_> = texts.iter().map(|t| tokenizer.cut(t, &mut scratch)).collect();
    let cut: Vec<_> = texts.iter().zip(tokens).collect();

    // In turns, so that a change of the machine's mood meets all of them alike.
    let mut took = [vec![], vec![], vec![]];
    for _ in 0..ROUNDS {
        took[0].push(seconds(|| texts.iter().for_each(|t| drop(black_box(jieba.cut(t, true)))))?);
        took[1].push(seconds(|| texts.iter().for_each(|t| drop(black_box(tokenizer.cut(t, &mut scratch)))))?);
        took[2].push(seconds(|| {
            cut.iter().for_each(|(t, tokens)| {
                black_box(fingerprint(t, tokens));
            });
        })?);
    }
    let raw = median(&mut took[0]);
    for (name, took) in ["jieba-rs cut, HMM", "tokenizer", "fingerprint"].iter().zip(&mut took) {
        let median = median(took);
        let posts = texts.len() as f64;
        let (rate, each, share) = (posts / median, median / posts * 1e6, raw / median);
        println!("{name:18} {rate:9.0} posts/CPU-s {each:7.2} µs a post, {share:5.2} of raw jieba");
    }
    Ok(())
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

/// CPU seconds of this thread that `work` took, as Linux counts them.
fn seconds(work: impl FnOnce()) -> Result<f64, Box<dyn std::error::Error>> {
    let cpu = || -> Result<f64, Box<dyn std::error::Error>> {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
        Ok(stat.split(' ').next().unwrap_or("0").parse::<f64>()? / 1e9)
    };
    let before = cpu()?;
    work();
    Ok(cpu()? - before)
}

fn median(took: &mut [f64]) -> f64 {
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}
