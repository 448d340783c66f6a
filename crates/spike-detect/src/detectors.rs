//! The list of detectors, and what each of them is given and says.

use tocsin_model::{Counts, Evidence, Kind, Minute, Severity, VIEW_MINUTES, View};

use crate::baseline::{Baseline, Level, Recent, minutes, window_phi};
use crate::forecast::Minutes;
use crate::severity::Excess;
use crate::{Rule, silence};

mod engagement; // what posts gain runs away
pub(crate) mod flood; // coordinated copies
mod forecast; // more to come than there should be
mod negative; // more negative posts than the volume explains
pub(crate) mod trigger; // posts of which few are enough
mod volume; // more posts than there should be

/// The windows that each detector looks at, in minutes.
pub const WINDOWS: [u32; 7] = [5, 15, 60, 180, 360, 720, DAY_MINUTES];
/// A day holds what was over hours ago, so it speaks only of a brand that is as old, while ...
const DAY_MINUTES: u32 = 1_440;
/// ... the window of so many minutes, and what has passed of this hour, ...
const LATELY_MINUTES: u32 = 360;
const LATELY_ENDS: u32 = LATELY_MINUTES + 60;
/// ... is at most so probable, as log10: one in twenty.
const LATELY_LOG10_P: f64 = -1.3;
/// Up to this length a window is a short one. The long ones begin with a whole hour, so they are longer than their
/// name by what has passed of this hour.
pub(crate) const SHORT_MINUTES: u32 = 60;
/// A brand is not judged before it has been counted for so long, in minutes.
const WARM_UP_MINUTES: i64 = 60;

/// One way of being abnormal.
#[derive(Clone, Copy, Debug)]
pub struct Detector {
    /// What it finds.
    pub kind: Kind,
    /// In one line, for people.
    pub finds: &'static str,
    /// How: none where a window is out of the question.
    test: fn(&Look<'_>, &Window) -> Option<Finding>,
}

/// All of them. `negative` first: how bad the others may be depends on it.
pub const DETECTORS: &[Detector] =
    &[negative::DETECTOR, volume::DETECTOR, forecast::DETECTOR, engagement::DETECTOR];

impl Detector {
    /// What it says of a view.
    pub fn judge(&self, look: &Look<'_>) -> Verdict {
        if look.minutes_left > 0 {
            return Verdict::WarmingUp { minutes_left: look.minutes_left };
        }
        let (mut score, mut goes_on) = (0.0_f64, false);
        let lived_a_day = look.view.age().minutes() >= i64::from(DAY_MINUTES);
        // The window that speaks, and how bad it is; and the excess that is the worst of all.
        let mut worst: Option<(Finding, (Severity, f64))> = None;
        let mut gravest: Option<(Severity, Excess)> = None;
        // The short ones come first: a long window speaks only where none of them does.
        for window in &look.windows {
            let is_long = window.minutes > SHORT_MINUTES;
            if is_long && window.holds(look.burst(self.kind)) {
                continue;
            }
            let Some(finding) = (self.test)(look, window) else { continue };
            match window.minutes {
                LATELY_MINUTES..LATELY_ENDS => goes_on = finding.log10_p <= LATELY_LOG10_P,
                DAY_MINUTES.. if !(goes_on && lived_a_day) => continue,
                _ => {}
            }
            let own = finding.log10_p / finding.log10_threshold;
            score = score.max(own);
            if own < 1.0 {
                continue;
            }
            let severity = look.rule.severity.by_excess(finding.excess);
            if gravest.is_none_or(|(known, _)| severity > known) {
                gravest = Some((severity, finding.excess));
            }
            let speaks = worst.as_ref().is_none_or(|(_, known)| !is_long && (severity, own) > *known);
            if speaks {
                worst = Some((finding, (severity, own)));
            }
        }
        let Some((mut finding, _)) = worst else { return Verdict::Ordinary { score } };
        // A short window that speaks must not make what has gone on for hours look harmless.
        finding.excess = gravest.map_or(finding.excess, |(_, excess)| excess);
        Verdict::Abnormal(Box::new(finding))
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
    Abnormal(Box<Finding>),
}

/// A window that is abnormal, and the numbers that say so.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Beyond the usual: how bad it is.
    pub excess: Excess,
    /// And at least so bad.
    pub least: Severity,
    /// Which window.
    pub window_minutes: u32,
    /// What it holds.
    pub counts: Counts,
    /// Posts that should have been heard in it.
    pub expected: f64,
    /// Negative posts that should have been in it.
    pub negative_expected: f64,
    /// Which test, and what it was given.
    pub(crate) test: Test,
    /// log10 of the probability of so much or more, were all ordinary.
    pub log10_p: f64,
    /// The log10 p at or below which it is abnormal.
    pub log10_threshold: f64,
}

/// The tests, each with all that it is given: what evidence must hold, so that anybody can do it again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Test {
    Negative(negative::Given),
    Volume(volume::Given),
    Forecast(forecast::Given),
    Engagement(engagement::Given),
    Flood(flood::Given),
    Silence(silence::Given),
    Trigger(trigger::Given),
}

