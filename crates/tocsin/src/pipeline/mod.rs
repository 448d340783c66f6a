//! Joins each stage to its seams: the whole chain as one step of the loop.
//!
//! posts → claims, ingest, kin → tokenize → score → count, windows, judge → casebook, notify. The stages
//! decide; here is only who is asked what, and when. Time is the records' own: a batch is judged in slices of
//! one tick of data time, so a replay at any speed and a live day come to the same.

mod came; // records → a row of each source
mod coverage; // whether the sources where a brand lives are heard
mod detect; // score → spike-detect → windows
mod ingest; // posts → claims, brands, kin
mod leaders; // who began what is said
mod part; // which of the stages a chain does
mod past; // what is learned of a subject's past weeks
mod service; // a part of the way over topics
mod spread; // many records → several threads
mod stand; // how brands stand, for the metrics
mod tell; // signals → incidents → notices
mod trade; // us or everybody

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tocsin_flow::{Batch, Casebook, Claims, Clock, Fault, Kin, Outputs, RawRecord, Windows};
use tocsin_ingest::{BrandSet, Matcher};
use tocsin_model::{ArrivalTime, Lane, Matched, Minute, Position, Scored, Sighting, Subject, Tokenized};
use tocsin_notify::Plan;
use tocsin_runtime::{Metrics, Step, Ticks};
use tocsin_score::Scorer;
use tocsin_spike_detect::{AuthorSecret, Rule};
use tocsin_tokenize::{Scratch, Tokenizer};
use tracing::{Instrument as _, info_span};

pub use part::{Owns, Part, Stage};
pub use past::{Life, Lives};
pub use service::{Enters, Service};

use spread::{hands, spread};

/// A tick of data time, in milliseconds.
const TICK_MILLIS: i64 = 10_000;

/// What takes memory and is not needed by every process: made when it is first used.
pub type Lazily<T> = Arc<LazyLock<T, Box<dyn FnOnce() -> T + Send>>>;

/// Promises to make something.
pub fn lazily<T>(make: impl FnOnce() -> T + Send + 'static) -> Lazily<T> {
    Arc::new(LazyLock::new(Box::new(make)))
}

/// What the stages need to know beside the posts: one version of it at a time.
#[derive(Clone)]
pub struct Knowledge {
    /// The brands, compiled.
    pub brands: Arc<BrandSet>,
    /// The words.
    pub tokenizer: Lazily<Tokenizer>,
    /// The moods.
    pub scorer: Lazily<Scorer>,
    /// What is abnormal.
    pub rule: Arc<Rule>,
    /// Whom it is told.
    pub plan: Arc<Plan>,
    /// What the operator says of the brands' lives.
    pub lives: Arc<Lives>,
    /// Whether anything is judged, or only counted.
    pub judges: bool,
}

impl Knowledge {
    /// Makes now what these stages use with every post, so that none waits for it.
    pub(crate) fn prepare(&self, stages: &[Stage]) {
        if stages.contains(&Stage::Tokenize) {
            LazyLock::force(&self.tokenizer);
        }
        if stages.contains(&Stage::Score) {
            LazyLock::force(&self.scorer);
        }
    }
}

