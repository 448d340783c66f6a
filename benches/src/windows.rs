//! Counts in memory, hour by hour: what a batch adds, and at most 48 hours of it.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tocsin_model::{Counts, Day, Delta, Detail, Hour, Minute, Origins, Subject};

/// Hours that are kept: as long as an id is known, and as evidence is.
const HOURS_MAX: usize = 48;

/// The windows of all subjects.
#[derive(Default)]
pub(crate) struct Windows {
    hours: BTreeMap<Hour, FxHashMap<Subject, Kept>>,
    origins: BTreeMap<Day, FxHashMap<Subject, Origins>>,
    /// Posts counted, in hours that are gone too.
    posts: u64,
}

/// One subject in one hour.
#[derive(Default)]
struct Kept {
    minutes: Vec<(Minute, Counts)>,
    detail: Option<Box<Detail>>,
}

impl Windows {
    /// Adds what a batch adds to one subject.
    pub(crate) fn merge(&mut self, delta: Delta) {
        let Delta { subject, minutes, details, origins, came: _ } = delta;
        for (minute, counts) in minutes {
            self.posts += counts.posts;
            let kept = self.kept(minute.hour(), &subject);
            match kept.minutes.iter_mut().rev().find(|(m, _)| *m == minute) {
                Some((_, sum)) => sum.add(&counts),
                None => kept.minutes.push((minute, counts)),
            }
        }
        for (hour, detail) in details {
            match &mut self.kept(hour, &subject).detail {
                Some(known) => known.merge(&detail),
                none => *none = Some(Box::new(detail)),
            }
        }
        for (day, origins) in origins {
            self.origins.entry(day).or_default().entry(subject.clone()).or_default().merge(&origins);
        }
        while self.hours.len() > HOURS_MAX {
            self.hours.pop_first();
        }
    }

    fn kept(&mut self, hour: Hour, subject: &Subject) -> &mut Kept {
        self.hours.entry(hour).or_default().entry(subject.clone()).or_default()
    }

    /// Posts counted so far, of all subjects together.
    pub(crate) fn posts(&self) -> u64 {
        self.posts
    }

    /// Forgets all hours, for time begins again.
    pub(crate) fn begin_again(&mut self) {
        self.hours.clear();
        self.origins.clear();
    }
}