impl Test {
    /// As evidence names it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Test::Negative(_) => negative::Given::NAME,
            Test::Volume(_) => volume::Given::NAME,
            Test::Forecast(_) => forecast::Given::NAME,
            Test::Engagement(_) => engagement::Given::NAME,
            Test::Flood(_) => flood::Given::NAME,
            Test::Silence(_) => silence::Given::NAME,
            Test::Trigger(_) => trigger::Given::NAME,
        }
    }

    /// The numbers that evidence must hold beside the counts.
    pub(crate) fn numbers(&self) -> Vec<(&'static str, f64)> {
        match self {
            Test::Negative(given) => given.numbers().to_vec(),
            Test::Volume(given) => given.numbers().to_vec(),
            Test::Forecast(given) => given.numbers().to_vec(),
            Test::Engagement(given) => given.numbers().to_vec(),
            Test::Flood(given) => given.numbers().to_vec(),
            Test::Silence(given) => given.numbers().to_vec(),
            Test::Trigger(given) => given.numbers().to_vec(),
        }
    }

    /// From evidence; none if it names another test, or a number is missing.
    pub(crate) fn of(evidence: &Evidence) -> Option<Test> {
        match evidence.test {
            negative::Given::NAME => negative::Given::of(evidence).map(Test::Negative),
            volume::Given::NAME => volume::Given::of(evidence).map(Test::Volume),
            forecast::Given::NAME => forecast::Given::of(evidence).map(Test::Forecast),
            engagement::Given::NAME => engagement::Given::of(evidence).map(Test::Engagement),
            flood::Given::NAME => flood::Given::of(evidence).map(Test::Flood),
            silence::Given::NAME => silence::Given::of(evidence).map(Test::Silence),
            trigger::Given::NAME => trigger::Given::of(evidence).map(Test::Trigger),
            _ => None,
        }
    }

    /// Whether it is worth asking.
    pub(crate) fn is_worth_asking(&self) -> bool {
        match self {
            Test::Negative(given) => given.is_crowd(),
            Test::Volume(given) => given.is_crowd(),
            Test::Forecast(given) => given.is_crowd(),
            Test::Engagement(given) => given.is_crowd(),
            Test::Flood(given) => given.is_crowd(),
            Test::Silence(_) => true,
            Test::Trigger(given) => given.is_enough(),
        }
    }

    /// The log10 p at or below which it is abnormal in a window of so many minutes.
    pub(crate) fn log10_threshold(&self, rule: &Rule, window_minutes: u32) -> f64 {
        match self {
            Test::Negative(given) => given.log10_threshold(rule, window_minutes),
            Test::Volume(_) | Test::Forecast(_) => rule.log10_threshold(window_minutes),
            Test::Engagement(_) => engagement::Given::log10_threshold(rule),
            Test::Flood(_) => flood::LOG10_THRESHOLD,
            Test::Silence(given) => given.log10_threshold(rule),
            // There is no chance in it: enough is enough.
            Test::Trigger(_) => 0.0,
        }
    }

    /// log10 of the probability of what was seen or worse, were all ordinary.
    pub(crate) fn log10_p(&self) -> f64 {
        match self {
            Test::Negative(given) => given.log10_p(),
            Test::Volume(given) => given.log10_p(),
            Test::Forecast(given) => given.log10_p(),
            Test::Engagement(given) => given.log10_p(),
            Test::Flood(given) => given.log10_p(),
            Test::Silence(given) => given.log10_p(),
            Test::Trigger(_) => 0.0,
        }
    }
}

/// A stretch of time that ends now.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// How long it is when its last minute is over.
    pub(crate) minutes: u32,
    /// Its first minute.
    pub(crate) first: Minute,
    pub(crate) counts: Counts,
    /// Posts to be heard in it by now.
    pub(crate) expected: f64,
    /// What they vary beyond Poisson, as variance over mean squared.
    pub(crate) phi: f64,
}

impl Window {
    /// Whether it reaches back to a minute.
    fn holds(&self, minute: Minute) -> bool {
        self.first <= minute
    }
}

/// What a detector is given: a view, what it should hold, and the rule.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    view: &'a View,
    pub(crate) rule: &'a Rule,
    pub(crate) baseline: &'a Baseline,
    /// Until the history is long enough.
    minutes_left: i64,
    /// As in [`WINDOWS`].
    windows: [Window; WINDOWS.len()],
    pub(crate) level: Level,
}

