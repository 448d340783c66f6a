//! Judging, on hours written as counts: see [`hours`].

use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Detail, Evidence, History, Hour, State, VIEW_HOURS, Voices,
};

use super::*;
use crate::{Habits, recompute};

mod around; // triggers, grounds, answers, rivals
mod day; // what only a day shows
mod month; // a month of ordinary life, and a burst in it

/// A brand's minutes from its first one on, and its marks: a store of one brand.
struct Brand {
    minutes: Vec<Counts>,
    marks: Vec<(Kind, Mark)>,
    /// As of the hour of the last judgement.
    baseline: Option<(Hour, Baseline)>,
}

/// The first minute of every test: an hour's beginning.
const FIRST: Minute = Minute(60 * 480_000);

impl Brand {
    fn new() -> Brand {
        Brand { minutes: Vec::new(), marks: Vec::new(), baseline: None }
    }
    /// A post that was heard in the last minute.
    fn hear(&mut self, negative: u64) {
        let post = Counts {
            posts: 1,
            heard: 1,
            negative,
            negative_squares: negative * negative / 1000,
            ..Counts::default()
        };
        self.minutes.last_mut().unwrap().add(&post);
    }
    /// Through a minute of an hour in which so many calm and angry posts come.
    fn lives(&mut self, minute: u64, calm: u64, angry: u64) {
        self.minutes.push(Counts::default());
        let due = |n: u64| n * minute / 60..n * (minute + 1) / 60;
        due(calm).for_each(|i| self.hear(if i % 5 == 2 { 900 } else { 25 }));
        due(angry).for_each(|_| self.hear(950));
    }
    /// At the end of its last minute.
    fn view(&self) -> View {
        let last = FIRST.0 + self.minutes.len() as i64 - 1;
        let now = ArrivalTime::from_millis(last * 60_000 + 59_999);
        let mut view = View::empty(Subject::Brand(BrandId::new("山岚茶饮").unwrap()), now);
        let (first_minute, first_hour) = (view.first_minute().0, view.first_hour().0);
        let from = self.minutes.len().saturating_sub(VIEW_HOURS * 60);
        for (minute, counts) in (FIRST.0 + from as i64..).zip(&self.minutes[from..]) {
            if minute >= first_minute {
                view.minutes[(minute - first_minute) as usize].add(counts);
            }
            if minute.div_euclid(60) >= first_hour {
                view.hours[(minute.div_euclid(60) - first_hour) as usize].add(counts);
            }
        }
        view.marks = self.marks.clone();
        view.first = Some(FIRST);
        view
    }
    /// What is learned from its complete hours.
    fn learn(&self, now: ArrivalTime) -> Baseline {
        let mut hours = vec![Counts::default(); (now.hour().0 - FIRST.hour().0) as usize];
        for (minutes, hour) in self.minutes.chunks(60).zip(&mut hours) {
            minutes.iter().for_each(|counts| hour.add(counts));
        }
        let subject = Subject::Brand(BrandId::new("山岚茶饮").unwrap());
        let first_hour = FIRST.hour();
        let (first, origins) = (Some(FIRST), Default::default());
        let history = History { subject, now, first, first_hour, hours, origins };
        Baseline::learn(&history.settled(), &Habits::default())
    }
    /// Judges as of now, changing nothing.
    fn judgement(&mut self, rule: &Rule) -> Judgement {
        let view = self.view();
        let hour = view.now.hour();
        if self.baseline.as_ref().is_none_or(|(of, _)| *of != hour) {
            self.baseline = Some((hour, self.learn(view.now)));
        }
        judge(&view, &self.baseline.as_ref().unwrap().1, rule)
    }
    fn mark(&self, kind: Kind) -> Mark {
        self.marks.iter().find(|(k, _)| *k == kind).map(|(_, m)| *m).unwrap_or_default()
    }
    /// Judges, and keeps the marks as a store does.
    fn judge(&mut self, rule: &Rule) -> Vec<Signal> {
        let judgement = self.judgement(rule);
        for (kind, mark) in judgement.marks {
            match self.marks.iter_mut().find(|(k, _)| *k == kind) {
                Some((_, known)) => *known = known.max(mark),
                None => self.marks.push((kind, mark)),
            }
        }
        judgement.signals
    }
}

/// `CALM+ANGRY*HOURS`: so many calm posts an hour (a fifth of them negative), so many angry ones more,
/// spread evenly, for so many hours. `20`, `20*24` and `20+60` will do.
fn hours(text: &str) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        let (what, times) = word.split_once('*').unwrap_or((word, "1"));
        let (calm, angry) = what.split_once('+').unwrap_or((what, "0"));
        let hour = (calm.parse().unwrap(), angry.parse().unwrap());
        all.extend(std::iter::repeat_n(hour, times.parse().unwrap()));
    }
    all
}

