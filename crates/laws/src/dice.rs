//! Chance from a seed: SplitMix64 (Steele, Lea, Flood 2014). The same seed draws the same.

/// A source of chance.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }
    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number below `n`; 0 of nothing.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.roll() % n }
    }
    /// A number from 0 up to 1.
    pub fn uniform(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }
    /// By the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
    /// A Poisson count: by the gaps that fit; above 50 its normal shape is near enough.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let (mut n, mut left) = (0.0, mean + (1.0 - self.uniform()).ln());
        while left > 0.0 {
            n += 1.0;
            left += (1.0 - self.uniform()).ln();
        }
        n
    }
    /// The same of a mean that is itself lognormal, with so much variance over mean squared.
    pub fn restless(&mut self, mean: f64, phi: f64) -> f64 {
        let sigma = (1.0 + phi).ln().sqrt();
        let factor = (sigma * self.normal() - sigma * sigma / 2.0).exp();
        self.poisson(mean * factor)
    }
    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    /// Puts things in any order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for i in (1..things.len()).rev() {
            things.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}
