//! What is learned, from weeks written as a rule of the hour.

use tocsin_model::{BrandId, Counts, HISTORY_HOURS, Minute, Subject};

use super::*;
use crate::{Holidays, Occasion};

/// A Monday, at midnight by UTC.
const MONDAY: Hour = Hour(20_514 * 24);

/// A brand whose hours so far hold `heard` posts (by the number of the hour; the first is a Monday's) and
/// among them this part of negative ones, surely read.
fn history(hours: usize, heard: impl Fn(usize) -> (u64, f64)) -> History {
    let counts = |(heard, share): (u64, f64)| {
        let negative = (heard as f64 * share * 1000.0) as u64;
        Counts { posts: heard, heard, negative, negative_squares: negative, ..Counts::default() }
    };
    let now = ArrivalTime::from_millis((MONDAY.0 + hours as i64) * 3_600_000);
    History {
        subject: Subject::Brand(BrandId::new("b").unwrap()),
        now,
        first: Some(Minute(MONDAY.0 * 60)),
        first_hour: MONDAY,
        hours: (0..hours).map(|hour| counts(heard(hour))).collect(),
        origins: std::collections::BTreeMap::new(),
    }
}

/// Expected in the hour of `now` plus so many.
fn hour(baseline: &Baseline, history: &History, plus: i64) -> f64 {
    let from = ((history.now.hour().0 + plus) * 60) as f64;
    (baseline.expected(from, from + 60.0) * 10.0).round() / 10.0
}

#[test]
fn a_steady_brand_is_expected_to_go_on() {
    let steady = history(28 * 24, |_| (20, 0.15));
    let baseline = Baseline::learn(&steady, &Habits::default());
    assert_eq!([-20, 0, 1].map(|h| hour(&baseline, &steady, h)), [20.0, 20.0, 20.0]);
    assert!((baseline.share - 0.15).abs() < 0.002, "{baseline:?}");
    assert!(baseline.unrest < 1.0 && baseline.clump < 1.1, "{baseline:?}");
}

#[test]
fn hours_of_the_day_and_days_off_are_told_apart() {
    let evenings = |i: usize| {
        if i / 24 % 7 >= 5 {
            60
        } else if i % 24 >= 18 {
            30
        } else {
            10
        }
    };
    let weeks = history(28 * 24 + 5 * 24 - 2, |i| (evenings(i), 0.15));
    let baseline = Baseline::learn(&weeks, &Habits::default());
    // It is ten in the evening of a Friday; the Saturday begins in two hours.
    let found = [-12, -2, 2].map(|h| hour(&baseline, &weeks, h));
    assert!((found[0] - 10.0).abs() < 1.5 && (found[1] - 30.0).abs() < 2.0, "{found:?}");
    assert!((38.0..62.0).contains(&found[2]), "{found:?}");
}

#[test]
fn a_past_crisis_hides_no_second_one() {
    let crisis = |i: usize| if (400..412).contains(&i) { (900, 0.9) } else { (20, 0.15) };
    let history = history(420, crisis);
    let baseline = Baseline::learn(&history, &Habits::default());
    let found = hour(&baseline, &history, 0);
    assert!((20.0..36.0).contains(&found), "{found}");
    assert!(baseline.share < 0.25, "{}", baseline.share);
}

#[test]
fn it_follows_a_trend() {
    let history = history(21 * 24, |i| (if i > 20 * 24 { 40 } else { 20 }, 0.15));
    let found = hour(&Baseline::learn(&history, &Habits::default()), &history, 0);
    assert!((30.0..42.0).contains(&found), "{found}");
}

#[test]
fn what_was_announced_is_expected_and_nothing_is_learned_from_it() {
    let campaign = |i: usize| if (410..420).contains(&i) { (400, 0.02) } else { (20, 0.15) };
    let history = history(420, campaign);
    let minute = |hour: i64| Minute((MONDAY.0 + hour) * 60);
    let occasion = Occasion { from: minute(410), until: minute(424), times: 20.0 };
    let habits = Habits { occasions: vec![occasion], ..Habits::default() };
    let baseline = Baseline::learn(&history, &habits);
    assert_eq!([2, -15].map(|h| hour(&baseline, &history, h)), [400.0, 20.0]);
    assert!((baseline.share - 0.15).abs() < 0.002, "{}", baseline.share);
}

#[test]
fn of_a_new_brand_only_the_word_of_those_who_know_it_is_known() {
    let new = history(0, |_| (0, 0.0));
    let told = Habits { expected_per_hour: Some(40.0), ..Habits::default() };
    let (wide, told) = (Baseline::learn(&new, &Habits::default()), Baseline::learn(&new, &told));
    assert_eq!([&wide, &told].map(|b| hour(b, &new, 0)), [2.0, 40.0]);
    assert!(wide.doubt > 2.0 && told.doubt < 0.3, "{} {}", wide.doubt, told.doubt);
    // An hour of twenty posts says more than the wide one, and less than the word.
    let recent = |expected| Recent { expected, heard: 20.0, negative: 4.0 };
    let (wide, told) = (wide.with_recent(&recent(2.0)), told.with_recent(&recent(40.0)));
    assert!((14.0..20.0).contains(&(2.0 * wide.times)), "{wide:?}");
    assert!((28.0..38.0).contains(&(40.0 * told.times)), "{told:?}");
}

#[test]
fn a_restless_brand_is_known_as_one() {
    let restless = history(28 * 24, |i| (if i % 7 == 3 { 90 } else { 10 }, 0.15));
    let baseline = Baseline::learn(&restless, &Habits::default());
    assert!(baseline.unrest > 3.0, "{}", baseline.unrest);
}

#[test]
fn a_holiday_is_a_day_off() {
    let weeks = history(28 * 24 + 12, |i| (if i / 24 % 7 >= 5 { 60 } else { 20 }, 0.15));
    // 2026-03-30, a Monday: moved to the first of May.
    let mut may = weeks.clone();
    let moved = (days_to_may(weeks.now)) * 24;
    may.now = weeks.now.plus(tocsin_model::Span::from_hours(moved));
    may.first_hour = Hour(weeks.first_hour.0 + moved);
    let habits = Habits { holidays: Holidays::China, ..Habits::default() };
    let baseline = Baseline::learn(&may, &habits);
    assert!(hour(&baseline, &may, 0) > 35.0, "{}", hour(&baseline, &may, 0));
}

/// Whole weeks and a day from a moment to the first of May 2026 (a Friday).
fn days_to_may(now: ArrivalTime) -> i64 {
    20_574 - now.hour().0.div_euclid(24)
}
