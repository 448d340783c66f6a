//! Rows by id, many to a page: those that came together lie together, and whoever owns the lane knows by heart in
//! which page an id is (12 to 25 bytes of memory an id, learned when the lane is taken over). So a new id costs no look
//! at Redis, and a few bytes of a page that is written anyway; only the pages of ids that are known are read. What is
//! opened is changed here, and written whole.
//!
//! Tried before: linear hashing, which needs nothing by heart. A batch of 500 posts then read and wrote 500 buckets of
//! 16 rows, 5 to 11 µs a post.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;
use siphasher::sip::SipHasher13;
use tocsin_flow::Fault;
use tocsin_model::{Claim, Hour, PostId};
use tocsin_wire::{Kinsman, Unreadable};

use crate::reply::broken;

/// Rows of a page. More make a row dearer to change, fewer make it larger: a page takes some 80 bytes of its own.
const ROWS: usize = 32;

/// A post's id as 56 bits. Two ids of one lane and 48 h that are taken for one: once in six years of ten million posts
/// a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub(crate) u64);

impl Id {
    pub(crate) fn of(post: &PostId) -> Id {
        let mut hasher = SipHasher13::new();
        hasher.write(post.source.as_str().as_bytes());
        hasher.write_u8(0xff);
        hasher.write(post.as_str().as_bytes());
        Id(hasher.finish() >> 8)
    }
}

/// What lies on a shelf.
pub(crate) trait Row: Sized {
    /// What the names of its pages begin with.
    const LETTER: u8;
    fn read(bytes: &[u8]) -> Result<Vec<(u64, Self)>, Unreadable>;
    fn write(rows: &[(u64, Self)]) -> Vec<u8>;
    /// The hour of arrival in which it was last looked at.
    fn hour(&self) -> Hour;
}

impl Row for Claim {
    const LETTER: u8 = b'c';
    fn read(bytes: &[u8]) -> Result<Vec<(u64, Claim)>, Unreadable> {
        tocsin_wire::read_claims(bytes)
    }
    fn write(rows: &[(u64, Claim)]) -> Vec<u8> {
        tocsin_wire::write_claims(rows)
    }
    fn hour(&self) -> Hour {
        self.last_arrived.hour()
    }
}

impl Row for Kinsman {
    const LETTER: u8 = b'k';
    fn read(bytes: &[u8]) -> Result<Vec<(u64, Kinsman)>, Unreadable> {
        tocsin_wire::read_kinfolk(bytes)
    }
    fn write(rows: &[(u64, Kinsman)]) -> Vec<u8> {
        tocsin_wire::write_kinfolk(rows)
    }
    fn hour(&self) -> Hour {
        self.waiting.iter().map(|(asked, _)| *asked).chain(self.hour).max().unwrap_or_default()
    }
}

/// An id as it is known by heart: seven bytes, so that with its page's number it takes twelve.
#[derive(PartialEq, Eq)]
struct Tag([u8; 7]);

impl Tag {
    fn of(id: Id) -> Tag {
        let [bytes @ .., _] = id.0.to_le_bytes();
        Tag(bytes)
    }
}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let mut bytes = [0; 8];
        bytes[..7].copy_from_slice(&self.0);
        hasher.write_u64(u64::from_le_bytes(bytes));
    }
}

/// A shelf: what is known by heart as of the last commit, and what was opened and told since.
pub(crate) struct Shelf<R> {
    /// The page in which an id is, its number as bytes.
    places: FxHashMap<Tag, [u8; 4]>,
    /// The newest hour of each page.
    pages: BTreeMap<u32, Hour>,
    /// The page that has room for more.
    tail: Option<u32>,
    /// The number of the next page.
    next: u32,
    open: FxHashMap<u32, Page<R>>,
    /// Rows that are in no page yet, and where each is.
    fresh: Vec<(u64, R)>,
    fresh_places: FxHashMap<Id, usize>,
}

struct Page<R> {
    rows: Vec<(u64, R)>,
    changed: bool,
}

/// What a commit makes of a shelf.
pub(crate) struct Closed {
    /// Pages to write.
    pub(crate) written: Vec<(u32, Vec<u8>)>,
    /// Pages that are gone.
    pub(crate) gone: Vec<u32>,
}

impl<R: Row> Shelf<R> {
    pub(crate) fn new() -> Shelf<R> {
        Shelf {
            places: FxHashMap::default(),
            pages: BTreeMap::new(),
            tail: None,
            next: 0,
            open: FxHashMap::default(),
            fresh: Vec::new(),
            fresh_places: FxHashMap::default(),
        }
    }