/// The whole chain on the state of one carrier, or a part of it: see [`Service`].
pub struct Chain<S> {
    state: S,
    part: Part,
    knowledge: Knowledge,
    /// The next knowledge, when the config was reloaded.
    reload: tokio::sync::watch::Receiver<Knowledge>,
    matcher: Matcher,
    /// One for each thread that may read at once.
    tools: Vec<Tools>,
    secret: AuthorSecret,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    ticks: Ticks,
    /// How long folding and telling took in this batch.
    telling: Duration,
    /// Data time: the greatest arrival seen, or the clock's tick.
    now: Option<ArrivalTime>,
    /// The same before the batch at hand.
    settled: Option<ArrivalTime>,
    /// What is at hand is committed, and comes again for the state's sake: nothing is judged.
    rehearses: bool,
    /// How far lanes may be apart.
    behind: service::Behind,
    /// The fence of each subject in a lane, as far as known.
    seen: FxHashMap<(Lane, Subject), Position>,
    /// What is learned of each subject.
    pasts: past::Pasts,
    /// Since when a live chain hears what comes.
    started: Option<ArrivalTime>,
    /// The minute of the clock in which it was last shown how brands stand.
    shown: Option<Minute>,
}

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// A chain on `state`, with the knowledge that `reload` holds now. `now`: where data time stands, by the
    /// carrier's link.
    pub fn new(
        state: S,
        mut reload: tokio::sync::watch::Receiver<Knowledge>,
        secret: AuthorSecret,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        ticks: Ticks,
        now: Option<ArrivalTime>,
    ) -> Chain<S> {
        let knowledge = reload.borrow_and_update().clone();
        let started = (ticks == Ticks::Clock).then(|| clock.now());
        Chain {
            state,
            part: Part::whole(),
            started,
            shown: None,
            matcher: Matcher::new(Arc::clone(&knowledge.brands)),
            knowledge,
            reload,
            tools: std::iter::repeat_with(Tools::default).take(hands()).collect(),
            secret,
            clock,
            metrics,
            ticks,
            telling: Duration::ZERO,
            now,
            settled: now,
            rehearses: false,
            behind: service::Behind::default(),
            seen: FxHashMap::default(),
            pasts: past::Pasts::default(),
        }
    }

    /// Before a batch: takes over a reloaded config.
    fn begin(&mut self) {
        self.settled = self.now;
        if self.reload.has_changed().unwrap_or(false) {
            self.knowledge = self.reload.borrow_and_update().clone();
            self.matcher = Matcher::new(Arc::clone(&self.knowledge.brands));
            self.pasts.clear();
        }
    }

    /// The stages to which time matters: slice by slice, with every tick between.
    async fn detect_all(
        &mut self,
        lane: Lane,
        arrivals: &[(Position, ArrivalTime)],
        read: &Read,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let (mut scored, mut came) = (read.scored.as_slice(), read.came.as_slice());
        let mut first = arrivals.first().map(|(position, _)| *position).unwrap_or_default();
        for slice in slices(arrivals, self.now) {
            self.tick_through(slice.now, outputs).await?;
            self.now = Some(slice.now);
            let these = take_while(&mut scored, |s| s.tokenized.matched.position <= slice.last);
            let came = take_while(&mut came, |c| c.position <= slice.last);
            self.hear(lane, (first, slice.last), came, these, |s| &s.tokenized.matched, outputs).await?;
            self.detect(lane, these, outputs).await?;
            first = slice.last.next();
        }
        Ok(())
    }

    /// How long first sightings waited for their judgement. In a replay receipt is of another time.
    fn judged(&self, scored: &[Scored]) {
        if self.ticks == Ticks::Clock {
            let now = self.clock.now();
            for scored in scored {
                let matched = &scored.tokenized.matched;
                if let Sighting::First(_) = matched.sighting {
                    self.metrics.post_judged(now.after(matched.post.arrived));
                }
            }
        }
    }

    /// The stages that need no order of time: all of a batch at once.
    async fn read(&mut self, batch: Batch<RawRecord>, outputs: &mut Outputs) -> Result<Read, Fault> {
        let (matched, came) =
            self.ingest(batch, outputs).instrument(info_span!("stage", stage = "ingest")).await?;
        let tokenized = self.cut(matched);
        let mut scored = self.score(tokenized);
        scored.sort_by_key(|s| s.tokenized.matched.position);
        Ok(Read { scored, came })
    }

    fn cut(&mut self, matched: Vec<Matched>) -> Vec<Tokenized> {
        let (posts, began) = (matched.len(), self.clock.steady());
        let tokenizer = &self.knowledge.tokenizer;
        let cut = |matched, tools: &mut Tools| tokenizer.tokenize(matched, &mut tools.cutting);
        let tokenized =
            info_span!("stage", stage = "tokenize").in_scope(|| spread(matched, &mut self.tools, cut));
        self.metrics.stage_ran("tokenize", posts, posts, self.clock.steady().saturating_sub(began));
        tokenized
    }

    fn score(&mut self, tokenized: Vec<Tokenized>) -> Vec<Scored> {
        let (posts, began) = (tokenized.len(), self.clock.steady());
        let scorer = &self.knowledge.scorer;
        let read = |tokenized, tools: &mut Tools| scorer.score(tokenized, &mut tools.reading);
        let scored =
            info_span!("stage", stage = "score").in_scope(|| spread(tokenized, &mut self.tools, read));
        self.metrics.stage_ran("score", posts, posts, self.clock.steady().saturating_sub(began));
        scored
    }

    /// Counts and judges what was read.
    async fn find(
        &mut self,
        lane: Lane,
        arrivals: &[(Position, ArrivalTime)],
        read: &Read,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let began = self.clock.steady();
        let detecting = self.detect_all(lane, arrivals, read, outputs);
        detecting.instrument(info_span!("stage", stage = "spike-detect")).await?;
        let took = self.clock.steady().saturating_sub(began);
        self.metrics.stage_ran("spike-detect", read.scored.len(), outputs.signals.len(), took);
        self.judged(&read.scored);
        self.show_brands().await
    }
}

