//! What a chain was told since its last commit: an overlay that reads through to the disk.

use std::collections::BTreeMap;
use std::ops::Bound;

use fjall::{Database, Keyspace, PersistMode};
use tocsin_flow::{Fault, Peer};

use crate::layout::Space;

/// Keys and values, in the order of the keys.
pub(crate) type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// The disk's spaces.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) db: Database,
    spaces: Vec<Keyspace>,
}

/// The store cannot be read or written: the disk is full, or worse.
pub(crate) fn store_fault(why: impl std::fmt::Display) -> Fault {
    Fault::Unavailable { peer: Peer::Store, why: why.to_string(), retry_after: None }
}

/// A row that cannot be read back is a fault of the folder, and the operator's.
pub(crate) fn broken_row(space: Space, why: impl std::fmt::Display) -> Fault {
    Fault::Misconfigured {
        setting: "the data folder".into(),
        found: format!("a row in {} that cannot be read ({why})", space.name()),
        expected: "a folder written by this version; restore it from a backup".into(),
    }
}

impl Disk {
    pub(crate) fn new(db: Database, spaces: Vec<Keyspace>) -> Disk {
        Disk { db, spaces }
    }
    pub(crate) fn space(&self, space: Space) -> &Keyspace {
        &self.spaces[space as usize]
    }
    pub(crate) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let found = self.space(space).get(key).map_err(store_fault)?;
        Ok(found.map(|value| value.to_vec()))
    }
    /// Rows with `from <= key < to` in order, at most `max`.
    pub(crate) fn range(&self, space: Space, from: &[u8], to: &[u8], max: usize) -> Result<Rows, Fault> {
        let mut rows = Vec::new();
        for guard in self.space(space).range(from.to_vec()..to.to_vec()).take(max) {
            let (key, value) = guard.into_inner().map_err(store_fault)?;
            rows.push((key.to_vec(), value.to_vec()));
        }
        Ok(rows)
    }
}

/// The first key after all that begin with `prefix`; of a prefix of 0xff bytes alone, a key after all others
/// that are in use.
pub(crate) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    if end.is_empty() { vec![u8::MAX; 64] } else { end }
}

/// Changes that are not on the disk yet. `None` stands for a removal.
#[derive(Default)]
pub(crate) struct Tx {
    changes: [BTreeMap<Vec<u8>, Option<Vec<u8>>>; Space::ALL.len()],
}

impl Tx {
    pub(crate) fn put(&mut self, space: Space, key: Vec<u8>, value: Vec<u8>) {
        self.changes[space as usize].insert(key, Some(value));
    }
    pub(crate) fn remove(&mut self, space: Space, key: Vec<u8>) {
        self.changes[space as usize].insert(key, None);
    }
    pub(crate) fn get(&self, disk: &Disk, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.changes[space as usize].get(key) {
            Some(change) => Ok(change.clone()),
            None => disk.get(space, key),
        }
    }
    /// All rows whose key begins with `prefix`, in order.
    pub(crate) fn prefix(&self, disk: &Disk, space: Space, prefix: &[u8]) -> Result<Rows, Fault> {
        let end = after_prefix(prefix);
        let mut rows: BTreeMap<_, _> = disk.range(space, prefix, &end, usize::MAX)?.into_iter().collect();
        let told = (Bound::Included(prefix.to_vec()), Bound::Excluded(end));
        for (key, change) in self.changes[space as usize].range(told) {
            match change {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(rows.into_iter().collect())
    }
    /// Writes everything in one atomic batch, as far as the operating system (a killed process loses
    /// nothing of it; a power cut may, up to the next sync).
    pub(crate) fn commit(&mut self, disk: &Disk) -> Result<(), Fault> {
        let mut batch = disk.db.batch().durability(Some(PersistMode::Buffer));
        for (space, changes) in Space::ALL.iter().zip(&mut self.changes) {
            let keyspace = disk.space(*space);
            for (key, change) in std::mem::take(changes) {
                match change {
                    Some(value) => batch.insert(keyspace, key, value),
                    None => batch.remove(keyspace, key),
                }
            }
        }
        batch.commit().map_err(store_fault)
    }
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.changes.iter_mut().for_each(BTreeMap::clear);
    }
}
