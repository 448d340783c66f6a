//! A post's whole way in memory, on one core: parse, clean and match, segment, fingerprint, score, count,
//! windows, write. Against raw jieba-rs on the same texts in the same rounds.

use std::hint::black_box;
use std::sync::Arc;

use jieba_rs::Jieba;
use rustc_hash::FxHashMap;
use tocsin_ingest::{BrandSet, Matcher, Query, ingest, record};
use tocsin_model::{ArrivalTime, BrandId, Claim, Position, Post, PostId, Scored, Sighting, Tokenized};
use tocsin_score::Scorer;
use tocsin_spike_detect::{AuthorSecret, count};
use tocsin_tokenize::{Scratch, Tokenizer};
use tocsin_wire::read_post;

use crate::Fault;
use crate::corpus::Corpus;
use crate::keywords::Keywords;
use crate::table::{Bar, Table, Unit};
use crate::watch::{Takes, cpu_seconds, cpu_seconds_of};
use crate::windows::Windows;
use crate::write::write;

/// Posts that go through a stage together, as in the binary.
const BATCH: usize = 1_000;
/// Posts after which it is another's turn: long enough that caches are warm for most of it.
const TURN: usize = 10_000;
/// Terms of a brand.
const TERMS: usize = 10;
/// The query that every post of the corpus matches.
const CATCH_ALL: &str = "source:weibo";

/// What the chain does, in order.
const STAGES: [&str; 8] = ["parse", "claim", "ingest", "tokenize", "score", "count", "windows", "write"];

/// Measures raw jieba, our segmenting and the chain in turns, so that a change of the machine's mood meets
/// all of them alike.
pub(crate) fn measure(
    corpus: &Corpus,
    keywords: &Keywords,
    rounds: usize,
    table: &mut Table,
) -> Result<(), Fault> {
    let jieba = Jieba::new();
    let tokenizer = Tokenizer::new([]);
    let mut scratch = Scratch::default();
    let mut all = Chain::new(brands(&keywords.words, Some(CATCH_ALL))?, keywords);
    let mut some = Chain::new(brands(&keywords.words, None)?, keywords);
    let (mut raw, mut cut, mut whole, mut skipping) = (vec![], vec![], vec![], vec![]);
    let mut stages: [Vec<f64>; STAGES.len()] = Default::default();
    // One round more than asked for: in the first one caches and buffers are cold.
    for round in 0..=rounds {
        let (mut took_raw, mut took_cut) = (0.0, 0.0);
        let mut took_all = [0.0; STAGES.len()];
        let mut took_some = [0.0; STAGES.len()];
        all.forget();
        some.forget();
        for (lines, texts) in corpus.lines.chunks(TURN).zip(corpus.texts.chunks(TURN)) {
            took_raw += cpu_seconds_of(|| texts.iter().for_each(|t| drop(black_box(jieba.cut(t, true)))))?;
            took_cut += cpu_seconds_of(|| {
                texts.iter().for_each(|t| drop(black_box(tokenizer.cut(t, &mut scratch))));
            })?;
            all.run(lines, &mut took_all)?;
            some.run(lines, &mut took_some)?;
        }
        if round > 0 {
            raw.push(took_raw);
            cut.push(took_cut);
            whole.push(took_all.iter().sum());
            skipping.push(took_some.iter().sum());
            stages.iter_mut().zip(took_all).for_each(|(takes, took)| takes.push(took));
        }
    }
    let posts = corpus.texts.len() as f64;
    let rate = |took: &[f64]| Takes::of(took.iter().map(|t| posts / t).collect());
    let share = |took: &[f64]| Takes::of(raw.iter().zip(took).map(|(raw, t)| raw / t).collect());
    let aim = |must, aim| Some(Bar::AtLeast(must, Some(aim)));
    table.takes("raw jieba-rs cut, HMM (CPU)", Unit::Rate, rate(&raw), None);
    table.takes("tokenize alone (CPU)", Unit::Rate, rate(&cut), None);
    table.takes("  ÷ raw jieba", Unit::Share, share(&cut), aim(0.85, 0.95));
    table.takes("whole chain in memory, every post matched (CPU)", Unit::Rate, rate(&whole), None);
    table.takes("  ÷ raw jieba", Unit::Share, share(&whole), aim(0.40, 0.55));
    for (name, took) in STAGES.iter().zip(stages) {
        let each = Takes::of(took.iter().map(|t| t / posts * 1e6).collect());
        table.takes(format!("  {name}, a post"), Unit::Micros, each, None);
    }
    let matched = some.matched as f64 / ((rounds + 1) as f64 * posts);
    let what = format!("chain, only the {:.0} % that name a brand go on (CPU)", matched * 100.0);
    table.takes(what, Unit::Rate, rate(&skipping), None);
    table.takes("  ÷ raw jieba", Unit::Share, share(&skipping), None);
    Ok(())
}

