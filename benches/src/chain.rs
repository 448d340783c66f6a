//! A post's whole way in memory, on one core: parse, clean and match, segment, fingerprint, score, count,
//! windows, write. Against raw jieba-rs on the same texts in the same rounds.

use std::hint::black_box;
use std::sync::Arc;

use jieba_rs::Jieba;
use tocsin_ingest::{BrandSet, Matcher, Query, ingest, record};
use tocsin_model::{ArrivalTime, BrandId, Claim, Position, Post, Scored, Sighting, Tokenized};
use tocsin_score::Scorer;
use tocsin_score::linear::Model;
use tocsin_spike_detect::{AuthorSecret, Watch, count};
use tocsin_tokenize::{Scratch, Tokenizer};
use tocsin_wire::read_post;

use crate::Fault;
use crate::corpus::Corpus;
use crate::keywords::Keywords;
use crate::table::{Bar, Table, Unit};
use crate::watch::{Takes, cpu_seconds, cpu_seconds_of};
use crate::windows::Windows;
use crate::write::write;

/// Posts that go through a stage together, and are counted together.
const BATCH: usize = 1_000;
/// Posts after which it is another's turn: long enough that caches are warm for most of it.
const TURN: usize = 10_000;
/// Terms of a brand.
const TERMS: usize = 10;
/// The query that every post of the corpus matches.
const CATCH_ALL: &str = "source:weibo";

/// What the chain does, in order.
const STAGES: [&str; 9] = [
    "parse",
    "claim",
    "clean, match",
    "segment, fingerprint",
    "score",
    "write",
    "count",
    "windows",
    "letting go",
];

/// Those of them that read a post.
const READS: [usize; 5] = [0, 1, 2, 3, 4];

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
    let every = || brands(&keywords.words, Some(CATCH_ALL));
    let (rules, read) =
        (Scorer::new(Vec::new()), || Scorer::new(Vec::new()).with_model(Model::shipped().clone()));
    let mut all = Chain::new(every()?, keywords, read());
    let mut by_rules = Chain::new(every()?, keywords, rules);
    let mut some = Chain::new(brands(&keywords.words, None)?, keywords, read());
    let (mut raw, mut cut, mut whole, mut plain, mut skipping) = (vec![], vec![], vec![], vec![], vec![]);
    let mut stages: [Vec<f64>; STAGES.len()] = Default::default();
    let posts = corpus.texts.len() as f64;
    // One round more than asked for: in the first one caches and buffers are cold.
    for round in 0..=rounds {
        let mut took = [0.0; 5];
        let mut by_stage = [0.0; STAGES.len()];
        all.windows.begin_again();
        by_rules.windows.begin_again();
        some.windows.begin_again();
        for (lines, texts) in corpus.lines.chunks(TURN).zip(corpus.texts.chunks(TURN)) {
            took[0] += cpu_seconds_of(|| texts.iter().for_each(|t| drop(black_box(jieba.cut(t, true)))));
            took[1] += cpu_seconds_of(|| {
                texts.iter().for_each(|t| drop(black_box(tokenizer.cut(t, &mut scratch))));
            });
            took[2] += cpu_seconds_of(|| all.run(lines, &mut by_stage));
            took[3] += cpu_seconds_of(|| by_rules.run(lines, &mut [0.0; STAGES.len()]));
            took[4] += cpu_seconds_of(|| some.run(lines, &mut [0.0; STAGES.len()]));
        }
        if round > 0 {
            [&mut raw, &mut cut, &mut whole, &mut plain, &mut skipping]
                .into_iter()
                .zip(took)
                .for_each(|(t, s)| t.push(s));
            stages.iter_mut().zip(by_stage).for_each(|(takes, took)| takes.push(took * 1e6 / posts));
        }
    }
    let rate = |took: &[f64]| Takes::of(took.iter().map(|t| posts / t).collect());
    let share = |took: &[f64]| Takes::of(raw.iter().zip(took).map(|(raw, t)| raw / t).collect());
    let aim = |must, aim| Some(Bar::AtLeast(must, Some(aim)));
    table.takes("raw jieba-rs cut, HMM (CPU)", Unit::Rate, rate(&raw), None);
    table.takes("tokenize alone (CPU)", Unit::Rate, rate(&cut), None);
    table.takes("  ÷ raw jieba", Unit::Share, share(&cut), aim(0.85, 0.95));
    table.takes("whole chain in memory, every post matched (CPU)", Unit::Rate, rate(&whole), None);
    table.takes("  ÷ raw jieba", Unit::Share, share(&whole), aim(0.40, 0.55));
    for (name, took) in STAGES.iter().zip(stages.clone()) {
        table.takes(format!("  of this, {name}, a post"), Unit::Micros, Takes::of(took), None);
    }
    table.takes("whole chain, read by the rules alone (CPU)", Unit::Rate, rate(&plain), None);
    table.takes("  ÷ raw jieba", Unit::Share, share(&plain), aim(0.40, 0.55));
    let reads: Vec<f64> = (0..stages[0].len())
        .map(|round| READS.map(|stage| stages[stage][round]).iter().sum::<f64>() * posts / 1e6)
        .collect();
    table.takes("parse, clean, match, segment, score alone (CPU)", Unit::Rate, rate(&reads), None);
    table.takes("  ÷ raw jieba", Unit::Share, share(&reads), aim(0.40, 0.55));
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
    reading: tocsin_score::Scratch,
    secret: AuthorSecret,
    watch: Watch,
    /// The position of the next post.
    next: u64,
    windows: Windows,
    /// What was written of one batch.
    out: Vec<u8>,
    /// Posts that went on behind ingest, in all runs.
    matched: u64,
    /// Mentions, in all runs.
    mentions: u64,
}

