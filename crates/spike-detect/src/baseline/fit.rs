//! Weeks of hours to factors.

use tocsin_model::{DELAY_SECONDS, Delays, History, Hour, Span};

use super::{Baseline, HOURLY_PHI, HOURS, HOURS_BEFORE, Peaks, Reading, lag, posts, reposts_heard};
use crate::Habits;

/// Days after which an hour counts half.
const HALF_LIFE_DAYS: f64 = 7.0;
/// Posts an hour to start from where nobody said, and how many hours that belief is worth: next to nothing.
const RATE_AT_FIRST: (f64, f64) = (2.0, 0.1);
/// How many hours the word of somebody who knows the brand is worth.
const WORD_HOURS: f64 = 6.0;
/// The share of negative posts to start from, and how many posts that belief is worth: between brands it
/// varies by about as much again.
const SHARE_AT_FIRST: (f64, f64) = (0.2, 10.0);
/// Factors are shrunk towards 1 as if so many posts had said so: of an hour of the day, of a kind of day in
/// it, of the trend.
const HOUR_SHRUNK_BY: f64 = 6.0;
const NEIGHBOURS_SHRUNK_BY: f64 = 100.0;
const KIND_SHRUNK_BY: f64 = 10.0;
const TREND_SHRUNK_BY: f64 = 15.0;
/// How far the trend may go.
const TREND: std::ops::RangeInclusive<f64> = 0.5..=2.0;
/// An hour is clipped where it lies so many standard deviations from what is usual.
const CLIP_DEVIATIONS: f64 = 3.0;
/// Rounds of fitting and clipping. In the first the shape of the day is not known yet, so it clips little.
const ROUNDS: usize = 5;
const PHI_AT_FIRST: f64 = 1.0;
/// What a holiday weighs beside other days.
const HOLIDAY_WEIGHT: f64 = 0.2;
/// How much of a brand's restlessness is known before it was seen: as a part of the usual one.
const UNREST_DEVIATION: f64 = 0.7;
const UNREST: std::ops::RangeInclusive<f64> = 0.5..=20.0;
/// The same for its share: what it varies from quarter day to quarter day, and how surely.
const SHARE_UNREST_AT_FIRST: f64 = 0.01;
/// The part of the posts that pass on another one to start from, and how many posts that belief is worth.
const REPOST_SHARE_AT_FIRST: (f64, f64) = (0.3, 20.0);
/// A gap means nothing unless it is so many times as long as nearly all posts are late.
const GAP_TIMES: f64 = 2.0;
const NEARLY_ALL: f64 = 0.95;
/// The share is never nothing and never all.
const SHARE: (f64, f64) = (0.005, 0.95);
/// The clumps of a brand are believed to be single posts as if so many full hours had said so, and are never
/// larger than this.
const CLUMP_SHRUNK_BY: f64 = 10.0;
const CLUMP_MAX: f64 = 5.0;
/// So many posts must speak against a sure reading before half of it is given up.
const READING_SHRUNK_BY: f64 = 20.0;

/// One hour to learn from.
struct Past {
    /// Hour of the day, and whether the day is off.
    of_day: usize,
    off: usize,
    /// How many hours ago.
    age: f64,
    weight: f64,
    heard: f64,
    negative: f64,
    squares: f64,
    reposts: f64,
    /// `heard` after clipping, and what is expected.
    clipped: f64,
    usual: f64,
}

/// The factors.
struct Shape {
    level: f64,
    of_day: [f64; 24],
    kind: [[f64; 24]; 2],
}

impl Shape {
    fn at(&self, of_day: usize, off: usize) -> f64 {
        self.level * self.of_day[of_day] * self.kind[off][of_day]
    }
}

