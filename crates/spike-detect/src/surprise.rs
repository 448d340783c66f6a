//! How unlikely is this count? Upper tails in closed form, as log10 of a probability.
//!
//! Everything stays in logarithms, so a tail of 10^-5000 is as good a number as one of 10^-2, and a
//! count may be fractional: a sum of probabilities is one.
//!
//! Sources: DLMF 8.2, 8.7, 8.9 (incomplete gamma) and 8.17 (incomplete beta) for the identities; Press et
//! al., Numerical Recipes, 3rd ed., 6.1, 6.2, 6.4 for series, continued fractions and their ranges.

use std::f64::consts::{LN_2, LN_10, PI};

/// log10 P(X >= k) of a Poisson count with this mean: P(k, mean), regularised (DLMF 8.2.4).
pub(crate) fn poisson_tail(k: f64, mean: f64) -> f64 {
    if k <= 0.0 {
        return 0.0;
    }
    if mean <= 0.0 {
        return f64::NEG_INFINITY;
    }
    ln_gamma_lower(k, mean) / LN_10
}

/// log10 P(X >= k) of a negative binomial count with this mean and size (the variance is
/// mean + mean²/size): I_{mean/(mean+size)}(k, size) (DLMF 8.17.24 with 8.17.4).
///
/// It is a Poisson count whose rate has a gamma prior of variance 1/size; without end in size it is Poisson.
pub(crate) fn negative_binomial_tail(k: f64, mean: f64, size: f64) -> f64 {
    if size > SIZE_OF_POISSON {
        return poisson_tail(k, mean);
    }
    if k <= 0.0 {
        return 0.0;
    }
    if mean <= 0.0 {
        return f64::NEG_INFINITY;
    }
    ln_beta_regularised(mean / (mean + size), size / (mean + size), k, size) / LN_10
}

/// ln P(X = k) of a negative binomial count with this mean and size, both above 0.
pub(crate) fn ln_negative_binomial(k: f64, mean: f64, size: f64) -> f64 {
    ln_gamma(k + size) - ln_gamma(size) - ln_gamma(k + 1.0)
        + k * (mean / (mean + size)).ln()
        + size * (size / (mean + size)).ln()
}

/// log10 P(X >= k) of a binomial count of n tries at probability p: I_p(k, n - k + 1) (DLMF 8.17.5).
pub(crate) fn binomial_tail(k: f64, n: f64, p: f64) -> f64 {
    if k <= 0.0 || p >= 1.0 {
        return 0.0;
    }
    if p <= 0.0 || k > n {
        return f64::NEG_INFINITY;
    }
    ln_beta_regularised(p, 1.0 - p, k, n - k + 1.0) / LN_10
}

/// Past this size the two differ by less than the rounding of ln Γ.
const SIZE_OF_POISSON: f64 = 1e9;
/// Terms of a series or a continued fraction. Both need a few times the square root of their greatest
/// argument (Numerical Recipes 6.2, 6.4), so this is enough for counts of 10^7.
const TERMS_MAX: u32 = 20_000;
/// A term that no longer changes the sum.
const NEGLIGIBLE: f64 = 1e-15;
/// Stands in for a zero denominator (Lentz's method as in Numerical Recipes 5.2).
const TINY: f64 = 1e-300;

/// ln Γ(x) for x > 0: Lanczos's approximation with g = 7 and nine terms (Godfrey's coefficients), to
/// about 15 digits; below 1/2 by reflection (DLMF 5.5.3).
pub(crate) fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const REST: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let sum: f64 = FIRST + REST.iter().enumerate().map(|(i, c)| c / (x + i as f64 + 1.0)).sum::<f64>();
    let t = x + G + 0.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// ln(1 - e^l) for l <= 0, exact at both ends (Mächler 2012).
fn ln_one_minus_exp(l: f64) -> f64 {
    if l > -LN_2 { (-l.exp_m1()).ln() } else { (-l.exp()).ln_1p() }
}

/// ln P(a, x), the regularised lower incomplete gamma function, for a, x > 0.
fn ln_gamma_lower(a: f64, x: f64) -> f64 {
    let front = a * x.ln() - x - ln_gamma(a);
    if x < a + 1.0 {
        // The series of DLMF 8.7.1: all terms positive, none cancels.
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..=TERMS_MAX {
            term *= x / (a + f64::from(n));
            sum += term;
            if term < sum * NEGLIGIBLE {
                break;
            }
        }
        return (front + sum.ln()).min(0.0);
    }
    // The upper one by its continued fraction (DLMF 8.9.2), Lentz's method.
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for n in 1..=TERMS_MAX {
        let n = f64::from(n);
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / away_from_zero(an * d + b);
        c = away_from_zero(b + an / c);
        h *= c * d;
        if (c * d - 1.0).abs() < NEGLIGIBLE {
            break;
        }
    }
    ln_one_minus_exp((front + h.ln()).min(0.0))
}

