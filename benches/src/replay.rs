//! `tocsin replay` as a whole command: from its start to its exit, on the embedded store.

use std::path::Path;
use std::process::Command;

use crate::Fault;
use crate::child::{Took, run};
use crate::corpus::Corpus;
use crate::python::worker;
use crate::table::{Bar, Table, Unit};
use crate::watch::Takes;

/// How often.
const RUNS: usize = 3;

/// One brand that every post mentions, so that nothing is skipped.
pub(crate) const CONFIG: &str = "\
[[brand]]
name = \"everything\"
query = 'source:weibo'
time_zone = \"Asia/Shanghai\"
";

pub(crate) fn measure(tocsin: &Path, corpus: &Corpus, table: &mut Table) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("tocsin.toml");
    std::fs::write(&config, CONFIG)?;
    let posts = match &corpus.file {
        Some(file) => file.clone(),
        None => {
            let file = folder.path().join("posts.jsonl");
            std::fs::write(&file, corpus.lines.join(&b'\n'))?;
            file
        }
    };
    let mut takes: Vec<Took> = Vec::new();
    for _ in 0..RUNS {
        takes.push(run(Command::new(tocsin).arg("replay").arg(&posts).arg("--config").arg(&config))?);
    }
    let number = corpus.lines.len() as f64;
    let of = |take: fn(&Took) -> f64| Takes::of(takes.iter().map(take).collect());
    let rate = Takes::of(takes.iter().map(|t| number / t.wall).collect());
    let cpu_rate = Takes::of(takes.iter().map(|t| number / t.cpu).collect());
    let worker = worker(corpus);
    let times = Takes::of(takes.iter().map(|t| number / t.wall / worker.rate).collect());
    table.takes("tocsin replay, whole command, every post matched (wall)", Unit::Rate, rate, None);
    table.takes("  the same (CPU, all threads)", Unit::Rate, cpu_rate, None);
    table.takes("  seconds on the wall", Unit::Seconds, of(|t| t.wall), None);
    table.takes("  the most memory", Unit::Mebibytes, of(|t| t.memory), Some(Bar::AtMost(250.0)));
    let what = format!("  ÷ a worker with jieba and SnowNLP ({:.0} posts/CPU-s)", worker.rate);
    table.takes(what, Unit::Times, times, Some(Bar::AtLeast(150.0, None)));
    table.note(format!("The worker's figure is {}.", worker.origin));
    Ok(())
}
