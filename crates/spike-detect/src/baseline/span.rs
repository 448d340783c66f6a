//! The volume of a stretch of time: hourly rates, interpolated between the middles of their hours, summed.
//! Without that eight in the morning would be a cliff.

use tocsin_model::Hour;

/// Posts from one moment to another (minutes since 1970). What lies outside of the rates goes on as their ends do.
pub(super) fn volume(first: Hour, rates: &[f64], from: f64, until: f64) -> f64 {
    // In hours since the middle of the first one.
    let place = |minute: f64| minute / 60.0 - first.0 as f64 - 0.5;
    let (mut at, end) = (place(from), place(until));
    let mut sum = 0.0;
    while at < end {
        let next = (at.floor() + 1.0).min(end);
        // The rate is a straight line here: its middle times the length.
        sum += rate(rates, (at + next) / 2.0) * (next - at);
        at = next;
    }
    sum
}

/// The same without interpolation.
pub(super) fn steps(first: Hour, rates: &[f64], from: f64, until: f64) -> f64 {
    let place = |minute: f64| minute / 60.0 - first.0 as f64;
    let (from, until) = (place(from), place(until));
    let part = |h: usize| (until.min(h as f64 + 1.0) - from.max(h as f64)).max(0.0);
    rates.iter().enumerate().map(|(h, rate)| rate * part(h)).sum()
}

fn rate(rates: &[f64], place: f64) -> f64 {
    let last = rates.len() - 1;
    let before = place.floor().clamp(0.0, last as f64) as usize;
    let after = (before + 1).min(last);
    let part = (place - before as f64).clamp(0.0, 1.0);
    rates[before] * (1.0 - part) + rates[after] * part
}