    /// Learns a page by heart, after those with smaller numbers.
    pub(crate) fn learn(&mut self, number: u32, bytes: &[u8]) -> Result<Vec<(u64, R)>, Fault> {
        let rows = read::<R>(bytes)?;
        for (id, _) in &rows {
            self.places.insert(Tag::of(Id(*id)), number.to_le_bytes());
        }
        self.pages.insert(number, newest(&rows));
        self.tail = (rows.len() < ROWS).then_some(number);
        self.next = number + 1;
        Ok(rows)
    }

    /// The pages that must be read before these ids can be looked at.
    pub(crate) fn plan(&self, ids: &[Id]) -> Vec<u32> {
        let tail = self.tail.filter(|_| !ids.is_empty());
        let own = ids.iter().filter_map(|id| self.page_of(*id));
        let mut read: Vec<u32> = own.chain(tail).filter(|page| !self.open.contains_key(page)).collect();
        read.sort_unstable();
        read.dedup();
        read
    }

    /// Takes in what was read by a plan.
    pub(crate) fn open(&mut self, plan: &[u32], read_bytes: Vec<Option<Vec<u8>>>) -> Result<(), Fault> {
        for (number, bytes) in plan.iter().zip(read_bytes) {
            let rows = bytes.map_or(Ok(Vec::new()), |bytes| read::<R>(&bytes))?;
            self.open.insert(*number, Page { rows, changed: false });
        }
        Ok(())
    }

    fn page_of(&self, id: Id) -> Option<u32> {
        self.places.get(&Tag::of(id)).map(|number| u32::from_le_bytes(*number))
    }

    /// It must have been planned for and opened.
    pub(crate) fn get(&self, id: Id) -> Option<&R> {
        if let Some(place) = self.fresh_places.get(&id) {
            return Some(&self.fresh[*place].1);
        }
        let page = self.open.get(&self.page_of(id)?).expect("a page is opened before it is looked at");
        page.rows.iter().find(|(tag, _)| *tag == id.0).map(|(_, row)| row)
    }

    /// It must have been planned for and opened.
    pub(crate) fn put(&mut self, id: Id, row: R) {
        if let Some(place) = self.fresh_places.get(&id) {
            self.fresh[*place].1 = row;
            return;
        }
        let page = self.page_of(id).and_then(|number| self.open.get_mut(&number));
        let known = page.and_then(|page| {
            let (_, known) = page.rows.iter_mut().find(|(tag, _)| *tag == id.0)?;
            page.changed = true;
            Some(known)
        });
        match known {
            Some(known) => *known = row,
            None => {
                self.fresh_places.insert(id, self.fresh.len());
                self.fresh.push((id.0, row));
            }
        }
    }

    /// Whether this id can be looked at.
    pub(crate) fn is_open(&self, id: Id) -> bool {
        self.page_of(id).is_none_or(|number| self.open.contains_key(&number))
    }

    /// Pages that nobody has looked at since this hour are gone.
    pub(crate) fn forget(&mut self, before: Hour) -> Vec<u32> {
        let gone: Vec<u32> = self.pages.iter().filter(|(_, hour)| **hour < before).map(|(n, _)| *n).collect();
        if !gone.is_empty() {
            self.pages.retain(|_, hour| *hour >= before);
            self.places.retain(|_, number| self.pages.contains_key(&u32::from_le_bytes(*number)));
            self.open.retain(|number, _| self.pages.contains_key(number));
            self.tail = self.tail.filter(|number| self.pages.contains_key(number));
        }
        gone
    }

    /// A commit. Rows of changed pages that are not kept go; new rows fill up the last page, then others.
    pub(crate) fn close(&mut self, mut keep: impl FnMut(&mut R) -> bool) -> Closed {
        for page in self.open.values_mut().filter(|page| page.changed) {
            page.rows.retain_mut(|(id, row)| {
                let stays = keep(row);
                if !stays {
                    self.places.remove(&Tag::of(Id(*id)));
                }
                stays
            });
        }
        self.fresh_places.clear();
        for (id, mut row) in std::mem::take(&mut self.fresh) {
            if keep(&mut row) {
                let number = self.room();
                self.places.insert(Tag::of(Id(id)), number.to_le_bytes());
                let page = self.open.entry(number).or_insert(Page { rows: Vec::new(), changed: true });
                page.rows.push((id, row));
                page.changed = true;
            }
        }
        let mut closed = Closed { written: Vec::new(), gone: Vec::new() };
        for (number, page) in self.open.iter_mut().filter(|(_, page)| page.changed) {
            page.changed = false;
            if page.rows.is_empty() {
                self.pages.remove(number);
                self.tail = self.tail.filter(|tail| tail != number);
                closed.gone.push(*number);
            } else {
                self.pages.insert(*number, newest(&page.rows));
                closed.written.push((*number, R::write(&page.rows)));
            }
        }
        // The last page is filled by the next commit; it need not be read for that.
        self.open.retain(|number, _| Some(*number) == self.tail);
        closed
    }

