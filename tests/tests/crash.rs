//! The whole chain, crashed anywhere: counts and incidents come out to the digit (ARCHITECTURE.md, I1 to I5).
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;

use tocsin::pipeline::{Chain, Knowledge};
use tocsin_flow::{Casebook, Claims, Kin, Windows};
use tocsin_ingest::{BrandSet, Query};
use tocsin_laws::{Memory, still_room};
use tocsin_notify::Plan;
use tocsin_runtime::{Metrics, Ticks};
use tocsin_score::Scorer;
use tocsin_sim::World;
use tocsin_spike_detect::{AuthorSecret, Rule};
use tocsin_tests::{Embedded, seeds};
use tocsin_tokenize::Tokenizer;
use tokio::sync::watch;

fn knowledge() -> Knowledge {
    let queries = World::brands().map(|(brand, query)| (brand, Query::parse(query).unwrap())).collect();
    Knowledge {
        brands: Arc::new(BrandSet::compile(queries, 1).unwrap()),
        tokenizer: Arc::new(Tokenizer::new(["山岚".to_owned()])),
        scorer: Arc::new(Scorer::new(Vec::new())),
        rule: Arc::new(Rule::default()),
        plan: Arc::new(Plan::default()),
    }
}

fn chain<S: Claims + Kin + Windows + Casebook>(state: S, known: &watch::Receiver<Knowledge>) -> Chain<S> {
    let (clock, metrics) = (still_room().clock, Arc::new(Metrics::new()));
    Chain::new(state, known.clone(), AuthorSecret([1, 2]), clock, metrics, Ticks::Records)
}

#[test]
fn killed_anywhere_nothing_lost_nothing_twice() {
    let (_keep, known) = watch::channel(knowledge());
    for seed in 0..seeds(200) {
        let world = World::new(seed);
        let undisturbed = world.run(Memory::default, |state| chain(state, &known), false);
        let crashed = world.run(Memory::default, |state| chain(state, &known), true);
        assert_eq!(crashed.hours, undisturbed.hours, "seed {seed}");
    }
}

#[test]
fn embedded_killed_anywhere_nothing_lost_nothing_twice() {
    let (_keep, known) = watch::channel(knowledge());
    for seed in 0..seeds(60) {
        let world = World::new(seed);
        let undisturbed = world.run(Memory::default, |state| chain(state, &known), false);
        let crashed = world.run(Embedded::fresh, |state| chain(state, &known), true);
        assert_eq!(crashed.hours, undisturbed.hours, "seed {seed}");
        assert!(!crashed.incidents.is_empty(), "seed {seed}: an angry hour opens an incident");
    }
}

#[test]
fn the_same_seed_gives_the_same_transcript() {
    let (_keep, known) = watch::channel(knowledge());
    for seed in 0..10 {
        let run = || World::new(seed).run(Embedded::fresh, |state| chain(state, &known), true);
        assert_eq!(run(), run(), "seed {seed}");
    }
}
