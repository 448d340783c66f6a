//! What the labels of sets mean to us.

use tocsin_score::linear::{EMOTION, OTHER};

/// What one label says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// 0 negative, 1 neutral, 2 positive.
    Polarity(usize),
    /// A column of the model, and which way one leans who feels so, if any.
    Feeling(usize, Option<usize>),
    /// Whether it is meant otherwise than said.
    Irony(bool),
}

/// What a label means; `None` for one that we don't know.
pub(crate) fn meaning(label: &str) -> Option<Meaning> {
    let emotion = |index: usize, lean| Meaning::Feeling(EMOTION + index, lean);
    let other = |index: usize, lean| Meaning::Feeling(OTHER + index, lean);
    Some(match label {
        "negative" => Meaning::Polarity(0),
        "neutral" => Meaning::Polarity(1),
        "positive" => Meaning::Polarity(2),
        "anger" | "angry" => emotion(0, Some(0)),
        "disgust" => emotion(1, Some(0)),
        "fear" | "anxiety" => emotion(2, Some(0)),
        "sadness" | "sad" => emotion(3, Some(0)),
        "surprise" => emotion(4, None),
        "joy" | "happy" | "happiness" | "like" => emotion(5, Some(2)),
        "none" => emotion(6, Some(1)),
        "optimism" => other(0, Some(2)),
        "gratitude" => other(1, Some(2)),
        "weak_negative" => other(2, Some(0)),
        "irony" | "sarcasm" => Meaning::Irony(true),
        "not_irony" | "not_sarcasm" => Meaning::Irony(false),
        _ => return None,
    })
}

impl Meaning {
    /// The question that it answers in a set by itself.
    pub(crate) fn question(self) -> Question {
        match self {
            Meaning::Polarity(_) => Question::Sentiment,
            Meaning::Feeling(..) => Question::Emotion,
            Meaning::Irony(_) => Question::Irony,
        }
    }
}

/// What a set asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Negative or positive; says nothing of neutral.
    Lean,
    /// Negative, neutral or positive.
    Sentiment,
    /// What is felt.
    Emotion,
    /// Whether it is ironic.
    Irony,
}

impl Question {
    /// Of a set, by the labels in it. `neutral` and `positive` are feelings in a set that has others.
    pub fn of<'a>(labels: impl Iterator<Item = &'a str>) -> Question {
        let (mut neutral, mut emotion, mut irony) = (false, false, false);
        for label in labels {
            match meaning(label) {
                Some(Meaning::Polarity(polarity)) => neutral |= polarity == 1,
                Some(Meaning::Feeling(..)) => emotion = true,
                Some(Meaning::Irony(_)) => irony = true,
                None => {}
            }
        }
        match (emotion, irony, neutral) {
            (true, ..) => Question::Emotion,
            (_, true, _) => Question::Irony,
            (_, _, true) => Question::Sentiment,
            _ => Question::Lean,
        }
    }
}

/// What a row of a set teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// 0 negative, 2 positive; nothing is said of neutral.
    Lean(usize),
    /// 0 negative, 1 neutral, 2 positive.
    Sentiment(usize),
    /// A column of the model.
    Emotion(usize),
    /// Whether it is ironic.
    Irony(bool),
}

impl Aim {
    /// What a label teaches in a set that asks this.
    pub fn of(question: Question, label: &str) -> Option<Aim> {
        Some(match (question, meaning(label)?) {
            (Question::Lean, Meaning::Polarity(p)) => Aim::Lean(p),
            (Question::Sentiment, Meaning::Polarity(p)) => Aim::Sentiment(p),
            (Question::Emotion, Meaning::Feeling(column, _)) => Aim::Emotion(column),
            // In a set of feelings neutral is none of them, and positive is joy.
            (Question::Emotion, Meaning::Polarity(1)) => Aim::Emotion(EMOTION + 6),
            (Question::Emotion, Meaning::Polarity(2)) => Aim::Emotion(EMOTION + 5),
            (Question::Irony, Meaning::Irony(is)) => Aim::Irony(is),
            _ => return None,
        })
    }
}
