//! A million posts on one brand: the most memory that `tocsin replay` holds must not grow with them.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use crate::Fault;
use crate::chance::Chance;
use crate::child::run;
use crate::corpus::Corpus;
use crate::replay::CONFIG;
use crate::table::{Bar, Table, Unit};

/// How many posts, in three runs.
const POSTS: [usize; 3] = [250_000, 500_000, 1_000_000];
/// 2026-01-05T00:00:00Z in milliseconds since 1970.
const BEGIN: i64 = 1_767_571_200_000;
/// Milliseconds between posts: a million in two weeks.
const STEP: i64 = 1_200;
/// How much more memory four times as many posts may take and still count as flat.
const FLAT: f64 = 1.15;

pub(crate) fn measure(tocsin: &Path, corpus: &Corpus, table: &mut Table) -> Result<(), Fault> {
    let mut memories = Vec::new();
    for posts in POSTS {
        let folder = tempfile::tempdir()?;
        let (config, recording) = (folder.path().join("tocsin.toml"), folder.path().join("posts.jsonl"));
        std::fs::write(&config, CONFIG)?;
        write_posts(&recording, corpus, posts)?;
        let took = run(Command::new(tocsin).arg("replay").arg(&recording).arg("--config").arg(&config))?;
        let what = format!("memory of tocsin replay, {posts} posts on one brand");
        table.once(what, Unit::Mebibytes, took.memory, Some(Bar::AtMost(250.0)));
        memories.push(took.memory);
    }
    if let [first, .., last] = memories[..] {
        table.once("  four times as many posts take", Unit::Times, last / first, Some(Bar::AtMost(FLAT)));
    }
    Ok(())
}

/// Posts with ids, texts and times of their own: each text is put together from two of the corpus.
fn write_posts(path: &Path, corpus: &Corpus, posts: usize) -> Result<(), Fault> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut chance = Chance::new(3);
    for number in 0..posts {
        let mut text = |corpus: &Corpus| corpus.texts[chance.below(corpus.texts.len())].clone();
        let (one, other) = (text(corpus), text(corpus));
        let half: String = one.chars().take(one.chars().count() / 2).collect();
        let rest: String = other.chars().skip(other.chars().count() / 2).collect();
        let record = serde_json::json!({
            "id": format!("m{number}"),
            "source": "weibo",
            "text": format!("{half}{rest} {number}"),
            "created_at": tocsin_wire::rfc3339(BEGIN + number as i64 * STEP),
            "author": { "id": format!("u{}", chance.below(300_000)), "followers": chance.below(5_000) },
        });
        writeln!(out, "{record}")?;
    }
    Ok(out.flush()?)
}
