//! What the columns of a model are, and what is made of their sums.

use tocsin_model::{Emotions, Milli, Sentiment};

/// Numbers that each feature has: as many as are added at once. Weights of their own for each kind of talk (reviews,
/// chats, news) were tried: half a point better on sets that were learned from, nothing on those that were left out.
pub const COLUMNS: usize = 16;

/// Positive against negative.
pub const LEAN: usize = 0;
/// Neutral against both.
pub const NEUTRAL: usize = 1;
/// The emotions, in the order of the model's.
pub const EMOTION: usize = 2;
/// Labels of other people's sets that are none of our emotions: optimism, gratitude, weak_negative.
pub const OTHER: usize = EMOTION + 7;
/// Whether it says the contrary of what it means.
pub const IRONY: usize = OTHER + 3;

const _: () = assert!(IRONY < COLUMNS);

/// What the rules say of a text, put together with what the model says: only in use, because a model that learns
/// beside them unlearns what their signs tell it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// How much of the n-grams' lean counts: less where something turns around what they see.
    pub seen: f32,
    /// Added to the lean.
    pub lean: f32,
    /// Added to what speaks for neutral.
    pub neutral: f32,
}

impl Default for Rules {
    /// They say nothing.
    fn default() -> Rules {
        Rules { seen: 1.0, lean: 0.0, neutral: 0.0 }
    }
}

impl Rules {
    /// Puts them together with the sums of the model.
    pub fn apply(&self, sums: &mut [f32; COLUMNS]) {
        sums[LEAN] = sums[LEAN] * self.seen + self.lean;
        sums[NEUTRAL] += self.neutral;
    }
}

/// How sure sums make us: each group is divided by its temperature (Guo et al., On Calibration of Modern
/// Neural Networks, 2017, section 4.2). The last is added to the sum of irony.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Of negative, neutral, positive.
    pub polarity: f32,
    /// Of the emotions.
    pub emotion: f32,
    /// Of irony.
    pub irony: f32,
    /// Added to what speaks for neutral.
    pub neutral_bias: f32,
    /// Added to what speaks for irony.
    pub irony_bias: f32,
}

impl Calibration {
    /// Sums as they are.
    pub const NONE: Calibration =
        Calibration { polarity: 1.0, emotion: 1.0, irony: 1.0, neutral_bias: 0.0, irony_bias: 0.0 };
}

/// What the model says of a text: sums, the columns of [`COLUMNS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outputs {
    /// By column.
    pub sums: [f32; COLUMNS],
    /// What makes probabilities of them.
    pub calibration: Calibration,
}

impl Outputs {
    /// What speaks for negative, neutral and positive.
    pub fn polarity(&self) -> [f32; 3] {
        let (lean, neutral, c) = (self.sums[LEAN], self.sums[NEUTRAL], &self.calibration);
        [-lean / c.polarity, (neutral + c.neutral_bias) / c.polarity, lean / c.polarity]
    }

    /// What speaks for each emotion, and behind them for the other labels.
    pub fn emotion(&self) -> [f32; 10] {
        std::array::from_fn(|i| self.sums[EMOTION + i] / self.calibration.emotion)
    }

    /// How probable negative, neutral and positive are.
    pub fn sentiment(&self) -> Sentiment {
        let mut p = self.polarity();
        softmax(&mut p);
        Sentiment::new(f64::from(p[0]), f64::from(p[2]))
    }

    /// How probable each emotion is; together 1000 thousandths.
    pub fn emotions(&self) -> Emotions {
        let mut p: [f32; 7] = std::array::from_fn(|i| self.sums[EMOTION + i] / self.calibration.emotion);
        softmax(&mut p);
        let mut shares = p.map(|p| (p * 1000.0) as u16);
        // What rounding down leaves over goes to the greatest.
        let rest = 1000 - shares.iter().sum::<u16>().min(1000);
        let best = (0..7).max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap_or(6);
        shares[best] += rest;
        Emotions(shares.map(Milli::new))
    }

    /// How probable irony is.
    pub fn irony(&self) -> f64 {
        let c = &self.calibration;
        1.0 / (1.0 + f64::from(-(self.sums[IRONY] + c.irony_bias) / c.irony).exp())
    }
}

/// Makes shares of what speaks for each.
pub fn softmax(values: &mut [f32]) {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    values.iter_mut().for_each(|v| *v = (*v - most).exp());
    let sum: f32 = values.iter().sum();
    values.iter_mut().for_each(|v| *v /= sum);
}
