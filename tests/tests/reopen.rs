//! A folder opened again and again has what was acknowledged, and is as far behind as it was.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::time::Duration;

use tocsin_flow::{Arrivals, Intake as _, Link as _, Outputs};
use tocsin_laws::{Dice, arrival, post, settle};
use tocsin_model::Position;
use tocsin_tests::{Embedded, seeds};

#[test]
fn what_was_acknowledged_is_there_however_often_it_is_opened() {
    for seed in seeds(10) {
        let mut dice = Dice::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let (mut total, mut done) = (0u64, 0u64);
        for round in 0..15 {
            let store = Embedded::open(&folder).unwrap();
            assert_eq!(store.behind(), total - done, "seed {seed}, round {round}");
            let mut link = store.link();
            let batch = settle(link.fetch(100_000, Duration::ZERO)).unwrap();
            assert_eq!(batch.records.len() as u64, total - done, "seed {seed}, round {round}");
            for _ in 0..dice.below(6) {
                let more = dice.below(300);
                let new =
                    |i: u64| arrival(&post(&format!("{round}-{i}-{total}"), 1_000_000_000 + total as i64));
                let posts = (0..more).map(new).collect();
                settle(store.intake().take(Arrivals { posts, ..Arrivals::default() })).unwrap();
                total += more;
                if dice.one_in(2) {
                    settle(link.fetch(100_000, Duration::ZERO)).unwrap();
                    settle(link.advance(Position(total), Outputs::default())).unwrap();
                    done = total;
                }
            }
        }
    }
}