/// Brands of ten words each, and one that matches by `catch_all`.
pub(crate) fn brands(words: &[String], catch_all: Option<&str>) -> Result<BrandSet, Fault> {
    let words = words.chunks(TERMS).map(|words| words.join(" OR "));
    let mut brands = Vec::new();
    for (number, query) in words.chain(catch_all.map(str::to_owned)).enumerate() {
        let query = Query::parse(&query).map_err(|faults| format!("{query}: {faults:?}"))?;
        brands.push((BrandId::new(&format!("brand {number}"))?, query));
    }
    Ok(BrandSet::compile(brands, 1)?)
}

/// All stages, and what they keep from run to run.
struct Chain {
    matcher: Matcher,
    tokenizer: Tokenizer,
    scratch: Scratch,
    scorer: Scorer,
    secret: AuthorSecret,
    /// The position of the next post.
    next: u64,
    claims: FxHashMap<PostId, Claim>,
    windows: Windows,
    /// What was written of one batch.
    out: Vec<u8>,
    /// Posts that went on behind ingest, in all runs.
    matched: u64,
    /// Mentions since the windows are empty.
    mentions: u64,
}

impl Chain {
    fn new(set: BrandSet, keywords: &Keywords) -> Chain {
        Chain {
            matcher: Matcher::new(Arc::new(set)),
            // As the binary does it: the brands' terms are words.
            tokenizer: Tokenizer::new(keywords.words.iter().cloned()),
            scratch: Scratch::default(),
            scorer: Scorer::new(Vec::new()),
            secret: AuthorSecret([1, 2]),
            next: 0,
            claims: FxHashMap::default(),
            windows: Windows::default(),
            out: Vec::new(),
            matched: 0,
            mentions: 0,
        }
    }

    /// Begins a new round: posts are first sightings again. What room there is stays, as in a process
    /// that has lived for a while.
    fn forget(&mut self) {
        self.claims.clear();
        self.windows.clear();
        self.mentions = 0;
    }

    /// Takes posts through the chain; `took` gets the CPU seconds of each stage.
    fn run(&mut self, lines: &[Vec<u8>], took: &mut [f64; STAGES.len()]) -> Result<(), Fault> {
        for batch in lines.chunks(BATCH) {
            let mut lap = Lap::start(took)?;
            let posts: Vec<(Position, Post)> =
                (self.next..).map(Position).zip(batch).filter_map(read).collect();
            self.next += batch.len() as u64;
            lap.next()?;
            let claims = &mut self.claims;
            let seen: Vec<_> = posts.into_iter().map(|(at, post)| claimed(claims, at, post)).collect();
            lap.next()?;
            let matched = ingest(&mut self.matcher, seen).matched;
            lap.next()?;
            let cut = |matched| self.tokenizer.tokenize(matched, &mut self.scratch);
            let tokenized: Vec<Tokenized> = matched.into_iter().map(cut).collect();
            lap.next()?;
            let scored: Vec<Scored> = tokenized.into_iter().map(|t| self.scorer.score(t)).collect();
            lap.next()?;
            let deltas = count(&scored, &self.secret);
            lap.next()?;
            deltas.into_iter().for_each(|delta| self.windows.merge(delta));
            lap.next()?;
            self.out.clear();
            scored.iter().for_each(|s| write(s, &mut self.out));
            black_box(&self.out);
            self.matched += scored.len() as u64;
            self.mentions += scored.iter().map(|s| s.tokenized.matched.mentions.len() as u64).sum::<u64>();
            drop(scored);
            lap.next()?;
        }
        // What was timed must also be what was asked for.
        assert_eq!(self.windows.posts(), self.mentions, "each mention is counted once");
        Ok(())
    }
}

fn read((position, line): (Position, &Vec<u8>)) -> Option<(Position, Post)> {
    let arrived = ArrivalTime::from_millis(1_768_176_000_000);
    read_post(line, arrived).ok().map(|mut post| {
        // As in a replay: a post arrived when it was made.
        post.arrived = ArrivalTime::from_millis(post.created.millis());
        (position, post)
    })
}

fn claimed(
    claims: &mut FxHashMap<PostId, Claim>,
    position: Position,
    post: Post,
) -> (Position, Post, Sighting) {
    let record = record(&post, position);
    let (sighting, claim) = Claim::meet(claims.get(&record.id), &record);
    claims.insert(record.id, claim);
    (position, post, sighting)
}

/// Gives each stage the CPU time since the last one.
struct Lap<'a> {
    took: std::slice::IterMut<'a, f64>,
    last: f64,
}

impl Lap<'_> {
    fn start(took: &mut [f64]) -> Result<Lap<'_>, Fault> {
        Ok(Lap { took: took.iter_mut(), last: cpu_seconds()? })
    }

    fn next(&mut self) -> Result<(), Fault> {
        let now = cpu_seconds()?;
        if let Some(took) = self.took.next() {
            *took += now - self.last;
        }
        self.last = now;
        Ok(())
    }
}
