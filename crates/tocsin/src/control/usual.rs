//! `tocsin baseline show`: a brand's coming week as it is expected.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tocsin_model::{ArrivalTime, Day, HOUR, History, Hour, Minute, Span, Subject};
use tocsin_spike_detect::{Baseline, Habits, Usual};

/// Hours shown: a week.
const HOURS: i64 = 7 * 24;
/// Letters of the longest bar.
const BAR: f64 = 40.0;

/// An hour to come.
pub(super) struct Coming {
    hour: Hour,
    usual: Usual,
}

/// The history that a running process, or the folder, has told.
pub(super) fn history(subject: Subject, told: &Value) -> Option<History> {
    let now = ArrivalTime::from_millis(told["now"].as_i64()?);
    let first = told["first"].as_i64().map(Minute);
    let day = |row: &Value| {
        let bytes = STANDARD.decode(row[1].as_str()?).ok()?;
        Some((Day(row[0].as_i64()?), tocsin_wire::read_day(&bytes).ok()?))
    };
    let days: Option<Vec<_>> = told["days"].as_array()?.iter().map(day).collect();
    Some(History::of(subject, now, first, days?))
}

/// The hours of the coming week. What is further away is learned for its own time: a trend of today says little of
/// next Friday.
pub(super) fn week(history: &History, habits: &Habits) -> Vec<Coming> {
    let settled = history.clone().settled();
    let begin = history.now.hour().0;
    let mut coming = Vec::new();
    for hour in begin..begin + HOURS {
        // A baseline knows its own hour and the next.
        let now = history.now.plus(Span::from_millis((hour - begin) * HOUR.millis()));
        let baseline = Baseline::learn(&History { now, ..settled.clone() }, habits);
        coming.push(Coming { hour: Hour(hour), usual: baseline.usual(Hour(hour)) });
    }
    coming
}

/// As a table with bars: the dark part is the least that is usual, the grey one reaches to what is expected, the
/// light one to the most.
pub(super) fn plot(out: &mut impl Write, week: &[Coming], zone: &TimeZone) -> io::Result<()> {
    let most = week.iter().map(|c| c.usual.high).fold(1.0, f64::max);
    let letters = |posts: f64| (posts / most * BAR).round() as usize;
    writeln!(out, "hour         expected   usual         posts heard in the hour")?;
    for coming in week {
        let Usual { expected, low, high } = coming.usual;
        let bars = [("█", letters(low)), ("▓", letters(expected)), ("░", letters(high))];
        let mut bar = String::new();
        let mut drawn = 0;
        for (letter, until) in bars {
            bar.push_str(&letter.repeat(until.saturating_sub(drawn)));
            drawn = drawn.max(until);
        }
        writeln!(
            out,
            "{}  {expected:>9.1}   {:<12}  {bar}",
            local(coming.hour, zone),
            format!("{low:.0} to {high:.0}")
        )?;
    }
    Ok(())
}

/// One JSON object an hour.
pub(super) fn lines(out: &mut impl Write, week: &[Coming]) -> io::Result<()> {
    for Coming { hour, usual } in week {
        let hour = tocsin_wire::rfc3339(hour.start().millis());
        writeln!(
            out,
            "{}",
            json!({"hour": hour, "expected": usual.expected, "low": usual.low, "high": usual.high})
        )?;
    }
    Ok(())
}

fn local(hour: Hour, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(hour.start().millis()).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%a %H:%M").to_string()
}
