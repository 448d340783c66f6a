//! The life of incidents, on inputs written as short words: see [`input`].

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tocsin_model::{
    Answered, AuthorKey, AuthorShare, BrandId, Evidence, Kind, Minute, News, OutletId, Severity, SourceId,
    State, Subject,
};

use super::*;
use crate::{Brands, Route};

/// `MINUTE:KIND:SEVERITY` (abnormal; `^20` behind it for a p of 10^-20, else 10^-6; `*` if it begins anew),
/// `MINUTE:KIND:cleared` (since its number: `^3`), `MINUTE:tick`.
fn input(word: &str, subject: &Subject) -> Input {
    let (word, anew) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
    let (word, figure) = word.split_once('^').unwrap_or((word, "6"));
    let parts: Vec<&str> = word.split(':').collect();
    let at = ArrivalTime::from_millis(parts[0].parse::<i64>().unwrap() * 60_000);
    if parts[1] == "tick" {
        return Input::Tick(at);
    }
    let kind = Kind::from_name(parts[1]).unwrap();
    Input::Signal(match Severity::from_name(parts[2]) {
        None => Signal::cleared(subject.clone(), kind, Minute(figure.parse().unwrap()), at),
        Some(severity) => {
            let evidence = evidence(-figure.parse::<f64>().unwrap());
            let since = if anew { at.minute() } else { Minute(-1) };
            Signal::abnormal(subject.clone(), kind, severity, since, at, evidence)
        }
    })
}

fn evidence(log10_p: f64) -> Evidence {
    Evidence {
        window_minutes: 60,
        observed: 80,
        expected: 20.0,
        negative: 60_000,
        negative_expected: 4.0,
        test: "test",
        log10_p,
        log10_threshold: -4.0,
        posts: 80,
        ..Evidence::default()
    }
}

fn brand() -> Subject {
    Subject::Brand(BrandId::new("山岚茶饮").unwrap())
}

/// The desk hears all, the boss of orange and red.
fn plan() -> Plan {
    let outlet = |name| OutletId::new(name).unwrap();
    let desk = Route { shown: true, ..Route::of(outlet("desk")) };
    let boss = Route { least: Severity::Orange, over: false, ..Route::of(outlet("boss")) };
    Plan { routes: vec![desk, boss], ..Plan::default() }
}

/// The casebook of one subject, the latest incident first.
fn keep(book: &mut Vec<Incident>, told: &Told) {
    let Some((incident, on)) = &told.incident else { return };
    match book.iter_mut().find(|i| i.id == incident.id) {
        Some(known) => {
            assert_eq!((known.version, incident.version), (*on, on + 1));
            *known = incident.clone();
        }
        None => {
            assert_eq!((*on, incident.version), (0, 1));
            book.insert(0, incident.clone());
        }
    }
}

/// Folds an input into a casebook and keeps what became of it.
fn take(book: &mut Vec<Incident>, input: &Input, plan: &Plan) -> Told {
    let told = fold(book, input, plan);
    keep(book, &told);
    told
}

/// The same as a driver does it: what has cooled down is ended before a signal is folded.
fn drive(book: &mut Vec<Incident>, input: &Input, plan: &Plan) {
    let now = match input {
        Input::Tick(now) => *now,
        Input::Signal(signal) => signal.at,
    };
    if book.iter().any(|i| due(i, now, plan)) {
        take(book, &Input::Tick(now), plan);
    }
    take(book, input, plan);
}

/// A line for each input: the incident's number, its course and severity, and who was told what.
fn transcript(words: &str) -> String {
    let (mut book, plan) = (Vec::new(), plan());
    let mut lines = String::new();
    for word in words.split_whitespace() {
        let told = take(&mut book, &input(word, &brand()), &plan);
        let state = told.incident.as_ref().map_or("-".to_owned(), |(incident, _)| {
            let number = book.len() - book.iter().position(|i| i.id == incident.id).unwrap();
            format!("{number} {} {}", incident.course.name(), incident.severity)
        });
        let said = told.notices.iter().map(|notice| match notice.news {
            News::Rings(n) => format!(", {} rings {n}", notice.outlet),
            News::Shown => format!(", {} shown", notice.outlet),
            News::Over => format!(", {} over", notice.outlet),
        });
        lines += &format!("{word}: {state}{}\n", said.collect::<String>());
    }
    lines
}

