//! Ten thousand brands, each judged every ten seconds, on one core: what the store shows of a brand, the judgement, and
//! what is learned of its weeks once an hour. A live process judges only brands of which something came or
//! stands, so this is the most that there can be.

use std::hint::black_box;

use tocsin_embedded::{Keep, Store};
use tocsin_flow::{Link as _, Outputs, Windows as _};
use tocsin_laws::{Dice, settle_there, still_room};
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Delta, HISTORY_HOURS, HOUR, History, Hour, Lane, Minute, Position, Subject,
};
use tocsin_spike_detect::{Baseline, Habits, Rule, judge};

use crate::Fault;
use crate::table::{Bar, Table, Unit};
use crate::watch::{Takes, cpu_seconds, cpu_seconds_of};

const BRANDS: u64 = 10_000;
/// How often each is judged, in seconds.
const EVERY: f64 = 10.0;
/// Brands of which the weeks are learned, to know what that takes.
const LEARNED: u64 = 200;
/// Midnight of a day in 2026, in hours since 1970.
const NOW: i64 = 491_000 * HOUR.millis();

pub(crate) fn measure(rounds: usize, table: &mut Table) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store"), Keep::default(), still_room())?;
    let now = ArrivalTime::from_millis(NOW + 1_800_000);
    let subjects: Vec<Subject> = (0..BRANDS)
        .map(|n| BrandId::new(&format!("brand {n}")).map(Subject::Brand))
        .collect::<Result<_, _>>()?;
    let (mut link, mut state) = (store.link(), store.state());
    let (heard, mut dice) = (subjects.clone(), Dice::new(1));
    settle_there(async move {
        for (place, subject) in heard.into_iter().enumerate() {
            let (delta, place) = (a_day(subject, &mut dice), Position(place as u64));
            state.merge(Lane(0), Position(0), place, place, &delta, now).await.expect("a store that works");
        }
        link.advance(Position(0), Outputs::default()).await.expect("a store that works");
    });
    let mut dice = Dice::new(2);
    let histories: Vec<History> =
        subjects.iter().take(LEARNED as usize).map(|s| weeks(s.clone(), now, &mut dice)).collect();
    let habits = Habits::default();
    let rule = Rule::default();
    let baseline = Baseline::learn(&histories[0], &habits);
    let (mut views, mut judgements, mut learning) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let at = ArrivalTime::from_millis(now.millis() + 10_000 * round as i64);
        let (mut state, mut link, whose) = (store.state(), store.link(), subjects.clone());
        let (looked, seen) = settle_there(async move {
            let (mut took, mut seen) = (0.0, Vec::new());
            for subject in &whose {
                let began = cpu_seconds();
                let view = state.view(subject, at).await.expect("a store that works");
                took += cpu_seconds() - began;
                seen.push(view);
            }
            // Between two looks there is a commit, after which memory is as small as ever.
            link.advance(Position(0), Outputs::default()).await.expect("a store that works");
            (took, seen)
        });
        let judged = cpu_seconds_of(|| {
            for view in &seen {
                black_box(judge(view, &baseline, &rule));
            }
        });
        let learned = cpu_seconds_of(|| {
            for history in &histories {
                black_box(Baseline::learn(history, &habits));
            }
        });
        if round > 0 {
            views.push(looked);
            judgements.push(judged);
            // Of all brands once an hour.
            learning.push(learned / LEARNED as f64 * BRANDS as f64 * EVERY / 3_600.0);
        }
    }
    let share = |parts: &[&Vec<f64>]| {
        let of = |round: usize| parts.iter().map(|part| part[round]).sum::<f64>() / EVERY;
        Takes::of((0..rounds).map(of).collect())
    };
    let what = "10,000 brands judged every 10 s, of one core";
    table.takes(what, Unit::Share, share(&[&views, &judgements, &learning]), Some(Bar::AtMost(0.10)));
    for (name, part) in [("views from the store", &views), ("judging", &judgements), ("learning", &learning)]
    {
        table.takes(format!("  of this, {name}"), Unit::Share, share(&[part]), None);
    }
    Ok(())
}

/// A day with a post in every other hour, and three in the last half hour.
fn a_day(subject: Subject, dice: &mut Dice) -> Delta {
    let mut delta = Delta::new(subject);
    let this = Hour(NOW / HOUR.millis());
    let minutes = (-24..0).step_by(2).map(|hour| hour * 60).chain((0..3).map(|n| 10 * n));
    for minute in minutes {
        let minute = Minute(this.0 * 60 + minute + dice.below(10) as i64);
        delta.minutes.entry(minute).or_default().add(&some(1, dice));
    }
    delta
}

/// Eight weeks of twenty posts an hour.
fn weeks(subject: Subject, now: ArrivalTime, dice: &mut Dice) -> History {
    let first = Hour(now.hour().0 - HISTORY_HOURS as i64);
    let hours = (0..HISTORY_HOURS).map(|_| some(dice.restless(20.0, 0.1) as u64, dice)).collect();
    let first_minute = Some(Minute(first.0 * 60));
    History { hours, first_hour: first, ..History::of(subject, now, first_minute, []) }
}

/// So many posts, some of them bad.
fn some(posts: u64, dice: &mut Dice) -> Counts {
    let negative = (0..posts).map(|_| dice.below(1_000) * dice.below(1_000) / 1_000).sum::<u64>();
    Counts {
        posts,
        heard: posts,
        negative,
        negative_squares: negative / 2,
        angry: negative / 3,
        reposts: posts / 2,
        reach: 500 * posts,
        ..Counts::default()
    }
}
