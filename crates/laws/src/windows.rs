//! I4: each position of a lane counts once.

use std::time::Duration;

use tocsin_flow::{Arrivals, Link, Outputs, Windows};
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Delta, Lane, Merged, Minute, Position, Subject, VIEW_MINUTES,
};

use crate::{Carrier, Dice, arrival, post, settle};

fn subject() -> Subject {
    Subject::Brand(BrandId::new("山岚").expect("a good name"))
}

/// The records `first..=last` of a lane: a function of the places alone.
fn delta(lane: Lane, first: u64, last: u64) -> Delta {
    let mut delta = Delta::new(subject());
    for place in first..=last {
        let counts =
            Counts { posts: 1, negative: place * 7 % 1_000, top_gain: place * 31 % 97, ..Counts::default() };
        let minute = Minute((place + u64::from(lane.0)) as i64 % 50);
        delta.minutes.entry(minute).or_default().add(&counts);
    }
    delta
}

/// Random cuts, repetitions, lanes that interleave, crashes: the sums come out to the digit.
pub(crate) fn each_position_counts_once<C: Carrier>(fresh: &impl Fn() -> C, seed: u64) {
    let mut dice = Dice::new(seed);
    let now = ArrivalTime::from_millis((VIEW_MINUTES as i64 - 5) * 60_000);
    const END: u64 = 80;
    let lanes = [Lane(0), Lane(1), Lane(2)];
    let mut carrier = fresh();
    // Something to advance over, so that state can be committed.
    carrier.take(Arrivals {
        posts: (0..400).map(|i| arrival(&post(&i.to_string(), i))).collect(),
        ..Arrivals::default()
    });
    let mut kept = [0u64; 3];
    while kept.iter().any(|next| *next < END) {
        let (mut link, mut state) = (carrier.link(), carrier.state());
        let mut reached = kept;
        for _ in 0..1 + dice.below(3) {
            let lane = dice.below(3) as usize;
            // Somebody offers from before, from there, or the whole again.
            let first = reached[lane].saturating_sub(dice.below(6));
            let last = (first + dice.below(10)).min(END - 1);
            if first <= last {
                offer(&mut state, lanes[lane], first, last, now);
                reached[lane] = reached[lane].max(last + 1);
            }
        }
        let position = settle(link.fetch(1, Duration::ZERO)).expect("a batch").next().expect("posts enough");
        if dice.one_in(3) {
            drop((link, state));
            carrier = carrier.crash();
        } else {
            settle(link.advance(position, Outputs::default())).expect("advanced");
            kept = reached;
        }
    }
    let mut expected = Counts::default();
    for lane in lanes {
        delta(lane, 0, END - 1).minutes.values().for_each(|c| expected.add(c));
    }
    let mut state = carrier.crash().state();
    let view = settle(state.view(&subject(), now)).expect("a view");
    assert_eq!(view.last_minutes(VIEW_MINUTES), expected, "I4: seed {seed}");
    assert_eq!(view.last_hours(25), expected, "I4: hours hold the same, seed {seed}");
    let (beyond, more) = (Position(END + 1), delta(Lane(0), 0, 0));
    let lost = state.merge(Lane(0), beyond, beyond, beyond, &more, now);
    assert_eq!(settle(lost).expect("an answer"), Merged::Lost, "I4: a store that knows less says so");
}

fn offer(state: &mut impl Windows, lane: Lane, mut first: u64, last: u64, now: ArrivalTime) {
    while first <= last {
        let these = delta(lane, first, last);
        let merged = state.merge(lane, Position(0), Position(first), Position(last), &these, now);
        match settle(merged).expect("an answer") {
            Merged::Added(_) => return,
            Merged::AgainFrom(from) => first = from.0,
            Merged::Lost => panic!("I4: nothing was lost"),
        }
    }
}