#[track_caller]
fn check(words: &str, expect: Expect) {
    expect.assert_eq(&transcript(words));
}

#[test]
fn an_incident_opens_worsens_stays_eases_and_is_over() {
    check(
        "0:negative:blue 1:negative:yellow^7 2:negative:yellow^12 3:negative:orange^30 4:negative:orange^29
         5:negative:orange^30 6:negative:orange^24 20:negative:cleared 109:tick 110:tick 111:tick",
        expect![[r#"
            0:negative:blue: 1 opened blue, desk rings 1
            1:negative:yellow^7: 1 worsening yellow, desk rings 2
            2:negative:yellow^12: 1 worsening yellow
            3:negative:orange^30: 1 worsening orange, desk rings 3, boss rings 3
            4:negative:orange^29: 1 worsening orange
            5:negative:orange^30: 1 plateau orange
            6:negative:orange^24: 1 easing orange
            20:negative:cleared: 1 easing orange
            109:tick: -
            110:tick: -
            111:tick: 1 over orange, desk over
        "#]],
    );
}

#[test]
fn a_signal_within_the_cool_down_joins_and_rings_nobody_anew() {
    check(
        "0:negative:yellow 10:negative:cleared 99:negative:yellow 110:negative:cleared^99 200:tick 201:tick",
        expect![[r#"
            0:negative:yellow: 1 opened yellow, desk rings 1
            10:negative:cleared: 1 easing yellow
            99:negative:yellow: 1 worsening yellow
            110:negative:cleared^99: 1 easing yellow
            200:tick: -
            201:tick: 1 over yellow, desk over
        "#]],
    );
}

#[test]
fn it_rings_again_for_a_gained_kind() {
    check(
        "0:negative:yellow 1:keyword:blue 2:keyword:blue 3:negative:orange",
        expect![[r#"
        0:negative:yellow: 1 opened yellow, desk rings 1
        1:keyword:blue: 1 worsening yellow, desk rings 2
        2:keyword:blue: 1 worsening yellow
        3:negative:orange: 1 worsening orange, desk rings 3, boss rings 3
    "#]],
    );
}

#[test]
fn it_rings_again_for_a_burst_in_what_stands() {
    check(
        "0:negative:yellow 1:negative:blue 2:negative:blue* 3:negative:blue",
        expect![[r#"
            0:negative:yellow: 1 opened yellow, desk rings 1
            1:negative:blue: 1 plateau yellow
            2:negative:blue*: 1 worsening yellow, desk rings 2
            3:negative:blue: 1 plateau yellow
        "#]],
    );
}

#[test]
fn more_volume_alone_is_shown_and_rings_nobody() {
    check(
        "0:volume:blue 1:volume:blue 11:volume:cleared 102:tick",
        expect![[r#"
        0:volume:blue: 1 opened blue, desk shown
        1:volume:blue: 1 plateau blue
        11:volume:cleared: 1 easing blue
        102:tick: 1 over blue, desk over
    "#]],
    );
}

#[test]
fn what_was_only_shown_rings_when_it_gains_a_kind_or_rises() {
    check(
        "0:volume:blue 1:negative:blue 2:volume:blue",
        expect![[r#"
        0:volume:blue: 1 opened blue, desk shown
        1:negative:blue: 1 worsening blue, desk rings 1
        2:volume:blue: 1 plateau blue
    "#]],
    );
    check(
        "0:volume:blue 1:volume:yellow",
        expect![[r#"
        0:volume:blue: 1 opened blue, desk shown
        1:volume:yellow: 1 worsening yellow, desk rings 1
    "#]],
    );
}

#[test]
fn more_volume_in_an_incident_that_rang_rings_nobody() {
    check(
        "0:negative:yellow 1:volume:blue 2:volume:yellow",
        expect![[r#"
            0:negative:yellow: 1 opened yellow, desk rings 1
            1:volume:blue: 1 worsening yellow
            2:volume:yellow: 1 worsening yellow
        "#]],
    );
    check(
        "0:negative:yellow 1:volume:yellow 2:flood:yellow",
        expect![[r#"
        0:negative:yellow: 1 opened yellow, desk rings 1
        1:volume:yellow: 1 worsening yellow
        2:flood:yellow: 1 worsening yellow, desk rings 2
    "#]],
    );
}

/// At three in the morning: each level wakes once, and a level that comes and goes wakes nobody again.
#[test]
fn a_rise_within_an_open_incident_rings_once() {
    check(
        "0:negative:yellow 1:negative:red 2:negative:yellow 3:negative:red 4:negative:orange
         20:negative:cleared 60:negative:red 61:negative:red",
        expect![[r#"
            0:negative:yellow: 1 opened yellow, desk rings 1
            1:negative:red: 1 worsening red, desk rings 2, boss rings 2
            2:negative:yellow: 1 plateau red
            3:negative:red: 1 plateau red
            4:negative:orange: 1 plateau red
            20:negative:cleared: 1 easing red
            60:negative:red: 1 worsening red
            61:negative:red: 1 plateau red
        "#]],
    );
}

#[test]
fn one_kind_that_is_cleared_leaves_the_others() {
    check(
        "0:negative:yellow 1:keyword:yellow 20:negative:cleared 300:tick 301:keyword:cleared^1 392:tick",
        expect![[r#"
            0:negative:yellow: 1 opened yellow, desk rings 1
            1:keyword:yellow: 1 worsening yellow, desk rings 2
            20:negative:cleared: 1 easing yellow
            300:tick: -
            301:keyword:cleared^1: 1 easing yellow
            392:tick: 1 over yellow, desk over
        "#]],
    );
}

#[test]
fn a_crisis_inside_a_campaign_or_a_flood_rings_again() {
    check(
        "0:volume:blue 30:negative:yellow 31:volume:yellow 60:flood:yellow 90:author:orange 120:keyword:yellow",
        expect![[r#"
            0:volume:blue: 1 opened blue, desk shown
            30:negative:yellow: 1 worsening yellow, desk rings 1
            31:volume:yellow: 1 plateau yellow
            60:flood:yellow: 1 worsening yellow, desk rings 2
            90:author:orange: 1 worsening orange, desk rings 3, boss rings 3
            120:keyword:yellow: 1 worsening orange, desk rings 4, boss rings 4
        "#]],
    );
}

#[test]
fn an_answer_is_marked_and_followed() {
    let (mut book, plan) = (Vec::new(), plan());
    let said = |minute: i64, answered: Option<(i64, f64)>| {
        let answer = |(at, excess)| Answered { at: Minute(at), minutes: 9, excess, forecast: 80.0 };
        let evidence = Evidence { answered: answered.map(answer), ..evidence(-6.0) };
        let at = ArrivalTime::from_millis(minute * 60_000);
        Input::Signal(Signal::abnormal(brand(), Kind::Negative, Severity::Yellow, Minute(0), at, evidence))
    };
    let told = [None, Some((5, 3.0)), Some((5, 9.0)), None, Some((70, 1.0))];
    for (minute, answered) in (0..).zip(told) {
        take(&mut book, &said(minute, answered), &plan);
    }
    let answers: Vec<(i64, f64)> = book[0].answers.iter().map(|a| (a.at.0, a.excess)).collect();
    assert_eq!(answers, [(5, 9.0), (70, 1.0)], "what was known of it last stays");
}

#[test]
fn two_crises_a_day_apart_are_two_incidents() {
    check(
        "0:negative:yellow 10:negative:cleared 101:tick 1440:negative:yellow 1450:negative:cleared^1440 1541:tick",
        expect![[r#"
            0:negative:yellow: 1 opened yellow, desk rings 1
            10:negative:cleared: 1 easing yellow
            101:tick: 1 over yellow, desk over
            1440:negative:yellow: 2 opened yellow, desk rings 1
            1450:negative:cleared^1440: 2 easing yellow
            1541:tick: 2 over yellow, desk over
        "#]],
    );
}

#[test]
fn a_late_tick_lets_nothing_join_what_has_cooled_down() {
    check(
        "0:negative:yellow 10:negative:cleared 1440:negative:yellow 1441:tick",
        expect![[r#"
        0:negative:yellow: 1 opened yellow, desk rings 1
        10:negative:cleared: 1 easing yellow
        1440:negative:yellow: 2 opened yellow, desk rings 1
        1441:tick: 1 over yellow, desk over
    "#]],
    );
}

#[test]
fn a_cleared_of_nothing_is_nothing() {
    check(
        "0:negative:cleared 1:negative:yellow 2:keyword:cleared",
        expect![[r#"
        0:negative:cleared: -
        1:negative:yellow: 1 opened yellow, desk rings 1
        2:keyword:cleared: -
    "#]],
    );
}

#[test]
fn an_incident_ends_when_its_last_kind_was_cleared() {
    let mut book = Vec::new();
    for word in "0:negative:yellow 10:negative:cleared 101:tick".split(' ') {
        take(&mut book, &input(word, &brand()), &plan());
    }
    assert_eq!(book[0].ended_at.unwrap().minute(), Minute(10));
    assert!(!due(&book[0], ArrivalTime::from_millis(i64::MAX), &plan()));
}

#[test]
fn a_ring_is_told_even_where_nobody_listens() {
    let told = fold(&[], &input("0:negative:yellow", &brand()), &Plan::default());
    assert_eq!(
        told.rang.map(|r| (r.number, r.kind, r.severity)),
        Some((1, Kind::Negative, Severity::Yellow))
    );
    assert!(told.notices.is_empty());
}

#[test]
fn a_route_hears_of_its_own_brands_and_of_sources_that_they_live_on() {
    let weibo = SourceId::new("weibo").unwrap();
    let [ours, other] = ["山岚茶饮", "other"].map(|name| BrandId::new(name).unwrap());
    let route = |name, brand: &BrandId| Route {
        brands: Brands::Only(vec![brand.clone()]),
        ..Route::of(OutletId::new(name).unwrap())
    };
    let plan = Plan {
        routes: vec![route("ours", &ours), route("other", &other)],
        lives: vec![(weibo.clone(), vec![ours.clone()])],
        ..Plan::default()
    };
    let outlets = |told: &Told| told.notices.iter().map(|n| n.outlet.to_string()).collect::<Vec<_>>();
    let of_brand = fold(&[], &input("0:negative:yellow", &Subject::Brand(other)), &plan);
    assert_eq!(outlets(&of_brand), ["other"]);
    let of_source = fold(&[], &input("0:silence:yellow", &Subject::Source(weibo)), &plan);
    assert_eq!(outlets(&of_source), ["ours"]);
    assert_eq!(of_source.incident.unwrap().0.blinds, [ours]);
}

#[test]
fn ids_are_plain_letters_and_tell_incidents_of_one_minute_apart() {
    let of = |word| fold(&[], &input(word, &brand()), &plan()).incident.unwrap().0.id;
    assert!(of("7:negative:yellow").as_str().is_ascii());
    assert!(of("7:negative:yellow").as_str().starts_with("7-"));
    assert_ne!(of("7:negative:yellow"), of("7:keyword:yellow"));
}

fn some_inputs() -> impl Strategy<Value = Vec<String>> {
    let kinds = ["negative", "volume", "keyword"];
    let states = ["blue", "yellow", "orange", "red", "cleared", "cleared"];
    let word =
        (0..20i64, 0..3usize, 0..6usize, 1..40u32, 0..6u8).prop_map(move |(step, kind, state, p, what)| {
            (
                step * step,
                match what {
                    0 => "tick".to_owned(),
                    _ => format!("{}:{}^{p}", kinds[kind], states[state]),
                },
            )
        });
    proptest::collection::vec(word, 1..40).prop_map(|words| {
        let mut minute = 0;
        words
            .into_iter()
            .map(|(step, rest)| {
                minute += step;
                format!("{minute}:{rest}")
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_same_input_again_changes_nothing_and_tells_the_same(words in some_inputs()) {
        let (mut book, plan) = (Vec::new(), plan());
        for word in &words {
            let input = input(word, &brand());
            let told = take(&mut book, &input, &plan);
            if told.incident.is_some() {
                let again = fold(&book, &input, &plan);
                prop_assert!(again.incident.is_none(), "{word} again");
                prop_assert_eq!(again.notices, told.notices);
                prop_assert_eq!(again.rang, told.rang);
            }
        }
    }

    #[test]
    fn what_is_kept_makes_sense(words in some_inputs()) {
        let (mut book, plan): (Vec<Incident>, Plan) = (Vec::new(), plan());
        for word in &words {
            let input = input(word, &brand());
            drive(&mut book, &input, &plan);
            for incident in &book {
                let stands = incident.kinds.iter().any(|k| k.stands);
                prop_assert_eq!(stands, incident.cleared_at.is_none());
                prop_assert_eq!(incident.is_over(), incident.course == tocsin_model::Course::Over);
                prop_assert_eq!(Some(incident.severity), incident.kinds.iter().map(|k| k.severity).max());
                prop_assert!(incident.rings.iter().zip(1..).all(|(r, n)| r.number == n));
                prop_assert!(incident.causes.len() <= 256);
            }
            prop_assert!(book.iter().filter(|i| !i.is_over()).count() <= 1, "one open incident at a time");
            if let Input::Signal(Signal { state: State::Abnormal { .. }, .. }) = &input {
                prop_assert!(book.iter().any(|i| i.causes.contains(&input.id())), "{word} is in");
            }
        }
    }

    /// However levels flicker: an incident of one kind that never begins anew rings once for each level that is
    /// worse than all before it, at the moment at which it gets there, and never else.
    #[test]
    fn an_open_incident_rings_once_a_level(levels in proptest::collection::vec(0..5usize, 1..60)) {
        const LEVELS: [&str; 5] = ["blue", "yellow", "orange", "red", "cleared"];
        let (mut book, plan) = (Vec::new(), plan());
        for (minute, level) in levels.iter().enumerate() {
            drive(&mut book, &input(&format!("{minute}:negative:{}", LEVELS[*level]), &brand()), &plan);
        }
        let (mut worst, mut rises) = (None, Vec::new());
        for (minute, level) in levels.iter().enumerate().filter(|(_, level)| **level < 4) {
            if worst < Some(level) {
                worst = Some(level);
                rises.push((minute as i64, Severity::from_name(LEVELS[*level])));
            }
        }
        let rings = book.first().map(|i| i.rings.as_slice()).unwrap_or_default();
        let rang: Vec<_> = rings.iter().map(|r| (r.at.minute().0, Some(r.severity))).collect();
        prop_assert_eq!(rang, rises);
    }
}

#[test]
fn who_began_it_is_not_forgotten_when_others_speak_last() {
    let signal = |minute: i64, severity, authors: &[(u64, u64, u64)]| {
        let share = |&(key, started, against): &(u64, u64, u64)| AuthorShare {
            key: AuthorKey(key),
            id: None,
            name: None,
            posts: 1,
            started,
            against,
            stance: None,
        };
        let evidence = Evidence { top_authors: authors.iter().map(share).collect(), ..evidence(-6.0) };
        let at = ArrivalTime::from_millis(minute * 60_000);
        Input::Signal(Signal::abnormal(brand(), Kind::Negative, severity, Minute(-1), at, evidence))
    };
    let mut book = Vec::new();
    for input in [
        signal(0, Severity::Yellow, &[(1, 50, 40)]),
        signal(1, Severity::Yellow, &[(1, 90, 80), (2, 60, 10)]),
        signal(300, Severity::Orange, &[(3, 70, 0), (4, 2, 2), (1, 1, 1), (5, 0, 0), (6, 0, 0)]),
    ] {
        take(&mut book, &input, &plan());
    }
    let last = book[0].rings.last().unwrap();
    let leaders: Vec<(u64, u64)> = last.evidence.top_authors.iter().map(|a| (a.key.0, a.started)).collect();
    assert_eq!((last.number, leaders), (2, vec![(1, 90), (2, 60), (3, 70), (4, 2), (5, 0)]));
}
