//! Rows by id, many to a key: linear hashing (Litwin 1980), one bucket more at a time, so that a key holds about
//! as many rows at any volume. What is opened is read whole, changed here, and written whole.

use rustc_hash::FxHashMap;
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;
use tocsin_flow::Fault;
use tocsin_model::{Claim, PostId};
use tocsin_wire::{Kinsman, Unreadable};

use crate::reply::broken;

/// Rows of a bucket on average. More make a row dearer to change, fewer make it larger: a field takes some 80
/// bytes of its own.
const ROWS: u64 = 16;
/// Buckets of an empty shelf. 256, because a bucket's number then has the first byte of its rows' ids.
const BUCKETS_MIN: u32 = 256;
/// Buckets that are added at a time.
const GROWTH_MAX: u32 = 256;
/// The part of an id that is kept in a row; the rest is in the number of its bucket.
const TAG: u64 = (1 << 56) - 1;

/// A post's id as 64 bits. Two ids of one lane and 48 h that are taken for one: once in 30 years of ten
/// million posts a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub(crate) u64);

impl Id {
    pub(crate) fn of(post: &PostId) -> Id {
        let mut hasher = SipHasher13::new();
        hasher.write(post.source.as_str().as_bytes());
        hasher.write_u8(0xff);
        hasher.write(post.as_str().as_bytes());
        Id(hasher.finish())
    }
    fn tag(self) -> u64 {
        self.0 & TAG
    }
    /// From a row and the number of its bucket.
    fn from_row(bucket: u32, tag: u64) -> Id {
        Id(u64::from(bucket as u8) << 56 | tag)
    }
    /// The bucket among so many: its first byte are the lowest bits of the number.
    fn bucket(self, buckets: u32) -> u32 {
        let (place, half) = (self.0.rotate_left(8) as u32, 1 << buckets.ilog2());
        let upper = place & (2 * half - 1);
        if upper < buckets { upper } else { place & (half - 1) }
    }
}

/// What lies on a shelf.
pub(crate) trait Row: Sized {
    /// What keys of its buckets begin with.
    const LETTER: u8;
    fn read(bytes: &[u8]) -> Result<Vec<(u64, Self)>, Unreadable>;
    fn write(rows: &[(u64, Self)]) -> Vec<u8>;
}

impl Row for Claim {
    const LETTER: u8 = b'c';
    fn read(bytes: &[u8]) -> Result<Vec<(u64, Claim)>, Unreadable> {
        tocsin_wire::read_claims(bytes)
    }
    fn write(rows: &[(u64, Claim)]) -> Vec<u8> {
        tocsin_wire::write_claims(rows)
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
}

/// How large a shelf is. It grows only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) buckets: u32,
    pub(crate) rows: u64,
}

impl Default for Size {
    fn default() -> Size {
        Size { buckets: BUCKETS_MIN, rows: 0 }
    }
}

/// A shelf: the buckets that were opened since the last commit.
pub(crate) struct Shelf<R> {
    /// As of the last commit.
    settled: Size,
    size: Size,
    open: FxHashMap<u32, Bucket<R>>,
}

struct Bucket<R> {
    rows: Vec<(u64, R)>,
    changed: bool,
}

/// What must be read before some ids can be looked at.
#[derive(Default)]
pub(crate) struct Plan {
    /// Buckets to read.
    pub(crate) read: Vec<u32>,
    /// How many there will be.
    buckets: u32,
}

