//! What is drawn, and the run.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::{Arc, Once};

use tocsin_flow::{Arrivals, Link as _, RawRecord};
use tocsin_laws::{Carrier, Dice, Memory, arrival, post, settle, still_room};
use tocsin_model::{ArrivalTime, BrandId, Counts, EventTime, Hour, Incident, Post, Span, Subject};
use tocsin_runtime::{Metrics, Step, Stopper, Ticks, run};

use crate::fuse::{Crash, Fuse, Fused};
use crate::recount::{Recount, recount};

/// The brands of every world: the query of each is its name.
const BRANDS: [&str; 2] = ["山岚", "rival"];

/// A carrier that can be looked into.
pub trait Watched: Carrier {
    /// Every hour that is not empty.
    fn hours(&self) -> BTreeMap<(Subject, Hour), Counts>;
    /// Every incident.
    fn incidents(&self) -> Vec<Incident>;
}

impl Watched for Memory {
    fn hours(&self) -> BTreeMap<(Subject, Hour), Counts> {
        Memory::hours(self)
    }
    fn incidents(&self) -> Vec<Incident> {
        Memory::incidents(self)
    }
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// Every hour.
    pub hours: BTreeMap<(Subject, Hour), Counts>,
    /// Every incident.
    pub incidents: Vec<Incident>,
}

/// A world from a seed.
pub struct World {
    seed: u64,
    posts: Vec<Post>,
}

impl World {
    /// Draws the posts of a few days: everyday ones, threads, updates, late ones, and an angry hour.
    pub fn new(seed: u64) -> World {
        let mut dice = Dice::new(seed);
        let mut posts: Vec<Post> = Vec::new();
        let mut second = 1_000_000_000;
        for number in 0..120 + dice.below(80) {
            second += [0, 3, 40, 900, 5_000][dice.below(5) as usize];
            posts.push(drawn(&mut dice, number, second, &posts));
        }
        for number in 0..40 {
            second += 20;
            let mut angry = post(&format!("angry{number}"), second);
            angry.text = format!("山岚太恶心了，喝出虫子，退钱！第{number}杯");
            posts.push(angry);
        }
        World { seed, posts }
    }

    /// What a plain recount says.
    pub fn recount(&self) -> Recount {
        recount(&self.posts, |post| BRANDS.into_iter().filter(|brand| post.text.contains(brand)).collect())
    }

    /// Runs the world on a carrier, with or without crashes, and holds it against the recount.
    pub fn run<C: Watched, S: Step<Record = RawRecord>>(
        &self,
        fresh: impl Fn() -> C,
        step: impl Fn(Fused<C::State>, Option<ArrivalTime>) -> S,
        crashes: bool,
    ) -> Transcript {
        silence_crashes();
        // Batches are cut alike with crashes and without: what is judged when must not depend on them.
        let (mut cuts, mut dice) = (Dice::new(self.seed ^ 0xc075), Dice::new(self.seed ^ 0xc4a5));
        let mut carrier = fresh();
        let mut rest = self.posts.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at((1 + cuts.below(60) as usize).min(rest.len()));
            rest = later;
            carrier.take(Arrivals { posts: now.iter().map(arrival).collect(), ..Arrivals::default() });
            carrier = self.settle_all(carrier, &step, crashes.then_some(&mut dice));
        }
        let mut incidents = carrier.incidents();
        incidents.sort_by(|a, b| (a.opened_at, &a.id).cmp(&(b.opened_at, &b.id)));
        let transcript = Transcript { hours: carrier.hours(), incidents };
        self.check(&transcript);
        transcript
    }

    /// Runs the loop until all is done, through as many crashes as there are.
    fn settle_all<C: Watched, S: Step<Record = RawRecord>>(
        &self,
        mut carrier: C,
        step: &impl Fn(Fused<C::State>, Option<ArrivalTime>) -> S,
        mut crashes: Option<&mut Dice>,
    ) -> C {
        loop {
            let steps =
                crashes.as_mut().map_or(-1, |dice| if dice.one_in(4) { -1 } else { dice.below(60) as i64 });
            let fuse = Fuse::of(steps);
            let link = Fused::new(carrier.link(), &fuse);
            let state = Fused::new(carrier.state(), &fuse);
            let chain = step(state, link.now());
            let drain = Stopper::new();
            drain.set();
            let metrics = Arc::new(Metrics::new());
            let stop = Stopper::new().stop();
            let round = run(link, chain, Ticks::Records, still_room(), metrics, stop, drain.stop());
            match catch_unwind(AssertUnwindSafe(|| settle(round))) {
                Ok(done) => {
                    done.unwrap_or_else(|fault| panic!("seed {}: {fault}", self.seed));
                    return carrier;
                }
                Err(panic) if panic.is::<Crash>() => carrier = carrier.crash(),
                Err(panic) => resume_unwind(panic),
            }
        }
    }

    fn check(&self, transcript: &Transcript) {
        let counted: Recount = transcript
            .hours
            .iter()
            .filter_map(|((subject, hour), c)| match subject {
                Subject::Brand(brand) => Some(((brand.clone(), *hour), (c.posts, c.likes_gained))),
                Subject::Source(_) => None,
            })
            .collect();
        assert_eq!(
            counted,
            self.recount(),
            "seed {}: the counts are not those of a plain recount",
            self.seed
        );
    }

    /// The brands of the world, with the query of each.
    pub fn brands() -> impl Iterator<Item = (BrandId, &'static str)> {
        BRANDS.into_iter().map(|name| (BrandId::new(name).expect("a good name"), name))
    }
}

/// A crash is drawn, not a fault: it prints nothing.
fn silence_crashes() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !panic.payload().is::<Crash>() {
                usual(panic);
            }
        }));
    });
}

fn drawn(dice: &mut Dice, number: u64, second: i64, before: &[Post]) -> Post {
    // An update of a post that is known.
    if dice.one_in(5) && !before.is_empty() {
        let old = &before[dice.below(before.len() as u64) as usize];
        let mut update = Post { arrived: at(second), ..old.clone() };
        update.engagement.likes += dice.below(50);
        let known = before.iter().rev().find(|p| p.id == old.id).map_or(update.arrived, |p| p.arrived);
        if update.arrived.after(known) <= Span::from_hours(47) {
            return update;
        }
    }
    let mut new = post(&number.to_string(), second);
    new.text = ["今天天气不错", "山岚的茶很好喝", "山岚和rival都去过", "rival排队", "转发微博"]
        [dice.below(5) as usize]
        .to_owned();
    new.engagement.likes = dice.below(20);
    // Most threads are young; some children come before their parents.
    if dice.one_in(2) {
        let reach = 1 + dice.below(12);
        let parent = if dice.one_in(6) { number + reach } else { number.saturating_sub(reach) };
        if parent != number {
            new.repost_of = Some(post(&parent.to_string(), 0).id);
        }
    }
    let late = [0, 0, 0, 40, 4_000, 200_000, -500][dice.below(7) as usize];
    new.created = EventTime::from_millis((second - late) * 1_000);
    new
}

fn at(second: i64) -> ArrivalTime {
    ArrivalTime::from_millis(second * 1_000)
}
