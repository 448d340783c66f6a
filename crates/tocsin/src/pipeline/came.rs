//! records → a row of each source: what came from it, whether a brand is named or not.

use std::collections::BTreeMap;

use tocsin_model::{
    ArrivalTime, Counts, Delta, Matched, Position, Post, Sighting, SourceId, Span, Subject, Timing,
};

/// Sources that have rows of their own; of one that comes later no silence is told.
pub(super) const SOURCES_MAX: usize = 256;

/// A post that came for the first time.
pub(super) struct Came {
    pub(super) position: Position,
    source: SourceId,
    arrived: ArrivalTime,
    /// How late it was, if it says when it was made.
    delay: Option<Span>,
}

impl Came {
    /// None of an update.
    pub(super) fn of(position: Position, post: &Post, sighting: &Sighting) -> Option<Came> {
        let Sighting::First(timing) = sighting else { return None };
        let delay = (*timing == Timing::AsStated).then(|| post.arrived.since(post.created));
        Some(Came { position, source: post.id.source.clone(), arrived: post.arrived, delay })
    }
}

/// One delta for each source, by arrival; and which brands its posts spoke of.
pub(super) fn count<'a>(came: &[Came], matched: impl IntoIterator<Item = &'a Matched>) -> Vec<Delta> {
    let mut deltas: BTreeMap<&SourceId, Delta> = BTreeMap::new();
    for post in came {
        let new = || Delta::new(Subject::Source(post.source.clone()));
        let delta = deltas.entry(&post.source).or_insert_with(new);
        let one = Counts { posts: 1, heard: 1, ..Counts::default() };
        delta.minutes.entry(post.arrived.minute()).or_default().add(&one);
        let origins = delta.origins.entry(post.arrived.hour().day()).or_default();
        post.delay.into_iter().for_each(|delay| origins.delays.insert(delay));
    }
    for matched in matched {
        let Some(delta) = deltas.get_mut(&matched.post.id.source) else { continue };
        if let Sighting::First(_) = matched.sighting {
            let origins = delta.origins.entry(matched.post.arrived.hour().day()).or_default();
            matched.mentions.iter().for_each(|m| origins.names.add_shared(m.brand.shared(), 1, None));
        }
    }
    deltas.into_values().collect()
}