pub(super) fn learn(history: &History, habits: &Habits) -> Baseline {
    let now = history.now.hour();
    let mut past = past(history, habits);
    let hours: f64 = past.iter().map(|p| p.weight.min(1.0)).sum();
    let whole = past.len() as f64;
    let (rate, rate_hours) =
        habits.expected_per_hour.map_or(RATE_AT_FIRST, |rate| (rate.max(0.01), WORD_HOURS));
    // What a few hours or one day cannot know: the level, the shape of the day, other days.
    let doubt = 1.0 / (hours.max(rate_hours) + 0.25) + 0.05 / (1.0 + whole / 24.0);
    let mut shape = Shape { level: rate, of_day: [1.0; 24], kind: [[1.0; 24]; 2] };
    for round in 0..ROUNDS {
        fit(&mut shape, &past, (rate, rate_hours));
        let phi = if round == 0 { PHI_AT_FIRST } else { HOURLY_PHI + doubt };
        for p in &mut past {
            p.usual = shape.at(p.of_day, p.off);
            let reach = CLIP_DEVIATIONS * (p.usual + phi * p.usual * p.usual).sqrt();
            p.clipped = p.heard.clamp(p.usual - reach, p.usual + reach.max(1.0));
        }
    }
    let trend = trend(&past);
    let unrest = unrest(&past);
    let first_hour = Hour(now.0 - HOURS_BEFORE);
    let mut rates = [0.0; HOURS];
    for (place, rate) in rates.iter_mut().enumerate() {
        let hour = Hour(first_hour.0 + place as i64);
        let local = habits.local(hour);
        *rate =
            shape.at(local.of_day, usize::from(local.is_off)) * trend * habits.announced(hour).unwrap_or(1.0);
    }
    let delays = lag::delays(history);
    let reading = reading(&past);
    let (share, share_posts) = share(&past, reading);
    Baseline {
        first_hour,
        rates,
        gap_minutes: gap_minutes(history, &delays),
        delays,
        learned_until: Hour(history.first_hour.0 + history.hours.len() as i64),
        hours,
        doubt,
        unrest,
        reading,
        share,
        share_posts,
        repost_share: repost_share(&past),
        clump: clump(&past, share, reading, unrest),
        share_unrest: share_unrest(&past, share, reading),
        acts: Peaks::learn(history, |c| c.likes_gained + c.reposts_gained + c.comments_gained),
        top_gain: Peaks::learn(history, |c| c.top_gain),
    }
}

/// How long nothing may come without meaning anything: a source that is asked every twenty minutes is not
/// silent in between. Posts come as late as it was not asked for them; where that is more than an hour, the
/// empty hours tell (without the longest of their runs, which may have been an outage).
fn gap_minutes(history: &History, delays: &Delays) -> f64 {
    let nearly_all = |seconds: &&i64| delays.within(Span::from_seconds(**seconds)) >= NEARLY_ALL;
    match DELAY_SECONDS.iter().find(nearly_all) {
        Some(seconds) => GAP_TIMES * *seconds as f64 / 60.0,
        None => {
            let empty = history.hours.split(|counts| counts.posts > 0).map(<[_]>::len);
            let mut longest = [0, 0];
            for run in empty {
                longest = [longest[0].max(run), longest[1].max(run.min(longest[0]))];
            }
            GAP_TIMES * 60.0 * (longest[1] + 1) as f64
        }
    }
}

/// Nothing is learned from hours for which something was announced.
fn past(history: &History, habits: &Habits) -> Vec<Past> {
    let now = history.now.hour();
    let learnable = history.by_hour().filter(|(hour, _)| habits.announced(*hour).is_none());
    learnable
        .map(|(hour, counts)| {
            let local = habits.local(hour);
            let age = (now.0 - hour.0) as f64;
            let (heard, negative, squares) = posts(counts);
            let weight = f64::exp2(-age / (24.0 * HALF_LIFE_DAYS))
                * if local.is_holiday { HOLIDAY_WEIGHT } else { 1.0 };
            let off = usize::from(local.is_off);
            Past {
                of_day: local.of_day,
                off,
                age,
                weight,
                heard,
                negative,
                squares,
                reposts: reposts_heard(counts),
                clipped: heard,
                usual: 0.0,
            }
        })
        .collect()
}

