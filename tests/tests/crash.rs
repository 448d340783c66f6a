//! The whole chain, crashed anywhere: counts and incidents come out to the digit (ARCHITECTURE.md, I1 to I5).
#![allow(clippy::unwrap_used, reason = "a test may")]

use tocsin_laws::Memory;
use tocsin_sim::World;
use tocsin_tests::{Chains, Embedded, seeds};

#[test]
fn killed_anywhere_nothing_lost_nothing_twice() {
    let chains = Chains::default();
    for seed in seeds(200) {
        let world = World::new(seed);
        let undisturbed = world.run(Memory::default, |state, now| chains.on(state, now), false);
        let crashed = world.run(Memory::default, |state, now| chains.on(state, now), true);
        assert_eq!(crashed, undisturbed, "seed {seed}");
    }
}

#[test]
fn embedded_killed_anywhere_nothing_lost_nothing_twice() {
    let chains = Chains::default();
    // 597: an update of a thread's post, two days and more after it gained its brand by an earlier update.
    for seed in seeds(60).chain([597]) {
        let world = World::new(seed);
        let undisturbed = world.run(Memory::default, |state, now| chains.on(state, now), false);
        let crashed = world.run(Embedded::fresh, |state, now| chains.on(state, now), true);
        assert_eq!(crashed, undisturbed, "seed {seed}");
        assert!(!crashed.incidents.is_empty(), "seed {seed}: an angry hour opens an incident");
    }
}

#[test]
fn the_same_seed_gives_the_same_transcript() {
    let chains = Chains::default();
    for seed in 0..10 {
        let run = || World::new(seed).run(Embedded::fresh, |state, now| chains.on(state, now), true);
        assert_eq!(run(), run(), "seed {seed}");
    }
}