/// What the stages that read use again from post to post.
#[derive(Default)]
struct Tools {
    cutting: Scratch,
    reading: tocsin_score::Scratch,
}

/// A batch, read.
struct Read {
    /// What mentions brands, by position.
    scored: Vec<Scored>,
    /// What came for the first time, whatever it speaks of, by position.
    came: Vec<came::Came>,
}

impl<S: Claims + Kin + Windows + Casebook> Step for Chain<S> {
    type Record = RawRecord;

    async fn step(&mut self, batch: Batch<RawRecord>) -> Result<Outputs, Fault> {
        self.begin();
        let lane = batch.lane;
        let arrivals: Vec<(Position, ArrivalTime)> =
            batch.records.iter().map(|(position, record)| (*position, record.arrived)).collect();
        let mut outputs = Outputs::default();
        let read = self.read(batch, &mut outputs).await?;
        self.find(lane, &arrivals, &read, &mut outputs).await?;
        let telling = std::mem::take(&mut self.telling);
        self.metrics.stage_ran("notify", outputs.signals.len(), outputs.notices.len(), telling);
        Ok(outputs)
    }

    async fn tick(&mut self, now: ArrivalTime) -> Result<Outputs, Fault> {
        self.begin();
        let mut outputs = Outputs::default();
        self.tick_through(now, &mut outputs).await?;
        if self.part.does(Stage::Notify) {
            self.metrics.incidents_open(self.state.open().await?.len());
        }
        self.now = self.now.max(Some(now));
        self.show_brands().await?;
        Ok(outputs)
    }

    fn abandoned(&mut self) {
        self.seen.clear();
        self.pasts.clear();
        self.now = self.settled;
    }
}

/// The records of one tick of data time.
#[derive(Debug, PartialEq)]
struct Slice {
    /// The last of them.
    last: Position,
    /// The greatest arrival up to and with them.
    now: ArrivalTime,
}

/// Takes what comes first and is so.
fn take_while<'a, T>(rest: &mut &'a [T], is_so: impl Fn(&T) -> bool) -> &'a [T] {
    let (these, later) = rest.split_at(rest.partition_point(is_so));
    *rest = later;
    these
}

fn tick_of(time: ArrivalTime) -> i64 {
    time.millis().div_euclid(TICK_MILLIS)
}

/// Cuts records where the greatest arrival so far enters another tick.
fn slices(arrivals: &[(Position, ArrivalTime)], now: Option<ArrivalTime>) -> Vec<Slice> {
    let Some(mut now) = now.or(arrivals.first().map(|(_, arrived)| *arrived)) else { return Vec::new() };
    let mut slices: Vec<Slice> = Vec::new();
    for (position, arrived) in arrivals {
        let before = now;
        now = now.max(*arrived);
        match slices.last_mut() {
            Some(slice) if tick_of(before) == tick_of(now) => *slice = Slice { last: *position, now },
            _ => slices.push(Slice { last: *position, now }),
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(seconds: &[i64]) -> Vec<(u64, i64)> {
        let arrivals: Vec<_> = seconds
            .iter()
            .zip(0..)
            .map(|(s, p)| (Position(p), ArrivalTime::from_millis(s * 1_000)))
            .collect();
        slices(&arrivals, None).into_iter().map(|s| (s.last.0, s.now.millis() / 1_000)).collect()
    }

    #[test]
    fn a_batch_is_cut_where_a_tick_begins() {
        assert_eq!(cut(&[1, 2, 9, 10, 19, 20]), [(2, 9), (4, 19), (5, 20)]);
    }

    #[test]
    fn time_never_goes_back() {
        assert_eq!(cut(&[25, 3, 29, 4, 31]), [(3, 29), (4, 31)]);
    }

    #[test]
    fn no_records_no_slices() {
        assert_eq!(cut(&[]), []);
    }
}