impl Chain {
    fn new(set: BrandSet, keywords: &Keywords, scorer: Scorer) -> Chain {
        Chain {
            matcher: Matcher::new(Arc::new(set)),
            // As the binary does it: the brands' terms are words.
            tokenizer: Tokenizer::new(keywords.words.iter().cloned()),
            scratch: Scratch::default(),
            scorer,
            reading: tocsin_score::Scratch::default(),
            secret: AuthorSecret([1, 2]),
            watch: Watch::default(),
            next: 0,
            windows: Windows::default(),
            out: Vec::new(),
            matched: 0,
            mentions: 0,
        }
    }

    /// Takes posts through the chain as the pipeline does, each stage done with a batch before the next begins,
    /// and adds the CPU seconds of each to `took`.
    fn run(&mut self, lines: &[Vec<u8>], took: &mut [f64; STAGES.len()]) {
        for batch in lines.chunks(BATCH) {
            let mut laps = took.iter_mut();
            let mut last = cpu_seconds();
            let mut lap = || {
                let now = cpu_seconds();
                *laps.next().expect("a place for each stage") += now - last;
                last = now;
            };
            let mut posts: Vec<(Position, Box<Post>)> = Vec::with_capacity(batch.len());
            posts.extend((self.next..).map(Position).zip(batch).filter_map(read));
            self.next += batch.len() as u64;
            lap();
            let seen: Vec<_> = posts.into_iter().map(claimed).collect();
            lap();
            let matched = ingest(&mut self.matcher, seen).matched;
            lap();
            let cut = |matched| self.tokenizer.tokenize(matched, &mut self.scratch);
            let tokenized: Vec<Tokenized> = matched.into_iter().map(cut).collect();
            lap();
            let scored: Vec<Scored> =
                tokenized.into_iter().map(|t| self.scorer.score(t, &mut self.reading)).collect();
            lap();
            self.out.clear();
            scored.iter().for_each(|s| write(s, &mut self.out));
            black_box(&self.out);
            lap();
            let deltas = count(&scored, &self.secret, &self.watch);
            lap();
            deltas.into_iter().for_each(|delta| self.windows.merge(delta));
            lap();
            self.matched += scored.len() as u64;
            self.mentions += scored.iter().map(|s| s.tokenized.matched.mentions.len() as u64).sum::<u64>();
            drop(scored);
            lap();
        }
        // What was timed must also be what was asked for.
        assert_eq!(self.windows.posts(), self.mentions, "each mention is counted once");
    }
}

fn read((position, line): (Position, &Vec<u8>)) -> Option<(Position, Box<Post>)> {
    let arrived = ArrivalTime::from_millis(1_768_176_000_000);
    read_post(line, arrived).ok().map(|mut post| {
        // As in a replay: a post arrived when it was made.
        post.arrived = ArrivalTime::from_millis(post.created.millis());
        (position, Box::new(post))
    })
}

/// What a claim says of a post that nobody has seen. Remembering it is the carrier's work, not the chain's.
fn claimed((position, post): (Position, Box<Post>)) -> (Position, Box<Post>, Sighting) {
    let (sighting, _) = Claim::meet(None, &record(&post, position));
    (position, post, sighting)
}