/// Level, hours of the day (with their neighbours), kinds of day, from the clipped hours.
fn fit(shape: &mut Shape, past: &[Past], (rate, rate_hours): (f64, f64)) {
    let mut posts = [[0.0; 24]; 2];
    let mut hours = [[0.0; 24]; 2];
    for p in past {
        posts[p.off][p.of_day] += p.weight * p.clipped;
        hours[p.off][p.of_day] += p.weight;
    }
    let all = |of: &[[f64; 24]; 2]| of.iter().flatten().sum::<f64>();
    shape.level = (all(&posts) + rate * rate_hours) / (all(&hours) + rate_hours);
    let mut raw = [1.0; 24];
    for (h, raw) in raw.iter_mut().enumerate() {
        let (posts, hours) = (posts[0][h] + posts[1][h], hours[0][h] + hours[1][h]);
        *raw = (posts + HOUR_SHRUNK_BY) / (shape.level * hours + HOUR_SHRUNK_BY);
    }
    for h in 0..24 {
        // An hour that was often seen needs no neighbours.
        let alone = posts[0][h] + posts[1][h] + shape.level * (hours[0][h] + hours[1][h]);
        let alone = alone / (alone + NEIGHBOURS_SHRUNK_BY);
        let smooth = 0.25 * raw[(h + 23) % 24] + 0.5 * raw[h] + 0.25 * raw[(h + 1) % 24];
        shape.of_day[h] = alone * raw[h] + (1.0 - alone) * smooth;
    }
    for off in 0..2 {
        for h in 0..24 {
            let usual = shape.level * shape.of_day[h] * hours[off][h];
            shape.kind[off][h] = (posts[off][h] + KIND_SHRUNK_BY) / (usual + KIND_SHRUNK_BY);
        }
    }
}

/// The last day over what was expected of it, and a little of the two before.
fn trend(past: &[Past]) -> f64 {
    let (mut heard, mut usual) = (TREND_SHRUNK_BY, TREND_SHRUNK_BY);
    for p in past.iter().rev().take_while(|p| p.age <= 74.0) {
        let weight = if p.age <= 26.0 { 1.0 } else { 0.3 };
        heard += weight * p.clipped;
        usual += weight * p.usual;
    }
    (heard / usual).clamp(*TREND.start(), *TREND.end())
}

/// How many times the usual dispersion its hours show: the mean of ((x - e)² - e) / e², each hour with the
/// weight of what it can tell, beside a prior of one.
fn unrest(past: &[Past]) -> f64 {
    let prior = 1.0 / (UNREST_DEVIATION * HOURLY_PHI).powi(2);
    let (mut sum, mut weights) = (prior * HOURLY_PHI, prior);
    for p in past.iter().filter(|p| p.usual > 0.0) {
        let weight = p.weight / (2.0 * (1.0 / p.usual + HOURLY_PHI).powi(2));
        sum += weight * ((p.clipped - p.usual).powi(2) - p.usual) / (p.usual * p.usual);
        weights += weight;
    }
    (sum / weights / HOURLY_PHI).clamp(*UNREST.start(), *UNREST.end())
}

/// How much of every post is doubtful. Until some hundred posts were read, little of it is believed.
fn reading(past: &[Past]) -> Reading {
    let (share, posts) = (SHARE_AT_FIRST.0, READING_SHRUNK_BY);
    let (mut sum, mut squares, mut heard) = (share * posts, share * posts, posts);
    for p in past.iter().filter(|p| p.heard > 0.0) {
        // As much of an hour as is usual.
        let weight = p.weight * p.clipped.min(p.heard) / p.heard;
        sum += weight * p.negative;
        squares += weight * p.squares;
        heard += weight * p.heard;
    }
    Reading::of(sum / heard, squares / heard)
}

