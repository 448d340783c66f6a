//! Who descends from whom: most of a crisis on Weibo is reposts that never name the brand.
//!
//! The rule of Kin (ARCHITECTURE.md, I3): a post takes its parent's brands if the parent took them at
//! most 48 h before and 30 min after the post's own arrival, through any number of steps. A brand
//! that a post names is taken at the post's arrival; one that it inherits at the later of its own
//! arrival and its parent's taking. All times are recorded arrivals, so what came first changes nothing.

use crate::{ArrivalTime, BrandId, Matched, Mention, MentionedBy, Position, PostId, Sighting, Span};

/// How long before a post's arrival its parent may have taken a brand.
pub const KIN_BEFORE: Span = Span::from_hours(48);
/// How long after a post's arrival its parent may still take one.
pub const KIN_AFTER: Span = Span::from_minutes(30);

/// A brand, and when a post took it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Took {
    /// Which.
    pub brand: BrandId,
    /// When: a recorded arrival.
    pub at: ArrivalTime,
}

/// When a post that arrived at `arrived` takes a brand that its parent took at `parent`; never if
/// the two are too far apart.
pub fn took_from(parent: ArrivalTime, arrived: ArrivalTime) -> Option<ArrivalTime> {
    let near = arrived.after(parent) <= KIN_BEFORE && parent.after(arrived) <= KIN_AFTER;
    near.then(|| parent.max(arrived))
}

/// A post took brands.
#[derive(Clone, Debug, PartialEq)]
pub struct Tell {
    /// Which post.
    pub id: PostId,
    /// The record that says so.
    pub position: Position,
    /// What and when.
    pub took: Vec<Took>,
}

/// A post (or an update of one) wants its parent's brands.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The parent.
    pub parent: PostId,
    /// When the first record of the child arrived.
    pub arrived: ArrivalTime,
    /// The child whole; its `mentions` are those that it names and may be empty.
    pub child: Matched,
}

/// A child that gained brands.
#[derive(Clone, Debug, PartialEq)]
pub struct Gained {
    /// The child whole, as it was asked for, but at the position of the later of the two records that
    /// made it gain: its own, or the one that its ancestor was told of with.
    pub child: Matched,
    /// What it gained and when; nothing that it named or gained before.
    pub took: Vec<Took>,
}

impl Ask {
    /// What the child takes of that which its parent took; an update also of that which its first record gained
    /// (`own`: all that the child itself took). The child may have some of it.
    pub fn finds(&self, own: &[Took], parent: &[Took]) -> Vec<Took> {
        let is_update = matches!(self.child.sighting, Sighting::Update(_));
        let own = own.iter().filter(|took| is_update && took.at >= self.arrived).cloned();
        let taken =
            |took: &Took| Some(Took { brand: took.brand.clone(), at: took_from(took.at, self.arrived)? });
        own.chain(parent.iter().filter_map(taken)).collect()
    }

    /// Gives the child what was found and it has not got yet, at `position`: what it gained, and what its own
    /// children must be told, for a first sighting tells them. The ask remembers it among its child's mentions, so
    /// what is found again is not given again.
    pub fn gain(&mut self, position: Position, mut found: Vec<Took>) -> Option<(Gained, Option<Tell>)> {
        found.sort();
        found.dedup_by(|a, b| a.brand == b.brand);
        found.retain(|took| self.child.mentions.iter().all(|m| m.brand != took.brand));
        if found.is_empty() {
            return None;
        }
        let mut child = Matched { position, ..self.child.clone() };
        child.mentions.retain(|m| m.by == MentionedBy::Name);
        let is_first = matches!(child.sighting, Sighting::First(_));
        let tell = is_first.then(|| Tell { id: child.post.id.clone(), position, took: found.clone() });
        let given =
            |took: &Took| Mention { brand: took.brand.clone(), by: MentionedBy::Descent, places: Vec::new() };
        self.child.mentions.extend(found.iter().map(given));
        Some((Gained { child, took: found }, tell))
    }
}
