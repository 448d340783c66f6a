//! The greatest few of many: bounded lists that stand in evidence, never in a judgement.

use std::sync::Arc;

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopEntry {
    /// What is counted.
    pub key: Arc<str>,
    /// How much.
    pub weight: u64,
    /// What to show of it: an excerpt, a name.
    pub note: Option<Arc<str>>,
}

/// Posts of an author, or below one, as a weight of a list. One against the brand is as heavy as three others: who
/// inflames stands before who only talks much. Weights may be added up; both numbers come out again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voices {
    /// All of them.
    pub posts: u64,
    /// Those against the brand.
    pub against: u64,
}

/// What a post against the brand weighs more than another.
const AGAINST: u64 = 2;

impl Voices {
    /// As a weight: how heavy they are in the upper half, those against in the lower.
    pub fn weight(self) -> u64 {
        self.heaviness() << 32 | self.against
    }
    /// From a weight. An older program's is the number of posts.
    pub fn of(weight: u64) -> Voices {
        let (heaviness, against) = (weight >> 32, weight & u64::from(u32::MAX));
        if heaviness == 0 {
            return Voices { posts: against, against: 0 };
        }
        Voices { posts: heaviness.saturating_sub(AGAINST * against), against }
    }
    /// How much they count.
    pub fn heaviness(self) -> u64 {
        self.posts.saturating_add(AGAINST.saturating_mul(self.against))
    }
    /// Adds others.
    pub fn add(&mut self, other: Voices) {
        self.posts += other.posts;
        self.against += other.against;
    }
}

/// At most `capacity` entries, the heaviest first. What falls off the end is forgotten, so weights
/// are lower bounds and may depend on order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopList {
    capacity: usize,
    entries: Vec<TopEntry>,
}

impl TopList {
    /// An empty list of at most `capacity` entries.
    pub fn new(capacity: usize) -> TopList {
        TopList { capacity, entries: Vec::new() }
    }
    /// Adds to an entry, or makes it. The first note stays.
    pub fn add(&mut self, key: &str, weight: u64, note: Option<&str>) {
        self.add_with(key, weight, || (key.into(), note.map(Arc::from)));
    }
    /// The same with a key that is shared.
    pub fn add_shared(&mut self, key: &Arc<str>, weight: u64, note: Option<&Arc<str>>) {
        self.add_with(key, weight, || (Arc::clone(key), note.cloned()));
    }
    fn add_with(&mut self, key: &str, weight: u64, write: impl FnOnce() -> (Arc<str>, Option<Arc<str>>)) {
        match self.entries.iter_mut().find(|e| &*e.key == key) {
            Some(entry) => {
                entry.weight = entry.weight.saturating_add(weight);
                if entry.note.is_none() {
                    entry.note = write().1;
                }
            }
            None => {
                let (key, note) = write();
                self.entries.push(TopEntry { key, weight, note });
            }
        }
        // Kept loose while it fills, so that a newcomer has time to grow.
        if self.entries.len() >= 4 * self.capacity {
            self.trim();
        }
    }
    /// Adds another list.
    pub fn merge(&mut self, other: &TopList) {
        for e in &other.entries {
            self.add_shared(&e.key, e.weight, e.note.as_ref());
        }
        self.trim();
    }
    /// Sorts by weight, then key, and lets go of what is too much.
    pub fn trim(&mut self) {
        self.entries.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.key.cmp(&b.key)));
        self.entries.truncate(self.capacity);
    }
    /// The entries; the heaviest first after [`TopList::trim`] or [`TopList::merge`].
    pub fn entries(&self) -> &[TopEntry] {
        &self.entries
    }
    /// How many there may be.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
    /// From stored entries.
    pub fn from_entries(capacity: usize, entries: Vec<TopEntry>) -> TopList {
        let mut list = TopList { capacity, entries };
        list.trim();
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_voices_add_up_and_order_by_who_inflames() {
        let (few, many) = (Voices { posts: 3, against: 2 }, Voices { posts: 6, against: 0 });
        assert_eq!(Voices::of(few.weight()), few);
        assert_eq!(Voices::of(few.weight() + many.weight()), Voices { posts: 9, against: 2 });
        assert!(few.weight() > many.weight());
        assert_eq!(Voices::of(7), Voices { posts: 7, against: 0 }, "an older program's");
    }
}
