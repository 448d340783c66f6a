//! I4: each position of a lane counts once.

use std::collections::BTreeMap;
use std::time::Duration;

use tocsin_flow::{Arrivals, Link, Outputs, Windows};
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Day, DayCounts, Delta, HISTORY_HOURS, HOUR, History, Hour, Kind, Lane,
    Merged, Minute, Position, SourceId, Span, Subject, Trigger, VIEW_MINUTES,
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
        let pulls = &mut delta.details.entry(minute.hour()).or_default().pulls;
        pulls.add(&fire(), minute, &format!("weibo/{place}"), "起火了");
    }
    delta
}

fn fire() -> Trigger {
    Trigger { kind: Kind::Keyword, name: "起火".into() }
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
    let pulled = view.detail().pulls.0.remove(&fire()).map(|pull| (pull.posts, pull.last));
    assert_eq!(pulled, Some((expected.posts, Minute(49))), "I4: triggers are pulled once, seed {seed}");
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
            Merged::Cut { .. } => panic!("I4: no past is counted anew"),
        }
    }
}

/// Weeks of merges, some of them into the past, some forgotten by a crash: the history is what a plain sum says,
/// whoever asks.
pub(crate) fn a_history_is_the_hours_added_up<C: Carrier>(fresh: &impl Fn() -> C, seed: u64) {
    let mut dice = Dice::new(seed);
    let begin = 20_000 + dice.below(24) as i64;
    let at = |hour: i64| ArrivalTime::from_millis(hour * HOUR.millis() + 59 * 60_000);
    let mut hours = vec![begin];
    while hours.len() < 30 {
        hours.push(hours[hours.len() - 1] + [0, 0, 1, 5, 30, 180][dice.below(6) as usize]);
    }
    let mut carrier = fresh();
    let said = |(i, hour): (usize, &i64)| arrival(&post(&i.to_string(), hour * 3_600));
    carrier.take(Arrivals { posts: hours.iter().enumerate().map(said).collect(), ..Arrivals::default() });
    let mut days: BTreeMap<Day, DayCounts> = BTreeMap::new();
    for (position, &hour) in hours.iter().enumerate() {
        let (mut link, mut state) = (carrier.link(), carrier.state());
        let next = settle(link.fetch(1, Duration::ZERO)).expect("a batch").next().expect("a post");
        let late = if dice.one_in(3) { dice.below(47) as i64 } else { 0 };
        let added = one_post(Hour(hour - late), Hour(hour), ["weibo", "douyin"][dice.below(2) as usize]);
        let place = Position(position as u64);
        let merged = state.merge(Lane(0), Position(0), place, place, &added, at(hour));
        assert!(matches!(settle(merged).expect("an answer"), Merged::Added(_)), "I4: seed {seed}");
        if dice.one_in(6) {
            drop((link, state));
            carrier = carrier.crash();
            let mut state = carrier.state();
            let again = state.merge(Lane(0), Position(0), place, place, &added, at(hour));
            settle(again).expect("an answer");
            settle(carrier.link().advance(next, Outputs::default())).expect("advanced");
        } else {
            settle(link.advance(next, Outputs::default())).expect("advanced");
        }
        for day in added.days() {
            days.entry(day).or_default().add(day, &added);
        }
        if dice.one_in(8) {
            let first = Some(at(begin).minute());
            let now = at(hour).plus(Span::from_minutes(dice.below(60) as i64));
            let expected = History::of(subject(), now, first, days.clone());
            let found = settle(carrier.state().history(&subject(), now)).expect("a history");
            assert_eq!(found, expected, "I4: seed {seed}");
            assert!(found.hours.len() <= HISTORY_HOURS);
        }
    }
}

/// A post of a source, said in one hour and received in another.
fn one_post(said: Hour, received: Hour, source: &str) -> Delta {
    let mut delta = Delta::new(subject());
    delta.minutes.insert(Minute(said.0 * 60 + 7), Counts { posts: 1, heard: 1, ..Counts::default() });
    let origins = delta.origins.entry(received.day()).or_default();
    origins.names.add(source, 1, None);
    origins.delays.insert(Span::from_hours(received.0 - said.0));
    delta
}

/// A source is a subject as any other, and is known from its first merge on.
pub(crate) fn sources_are_known_once_merged<C: Carrier>(fresh: &impl Fn() -> C) {
    let mut state = fresh().state();
    assert_eq!(settle(state.sources()).expect("sources"), []);
    for (position, name) in ["weibo", "bilibili", "weibo"].into_iter().enumerate() {
        let name = SourceId::new(name).expect("a good name");
        let place = Position(position as u64);
        let delta = Delta { subject: Subject::Source(name), ..one_post(Hour(9), Hour(9), "山岚") };
        settle(state.merge(Lane(0), Position(0), place, place, &delta, ArrivalTime::from_millis(0)))
            .expect("an answer");
    }
    let names = ["bilibili", "weibo"].map(|name| SourceId::new(name).expect("a good name"));
    assert_eq!(settle(state.sources()).expect("sources"), names);
}