impl<R: Row> Shelf<R> {
    pub(crate) fn new(size: Size) -> Shelf<R> {
        Shelf { settled: size, size, open: FxHashMap::default() }
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// What must be read for these ids; a shelf that is too full grows by the way.
    pub(crate) fn plan(&self, ids: &[Id]) -> Plan {
        if ids.is_empty() {
            return Plan { read: Vec::new(), buckets: self.size.buckets };
        }
        let wanted = u32::try_from(self.size.rows / ROWS).unwrap_or(u32::MAX);
        let buckets = wanted.clamp(self.size.buckets, self.size.buckets.saturating_add(GROWTH_MAX));
        let sources = (self.size.buckets..buckets).map(source);
        let own = ids.iter().map(|id| id.bucket(buckets)).filter(|bucket| *bucket < self.size.buckets);
        let mut read: Vec<u32> =
            sources.chain(own).filter(|bucket| !self.open.contains_key(bucket)).collect();
        read.sort_unstable();
        read.dedup();
        Plan { read, buckets }
    }

    /// Takes in what was read by a plan.
    pub(crate) fn open(&mut self, plan: &Plan, read: Vec<Option<Vec<u8>>>) -> Result<(), Fault> {
        for (number, bytes) in plan.read.iter().zip(read) {
            let rows = bytes.map_or(Ok(Vec::new()), |bytes| R::read(&bytes));
            let rows = rows.map_err(|e| broken("a bucket", e))?;
            self.open.insert(*number, Bucket { rows, changed: false });
        }
        for number in self.size.buckets..plan.buckets {
            self.split(number);
        }
        self.size.buckets = plan.buckets.max(self.size.buckets);
        Ok(())
    }

    /// Adds a bucket: what belongs there moves over.
    fn split(&mut self, number: u32) {
        let source = source(number);
        let old = self.bucket(source);
        let stays = |(tag, _): &(u64, R)| Id::from_row(source, *tag).bucket(number + 1) == source;
        let (stay, go) = std::mem::take(&mut old.rows).into_iter().partition(stays);
        *old = Bucket { rows: stay, changed: true };
        self.open.insert(number, Bucket { rows: go, changed: true });
    }

    fn bucket(&mut self, number: u32) -> &mut Bucket<R> {
        self.open.get_mut(&number).expect("a bucket is opened before it is looked at")
    }

    /// Its bucket must be open.
    pub(crate) fn get(&self, id: Id) -> Option<&R> {
        let bucket = self.open.get(&id.bucket(self.size.buckets));
        let rows = &bucket.expect("a bucket is opened before it is looked at").rows;
        rows.iter().find(|(tag, _)| *tag == id.tag()).map(|(_, row)| row)
    }

    /// Its bucket must be open.
    pub(crate) fn put(&mut self, id: Id, row: R) {
        let bucket = self.bucket(id.bucket(self.size.buckets));
        bucket.changed = true;
        match bucket.rows.iter_mut().find(|(tag, _)| *tag == id.tag()) {
            Some((_, known)) => *known = row,
            None => {
                bucket.rows.push((id.tag(), row));
                self.size.rows += 1;
            }
        }
    }

    /// Whether a bucket of this id is open.
    pub(crate) fn is_open(&self, id: Id) -> bool {
        self.open.contains_key(&id.bucket(self.size.buckets))
    }

    /// Lets go, in what was changed, of the rows that are not kept.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(Id, &mut R) -> bool) {
        for (number, bucket) in self.open.iter_mut().filter(|(_, bucket)| bucket.changed) {
            let before = bucket.rows.len();
            bucket.rows.retain_mut(|(tag, row)| keep(Id::from_row(*number, *tag), row));
            self.size.rows = self.size.rows.saturating_sub((before - bucket.rows.len()) as u64);
        }
    }

    /// A commit: what was changed, as bytes; empty bytes for an empty bucket.
    pub(crate) fn close(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.settled = self.size;
        let changed = self.open.drain().filter(|(_, bucket)| bucket.changed);
        let written = |rows: &[(u64, R)]| if rows.is_empty() { Vec::new() } else { R::write(rows) };
        changed.map(|(number, bucket)| (number, written(&bucket.rows))).collect()
    }

    /// Forgets what was changed since the last commit.
    pub(crate) fn abandon(&mut self) {
        self.open.clear();
        self.size = self.settled;
    }
}

/// The bucket of which the one with this number takes a part.
fn source(number: u32) -> u32 {
    number - (1 << number.ilog2())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use tocsin_model::{BrandId, Took};

    use super::*;

    fn kinsman(n: u64) -> Kinsman {
        let took =
            Took { brand: BrandId::new("b").unwrap(), at: tocsin_model::ArrivalTime::from_millis(n as i64) };
        Kinsman { took: vec![took], ..Kinsman::default() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn rows_are_found_again_while_a_shelf_grows(ids in proptest::collection::vec(any::<u64>(), 1..60), batches in 1usize..400) {
            let mut disk: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
            let mut size = Size::default();
            let mut put = Vec::new();
            for batch in 0..batches {
                let mut shelf: Shelf<Kinsman> = Shelf::new(size);
                let these: Vec<Id> = ids.iter().map(|id| Id(id.wrapping_mul(batch as u64 * 2 + 1))).collect();
                let plan = shelf.plan(&these);
                let read = plan.read.iter().map(|number| disk.get(number).cloned()).collect();
                shelf.open(&plan, read).unwrap();
                these.iter().for_each(|id| shelf.put(*id, kinsman(id.0 >> 40)));
                put.extend(these);
                for (number, bytes) in shelf.close() {
                    disk.insert(number, bytes);
                }
                disk.retain(|_, bytes| !bytes.is_empty());
                size = shelf.size();
            }
            put.sort();
            put.dedup();
            prop_assert_eq!(size.rows, put.len() as u64);
            let mut shelf: Shelf<Kinsman> = Shelf::new(Size { rows: 0, ..size });
            let plan = shelf.plan(&put);
            let read = plan.read.iter().map(|number| disk.get(number).cloned()).collect();
            shelf.open(&plan, read).unwrap();
            for id in put {
                prop_assert_eq!(shelf.get(id), Some(&kinsman(id.0 >> 40)));
            }
        }
    }
}