/// ln I_x(a, b), the regularised incomplete beta function; `y` is 1 - x, given because it may be too
/// small to be had by subtraction.
fn ln_beta_regularised(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * y.ln();
    // The fraction converges fast below the mean, and the symmetry of DLMF 8.17.4 takes us there.
    if x < (a + 1.0) / (a + b + 2.0) {
        (front + beta_fraction(x, a, b).ln() - a.ln()).min(0.0)
    } else {
        ln_one_minus_exp((front + beta_fraction(y, b, a).ln() - b.ln()).min(0.0))
    }
}

/// The continued fraction of DLMF 8.17.22 by Lentz's method, as in Numerical Recipes 6.4.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..=TERMS_MAX {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < NEGLIGIBLE {
            break;
        }
    }
    h
}

fn away_from_zero(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Within 10^-9 of each other, of the greater.
    #[track_caller]
    fn close(found: f64, exact: f64) {
        assert!((found - exact).abs() <= 1e-9 * exact.abs().max(1.0), "found {found}, exactly {exact}");
    }

    /// log10 of a sum of terms given by their natural logarithms, from the greatest down.
    fn log10_sum(terms: impl Iterator<Item = f64>) -> f64 {
        let terms: Vec<f64> = terms.collect();
        let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (most + terms.iter().map(|t| (t - most).exp()).sum::<f64>().ln()) / LN_10
    }

    fn ln_factorial(n: u32) -> f64 {
        (1..=n).map(|i| f64::from(i).ln()).sum()
    }

    #[test]
    fn ln_gamma_of_known_values() {
        close(ln_gamma(1.0), 0.0);
        close(ln_gamma(0.5), PI.sqrt().ln());
        close(ln_gamma(10.0), 362_880f64.ln());
        close(ln_gamma(0.1), 2.252_712_651_734_206);
        close(ln_gamma(171.0), ln_factorial(170));
    }

    #[test]
    fn poisson_tails_are_their_sums() {
        for (k, mean) in [(1, 0.2), (3, 0.2), (5, 5.0), (4, 9.5), (60, 20.0), (300, 200.0), (2000, 10.0)] {
            let sum = log10_sum((k..k + 2000).map(|n| f64::from(n) * f64::ln(mean) - mean - ln_factorial(n)));
            close(poisson_tail(f64::from(k), mean), sum);
        }
    }

    #[test]
    fn negative_binomial_tails_are_their_sums() {
        for (k, mean, size) in
            [(3, 0.2, 4.0), (12, 4.0, 0.5), (60, 20.0, 5.5), (500, 100.0, 6.7), (9, 30.0, 12.0)]
        {
            let ln_term = |n: u32| ln_negative_binomial(f64::from(n), mean, size);
            close(negative_binomial_tail(f64::from(k), mean, size), log10_sum((k..k + 6000).map(ln_term)));
        }
    }

    #[test]
    fn binomial_tails_are_their_sums() {
        for (k, n, p) in [(4, 5, 0.2), (1, 1, 0.3), (40, 60, 0.2), (300, 1000, 0.25), (5, 40, 0.5)] {
            let ln_term = |i: u32| {
                ln_factorial(n) - ln_factorial(i) - ln_factorial(n - i)
                    + f64::from(i) * f64::ln(p)
                    + f64::from(n - i) * f64::ln(1.0 - p)
            };
            close(binomial_tail(f64::from(k), f64::from(n), p), log10_sum((k..=n).map(ln_term)));
        }
    }

    #[test]
    fn the_smallest_tails_do_not_vanish() {
        // 10,000 where one was expected: the first term leads the sum, e^-1 / 10000!, times 1.0001.
        let first = (-1.0 - ln_factorial(10_000)) / LN_10;
        close(poisson_tail(10_000.0, 1.0), first + 1.0001f64.log10());
        assert!(poisson_tail(10_000.0, 1.0) < -35_000.0);
        assert!(negative_binomial_tail(10_000.0, 1.0, 1_000.0).is_finite());
        assert!(binomial_tail(1_000.0, 1_000.0, 0.001) < -2_999.0);
    }

    #[test]
    fn nothing_is_never_a_surprise() {
        assert_eq!(poisson_tail(0.0, 3.0), 0.0);
        assert_eq!(negative_binomial_tail(0.0, 3.0, 2.0), 0.0);
        assert_eq!(binomial_tail(0.0, 3.0, 0.2), 0.0);
        assert!(poisson_tail(1.0, 1_000.0) > -1e-9);
    }

    proptest! {
        #[test]
        fn more_is_never_less_of_a_surprise(
            k in 0.1f64..3000.0, more in 0.001f64..50.0, mean in 0.01f64..2000.0, size in 0.2f64..5000.0
        ) {
            prop_assert!(poisson_tail(k + more, mean) <= poisson_tail(k, mean) + 1e-9);
            let nb = |k| negative_binomial_tail(k, mean, size);
            prop_assert!(nb(k + more) <= nb(k) + 1e-9, "{} {}", nb(k), nb(k + more));
        }

        #[test]
        fn without_end_in_size_it_is_poisson(k in 1.0f64..300.0, mean in 0.1f64..300.0) {
            let (nb, poisson) = (negative_binomial_tail(k, mean, 9e8), poisson_tail(k, mean));
            prop_assert!((nb - poisson).abs() < 1e-3 * poisson.abs().max(1.0), "{nb} {poisson}");
        }
    }
}