    /// The page into which the next new row goes.
    fn room(&mut self) -> u32 {
        let has_room = |number: &u32| self.open.get(number).is_some_and(|page| page.rows.len() < ROWS);
        if let Some(number) = self.tail.filter(has_room) {
            return number;
        }
        self.tail = Some(self.next);
        self.next += 1;
        self.next - 1
    }

    /// Forgets what was told since the last commit.
    pub(crate) fn abandon(&mut self) {
        self.open.clear();
        self.fresh.clear();
        self.fresh_places.clear();
    }
}

fn read<R: Row>(bytes: &[u8]) -> Result<Vec<(u64, R)>, Fault> {
    R::read(bytes).map_err(|e| broken("a page", e))
}

fn newest<R: Row>(rows: &[(u64, R)]) -> Hour {
    rows.iter().map(|(_, row)| row.hour()).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tocsin_model::{ArrivalTime, BrandId, Took};

    use super::*;

    fn kinsman(n: u64) -> Kinsman {
        let at = ArrivalTime::from_millis(n as i64 * 60_000);
        let took = Took { brand: BrandId::new("b").unwrap(), at };
        Kinsman { took: vec![took], hour: Some(at.hour()), ..Kinsman::default() }
    }

    /// Pages as they lie in Redis.
    type Disk = BTreeMap<u32, Vec<u8>>;

    fn open(shelf: &mut Shelf<Kinsman>, disk: &Disk, ids: &[Id]) {
        let plan = shelf.plan(ids);
        let read = plan.iter().map(|number| disk.get(number).cloned()).collect();
        shelf.open(&plan, read).unwrap();
    }

    fn taken_over(disk: &Disk) -> Shelf<Kinsman> {
        let mut shelf = Shelf::new();
        for (number, bytes) in disk {
            shelf.learn(*number, bytes).unwrap();
        }
        shelf
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn rows_are_found_again_whoever_owns_the_lane(
            batches in proptest::collection::vec((proptest::collection::vec(0u64..400, 0..90), any::<(bool, bool)>()), 1..40),
        ) {
            let (mut disk, mut shelf, mut put) = (Disk::new(), Shelf::new(), BTreeMap::new());
            for (n, (ids, (is_abandoned, is_taken_over))) in batches.into_iter().enumerate() {
                let now = n as u64 * 300;
                let ids: Vec<Id> = ids.into_iter().map(|id| Id(id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8)).collect();
                open(&mut shelf, &disk, &ids);
                for id in &ids {
                    prop_assert_eq!(shelf.get(*id), put.get(id), "before");
                }
                let mut told = put.clone();
                for (more, id) in ids.iter().enumerate() {
                    let row = kinsman(now + more as u64);
                    shelf.put(*id, row.clone());
                    told.insert(*id, row);
                    prop_assert_eq!(shelf.get(*id), told.get(id));
                }
                if is_abandoned {
                    shelf.abandon();
                    continue;
                }
                // Ten hours back everything is gone.
                let old = Hour(now as i64 / 60 - 10);
                let closed = shelf.close(|row| row.hour() >= old);
                disk.extend(closed.written);
                closed.gone.iter().chain(&shelf.forget(old)).for_each(|number| {
                    disk.remove(number);
                });
                told.retain(|_, row| row.hour() >= old);
                put = told;
                // A row that is too old may stay as long as its page; nobody asks for it.
                let ids: Vec<Id> = put.keys().copied().collect();
                open(&mut shelf, &disk, &ids);
                for id in ids {
                    prop_assert_eq!(shelf.get(id), put.get(&id), "after");
                }
                if is_taken_over {
                    shelf = taken_over(&disk);
                } else {
                    shelf.abandon();
                }
                let all: Vec<Id> = (0u64..400).map(|id| Id(id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8)).collect();
                open(&mut shelf, &disk, &all);
                put = all.iter().filter_map(|id| Some((*id, shelf.get(*id)?.clone()))).collect();
                shelf.abandon();
            }
        }
    }
}
