//! What a model gets right on a set.

use tocsin_model::Sentiment;
use tocsin_score::Reading;
use tocsin_score::linear::{EMOTION, Outputs, softmax};

use crate::labels::{Aim, Question};
use crate::sets::Set;

/// What was measured on one set.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The set's name.
    pub set: String,
    /// What it asks.
    pub question: Question,
    /// Its labels, those that mean the same put together, by the name of the first.
    pub labels: Vec<String>,
    /// Rows by label (outer) and by what the model says (inner).
    pub confusion: Vec<Vec<u64>>,
    /// Expected calibration error: how far the probability of what is said lies from how often it is
    /// right, over ten equal steps of probability (Guo et al., 2017, section 2).
    pub calibration_error: f64,
}

impl Measured {
    /// Rows.
    pub fn n(&self) -> u64 {
        self.confusion.iter().flatten().sum()
    }

    /// The share of rows that it gets right.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.labels.len()).map(|label| self.confusion[label][label]).sum();
        right as f64 / self.n().max(1) as f64
    }

    /// The F1 of each label, 0 to 1.
    pub fn f1(&self) -> Vec<f64> {
        let of = |label: usize| {
            let right = self.confusion[label][label];
            let is: u64 = self.confusion[label].iter().sum();
            let said: u64 = self.confusion.iter().map(|row| row[label]).sum();
            2.0 * right as f64 / (is + said).max(1) as f64
        };
        (0..self.labels.len()).map(of).collect()
    }

    /// The mean of the F1 of all labels.
    pub fn macro_f1(&self) -> f64 {
        self.f1().iter().sum::<f64>() / self.labels.len().max(1) as f64
    }
}

/// Measures what tocsin says of the texts of a set. Of two ways the greater one counts; in a set of
/// emotions the most probable of the set's own labels; irony from a half on.
pub fn measure(set: &Set, said: &[(Reading, Outputs)]) -> Measured {
    measure_by(set, |row, labels| probabilities(&said[row], labels))
}

/// The same by how probable each of the set's labels is in a row.
pub(crate) fn measure_by(set: &Set, probabilities: impl Fn(usize, &[(Aim, String)]) -> Vec<f64>) -> Measured {
    let mut labels: Vec<(Aim, String)> = Vec::new();
    for row in &set.rows {
        if let Some(aim) = Aim::of(set.question, &row.label)
            && labels.iter().all(|(known, _)| *known != aim)
        {
            labels.push((aim, row.label.clone()));
        }
    }
    labels.sort_by_key(|(aim, _)| order(*aim));
    let mut confusion = vec![vec![0; labels.len()]; labels.len()];
    let mut steps = [(0.0, 0.0); 10];
    for (at, row) in set.rows.iter().enumerate() {
        let Some(aim) = Aim::of(set.question, &row.label) else { continue };
        let p = probabilities(at, &labels);
        let best = (0..p.len()).rev().max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap_or(0);
        let is = labels.iter().position(|(known, _)| *known == aim).unwrap_or(0);
        confusion[is][best] += 1;
        let step = &mut steps[((p[best] * 10.0) as usize).min(9)];
        step.0 += p[best];
        step.1 += if is == best { 1.0 } else { 0.0 };
    }
    let n: u64 = confusion.iter().flatten().sum();
    let off: f64 = steps.iter().map(|(sure, right): &(f64, f64)| (sure - right).abs()).sum();
    Measured {
        set: set.name.clone(),
        question: set.question,
        labels: labels.into_iter().map(|(_, name)| name).collect(),
        confusion,
        calibration_error: off / n.max(1) as f64,
    }
}

/// As our own labels stand.
fn order(aim: Aim) -> usize {
    match aim {
        Aim::Lean(label) | Aim::Sentiment(label) | Aim::Emotion(label) => label,
        Aim::Irony(is) => usize::from(is),
    }
}

/// How probable each of a set's labels is, if it is one of them.
fn probabilities((reading, outputs): &(Reading, Outputs), labels: &[(Aim, String)]) -> Vec<f64> {
    let Sentiment { negative, neutral, positive } = reading.sentiment;
    let polarity = [negative, neutral, positive].map(|p| p.probability());
    let irony = reading.irony.probability();
    let mut emotion = outputs.emotion();
    softmax(&mut emotion);
    let of = |aim: Aim| match aim {
        Aim::Lean(label) | Aim::Sentiment(label) => polarity[label],
        Aim::Emotion(column) => f64::from(emotion[column - EMOTION]),
        Aim::Irony(is) => {
            if is {
                irony
            } else {
                1.0 - irony
            }
        }
    };
    let p: Vec<f64> = labels.iter().map(|(aim, _)| of(*aim)).collect();
    let sum = p.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    p.iter().map(|p| p / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_follow_from_the_confusion() {
        let m = Measured {
            set: "s".into(),
            question: Question::Lean,
            labels: vec!["negative".into(), "positive".into()],
            confusion: vec![vec![8, 2], vec![4, 6]],
            calibration_error: 0.0,
        };
        assert_eq!((m.n(), m.accuracy()), (20, 0.7));
        let [negative, positive] = m.f1()[..] else { panic!("two labels") };
        assert!((negative - 16.0 / 22.0).abs() < 1e-9 && (positive - 12.0 / 18.0).abs() < 1e-9);
        assert!((m.macro_f1() - (negative + positive) / 2.0).abs() < 1e-9);
    }
}