/// The share of surely negative posts, and how many posts it is known by. An hour's share is clipped as its
/// volume is, and it weighs no more than an hour of that volume should.
fn share(past: &[Past], reading: Reading) -> (f64, f64) {
    let mut share = SHARE_AT_FIRST.0;
    let mut heard = SHARE_AT_FIRST.1;
    for round in 0..ROUNDS {
        let mut sure = SHARE_AT_FIRST.0 * SHARE_AT_FIRST.1;
        heard = SHARE_AT_FIRST.1;
        for p in past.iter().filter(|p| p.heard > 0.0) {
            let usual = share * p.heard;
            let most = if round == 0 { p.heard } else { usual + CLIP_DEVIATIONS * usual.sqrt() + 1.0 };
            let weight = p.weight * p.clipped.min(p.heard) / p.heard;
            sure += weight * reading.sure(p.negative, p.heard).min(most);
            heard += weight * p.heard;
        }
        share = (sure / heard).clamp(SHARE.0, SHARE.1);
    }
    (share, heard)
}

/// The part of what is heard that passes on another post.
fn repost_share(past: &[Past]) -> f64 {
    let (share, posts) = REPOST_SHARE_AT_FIRST;
    let (mut reposts, mut heard) = (share * posts, posts);
    for p in past.iter().filter(|p| p.heard > 0.0) {
        // As much of an hour as is usual.
        let weight = p.weight * p.clipped.min(p.heard) / p.heard;
        reposts += weight * p.reposts;
        heard += weight * p.heard;
    }
    (reposts / heard).min(1.0)
}

/// In clumps of how many posts the negative ones come: what they vary from hour to hour beyond chance, given
/// the others, as variance over mean. A repost calls for reposts of the same mood.
fn clump(past: &[Past], share: f64, reading: Reading, unrest: f64) -> f64 {
    let (mut sum, mut weights) = (CLUMP_SHRUNK_BY, CLUMP_SHRUNK_BY);
    for p in past.iter().filter(|p| p.heard > 0.0 && p.usual > 0.0) {
        let sure = reading.sure(p.negative, p.heard);
        let prior = 1.0 / (HOURLY_PHI * unrest);
        let usual = share * p.usual * (prior + p.heard - sure) / (prior + p.usual * (1.0 - share));
        let reach = 4.0 * (2.0 * usual).sqrt();
        let off = (sure - usual).clamp(-reach, reach.max(1.0));
        let weight = p.weight / (2.0 + 1.0 / usual);
        sum += weight * off * off / usual;
        weights += weight;
    }
    (sum / weights).clamp(1.0, CLUMP_MAX)
}

/// What the share varies beyond chance, over quarters of a day.
fn share_unrest(past: &[Past], share: f64, reading: Reading) -> f64 {
    let prior = 1.0 / SHARE_UNREST_AT_FIRST.powi(2);
    let (mut sum, mut weights) = (prior * SHARE_UNREST_AT_FIRST, prior);
    for quarter in past.chunks(6) {
        let heard: f64 = quarter.iter().map(|p| p.heard).sum();
        let sure: f64 = quarter.iter().map(|p| reading.sure(p.negative, p.heard)).sum();
        let usual = share * heard;
        if usual <= 0.0 {
            continue;
        }
        let reach = CLIP_DEVIATIONS * (usual + SHARE_UNREST_AT_FIRST * usual * usual).sqrt();
        let off = (sure - usual).clamp(-reach, reach.max(1.0));
        let weight = quarter[0].weight / (2.0 * (1.0 / usual + SHARE_UNREST_AT_FIRST).powi(2));
        sum += weight * (off * off - usual) / (usual * usual);
        weights += weight;
    }
    (sum / weights).clamp(0.0, 1.0)
}
