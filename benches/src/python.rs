//! What a plain Python worker manages: jieba, then SnowNLP, a post.

use std::process::{Command, Stdio};

use crate::corpus::Corpus;

/// Posts a CPU-second of such a worker on our reference machine (2026-11), where Python can't be asked.
const REFERENCE: f64 = 86.0;
/// Posts that it is measured on: it is slow.
const POSTS: usize = 300;

const WORKER: &str = "
import sys, time, jieba
from snownlp import SnowNLP
texts = [line.rstrip('\\n') or '。' for line in open(sys.argv[1], encoding='utf-8')]
jieba.lcut(texts[0]); SnowNLP(texts[0]).sentiments
began = time.process_time()
for text in texts:
    jieba.lcut(text); SnowNLP(text).sentiments
print(len(texts) / (time.process_time() - began))
";

/// A worker's posts a CPU-second.
pub(crate) struct Worker {
    pub(crate) rate: f64,
    /// How it is known, in words.
    pub(crate) origin: String,
}

/// Measures one if this machine has Python with both, else takes the figure of the reference machine.
pub(crate) fn worker(corpus: &Corpus) -> Worker {
    match measure(corpus) {
        Some(rate) => Worker { rate, origin: format!("measured in this run on {POSTS} posts") },
        None => Worker {
            rate: REFERENCE,
            origin: "of the reference machine, because Python with jieba and snownlp is not here".into(),
        },
    }
}

fn measure(corpus: &Corpus) -> Option<f64> {
    let texts = tempfile::NamedTempFile::new().ok()?;
    let lines: Vec<String> = corpus.texts.iter().take(POSTS).map(|t| t.replace(['\n', '\r'], " ")).collect();
    std::fs::write(texts.path(), lines.join("\n")).ok()?;
    let output =
        Command::new("python3").args(["-c", WORKER]).arg(texts.path()).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok().filter(|rate: &f64| *rate > 0.0)
}
