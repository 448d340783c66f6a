//! Numbers as people read them, in Chinese and in English, with their units.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tocsin_model::{ArrivalTime, Span};

use crate::words::Said;

/// A whole number with its thousands apart: `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A whole number as Chinese readers group it: `4321`, `123.5 万`, `1.2 亿`.
pub(crate) fn count_zh(n: u64) -> String {
    let of = |unit: f64, name: &str| format!("{:.1} {name}", n as f64 / unit).replace(".0 ", " ");
    match n {
        0..10_000 => n.to_string(),
        // What would round to 10,000.0 万 is 1 亿.
        10_000..99_999_500 => of(1e4, "万"),
        _ => of(1e8, "亿"),
    }
}

/// A Chinese number with its unit, which follows 万 and 亿 without a space: `48 条`, `1.2 万条`.
pub(crate) fn counted_zh(number: &str, unit: &str) -> String {
    let gap = if number.ends_with(['万', '亿']) { "" } else { " " };
    format!("{number}{gap}{unit}")
}

/// An expected or summed number of posts: one decimal below ten, whole from there.
pub(crate) fn posts(n: f64) -> Said {
    if !n.is_finite() || n < 0.0 {
        Said::new("未知数量", "an unknown number")
    } else if n == 0.0 {
        Said::new("0", "0")
    } else if n < 0.05 {
        Said::new("不到 0.1", "less than 0.1")
    } else if n < 9.95 {
        let one = format!("{n:.1}");
        Said::new(one.trim_end_matches(".0"), one.trim_end_matches(".0"))
    } else {
        let whole = n.round() as u64;
        Said::new(count_zh(whole), count(whole))
    }
}

/// A part of a whole in percent; `None` when there is no whole.
pub(crate) fn percent(part: f64, whole: f64) -> Option<u32> {
    let share = 100.0 * part / whole;
    (whole > 0.0 && share.is_finite()).then(|| share.clamp(0.0, 100.0).round() as u32)
}

/// How unlikely: `1 in 2,500`, from a million on `1 in 10^31`. `None` for what is not a probability.
pub(crate) fn chance(log10_p: f64) -> Option<Said> {
    if log10_p.is_nan() || log10_p > 0.0 {
        return None;
    }
    let nines = -log10_p;
    Some(if nines < 5.95 {
        let one_in = f64::powf(10.0, nines);
        // Two digits are all that such a number is worth.
        let step = f64::powf(10.0, (nines.floor() - 1.0).max(0.0));
        let rounded = ((one_in / step).round() * step) as u64;
        Said::new(format!("约 1/{rounded}"), format!("about 1 in {}", count(rounded)))
    } else if nines <= 300.0 {
        Said::new(format!("约 1/10^{nines:.0}"), format!("about 1 in 10^{nines:.0}"))
    } else {
        Said::new("低于 1/10^300", "less than 1 in 10^300")
    })
}

/// A length of time, to the minute: `15 min`, `2 h 13 min`, `3 d 4 h`.
pub(crate) fn span(span: Span) -> Said {
    let minutes = span.minutes().max(0);
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts = |d: &str, h: &str, m: &str| match (days, hours, rest) {
        (0, 0, m_) => format!("{m_} {m}"),
        (0, h_, 0) => format!("{h_} {h}"),
        (0, h_, m_) => format!("{h_} {h} {m_} {m}"),
        (d_, 0, _) => format!("{d_} {d}"),
        (d_, h_, _) => format!("{d_} {d} {h_} {h}"),
    };
    Said::new(parts("天", "小时", "分钟"), parts("d", "h", "min"))
}

/// A moment on somebody's wall, with how far that is from UTC: `2025-11-03 21:42 +08:00`.
pub(crate) fn moment(at: ArrivalTime, zone: &TimeZone) -> String {
    on_the_wall(at, zone, "%Y-%m-%d %H:%M %:z")
}

/// The same without year and zone: `11-03 21:42`.
pub(crate) fn short_moment(at: ArrivalTime, zone: &TimeZone) -> String {
    on_the_wall(at, zone, "%m-%d %H:%M")
}

fn on_the_wall(at: ArrivalTime, zone: &TimeZone, format: &str) -> String {
    // Past the years that a calendar can show, the plain number is still true.
    match Timestamp::from_millisecond(at.millis()) {
        Ok(stamp) => stamp.to_zoned(zone.clone()).strftime(format).to_string(),
        Err(_) => format!("{} ms", at.millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(said: Said, zh: &str, en: &str) {
        assert_eq!(said, Said::new(zh, en));
    }

    #[test]
    fn counts_are_grouped() {
        let all = [0, 999, 1_000, 1_234_567].map(count);
        assert_eq!(all, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted_zh("48", "条"), counted_zh("1.2 万", "条")], ["48 条", "1.2 万条"]);
        let all = [9_999, 10_000, 1_234_567, 99_999_499, 99_999_500, 123_456_789].map(count_zh);
        assert_eq!(all, ["9999", "1 万", "123.5 万", "9999.9 万", "1 亿", "1.2 亿"]);
    }

    #[test]
    fn expected_posts_have_a_decimal_only_where_it_matters() {
        check(posts(0.0), "0", "0");
        check(posts(0.01), "不到 0.1", "less than 0.1");
        check(posts(3.24), "3.2", "3.2");
        check(posts(4.0), "4", "4");
        check(posts(9.97), "10", "10");
        check(posts(12_345.6), "1.2 万", "12,346");
        check(posts(f64::NAN), "未知数量", "an unknown number");
    }

    #[test]
    fn a_chance_is_told_as_one_in_so_many() {
        check(chance(-31.2).unwrap(), "约 1/10^31", "about 1 in 10^31");
        check(chance(-3.4).unwrap(), "约 1/2500", "about 1 in 2,500");
        check(chance(-6.0).unwrap(), "约 1/10^6", "about 1 in 10^6");
        check(chance(0.0).unwrap(), "约 1/1", "about 1 in 1");
        check(chance(f64::NEG_INFINITY).unwrap(), "低于 1/10^300", "less than 1 in 10^300");
        assert_eq!(chance(f64::NAN), None);
        assert_eq!(chance(0.1), None);
    }

    #[test]
    fn a_share_of_nothing_is_not_told() {
        assert_eq!(percent(1.0, 0.0), None);
        assert_eq!(percent(31.2, 48.0), Some(65));
        assert_eq!(percent(3.0, 2.0), Some(100));
    }

    #[test]
    fn spans_have_at_most_two_units() {
        check(span(Span::from_minutes(15)), "15 分钟", "15 min");
        check(span(Span::from_minutes(60)), "1 小时", "1 h");
        check(span(Span::from_minutes(133)), "2 小时 13 分钟", "2 h 13 min");
        check(span(Span::from_minutes(3 * 1440 + 61)), "3 天 1 小时", "3 d 1 h");
        check(span(Span::from_minutes(-5)), "0 分钟", "0 min");
    }

    #[test]
    fn a_moment_is_told_in_the_brands_own_zone() {
        let at = ArrivalTime::from_millis(1_762_177_320_000);
        let shanghai = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(moment(at, &shanghai), "2025-11-03 21:42 +08:00");
        assert_eq!(short_moment(at, &TimeZone::UTC), "11-03 13:42");
        assert_eq!(moment(ArrivalTime::from_millis(i64::MAX), &shanghai), "9223372036854775807 ms");
    }
}
