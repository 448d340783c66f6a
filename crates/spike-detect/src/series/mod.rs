//! A plain series of counts, judged as it comes: for back-tests, and for anything that is only counted.
//!
//! Real counts of mentions burst more heavily than any gamma mixture of Poissons (of one stock's tweets the
//! 99.9 % quantile of -log10 p is 162), so no tail probability tells a day that matters from any other day. What does:
//! how high a burst stands on the brand's own day ([`burst`]), held against how high its bursts usually stand.
//!
//! For each bucket, over the last 15 minutes, hour, 3 hours and 6 hours:
//! 1. the excess over what this hour of the week usually holds ([`week`]);
//! 2. its height, ln(1 + excess / (a usual such window of the last 24 h + 5));
//! 3. that as a multiple of the series' usual daily peak. The greatest multiple of the four counts.
//!
//! From [`SeriesRule::cut`] on an alarm starts; then it is silent for a day, unless it grows to three times as much.
//! Nothing is looked at before its time, and nothing is known of the series beforehand: neither its range nor its end.

pub(crate) mod burst; // how high a burst stands, and how high they usually stand
mod judge; // bucket by bucket
mod week; // what an hour of the week usually holds

pub use judge::{SeriesJudge, SeriesReading, SeriesRule};
