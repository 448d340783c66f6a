//! Times as RFC 3339. Written here rather than by a calendar library because each post has one: a tenth of
//! the time, and the same answers (a test compares them).

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// 0000-01-01T00:00:00Z in milliseconds since 1970: nothing earlier can be written.
const FIRST: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z in milliseconds since 1970: nothing later can be written.
const LAST: i64 = 253_402_300_799_999;

/// Milliseconds since 1970-01-01T00:00:00Z as RFC 3339 in UTC, with milliseconds only when there are some:
/// `2026-01-05T00:00:04Z`. Times before year 0 and after year 9999 become the first and last that exist.
pub fn rfc3339(millis: i64) -> String {
    Stamp::new(millis).as_str().to_owned()
}

/// Reads RFC 3339 with any offset, to the millisecond (what is finer is cut off). A leap second is taken as
/// the second before it. What an offset carries beyond the years 0 to 9999 becomes their first or last moment.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    if b.len() < 20 || b[4] != b'-' || b[7] != b'-' || b[13] != b':' || b[16] != b':' {
        return None;
    }
    if !matches!(b[10], b'T' | b't' | b' ') {
        return None;
    }
    let (year, month, day) = (two(b, 0)? * 100 + two(b, 2)?, two(b, 5)?, two(b, 8)?);
    let (hour, minute, second) = (two(b, 11)?, two(b, 14)?, two(b, 17)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (millis, rest) = fraction(&b[19..])?;
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second.min(59);
    Some(((seconds - offset_seconds(rest)?) * 1_000 + millis).clamp(FIRST, LAST))
}

/// Two digits.
fn two(b: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (b[at].wrapping_sub(b'0'), b[at + 1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

/// `.123456`, if it is there: milliseconds, and what follows.
fn fraction(b: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', digits)) = b.split_first() else { return Some((0, b)) };
    let count = digits.iter().take_while(|d| d.is_ascii_digit()).count();
    let digit = |i: usize| if i < count { i64::from(digits[i] - b'0') } else { 0 };
    (count > 0).then(|| (digit(0) * 100 + digit(1) * 10 + digit(2), &digits[count..]))
}

/// `Z`, or `+08:00`.
fn offset_seconds(b: &[u8]) -> Option<i64> {
    match b {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (two(b, 1)?, two(b, 4)?);
            let ahead = hours * 3_600 + minutes * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -ahead } else { ahead })
        }
        _ => None,
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The contrary of [`days`] (`civil_from_days` there).
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// A time written out, without a heap.
struct Stamp {
    letters: [u8; 24],
    len: usize,
}

impl Stamp {
    fn new(millis: i64) -> Stamp {
        let millis = millis.clamp(FIRST, LAST);
        let (day, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
        let (year, month, date) = civil(day);
        let (seconds, fraction) = (of_day / 1_000, of_day % 1_000);
        let mut letters = *b"0000-00-00T00:00:00.000Z";
        put(&mut letters, 0, year / 100);
        put(&mut letters, 2, year % 100);
        put(&mut letters, 5, month);
        put(&mut letters, 8, date);
        put(&mut letters, 11, seconds / 3_600);
        put(&mut letters, 14, seconds / 60 % 60);
        put(&mut letters, 17, seconds % 60);
        if fraction == 0 {
            letters[19] = b'Z';
            return Stamp { letters, len: 20 };
        }
        put(&mut letters, 20, fraction / 10);
        letters[22] = b'0' + (fraction % 10) as u8;
        Stamp { letters, len: 24 }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters[..self.len]).expect("digits and marks are ASCII")
    }
}

fn put(letters: &mut [u8; 24], at: usize, two_digits: i64) {
    letters[at] = b'0' + (two_digits / 10) as u8;
    letters[at + 1] = b'0' + (two_digits % 10) as u8;
}

/// A time inside JSON: milliseconds since 1970 here, RFC 3339 there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Time(pub(crate) i64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(Stamp::new(self.0).as_str())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        parse_rfc3339(&text).map(Time).ok_or_else(|| D::Error::custom("a time should be RFC 3339"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse_rfc3339(text).map(rfc3339).as_deref(), expected, "{text}");
    }

    #[test]
    fn every_form_of_rfc_3339_is_read() {
        check("2026-01-05T00:00:04Z", Some("2026-01-05T00:00:04Z"));
        check("2026-01-05T08:00:04+08:00", Some("2026-01-05T00:00:04Z"));
        check("2026-01-05t00:00:04.5z", Some("2026-01-05T00:00:04.500Z"));
        check("2026-01-05 00:00:04.1239999-05:30", Some("2026-01-05T05:30:04.123Z"));
        check("2026-01-05T00:00:04-00:00", Some("2026-01-05T00:00:04Z"));
        check("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59Z"));
        check("2024-02-29T00:00:00Z", Some("2024-02-29T00:00:00Z"));
        check("1969-12-31T23:59:59.999Z", Some("1969-12-31T23:59:59.999Z"));
    }

    #[test]
    fn years_0_to_9999_are_read_and_an_offset_does_not_carry_beyond_them() {
        check("0000-01-01T00:00:00Z", Some("0000-01-01T00:00:00Z"));
        check("9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59Z"));
        check("0000-01-01T00:00:00+08:00", Some("0000-01-01T00:00:00Z"));
        check("9999-12-31T23:59:59-08:00", Some("9999-12-31T23:59:59.999Z"));
        assert_eq!(rfc3339(i64::MIN), "0000-01-01T00:00:00Z");
        assert_eq!(rfc3339(i64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "2026-01-05",
            "2026-01-05T00:00:04",
            "2026-13-05T00:00:04Z",
            "2026-02-29T00:00:04Z",
            "1900-02-29T00:00:00Z",
            "2026-00-05T00:00:04Z",
            "2026-01-00T00:00:04Z",
            "2026-01-05T24:00:00Z",
            "2026-01-05T00:60:00Z",
            "2026-01-05T00:00:61Z",
            "2026-01-05T00:00:04.Z",
            "2026-01-05T00:00:04+08",
            "2026-01-05T00:00:04+0800",
            "2026-01-05T00:00:04+24:00",
            "2026-01-05T00:00:04+08:60",
            "2026-01-05T00:00:04Zx",
            "10000-01-01T00:00:00Z",
            "-001-01-01T00:00:00Z",
            "2026-01-05T00:00:04 Z",
            "２０２６-01-05T00:00:04Z",
            "2026-01-0五T00:00:04Z",
            "Mon Jan 05 00:00:04 +0800 2026",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn a_calendar_library_writes_and_reads_the_same(millis in FIRST..=LAST, offset in -1439i64..=1439) {
            let text = rfc3339(millis);
            let theirs = jiff::Timestamp::from_millisecond(millis).unwrap();
            prop_assert_eq!(text.parse::<jiff::Timestamp>().unwrap(), theirs);
            prop_assert_eq!(parse_rfc3339(&text), Some(millis));

            let local = (millis + offset * 60_000).clamp(FIRST, LAST);
            let wall = rfc3339(local);
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let text = format!("{}{sign}{hours:02}:{minutes:02}", wall.trim_end_matches('Z'));
            prop_assert_eq!(parse_rfc3339(&text), Some((local - offset * 60_000).clamp(FIRST, LAST)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = parse_rfc3339(&text);
        }
    }
}
