//! Counts in memory, as a carrier adds them up: minutes, hours, and the evidence of each hour.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rustc_hash::FxHashMap;
use tocsin_model::{Counts, Delta, Detail, Hour, Minute, Subject};

/// The windows of all subjects.
#[derive(Default)]
pub(crate) struct Windows(FxHashMap<Subject, Kept>);

#[derive(Default)]
struct Kept {
    minutes: BTreeMap<Minute, Counts>,
    hours: BTreeMap<Hour, Counts>,
    details: BTreeMap<Hour, Detail>,
}

impl Windows {
    /// Adds what a batch adds to one subject.
    pub(crate) fn merge(&mut self, delta: Delta) {
        let kept = self.0.entry(delta.subject).or_default();
        for (minute, counts) in delta.minutes {
            kept.hours.entry(minute.hour()).or_default().add(&counts);
            kept.minutes.entry(minute).or_default().add(&counts);
        }
        for (hour, detail) in delta.details {
            match kept.details.entry(hour) {
                Entry::Occupied(mut known) => known.get_mut().merge(&detail),
                Entry::Vacant(new) => {
                    new.insert(detail);
                }
            }
        }
    }

    /// Posts counted, of all subjects together.
    pub(crate) fn posts(&self) -> u64 {
        self.0.values().flat_map(|kept| kept.hours.values()).map(|counts| counts.posts).sum()
    }
}