/// Lives through the hours and judges each minute. Per hour: what was said, in order, without repetition.
fn transcript(text: &str) -> String {
    let (mut brand, rule) = (Brand::new(), Rule::default());
    let mut lines: Vec<(String, usize)> = Vec::new();
    for (calm, angry) in hours(text) {
        let mut said: Vec<String> = Vec::new();
        for minute in 0..60 {
            brand.lives(minute, calm, angry);
            for signal in brand.judge(&rule) {
                let state = match signal.state {
                    State::Abnormal { severity, .. } => severity.name(),
                    State::Cleared { .. } => "cleared",
                };
                let line = format!("{} {state}", signal.kind);
                if !said.contains(&line) {
                    said.push(line);
                }
            }
        }
        let line = if said.is_empty() { "quiet".to_owned() } else { said.join(", ") };
        match lines.last_mut() {
            Some((last, times)) if *last == line => *times += 1,
            _ => lines.push((line, 1)),
        }
    }
    let lines: Vec<String> =
        lines.into_iter().map(|(l, n)| if n > 1 { format!("{l} *{n}") } else { l }).collect();
    lines.join("\n") + "\n"
}

#[track_caller]
fn check(hours: &str, expect: Expect) {
    expect.assert_eq(&transcript(hours));
}

#[test]
fn nothing_is_quiet() {
    check(
        "0*48",
        expect![[r#"
        quiet *48
    "#]],
    );
}

#[test]
fn a_steady_brand_is_quiet() {
    check(
        "20*72",
        expect![[r#"
        quiet *72
    "#]],
    );
}

#[test]
fn the_first_posts_of_a_brand_ring_nothing() {
    check(
        "3+5 5+5 0 0 4",
        expect![[r#"
        quiet *5
    "#]],
    );
}

#[test]
fn of_a_brand_that_hardly_anybody_names_three_angry_posts_are_told_and_two_never() {
    let negative = |angry: &str| transcript(&format!("1 0*340 0+{angry} 0*30")).contains("negative");
    assert_eq!((negative("2"), negative("3")), (false, true));
}

#[test]
fn a_burst_of_anger_is_found_and_then_cleared() {
    check(
        "20*48 20+60 20*3",
        expect![[r#"
            quiet *48
            negative blue, negative yellow, volume yellow, negative orange, volume orange
            negative orange, volume orange, negative yellow, volume yellow, volume cleared, negative cleared
            quiet *2
        "#]],
    );
}

#[test]
fn a_great_burst_on_a_brand_an_hour_old_is_found() {
    check(
        "10 10+60",
        expect![[r#"
            quiet
            negative blue, negative yellow, volume yellow, negative orange, volume orange
        "#]],
    );
}

#[test]
fn a_burst_on_a_small_brand_is_found() {
    check(
        "1*48 1+12 1*3",
        expect![[r#"
        quiet *48
        negative blue, volume blue, negative yellow, volume yellow
        negative yellow, volume yellow, negative blue, volume blue, volume cleared, negative cleared
        quiet *2
    "#]],
    );
}

#[test]
fn a_campaign_without_anger_is_blue_at_most() {
    check(
        "20*48 200*3 20*2",
        expect![[r#"
            quiet *48
            volume blue, forecast blue
            volume blue, forecast blue, forecast cleared
            volume blue
            volume blue, volume cleared
            quiet
        "#]],
    );
}

#[test]
fn a_plateau_keeps_signalling() {
    check(
        "20*48 20+40*8 20*3",
        expect![[r#"
            quiet *48
            negative blue, negative yellow, volume yellow
            negative yellow, volume yellow, volume cleared
            negative yellow *6
            negative yellow, negative cleared
            quiet *2
        "#]],
    );
}

#[test]
fn a_second_crisis_the_day_after_is_found_as_well() {
    check(
        "20*48 20+80*4 20*18 20+60 20*2",
        expect![[r#"
            quiet *48
            negative blue, negative yellow, volume yellow, negative orange, volume orange
            negative orange, volume orange
            negative orange, volume cleared
            negative orange
            negative orange, negative yellow, negative cleared
            quiet *17
            negative yellow, volume yellow, negative orange, volume orange
            negative orange, volume orange, negative yellow, volume yellow, volume cleared, negative cleared
            quiet
        "#]],
    );
}

#[test]
fn at_most_one_signal_a_minute_and_kind() {
    let mut brand = Brand::new();
    (0..120).for_each(|_| brand.minutes.push(Counts::default()));
    let mut said = 0;
    for _ in 0..50 {
        brand.hear(950);
        said += brand.judge(&Rule::default()).iter().filter(|s| s.kind == Kind::Negative).count();
    }
    assert_eq!(said, 1);
}

#[test]
fn a_judgement_that_is_made_again_says_the_same() {
    let mut brand = Brand::new();
    (0..120).for_each(|_| brand.minutes.push(Counts::default()));
    (0..50).for_each(|_| brand.hear(950));
    let first = brand.judgement(&Rule::default());
    assert_eq!(first, brand.judgement(&Rule::default()));
    assert!(!first.signals.is_empty());
}

#[test]
fn a_signal_carries_every_number_and_what_to_look_at() {
    let mut brand = Brand::new();
    for minute in 0..24 * 60 {
        brand.minutes.push(Counts::default());
        if minute % 3 == 0 {
            brand.hear(if minute % 15 == 0 { 900 } else { 25 });
        }
    }
    (0..20).for_each(|_| brand.hear(900));
    let mut view = brand.view();
    let mut detail = Detail::default();
    (1..=7).for_each(|author| detail.authors.insert(author));
    detail.terms.add("虫子", 18_000, None);
    detail.terms.add("退款", 19_000, None);
    detail.posts.add("weibo/1", 900, Some("喝出虫子"));
    let voices = Voices { posts: 4, against: 3 }.weight();
    detail.top_authors.add("00000000000000ff", voices, Some("weibo\t77\t小林"));
    detail.sources.add("weibo", 20, None);
    view.details = vec![Arc::new(detail)];
    let judgement = judge(&view, &brand.learn(view.now), &Rule::default());
    let State::Abnormal { evidence, .. } = &judgement.signals[0].state else { panic!("it is abnormal") };
    let of = |evidence: &Evidence| {
        format!(
            "{} min: {} heard, {:.2} expected; {} negative, {:.2} expected; log10 p {:.1}, needed {:.2}\n\
             {} posts by {} authors; {}\n{:?}\n{:?}\n{:?}\n{:?}\n",
            evidence.window_minutes,
            evidence.observed,
            evidence.expected,
            evidence.negative,
            evidence.negative_expected,
            evidence.log10_p,
            evidence.log10_threshold,
            evidence.posts,
            evidence.distinct_authors,
            evidence.test,
            evidence.top_posts,
            evidence.top_terms,
            evidence.top_authors,
            evidence.sources,
        )
    };
    expect![[r#"
        5 min: 21 heard, 1.67 expected; 18025 negative, 0.46 expected; log10 p -16.8, needed -5.22
        21 posts by 7 authors; negative binomial tail of the negatives, given the other posts
        [PostRef { id: "weibo/1", excerpt: "喝出虫子", weight: 900 }]
        [("退款", 19000), ("虫子", 18000)]
        [AuthorShare { key: AuthorKey(255), id: Some(AuthorId("77")), name: Some("小林"), posts: 4, started: 0, against: 3, stance: None }]
        [(SourceId("weibo"), 20)]
    "#]]
    .assert_eq(&of(evidence));
}

/// A brand of twenty posts an hour for two days, and sixty angry ones in the last quarter of an hour, in so many
/// different texts.
fn said_in(texts: u64) -> Vec<(Kind, Severity)> {
    let mut brand = Brand::new();
    for minute in 0..48 * 60 {
        brand.minutes.push(Counts::default());
        if minute % 3 == 0 {
            brand.hear(if minute % 15 == 0 { 900 } else { 25 });
        }
        if minute >= 48 * 60 - 15 {
            (0..4).for_each(|_| brand.hear(900));
        }
    }
    let mut view = brand.view();
    let mut detail = Detail::default();
    (0..texts).for_each(|text| detail.texts.insert(text));
    view.details = vec![Arc::new(Detail::default()), Arc::new(Detail::default()), Arc::new(detail)];
    let signals = judge(&view, &brand.learn(view.now), &Rule::default()).signals;
    check_evidence(&signals);
    let severity = |signal: Signal| match signal.state {
        State::Abnormal { severity, .. } => (signal.kind, severity),
        State::Cleared { .. } => panic!("nothing stood"),
    };
    signals.into_iter().map(severity).collect()
}

#[test]
fn copies_of_an_accusation_are_a_flood() {
    let (negative, volume) = ((Kind::Negative, Severity::Orange), (Kind::Volume, Severity::Orange));
    // What is to come is blue, whatever is so already.
    let all = [negative, volume, (Kind::Forecast, Severity::Blue)];
    assert_eq!(said_in(110), all);
    assert_eq!(said_in(30), [&all[..], &[(Kind::Flood, Severity::Orange)]].concat());
}

#[test]
fn a_post_that_runs_away_is_seen_and_rings_if_it_complains() {
    let mut brand = Brand::new();
    for minute in 0..10 * 24 * 60 {
        let gained = Counts { likes_gained: 3 + minute % 5, top_gain: 20, ..Counts::default() };
        brand.minutes.push(gained);
    }
    assert_eq!(brand.judge(&Rule::default()), []);
    let mut said = |top_gain_against| {
        let note = Counts { likes_gained: 4_000, top_gain: 4_000, top_gain_against, ..Counts::default() };
        brand.minutes.last_mut().unwrap().add(&note);
        let signals = brand.judgement(&Rule::default()).signals;
        check_evidence(&signals);
        let State::Abnormal { severity, evidence, .. } = &signals[0].state else { panic!("it runs away") };
        assert!(evidence.given["acts_gained"] >= 4_000.0, "{evidence:?}");
        (signals[0].kind, *severity)
    };
    assert_eq!(said(0), (Kind::Engagement, Severity::Blue));
    assert_eq!(said(4_000), (Kind::Engagement, Severity::Yellow), "it is a complaint");
}

#[test]
fn marks_only_grow() {
    let (mut brand, rule) = (Brand::new(), Rule::default());
    for minute in 0..1_000 {
        brand.minutes.push(Counts::default());
        let posts = if minute % 200 > 170 { 3 } else { u64::from(minute % 3 == 0) };
        (0..posts).for_each(|i| brand.hear(if posts == 3 || i % 5 == 0 { 950 } else { 30 }));
        for (kind, mark) in brand.judgement(&rule).marks {
            let known = brand.mark(kind);
            assert_eq!(known.max(mark), mark, "minute {minute}");
        }
        brand.judge(&rule);
    }
    assert!(brand.marks.iter().any(|(_, m)| m.cleared.0 > 0), "something was cleared");
}

/// How bad the negative detector finds the view: none is less than blue.
fn badness(brand: &mut Brand) -> Option<Severity> {
    brand.judgement(&Rule::default()).signals.into_iter().find(|s| s.kind == Kind::Negative).and_then(|s| {
        match s.state {
            State::Abnormal { severity, .. } => Some(severity),
            State::Cleared { .. } => None,
        }
    })
}

/// What the evidence of each signal says is what was judged, to a rounding.
fn check_evidence(signals: &[Signal]) {
    for signal in signals {
        let State::Abnormal { severity, evidence, .. } = &signal.state else { continue };
        let again = recompute(evidence).expect("all numbers are there");
        assert!(again.is_abnormal, "{evidence:?}");
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
        assert!(near(again.log10_p, evidence.log10_p), "{again:?} {evidence:?}");
        assert!(near(again.log10_threshold, evidence.log10_threshold), "{again:?} {evidence:?}");
        assert_eq!(again.severity, Some(*severity), "{evidence:?}");
    }
}

proptest! {
    #[test]
    fn every_verdict_can_be_made_again_from_its_evidence(
        hours in 1..60usize, calm in 0..30u64, angry in 10..200u64, accepted in 0.05..5.0f64,
    ) {
        let mut brand = Brand::new();
        let rule = Rule { false_alarms_per_brand_month: accepted, ..Rule::default() };
        for minute in 0..hours * 60 + 10 {
            brand.minutes.push(Counts::default());
            if (minute as u64 * calm) % 60 < calm {
                brand.hear((minute as u64 * 7919) % 400);
            }
        }
        (0..angry).for_each(|i| brand.hear(600 + i % 400));
        let signals = brand.judge(&rule);
        check_evidence(&signals);
        prop_assert!(hours == 1 || angry < 40 || !signals.is_empty());
    }

    #[test]
    fn more_negative_posts_never_lower_the_severity(
        past in proptest::collection::vec((0..6u64, 0..1000u64), 100..400),
        burst in proptest::collection::vec(600..1000u64, 1..150),
    ) {
        let mut brand = Brand::new();
        for (posts, negative) in past {
            brand.minutes.push(Counts::default());
            (0..posts / 3).for_each(|_| brand.hear(negative / 2));
        }
        let mut worst = badness(&mut brand);
        for negative in burst {
            brand.hear(negative);
            let now = badness(&mut brand);
            prop_assert!(now >= worst, "{now:?} after {worst:?}");
            worst = now;
        }
    }
}
