//! What the meters are told of some arrivals, noted before the intake takes them away.

use std::collections::BTreeMap;

use tocsin_flow::{Arrivals, Meters};
use tocsin_model::{Reason, SourceId};

/// Posts by source, and why the others were rejected.
pub(crate) struct Tally {
    posts: BTreeMap<SourceId, u64>,
    rejected: Vec<Reason>,
}

impl Tally {
    pub(crate) fn of(arrivals: &Arrivals) -> Tally {
        let mut posts: BTreeMap<SourceId, u64> = BTreeMap::new();
        for post in &arrivals.posts {
            match posts.get_mut(&post.source) {
                Some(count) => *count += 1,
                None => drop(posts.insert(post.source.clone(), 1)),
            }
        }
        Tally { posts, rejected: arrivals.rejected.iter().map(|r| r.reason.clone()).collect() }
    }

    /// To be told once the arrivals are durable.
    pub(crate) fn tell(&self, meters: &dyn Meters, inlet: &str) {
        self.posts.iter().for_each(|(source, count)| meters.posts_received(inlet, source, *count));
        self.rejected.iter().for_each(|reason| meters.record_rejected(inlet, reason));
    }
}
