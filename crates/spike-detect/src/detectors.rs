//! The list of detectors, and what each of them is given and says.

use tocsin_model::{Counts, Kind, Severity, View};

use crate::Rule;
use crate::baseline::{Baseline, WARM_UP_MINUTES};

mod negative; // more negative posts than the volume explains
mod volume; // more posts than there should be

/// The windows that each detector looks at, in minutes. No longer ones yet: six hours are a quarter of the
/// day that the baseline knows.
pub const WINDOWS: [u32; 3] = [5, 15, 60];

/// One way of being abnormal.
#[derive(Clone, Copy, Debug)]
pub struct Detector {
    /// What it finds.
    pub kind: Kind,
    /// In one line, for people.
    pub finds: &'static str,
    /// How.
    judge: fn(&Look<'_>) -> Verdict,
}

/// All of them. `negative` first: how bad the others may be depends on it.
pub const DETECTORS: &[Detector] = &[negative::DETECTOR, volume::DETECTOR];

impl Detector {
    /// What it says of a view.
    pub fn judge(&self, look: &Look<'_>) -> Verdict {
        if look.minutes_left > 0 {
            return Verdict::WarmingUp { minutes_left: look.minutes_left };
        }
        (self.judge)(look)
    }
}

/// What a detector says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The history is too short to judge by.
    WarmingUp {
        /// For so many minutes more.
        minutes_left: i64,
    },
    /// Nothing is abnormal.
    Ordinary {
        /// log10 p over its threshold, in the most surprising window: 0 as expected, 1 abnormal.
        score: f64,
    },
    /// This window is abnormal.
    Abnormal(Finding),
}

/// A window that is abnormal, and the numbers that say so.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// Which window.
    pub window_minutes: u32,
    /// What it holds.
    pub counts: Counts,
    /// Posts that should have been heard in it.
    pub expected: f64,
    /// Negative posts that should have been in it.
    pub negative_expected: f64,
    /// Which test.
    pub test: &'static str,
    /// log10 of the probability of so much or more, were all ordinary.
    pub log10_p: f64,
    /// The log10 p at or below which it is abnormal.
    pub log10_threshold: f64,
}

/// What a detector is given: a view, what it should hold, and the rule.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    rule: &'a Rule,
    /// Until the history is long enough.
    minutes_left: i64,
    /// The last windows, as in [`WINDOWS`].
    windows: [Counts; WINDOWS.len()],
    baseline: Baseline,
}

impl<'a> Look<'a> {
    /// Looks at a view.
    pub fn at(view: &View, rule: &'a Rule) -> Look<'a> {
        Look {
            rule,
            minutes_left: (WARM_UP_MINUTES - view.age().minutes()).max(0),
            windows: WINDOWS.map(|minutes| view.last_minutes(minutes as usize)),
            baseline: Baseline::of(view),
        }
    }

    /// Asks `test` of each window: none where a window is out of the question. The worst of the abnormal
    /// ones, else the greatest score.
    fn worst(&self, test: impl Fn(u32, &Counts) -> Option<Finding>) -> Verdict {
        let mut score = 0.0_f64;
        let mut worst: Option<(Finding, f64)> = None;
        for (minutes, counts) in WINDOWS.into_iter().zip(&self.windows) {
            let Some(finding) = test(minutes, counts) else { continue };
            let own = finding.log10_p / finding.log10_threshold;
            score = score.max(own);
            let worse = |(w, s): &(Finding, f64)| (finding.severity, own) > (w.severity, *s);
            if own >= 1.0 && worst.as_ref().is_none_or(worse) {
                worst = Some((finding, own));
            }
        }
        worst.map_or(Verdict::Ordinary { score }, |(finding, _)| Verdict::Abnormal(finding))
    }
}
