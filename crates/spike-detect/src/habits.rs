//! What is known of a brand before it is counted: its clock, its holidays, its declared events.
//!
//! Data only. Who asks a time zone or a calendar of a country for it, and when, is the binary's affair; the
//! holidays of China are here, because they move with the moon and nobody should have to type them.

use tocsin_model::{Hour, Minute};

/// What a brand's hours go by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Habits {
    /// Minutes east of UTC, each from this hour on, in order; before the first of them it holds as well.
    /// None: UTC.
    pub offsets: Vec<(Hour, i32)>,
    /// Which days are days off beside Saturday and Sunday.
    pub holidays: Holidays,
    /// What was announced.
    pub occasions: Vec<Occasion>,
    /// Posts an hour that somebody who knows the brand expects; none: nobody said.
    pub expected_per_hour: Option<f64>,
}

/// A declared event: `[[event]]` in the config.
#[derive(Clone, Debug, PartialEq)]
pub struct Occasion {
    /// From this minute on.
    pub from: Minute,
    /// Up to this minute, which is no longer in it.
    pub until: Minute,
    /// How many times the usual volume is expected.
    pub times: f64,
}

/// A calendar of public holidays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holidays {
    /// None beside the weekends.
    #[default]
    None,
    /// Mainland China's, 2024 to 2030.
    China,
}

/// An hour as the people of the brand live it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalHour {
    /// 0 to 23.
    pub(crate) of_day: usize,
    /// Saturday, Sunday or a holiday.
    pub(crate) is_off: bool,
    /// A public holiday.
    pub(crate) is_holiday: bool,
}

impl Habits {
    /// The hour by the brand's clock; in a zone of half hours, the hour of its middle.
    pub(crate) fn local(&self, hour: Hour) -> LocalHour {
        let after = self.offsets.partition_point(|(from, _)| *from <= hour);
        let offset = self.offsets.get(after.saturating_sub(1)).map_or(0, |(_, minutes)| *minutes);
        let minute = hour.0 * 60 + 30 + i64::from(offset);
        let day = minute.div_euclid(1_440);
        // The first of January 1970 was a Thursday.
        let weekend = matches!((day + 3).rem_euclid(7), 5 | 6);
        let is_holiday = self.holidays.contain(day);
        LocalHour {
            of_day: (minute.rem_euclid(1_440) / 60) as usize,
            is_off: weekend || is_holiday,
            is_holiday,
        }
    }

    /// How many times the usual volume was announced for an hour; none: nothing was.
    pub(crate) fn announced(&self, hour: Hour) -> Option<f64> {
        let (from, until) = (hour.0 * 60, hour.0 * 60 + 60);
        let during = |o: &&Occasion| o.from.0 < until && o.until.0 > from;
        self.occasions.iter().filter(during).map(|o| o.times).reduce(f64::max)
    }
}

impl Holidays {
    /// Whether a day (by local count since 1970) is one.
    fn contain(self, day: i64) -> bool {
        match self {
            Holidays::None => false,
            Holidays::China => {
                let (year, month, date) = civil(day);
                let year = CHINA.iter().find(|y| y.year == year);
                let moon = |(m, d): (u32, u32), before: i64, after: i64| {
                    year.is_some_and(|y| {
                        let of = days(y.year, m, d);
                        (of - before..=of + after).contains(&day)
                    })
                };
                matches!((month, date), (1, 1) | (5, 1..=5) | (10, 1..=7))
                    || year.is_some_and(|y| {
                        moon(y.spring, 1, 6)
                            || moon((4, y.qingming), 0, 0)
                            || moon(y.dragon_boat, 0, 0)
                            || moon(y.mid_autumn, 0, 0)
                    })
            }
        }
    }
}

/// The days of a year that go by the moon or the sun.
struct Moving {
    year: i64,
    /// The first day of the lunar year; the eve and six days after it are free as well.
    spring: (u32, u32),
    /// In April.
    qingming: u32,
    /// The fifth of the fifth lunar month.
    dragon_boat: (u32, u32),
    /// The fifteenth of the eighth.
    mid_autumn: (u32, u32),
}

const fn moving(
    year: i64,
    spring: (u32, u32),
    qingming: u32,
    dragon_boat: (u32, u32),
    mid_autumn: (u32, u32),
) -> Moving {
    Moving { year, spring, qingming, dragon_boat, mid_autumn }
}

/// By the Chinese calendar as published by the Purple Mountain Observatory. Bridging days and working
/// weekends are announced year by year and are left out: such a day is off by a weekend's difference.
const CHINA: [Moving; 7] = [
    moving(2024, (2, 10), 4, (6, 10), (9, 17)),
    moving(2025, (1, 29), 4, (5, 31), (10, 6)),
    moving(2026, (2, 17), 5, (6, 19), (9, 25)),
    moving(2027, (2, 6), 5, (6, 9), (9, 15)),
    moving(2028, (1, 26), 4, (5, 28), (10, 3)),
    moving(2029, (2, 13), 4, (6, 16), (9, 22)),
    moving(2030, (2, 3), 5, (6, 5), (9, 12)),
];

/// Days since 1970-01-01 of a date (Howard Hinnant, chrono-compatible low-level date algorithms).
fn days(year: i64, month: u32, date: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (i64::from(month) + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(date) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The contrary of [`days`].
fn civil(day: i64) -> (i64, u32, u32) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = (of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = (if shifted < 10 { shifted + 3 } else { shifted - 9 }) as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_are_each_others_contrary() {
        for day in -1_000_000..1_000_000 {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
        }
        assert_eq!(days(2000, 2, 29), 11_016);
    }

    #[track_caller]
    fn check(date: (i64, u32, u32), free: bool) {
        assert_eq!(Holidays::China.contain(days(date.0, date.1, date.2)), free, "{date:?}");
    }

    #[test]
    fn the_holidays_of_china() {
        check((2026, 2, 15), false);
        check((2026, 2, 16), true);
        check((2026, 2, 23), true);
        check((2026, 2, 24), false);
        check((2027, 10, 1), true);
        check((2027, 10, 8), false);
        check((2028, 5, 28), true);
        check((2031, 10, 1), true);
        check((2031, 2, 1), false);
    }

    #[test]
    fn hours_go_by_the_clock_of_the_brand() {
        let shanghai = Habits { offsets: vec![(Hour(0), 480)], ..Habits::default() };
        let at = |habits: &Habits, day, hour| habits.local(Hour(days(2026, 3, day) * 24 + hour));
        // 2026-03-06 is a Friday: at 16:00 UTC it is Saturday in Shanghai.
        assert_eq!(at(&shanghai, 6, 15), LocalHour { of_day: 23, is_off: false, is_holiday: false });
        assert_eq!(at(&shanghai, 6, 16), LocalHour { of_day: 0, is_off: true, is_holiday: false });
        assert_eq!(at(&Habits::default(), 6, 16).of_day, 16);
        // Clocks change on the 29th.
        let change = Hour(days(2026, 3, 29) * 24 + 1);
        let berlin = Habits { offsets: vec![(Hour(0), 60), (change, 120)], ..Habits::default() };
        assert_eq!((at(&berlin, 29, 0).of_day, at(&berlin, 29, 1).of_day), (1, 3));
    }
}
