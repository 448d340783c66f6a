//! Bucket by bucket: what stands out, and how much.

use std::collections::VecDeque;

use tocsin_model::{EventTime, Span};

use super::burst;
use super::week::Week;

/// The windows that are judged, in minutes; those shorter than a bucket are left out.
const WINDOWS: [i64; 4] = [15, 60, 180, 360];
/// Over how long the level is taken, and for how long a series is only learned from: a day.
const DAY_MILLIS: i64 = 24 * 3_600_000;
/// Peaks are kept by the quarter of a day, so that a day can end at any of them.
const QUARTER_MILLIS: i64 = DAY_MILLIS / 4;
/// From so many days the usual peak is taken.
const PEAK_DAYS: usize = 14;
/// Nothing is told again for so long …
const SILENCE_MILLIS: i64 = DAY_MILLIS;
/// … unless it has grown to so many times what was told.
const AGAIN: f64 = 3.0;

/// From when on an alarm starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesRule {
    /// As a multiple of the series' usual daily peak. The default lies in the middle of what scores about alike on
    /// five real series and on thinned copies of them (docs/detection.md, "Plain series").
    pub cut: f64,
}

impl Default for SeriesRule {
    fn default() -> SeriesRule {
        SeriesRule { cut: 1.4 }
    }
}

/// What is said of one bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesReading {
    /// What the bucket should have held; none while the first hour lasts.
    pub expected: Option<f64>,
    /// The height of the burst as a multiple of the usual daily peak; 0 on the first day.
    pub peaks: f64,
    /// An alarm starts here.
    pub starts: bool,
    /// 0 to 1. Where an alarm starts it is at least 0.75, elsewhere below 0.5: any cut between
    /// the two means the same.
    pub score: f64,
}

impl SeriesReading {
    /// Of a bucket of which nothing is known: a gap.
    pub const NOTHING: SeriesReading =
        SeriesReading { expected: None, peaks: 0.0, starts: false, score: 0.0 };
}

/// Some buckets, added up.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    buckets: u64,
    counted: f64,
    expected: f64,
}

/// Judges one series. It remembers a day of buckets, eight weeks of hours and two weeks of peaks: about 60 KiB
/// at 5 minutes a bucket.
#[derive(Clone, Debug)]
pub struct SeriesJudge {
    rule: SeriesRule,
    bucket: i64,
    /// In milliseconds.
    windows: Vec<i64>,
    week: Week,
    /// The buckets of the last day, oldest first: when each begins, and all buckets up to and with it.
    sums: VecDeque<(i64, Sum)>,
    /// All buckets before those.
    before: Sum,
    /// The time that the counted buckets cover, in milliseconds.
    covered: i64,
    peaks: Peaks,
    /// When an alarm last started, and at how many peaks.
    told: Option<(i64, f64)>,
}

impl SeriesJudge {
    /// For buckets of this length, at least a second.
    pub fn new(bucket: Span, rule: SeriesRule) -> SeriesJudge {
        let bucket = bucket.millis().max(1_000);
        let mut windows: Vec<i64> =
            WINDOWS.into_iter().map(|minutes| (minutes * 60_000).max(bucket)).collect();
        windows.dedup();
        SeriesJudge {
            rule,
            bucket,
            week: Week::new(),
            sums: VecDeque::new(),
            before: Sum::default(),
            covered: 0,
            peaks: Peaks::new(windows.len()),
            windows,
            told: None,
        }
    }

    /// What the bucket that begins at `start` should hold, by all that has been learned; none in the first hour.
    pub fn expected(&self, start: EventTime) -> Option<f64> {
        let centre = (start.millis() + self.bucket / 2) as f64 / 3_600_000.0;
        let bucket_hours = self.bucket as f64 / 3_600_000.0;
        self.week.knows_anything().then(|| self.week.rate(centre) * bucket_hours)
    }

    /// Judges the bucket that begins at `start` and holds `count`, and learns from it. Buckets come in order;
    /// one that is missing is a gap, of which nothing is said and nothing learned.
    ///
    /// # Panics
    /// When `count` is below zero or no number, or `start` is not after the bucket before.
    pub fn next(&mut self, start: EventTime, count: f64) -> SeriesReading {
        assert!(count.is_finite() && count >= 0.0, "a count of {count}");
        let expected = self.expected(start);
        let start = start.millis();
        assert!(self.sums.back().is_none_or(|(last, _)| *last < start), "buckets come in order");
        let last = self.sums.back().map_or(self.before, |(_, sum)| *sum);
        let sum = Sum {
            buckets: last.buckets + 1,
            counted: last.counted + count,
            expected: last.expected + expected.unwrap_or(count),
        };
        self.sums.push_back((start, sum));
        while let Some((_, sum)) = self.sums.pop_front_if(|(first, _)| *first <= start - DAY_MILLIS) {
            self.before = sum;
        }
        let reading = self.judge(start, expected);
        self.learn(start, count);
        self.covered += self.bucket;
        reading
    }

