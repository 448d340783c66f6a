//! What is learned of a subject's past weeks: once in an hour of data time, and not stored.
//!
//! Only settled hours are learned from, so a chain that starts anew learns the same.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tocsin_flow::{Casebook, Claims, Fault, Kin, Windows};
use tocsin_model::{ArrivalTime, BrandId, History, Hour, Origins, SourceId, Span, Subject, View};
use tocsin_spike_detect::{Baseline, Habits, by_the_sources_of_now};

use super::{Chain, coverage};

/// Subjects whose past is kept in memory; the others are learned again when they are needed.
const PASTS_MAX: usize = 10_000;

/// What the operator says of a brand's life.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// The sources where it lives; if there are none here, they are learned.
    pub sources: Vec<SourceId>,
    /// Its clock, its holidays, what was announced.
    pub habits: Habits,
    /// Other brands of the same trade.
    pub rivals: Vec<BrandId>,
}

/// What the operator says of all lives.
#[derive(Clone, Debug, Default)]
pub struct Lives {
    /// Of brands.
    pub brands: BTreeMap<BrandId, Life>,
    /// The clock of the sources.
    pub of_sources: Habits,
}

impl Lives {
    /// The sources where a brand lives; none if they are to be learned.
    pub(super) fn sources(&self, brand: &BrandId) -> &[SourceId] {
        self.brands.get(brand).map(|life| life.sources.as_slice()).unwrap_or_default()
    }

    /// Brands of the same trade.
    pub(super) fn rivals(&self, brand: &BrandId) -> &[BrandId] {
        self.brands.get(brand).map(|life| life.rivals.as_slice()).unwrap_or_default()
    }

    /// By what a subject's hours go.
    fn habits(&self, subject: &Subject) -> &Habits {
        let of_brand = match subject {
            Subject::Brand(brand) => self.brands.get(brand).map(|life| &life.habits),
            Subject::Source(_) => None,
        };
        of_brand.unwrap_or(&self.of_sources)
    }
}

/// A subject's past.
pub(super) struct Past {
    /// What its windows should hold.
    pub(super) baseline: Baseline,
    /// Of a brand: the sources where it lives.
    pub(super) lived: Vec<SourceId>,
    /// Of a source: the brands that it spoke of.
    pub(super) spoke_of: Vec<BrandId>,
}

impl Past {
    fn learn(history: History, habits: &Habits) -> Past {
        let mut all = Origins::default();
        history.origins.values().for_each(|origins| all.merge(origins));
        let history = match history.subject {
            Subject::Brand(_) => by_the_sources_of_now(history),
            Subject::Source(_) => history,
        };
        Past {
            baseline: Baseline::learn(&history, habits),
            lived: coverage::lived(&all.names),
            spoke_of: coverage::blinds(&all.names),
        }
    }
}

/// The pasts in memory, each with the hour as of which it was learned; and up to when some were counted anew.
#[derive(Default)]
pub(super) struct Pasts(FxHashMap<Subject, (Hour, Past)>, FxHashMap<Subject, ArrivalTime>);

impl Pasts {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// A past that was counted anew is another one.
    pub(super) fn heed(&mut self, view: &View) {
        let Some(until) = view.recounted else { return };
        if self.1.get(&view.subject) != Some(&until) {
            self.1.insert(view.subject.clone(), until);
            self.0.remove(&view.subject);
        }
    }
}

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// A subject's past as of `now`.
    pub(super) async fn past(&mut self, subject: &Subject, now: ArrivalTime) -> Result<&Past, Fault> {
        let as_of = now.minus(turn(subject));
        let known = self.pasts.0.get(subject).is_some_and(|(hour, _)| *hour == as_of.hour());
        if !known {
            let history = self.state.history(subject, as_of).await?.settled();
            let past = Past::learn(history, self.knowledge.lives.habits(subject));
            if self.pasts.0.len() >= PASTS_MAX {
                self.pasts.0.clear();
            }
            self.pasts.0.insert(subject.clone(), (as_of.hour(), past));
        }
        Ok(&self.pasts.0[subject].1)
    }
}

/// When within the hour it is a subject's turn: ten thousand brands at once would make all posts wait.
fn turn(subject: &Subject) -> Span {
    let hash = crate::config::hash(subject.to_string().as_bytes());
    Span::from_seconds((hash % 3_600) as i64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn brands_take_turns() {
        let turn = |n: u32| turn(&Subject::Brand(BrandId::new(&format!("brand {n}")).unwrap())).minutes();
        let minutes: BTreeSet<i64> = (0..1_000).map(turn).collect();
        assert!(minutes.len() == 60 && minutes.iter().all(|m| (0..60).contains(m)), "{minutes:?}");
    }
}
