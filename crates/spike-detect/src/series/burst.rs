//! How high a burst stands, on a scale for series whose bursts have heavy tails.
//!
//! The logarithm makes a hundredfold rise twice a tenfold one, so that one great day does not hide all that follow it,
//! and the level is that of the whole day: ten times a quiet night is nobody's crisis. Both were measured
//! against ratios to the hour of the week and against tails of the negative binomial, see docs/detection.md.

/// So many posts are added to the level, so that three posts in a silent night are no burst.
const LEVEL_FLOOR: f64 = 5.0;
/// The usual peak is this quantile of the daily peaks: about the third highest of two weeks.
const PEAK_QUANTILE: f64 = 0.9;
/// A usual peak to start from, and how many days that belief is worth.
const PEAK_AT_FIRST: (f64, f64) = (0.6, 3.0);

/// The height of a burst: `excess` posts beyond what was expected in a window, where such a window of the
/// last 24 hours usually holds `level` posts. At least 0.
pub(crate) fn height(excess: f64, level: f64) -> f64 {
    (excess.max(0.0) / (level + LEVEL_FLOOR)).ln_1p()
}

/// The height that a brand's bursts usually reach in a day: from the peaks of its last days, in any order.
pub(crate) fn usual_peak(daily_peaks: &mut [f64]) -> f64 {
    let (first, worth) = PEAK_AT_FIRST;
    let days = daily_peaks.len() as f64;
    (days * quantile(daily_peaks, PEAK_QUANTILE) + worth * first) / (days + worth)
}

/// Interpolated between the two nearest (type 7 of Hyndman and Fan 1996); 0 of nothing.
fn quantile(values: &mut [f64], at: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable_by(f64::total_cmp);
    let place = at * (values.len() - 1) as f64;
    let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(x: f64) -> f64 {
        (x * 100.0).round() / 100.0
    }

    #[test]
    fn three_thousand_against_two_hundred_is_a_burst_and_three_against_a_fifth_is_none() {
        assert_eq!([height(2_800.0, 200.0), height(2.8, 0.2)].map(rounded), [2.69, 0.43]);
        assert_eq!(height(-5.0, 200.0), 0.0);
    }

    #[test]
    fn the_usual_peak_comes_from_the_brands_own_days() {
        assert_eq!(usual_peak(&mut []), 0.6);
        assert_eq!(rounded(usual_peak(&mut [1.0; 14])), 0.93);
        assert_eq!(rounded(usual_peak(&mut [0.1; 14])), 0.19);
    }

    #[test]
    fn one_great_day_in_two_weeks_does_not_hide_the_next() {
        let mut days = [0.5; 14];
        days[3] = 4.0;
        assert_eq!(rounded(usual_peak(&mut days)), 0.52);
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.9), 2.8);
        assert_eq!((quantile(&mut [], 0.9), quantile(&mut [7.0], 0.9)), (0.0, 7.0));
    }
}