    fn judge(&mut self, start: i64, expected: Option<f64>) -> SeriesReading {
        let day = self.last(DAY_MILLIS, start);
        let level = day.expected / day.buckets as f64;
        let mut peaks = 0.0_f64;
        for index in 0..self.windows.len() {
            let window = self.last(self.windows[index], start);
            let height = burst::height(window.counted - window.expected, level * window.buckets as f64);
            peaks = peaks.max(height / self.peaks.usual(index, start));
            self.peaks.saw(index, height);
        }
        if self.covered < DAY_MILLIS {
            return SeriesReading { expected, ..SeriesReading::NOTHING };
        }
        let muted = self.told.is_some_and(|(at, told)| start - at < SILENCE_MILLIS && peaks < AGAIN * told);
        let starts = peaks >= self.rule.cut && !muted;
        let score = if starts {
            self.told = Some((start, peaks));
            1.0 - 0.25 * self.rule.cut / peaks
        } else {
            0.5 * peaks / (peaks + self.rule.cut)
        };
        SeriesReading { expected, peaks, starts, score }
    }

    /// What the buckets hold that begin in the last `millis`, the one at `start` included. Stamps may be off by half a
    /// bucket.
    fn last(&self, millis: i64, start: i64) -> Sum {
        let since = start + self.bucket / 2 - millis.max(self.bucket);
        let outside = self.sums.partition_point(|(at, _)| *at <= since);
        let from = outside.checked_sub(1).map_or(self.before, |last| self.sums[last].1);
        let to = self.sums.back().map_or(self.before, |(_, sum)| *sum);
        Sum {
            buckets: to.buckets - from.buckets,
            counted: to.counted - from.counted,
            expected: to.expected - from.expected,
        }
    }

    /// A bucket belongs to the hour in which it begins; one longer than an hour is spread over its hours.
    fn learn(&mut self, start: i64, count: f64) {
        let hours = (self.bucket as f64 / 3_600_000.0).max(1.0).round();
        let first = start.div_euclid(3_600_000);
        for hour in 0..hours as i64 {
            self.week.count(first + hour, self.bucket as f64 / 3_600_000.0 / hours, count / hours);
        }
    }
}

/// How high the bursts of the last days stood, for each window.
#[derive(Clone, Debug)]
struct Peaks {
    /// Finished quarters of days: number, and the highest in it.
    quarters: VecDeque<(i64, Vec<f64>)>,
    current: Option<i64>,
    highest: Vec<f64>,
    usual: Vec<f64>,
}

impl Peaks {
    fn new(windows: usize) -> Peaks {
        Peaks {
            quarters: VecDeque::new(),
            current: None,
            highest: vec![0.0; windows],
            usual: vec![burst::usual_peak(&mut []); windows],
        }
    }

    /// The usual daily peak of a window; anew with each quarter of a day.
    fn usual(&mut self, window: usize, start: i64) -> f64 {
        let quarter = start.div_euclid(QUARTER_MILLIS);
        if self.current != Some(quarter) {
            if let Some(finished) = self.current.replace(quarter) {
                let highest = self.highest.iter_mut().map(std::mem::take).collect();
                self.quarters.push_back((finished, highest));
            }
            while self.quarters.front().is_some_and(|(q, _)| *q < quarter - 4 * PEAK_DAYS as i64) {
                self.quarters.pop_front();
            }
            self.usual =
                (0..self.usual.len()).map(|w| burst::usual_peak(&mut self.daily(w, quarter))).collect();
        }
        self.usual[window]
    }

    fn saw(&mut self, window: usize, height: f64) {
        self.highest[window] = self.highest[window].max(height);
    }

    /// The highest of each of the last days that end with the quarter before `now`; days without any bucket are left
    /// out, and so is a day that began before the series did.
    fn daily(&self, window: usize, now: i64) -> Vec<f64> {
        let Some((oldest, _)) = self.quarters.front() else { return Vec::new() };
        let mut days = vec![None::<f64>; PEAK_DAYS];
        for (quarter, highest) in &self.quarters {
            let day = ((now - 1 - quarter) / 4) as usize;
            if now - 4 * (day as i64 + 1) >= *oldest {
                days[day] = Some(days[day].map_or(highest[window], |d| d.max(highest[window])));
            }
        }
        days.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests;