impl<'a> Look<'a> {
    /// Looks at a view.
    pub fn at(view: &'a View, baseline: &'a Baseline, rule: &'a Rule) -> Look<'a> {
        let level = baseline.with_recent(&recent(view, baseline));
        // The last minute has only begun; at its very beginning a second of it has passed.
        let until = minutes(view.now).max(view.now.minute().0 as f64 + 1.0 / 60.0);
        // Of the last hour a part is still on its way.
        let expected = |from: f64, until: f64| level.times * baseline.expected(from, until);
        let hour = f64::from(SHORT_MINUTES);
        let missing = expected(until - hour, until) * (1.0 - baseline.come_by_now(hour));
        let windows = WINDOWS.map(|name| {
            let (first, counts) = if name <= SHORT_MINUTES {
                (view.now.minute().0 - i64::from(name) + 1, view.last_minutes(name as usize))
            } else {
                let hours = i64::from(name / 60);
                ((view.now.hour().0 - hours) * 60, view.last_hours(hours as usize + 1))
            };
            let length = view.now.minute().0 + 1 - first;
            let said = expected(first as f64, until);
            Window {
                minutes: length as u32,
                first: Minute(first),
                counts,
                expected: match name <= SHORT_MINUTES {
                    true => said * baseline.come_by_now(length as f64),
                    false => said - missing,
                },
                phi: window_phi(length as f64) * baseline.unrest + level.doubt,
            }
        });
        let minutes_left = (WARM_UP_MINUTES - view.age().minutes()).max(0);
        Look { view, rule, baseline, minutes_left, windows, level }
    }

    pub(crate) fn view(&self) -> &View {
        self.view
    }

    /// What was heard, and how much should have been, in so many whole hours before a window.
    pub(crate) fn hours_before(&self, window: &Window, hours: i64) -> (Counts, f64) {
        let until = window.first.hour().0;
        let place = |hour: i64| (hour - self.view.first_hour().0) as usize;
        let mut counts = Counts::default();
        self.view.hours[place(until - hours)..place(until)].iter().for_each(|hour| counts.add(hour));
        let minutes = |hour: i64| hour as f64 * 60.0;
        (counts, self.level.times * self.baseline.expected(minutes(until - hours), minutes(until)))
    }

    /// What a window of so many minutes varies beyond Poisson.
    pub(crate) fn phi(&self, minutes: f64) -> f64 {
        window_phi(minutes) * self.baseline.unrest + self.level.doubt
    }

    /// Posts heard, and to be heard, in each minute of the view. Between the ends of the short windows all minutes are
    /// held alike, so it costs no more than the windows did.
    pub(crate) fn by_minute(&self) -> ByMinute {
        let passed = (minutes(self.view.now) - self.view.now.minute().0 as f64).max(1.0 / 60.0);
        let mut by_minute = ByMinute { passed, ..ByMinute::default() };
        for (heard, counts) in by_minute.heard.iter_mut().zip(&self.view.minutes) {
            *heard = counts.heard as f64;
        }
        let (mut end, mut known) = (VIEW_MINUTES, (0.0, 0.0));
        for window in self.windows.iter().filter(|window| window.minutes <= SHORT_MINUTES) {
            let long = f64::from(window.minutes) - 1.0 + passed;
            let rate = (window.expected - known.0) / (long - known.1);
            let start = VIEW_MINUTES - window.minutes as usize;
            by_minute.expected[start..end].fill(rate);
            (end, known) = (start, (window.expected, long));
        }
        let oldest = by_minute.expected[end];
        by_minute.expected[..end].fill(oldest);
        by_minute.expected[VIEW_MINUTES - 1] *= passed;
        by_minute
    }

    /// The last minute in which a short window was told to be abnormal.
    fn burst(&self, kind: Kind) -> Minute {
        self.view.mark(kind).burst
    }
}

/// The minutes of a view, oldest first.
pub(crate) struct ByMinute {
    /// Posts.
    pub(crate) heard: [f64; VIEW_MINUTES],
    /// Posts to be heard; in the last one as many as its passed part should hold.
    pub(crate) expected: [f64; VIEW_MINUTES],
    /// How much of the last one has passed, from 0 to 1.
    passed: f64,
}

impl Default for ByMinute {
    fn default() -> ByMinute {
        ByMinute { heard: [0.0; VIEW_MINUTES], expected: [0.0; VIEW_MINUTES], passed: 1.0 }
    }
}

impl ByMinute {
    /// As a forecast takes them.
    pub(crate) fn as_minutes(&self) -> Minutes<'_> {
        Minutes { heard: &self.heard, expected: &self.expected, passed: self.passed }
    }
}

/// What was heard since the baseline was learned, without the last hour: no short window is judged by itself.
fn recent(view: &View, baseline: &Baseline) -> Recent {
    let known_from = view.first.map_or(i64::MAX, |first| first.0);
    let from = (baseline.learned_until().0 * 60).max(view.first_hour().0 * 60).max(known_from);
    let until = view.now.minute().0 - i64::from(SHORT_MINUTES) + 1;
    if from >= until {
        return Recent::default();
    }
    let mut counts = Counts::default();
    let first_hour = from.div_euclid(60) - view.first_hour().0;
    view.hours[first_hour as usize..].iter().for_each(|hour| counts.add(hour));
    let fresh = view.last_minutes(SHORT_MINUTES as usize);
    Recent {
        expected: baseline.expected(from as f64, until as f64),
        heard: counts.heard.saturating_sub(fresh.heard) as f64,
        negative: counts.negative.saturating_sub(fresh.negative) as f64 / 1000.0,
    }
}
