//! A view to signals and marks: what is so now, said at most once a minute.
//!
//! Everything comes from the view, `now` too. The marks are the only memory, and they only grow, so a
//! judgement that is made again after a crash changes nothing.

use tocsin_model::{Kind, Mark, Minute, Severity, Signal, Subject, View};

use crate::detectors::{DETECTORS, Look, SHORT_MINUTES, Verdict};
use crate::{Baseline, Rule, detectors, evidence, silence};

/// Below this part of its threshold a kind may be cleared; between it and 1 nothing is said.
const CALM_SCORE: f64 = 0.7;

/// A short window that is abnormal so long after the last one begins a new spell, also while a long window holds
/// the kind abnormal.
const BURST_APART_MINUTES: i64 = 90;

/// What a judge has to say, and to remember.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// What is abnormal, or ordinary again.
    pub signals: Vec<Signal>,
    /// To be merged into the subject's marks, with the signals or before them.
    pub marks: Vec<(Kind, Mark)>,
}

/// Judges a brand, or whether a source has gone silent, as of the view's `now`.
///
/// A kind that turns abnormal is marked and signalled; while it stays abnormal it is signalled once a
/// minute; after [`Rule::calm_minutes`] without a signal, when its score is low, it is cleared.
pub fn judge(view: &View, baseline: &Baseline, rule: &Rule) -> Judgement {
    let mut judgement = Judgement::default();
    if let Subject::Source(_) = view.subject {
        judgement.say(view, rule, Kind::Silence, silence::judge(view, baseline, rule), None);
        return judgement;
    }
    let look = Look::at(view, baseline, rule);
    let mut negative = None;
    let mut flood = Verdict::Ordinary { score: 0.0 };
    for detector in DETECTORS {
        let verdict = detector.judge(&look);
        if let (Kind::Negative, Verdict::Abnormal(finding)) = (detector.kind, &verdict) {
            negative = Some(finding.severity);
            flood = detectors::flood::judge(view, &look, finding);
        }
        judgement.say(view, rule, detector.kind, verdict, negative);
    }
    judgement.say(view, rule, Kind::Flood, flood, negative);
    judgement
}

impl Judgement {
    fn say(&mut self, view: &View, rule: &Rule, kind: Kind, verdict: Verdict, negative: Option<Severity>) {
        let mark = view.mark(kind);
        let minute = view.now.minute();
        match verdict {
            Verdict::Abnormal(finding) if !mark.stands() || mark.signalled < minute => {
                // One that was cleared in this very minute stands again from the next, so that marks only grow.
                let is_burst = kind != Kind::Silence && finding.window_minutes <= SHORT_MINUTES;
                let anew = is_burst && minute.0 - mark.burst.0 > BURST_APART_MINUTES;
                let since =
                    if mark.stands() && !anew { mark.since } else { minute.max(Minute(mark.cleared.0 + 1)) };
                let burst = if is_burst { mark.burst.max(minute) } else { mark.burst };
                let severity = at_most(kind, finding.severity, negative);
                let evidence = evidence::of(*finding, view, rule);
                let subject = view.subject.clone();
                self.signals.push(Signal::abnormal(subject, kind, severity, since, view.now, evidence));
                self.marks.push((kind, Mark { since, signalled: mark.signalled.max(minute), burst, ..mark }));
            }
            Verdict::Abnormal(_) => {}
            Verdict::Ordinary { score } if score >= CALM_SCORE => {}
            Verdict::Ordinary { .. } | Verdict::WarmingUp { .. } => {
                let calm = minute.0 - mark.signalled.0 >= rule.calm_minutes;
                if mark.stands() && calm {
                    self.signals.push(Signal::cleared(view.subject.clone(), kind, mark.since, view.now));
                    self.marks.push((kind, Mark { cleared: mark.since.max(minute), ..mark }));
                }
            }
        }
    }
}

/// More posts alone are no crisis: without more negative ones than the brand's own share explains they
/// are at most blue, and never worse than those. Nor is a flood of copies.
fn at_most(kind: Kind, severity: Severity, negative: Option<Severity>) -> Severity {
    match kind {
        Kind::Volume | Kind::Engagement | Kind::Forecast | Kind::Flood => {
            severity.min(negative.unwrap_or(Severity::Blue))
        }
        _ => severity,
    }
}

#[cfg(test)]
mod tests;
