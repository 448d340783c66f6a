//! A view to signals and marks: what is so now, said at most once a minute.
//!
//! Everything comes from the view, `now` too. The marks are the only memory, and they only grow, so a
//! judgement that is made again after a crash changes nothing.

use tocsin_model::{Kind, Mark, Minute, Severity, Signal, State, Subject, View};

use crate::answer::answered;
use crate::detectors::{DETECTORS, Finding, Look, SHORT_MINUTES, Verdict, flood, trigger};
use crate::severity::{Grade, Grounds};
use crate::{Baseline, Rule, evidence, silence};

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
        let grades = Grades { rule, grounds: None, negative: Severity::Blue };
        judgement.say(view, &grades, Kind::Silence, silence::judge(view, baseline, rule));
        return judgement;
    }
    let look = Look::at(view, baseline, rule);
    let mut verdicts: Vec<(Kind, Verdict)> =
        DETECTORS.iter().map(|detector| (detector.kind, detector.judge(&look))).collect();
    let found = |(kind, verdict): &(Kind, Verdict)| match verdict {
        Verdict::Abnormal(finding) if *kind == Kind::Negative => Some(finding.clone()),
        _ => None,
    };
    let negative = verdicts.iter().find_map(found);
    verdicts.push(match &negative {
        Some(negative) => (Kind::Flood, flood::judge(view, negative)),
        None => (Kind::Flood, Verdict::Ordinary { score: 0.0 }),
    });
    verdicts.extend(trigger::KINDS.map(|kind| (kind, trigger::judge(kind, &look))));
    let mut grades = Grades { rule, grounds: None, negative: Severity::Blue };
    if verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Abnormal(_))) {
        grades.grounds = Some(Grounds::at(&look));
        grades.negative = negative.map_or(Severity::Blue, |f| grades.of(Kind::Negative, &f).severity());
    }
    for (kind, verdict) in verdicts {
        judgement.say(view, &grades, kind, verdict);
    }
    let answered = answered(&look);
    judgement.signals.iter_mut().for_each(|signal| {
        if let State::Abnormal { evidence, .. } = &mut signal.state {
            evidence.answered = answered;
        }
    });
    judgement
}

/// What all findings of a view are graded by.
struct Grades<'a> {
    rule: &'a Rule,
    grounds: Option<Grounds>,
    /// How bad the negative posts are; blue where there are no more than usual.
    negative: Severity,
}

impl Grades<'_> {
    fn of(&self, kind: Kind, finding: &Finding) -> Grade {
        // More posts alone are no crisis: without more negative ones than the brand's own share explains they
        // are at most blue, and never worse than those. Nor is a flood of copies.
        let most = match kind {
            Kind::Volume | Kind::Flood => self.negative,
            // But a complaint that runs away rings by itself.
            Kind::Engagement => self.negative.max(finding.least),
            // What is only to come is not so yet.
            Kind::Forecast => Severity::Blue,
            _ => Severity::Red,
        };
        Grade {
            excess: finding.excess,
            least: finding.least,
            most,
            grounds: self.grounds,
            table: self.rule.severity.clone(),
        }
    }
}

impl Judgement {
    fn say(&mut self, view: &View, grades: &Grades<'_>, kind: Kind, verdict: Verdict) {
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
                let grade = grades.of(kind, &finding);
                let (severity, subject) = (grade.severity(), view.subject.clone());
                let evidence = evidence::of(*finding, &grade, view, grades.rule);
                self.signals.push(Signal::abnormal(subject, kind, severity, since, view.now, evidence));
                self.marks.push((kind, Mark { since, signalled: mark.signalled.max(minute), burst, ..mark }));
            }
            Verdict::Abnormal(_) => {}
            Verdict::Ordinary { score } if score >= CALM_SCORE => {}
            Verdict::Ordinary { .. } | Verdict::WarmingUp { .. } => {
                let calm = minute.0 - mark.signalled.0 >= grades.rule.calm_minutes;
                if mark.stands() && calm {
                    self.signals.push(Signal::cleared(view.subject.clone(), kind, mark.since, view.now));
                    self.marks.push((kind, Mark { cleared: mark.since.max(minute), ..mark }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
