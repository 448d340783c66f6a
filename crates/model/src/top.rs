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
