//! Will it become a crisis? How many posts beyond the usual the next hours will hold.
//!
//! Posts call forth posts: a self-exciting process (Hawkes 1971) with an exponential kernel, as SEISMIC (Zhao et al.,
//! KDD 2015) has it for reposts with one of its own. Each post beyond the usual calls forth n others, on average,
//! [`MEMORY_MINUTES`] later; then the excess to come follows from one number, the excess now, weighted with the
//! kernel: its mean falls as e^(-κt), κ = (1 - n) / memory. Nothing else in a view helps: a regression on excesses over
//! 6, 20 and 60 minutes and 3 hours did no better, and estimating n and memory anew from each view's 75
//! minutes did far worse (1.6 times the error of persistence; this: 0.6). `make detection` prints what it reaches.

/// How long a post is remembered, in minutes: the mean of the kernel.
const MEMORY_MINUTES: f64 = 15.0;
/// By how much the excess falls in an hour (e^-κ: to 55 %). With the memory it says that each post calls forth
/// n = 0.85 others.
const DECAY_AN_HOUR: f64 = 0.6;
/// What an ordinary hour varies beyond Poisson, as variance over mean squared.
const USUAL_PHI: f64 = 0.08;
/// What the excess varies around its mean, in the same way, one hour and four hours ahead: cascades differ.
const EXCESS_PHI: [f64; 2] = [0.22, 1.7];
/// Of the normal distribution, the 90 % quantile.
const Z_90: f64 = 1.281_551_565_544_600_4;

/// Posts beyond the usual in one hour to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// The mean.
    pub excess: f64,
    /// One time in ten it is less than this; below 0: less than usual.
    pub low: f64,
    /// One time in ten it is more than this.
    pub high: f64,
}

/// What is to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// In the hour from now on.
    pub plus_1h: Outlook,
    /// In the hour that ends four hours from now.
    pub plus_4h: Outlook,
}

impl Forecast {
    /// Posts beyond the usual in so many minutes from now on, up to an hour.
    pub(crate) fn within(&self, minutes: f64) -> f64 {
        let falls = |hours: f64| 1.0 - (-DECAY_AN_HOUR * hours).exp();
        self.plus_1h.excess * falls(minutes / 60.0) / falls(1.0)
    }
}

/// The last minutes of a brand, oldest first; as many of `heard` as of `expected`.
#[derive(Clone, Copy, Debug)]
pub struct Minutes<'a> {
    /// Posts heard.
    pub heard: &'a [f64],
    /// Posts that should have been heard; in the last minute as many as its passed part should hold.
    pub expected: &'a [f64],
    /// How much of the last minute has passed, from 0 to 1.
    pub passed: f64,
}

/// What is to come after these minutes; `expected`: posts that should be heard in the hour from now on, and in
/// the one that ends four hours from now.
pub fn forecast(minutes: Minutes<'_>, expected: [f64; 2]) -> Forecast {
    let now = 60.0 * excess_a_minute(minutes);
    let outlook = |ahead: usize, ends: f64| {
        let falls = |hours: f64| (-DECAY_AN_HOUR * hours).exp();
        let excess = now * (falls(ends - 1.0) - falls(ends)) / DECAY_AN_HOUR;
        interval(excess, expected[ahead], EXCESS_PHI[ahead])
    };
    Forecast { plus_1h: outlook(0, 1.0), plus_4h: outlook(1, 4.0) }
}

/// The excess now, in posts a minute, each minute weighted with the kernel; at least 0.
fn excess_a_minute(minutes: Minutes<'_>) -> f64 {
    let (mut excess, mut weights) = (0.0, 0.0);
    let mut age = minutes.passed / 2.0;
    let mut passed = minutes.passed;
    for (heard, expected) in minutes.heard.iter().zip(minutes.expected).rev() {
        let weight = (-age / MEMORY_MINUTES).exp();
        excess += weight * (heard - expected);
        weights += weight * passed;
        age += (passed + 1.0) / 2.0;
        passed = 1.0;
    }
    if weights > 0.0 { (excess / weights).max(0.0) } else { 0.0 }
}

/// All posts of the hour as a gamma mixture of Poissons; its quantiles as those of the gamma
/// with the same mean and variance (Wilson and Hilferty 1931), to the next whole post outwards.
fn interval(excess: f64, expected: f64, excess_phi: f64) -> Outlook {
    let mean = (expected + excess).max(0.05);
    let variance = mean + USUAL_PHI * expected * expected + excess_phi * excess * excess;
    let shape = mean * mean / variance;
    let quantile = |z: f64| mean * (1.0 - 1.0 / (9.0 * shape) + z / (3.0 * shape.sqrt())).max(0.0).powi(3);
    Outlook {
        excess,
        low: (quantile(-Z_90) - 0.5).floor().max(0.0) - expected,
        high: quantile(Z_90).ceil() - expected,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    /// 75 minutes with so many posts in each of the last 60, where one in five minutes is usual.
    fn after(heard: f64) -> Forecast {
        let minutes: Vec<f64> = (0..75).map(|i| if i < 15 { 0.2 } else { heard }).collect();
        forecast(Minutes { heard: &minutes, expected: &[0.2; 75], passed: 1.0 }, [12.0, 12.0])
    }

    fn shown(outlook: Outlook) -> String {
        format!("{:.0} from {:.0} to {:.0}", outlook.excess, outlook.low, outlook.high)
    }

    #[test]
    fn what_is_usual_goes_on() {
        assert_eq!(shown(after(0.2).plus_1h), "0 from -7 to 7");
        assert_eq!(shown(after(0.0).plus_4h), "0 from -7 to 7", "silence calls for no silence");
    }

    #[test]
    fn a_cascade_ebbs_and_the_further_ahead_the_less_is_known() {
        let cascade = after(4.2);
        expect!["178 from 80 to 292"].assert_eq(&shown(cascade.plus_1h));
        expect!["29 from -8 to 80"].assert_eq(&shown(cascade.plus_4h));
    }

    #[test]
    fn the_latest_minutes_weigh_most_and_the_unfinished_one_by_its_part() {
        let one = |at: usize, passed: f64| {
            let heard: Vec<f64> = (0..75).map(|i| f64::from(u8::from(i == at)) * 30.0).collect();
            forecast(Minutes { heard: &heard, expected: &[0.0; 75], passed }, [0.0, 0.0]).plus_1h.excess
        };
        assert!(one(74, 1.0) > 2.0 * one(55, 1.0));
        assert!(one(74, 0.1) > one(74, 1.0) && one(74, 0.1) < 1.1 * one(74, 1.0));
        let nothing = forecast(Minutes { heard: &[], expected: &[], passed: 0.0 }, [5.0, 5.0]);
        assert_eq!(nothing.plus_1h.excess, 0.0);
    }

    proptest! {
        #[test]
        fn the_mean_lies_in_its_interval_and_more_now_is_more_to_come(
            a in 0.0_f64..1e5, more in 0.0_f64..1e5, expected in 0.0_f64..1e5
        ) {
            let of = |now: f64| {
                forecast(Minutes { heard: &[now], expected: &[0.0], passed: 1.0 }, [expected, expected])
            };
            for (low, high) in [(of(a).plus_1h, of(a + more).plus_1h), (of(a).plus_4h, of(a + more).plus_4h)] {
                prop_assert!(low.low <= low.excess && low.excess <= low.high + 1.0, "{low:?}");
                prop_assert!(low.excess <= high.excess && low.high <= high.high, "{low:?} {high:?}");
            }
        }
    }
}
