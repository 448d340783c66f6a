//! A month of ordinary life rings seldom, and a burst in it is found soon.

use tocsin_laws::Dice;

use super::*;

/// What a middling reader makes of a post: three in four right, and mostly unsure.
fn negative(dice: &mut Dice, truly: bool) -> u64 {
    let seen = if dice.uniform() < 0.75 { truly } else { dice.uniform() < 0.33 };
    let p = if seen { 0.45 + 0.5 * dice.uniform() } else { 0.25 * dice.uniform() };
    (p * 1000.0) as u64
}

/// What was said in a month.
struct Told {
    /// Episodes of a kind: from a first signal until cleared.
    negative: usize,
    volume: usize,
    /// Minutes from the burst's beginning to the first signal of negative.
    found_after: Option<i64>,
}

/// Thirty days at `base` posts an hour: quiet nights, busy evenings, better and worse hours (0.2² beyond
/// Poisson), busier weekends; a fifth of the posts negative. From the minute `burst` on, an hour of `angry` more.
fn live(base: f64, seed: u64, burst: Option<i64>, angry: f64) -> Told {
    let (mut dice, mut brand, rule) = (Dice::new(seed), Brand::new(), Rule::default());
    let mut told = Told { negative: 0, volume: 0, found_after: None };
    let mut mood = 1.0;
    for minute in 0..30 * 24 * 60 {
        if minute % 60 == 0 {
            mood = 0.65 + 0.7 * dice.uniform();
        }
        let hour = minute as f64 / 60.0;
        let day = 1.0 + 0.75 * ((hour - 14.0) / 24.0 * std::f64::consts::TAU).sin();
        let weekend = if (minute / 1440) % 7 >= 5 { 1.3 } else { 1.0 };
        brand.minutes.push(Counts::default());
        for _ in 0..dice.poisson(base * day * weekend * mood / 60.0) as u64 {
            let truly = dice.uniform() < 0.2;
            brand.hear(negative(&mut dice, truly));
        }
        let bursting = burst.is_some_and(|b| (b..b + 60).contains(&minute));
        if bursting {
            (0..dice.poisson(angry / 60.0) as u64).for_each(|_| brand.hear(negative(&mut dice, true)));
        }
        let stood = brand.mark(Kind::Negative).stands();
        for signal in brand.judge(&rule) {
            let opens = matches!(signal.state, State::Abnormal { since, .. } if since == signal.at.minute());
            match signal.kind {
                Kind::Negative if bursting && !stood && told.found_after.is_none() => {
                    told.found_after = burst.map(|b| minute - b);
                }
                Kind::Negative => told.negative += usize::from(opens),
                _ => told.volume += usize::from(opens),
            }
        }
    }
    told
}

#[test]
fn an_ordinary_month_rings_seldom() {
    for base in [1.0, 20.0, 120.0] {
        let told = live(base, 42, None, 0.0);
        println!("{base} posts an hour: {} negative, {} volume in a month", told.negative, told.volume);
        assert!(told.negative <= 3, "{base} posts an hour: {} false alarms", told.negative);
        assert!(told.volume <= 3, "{base} posts an hour: {} of volume", told.volume);
    }
}

#[test]
fn of_five_bursts_of_sixty_angry_posts_four_are_found_in_the_hour_and_most_in_a_quarter_of_it() {
    let found = |seed| live(20.0, seed, Some(20 * 1440 + 11 * 60 + 17), 60.0).found_after;
    let mut minutes: Vec<i64> = (1..=5).map(|seed| found(seed).unwrap_or(i64::MAX)).collect();
    minutes.sort_unstable();
    assert!(minutes[2] <= 15 && minutes[3] <= 60, "found after {minutes:?} minutes");
}
