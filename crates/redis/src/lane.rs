//! What a lane remembers, and how far.
//!
//! Claims and kin belong to one lane, and a lane to one chain at a time. So they are read, changed here, and go
//! into Redis only when the chain has committed, all together and with the lane's fence: Redis always holds
//! what the records before the fence made of it. Whoever takes the lane over, or finds that Redis has lost
//! its last seconds, goes on from the fence: the rows between it and the commit are made again from the log.

use std::collections::{BTreeMap, BTreeSet};

use redis::Value;
use tocsin_flow::Fault;
use tocsin_model::{ArrivalTime, Claim, Hour, Position, Span};
use tocsin_wire::Kinsman;

use crate::layout::{Field, Key, SHORT_LEASE, asks, bucket};
use crate::reply::{away, broken, rows, text};
use crate::room::{pack, unpack};
use crate::scripts::SETTLE;
use crate::server::{Redis, Request};
use crate::shelf::{Id, Row, Shelf, Size};

/// Records overtake each other by less than this.
const OVERTAKING: Span = Span::from_hours(1);
/// A parent answers for 48 h after it was last looked at; another hour as above.
const TAKEN_HOURS: i64 = 49;
/// An ask waits for 30 min; the rest for records that overtake each other.
const ASKS_HOURS: i64 = 2;

/// Some of those who asked for a post's brands in an hour: the post, the hour, the number of the part.
pub(crate) type Part = (Id, Hour, u64);

/// One lane of a chain.
pub(crate) struct LaneDesk {
    key: Key,
    /// The fence as it is in Redis, once what is committed has gone in; none before it was asked for.
    fence: Option<Fence>,
    pub(crate) claims: Shelf<Claim>,
    pub(crate) kin: Shelf<Kinsman>,
    /// Asks that were read or told, part by part, and which of them are new or changed.
    asked: BTreeMap<Part, Vec<Vec<u8>>>,
    changed: BTreeSet<Part>,
    /// The part that takes in the asks of this batch.
    newest: BTreeMap<(Id, Hour), u64>,
    /// The greatest arrival that claimed, and the `now` of kin.
    pub(crate) claims_now: Option<ArrivalTime>,
    pub(crate) kin_now: Option<ArrivalTime>,
    committed: Option<Committed>,
}

/// How far Redis has what a lane remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Fence {
    position: Position,
    claims: Size,
    kin: Size,
}

/// What is committed, and goes into Redis with the next request.
struct Committed {
    from: Fence,
    rows: BTreeMap<Field, Vec<u8>>,
    gone: Vec<Field>,
}

impl Fence {
    /// Nothing there is a lane of which nothing is known.
    fn read(text: &str) -> Result<Fence, Fault> {
        if text.is_empty() {
            return Ok(Fence::default());
        }
        let numbers: Vec<u64> = text.split(' ').filter_map(|n| n.parse().ok()).collect();
        let &[position, a, b, c, d] = numbers.as_slice() else { return Err(broken("a lane's fence", text)) };
        let size = |buckets: u64, rows| Size { buckets: (buckets as u32).max(Size::default().buckets), rows };
        Ok(Fence { position: Position(position), claims: size(a, b), kin: size(c, d) })
    }
    fn write(&self) -> String {
        if *self == Fence::default() {
            return String::new();
        }
        let Fence { position, claims, kin } = self;
        format!("{} {} {} {} {}", position.0, claims.buckets, claims.rows, kin.buckets, kin.rows)
    }
}

impl LaneDesk {
    pub(crate) fn new(key: Key) -> LaneDesk {
        LaneDesk {
            key,
            fence: None,
            claims: Shelf::new(Size::default()),
            kin: Shelf::new(Size::default()),
            asked: BTreeMap::new(),
            changed: BTreeSet::new(),
            newest: BTreeMap::new(),
            claims_now: None,
            kin_now: None,
            committed: None,
        }
    }

    /// The first position that Redis does not remember.
    pub(crate) async fn stands(&mut self, redis: &Redis) -> Result<Position, Fault> {
        self.visit(redis, Vec::new()).await?;
        Ok(self.fence.unwrap_or_default().position)
    }

    /// Opens the buckets of these ids.
    pub(crate) async fn open(&mut self, redis: &Redis, claims: &[Id], kin: &[Id]) -> Result<(), Fault> {
        if self.fence.is_none() {
            self.visit(redis, Vec::new()).await?;
        }
        let (claims, kin) = (self.claims.plan(claims), self.kin.plan(kin));
        let names = claims.read.iter().map(|n| bucket(Claim::LETTER, *n));
        let names: Vec<Field> = names.chain(kin.read.iter().map(|n| bucket(Kinsman::LETTER, *n))).collect();
        let mut of_claims = self.read(redis, &names).await?;
        let of_kin = of_claims.split_off(claims.read.len());
        self.claims.open(&claims, of_claims)?;
        self.kin.open(&kin, of_kin)
    }

    /// Reads parts of those who asked.
    pub(crate) async fn open_asks(&mut self, redis: &Redis, wanted: &[Part]) -> Result<(), Fault> {
        let missing: Vec<Part> =
            wanted.iter().filter(|part| !self.asked.contains_key(part)).copied().collect();
        let names: Vec<Field> =
            missing.iter().map(|(parent, hour, part)| asks(parent.0, *hour, *part)).collect();
        for (part, found) in missing.into_iter().zip(self.read(redis, &names).await?) {
            self.asked.insert(part, found.map_or(Ok(Vec::new()), |row| unpack_asks(&row))?);
        }
        Ok(())
    }

    /// Who asked, by a part that was read or told.
    pub(crate) fn asks(&self, part: Part) -> &[Vec<u8>] {
        self.asked.get(&part).map(Vec::as_slice).unwrap_or_default()
    }

    /// Keeps a new ask. `parts`: how many parts there are of that hour; how many there are then.
    pub(crate) fn keep_ask(&mut self, parent: Id, hour: Hour, parts: u64, row: Vec<u8>) -> u64 {
        let part = *self.newest.entry((parent, hour)).or_insert(parts);
        self.asked.entry((parent, hour, part)).or_default().push(row);
        self.changed.insert((parent, hour, part));
        part + 1
    }

    /// Puts an ask in the place of an earlier one.
    pub(crate) fn change_ask(&mut self, part: Part, place: usize, row: Vec<u8>) {
        if let Some(asked) = self.asked.get_mut(&part) {
            asked[place] = row;
            self.changed.insert(part);
        }
    }

    /// The chain has committed everything before `to`.
    pub(crate) fn commit(&mut self, to: Position) {
        let Some(from) = self.fence else { return };
        let gone = self.forget();
        let nothing = || Committed { from, rows: BTreeMap::new(), gone: Vec::new() };
        let mut committed = self.committed.take().unwrap_or_else(nothing);
        for (letter, rows) in [(Claim::LETTER, self.claims.close()), (Kinsman::LETTER, self.kin.close())] {
            committed.rows.extend(rows.into_iter().map(|(number, row)| (bucket(letter, number), row)));
        }
        for part in std::mem::take(&mut self.changed) {
            let (parent, hour, number) = part;
            committed.rows.insert(asks(parent.0, hour, number), pack_asks(self.asks(part)));
        }
        committed.gone.extend(gone);
        self.asked.clear();
        self.newest.clear();
        self.committed = Some(committed);
        self.fence = Some(Fence { position: to, claims: self.claims.size(), kin: self.kin.size() });
    }

    /// What can no longer be asked for goes, where something was changed anyway.
    fn forget(&mut self) -> Vec<Field> {
        if let Some(now) = self.claims_now {
            self.claims.retain(|_, claim| !claim.is_forgotten(now.minus(OVERTAKING)));
        }
        let mut gone = Vec::new();
        if let Some(now) = self.kin_now {
            let hour = now.hour().0;
            self.kin.retain(|id, kinsman| {
                if kinsman.hour.is_none_or(|seen| seen.0 < hour - TAKEN_HOURS) {
                    kinsman.took.clear();
                }
                kinsman.waiting.retain(|(asked, parts)| {
                    let waits = asked.0 >= hour - ASKS_HOURS;
                    if !waits {
                        gone.extend((0..*parts).map(|part| asks(id.0, *asked, part)));
                    }
                    waits
                });
                !(kinsman.took.is_empty() && kinsman.waiting.is_empty())
            });
        }
        gone
    }

    /// Forgets what was told since the last commit.
    pub(crate) fn abandon(&mut self) {
        self.claims.abandon();
        self.kin.abandon();
        self.asked.clear();
        self.changed.clear();
        self.newest.clear();
    }

    async fn read(&mut self, redis: &Redis, names: &[Field]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut read = redis::cmd("HMGET");
        read.arg(&self.key).arg(names);
        let mut found = self.visit(redis, vec![Request::new(self.key.clone(), read)]).await?;
        // An empty bucket stays as a field without a value.
        let found = rows(found.pop().unwrap_or(Value::Nil), "buckets")?;
        Ok(found.into_iter().map(|row| row.filter(|row| !row.is_empty())).collect())
    }

    /// Sends what is committed, looks at the fence, and reads, all in one round trip.
    async fn visit(&mut self, redis: &Redis, reads: Vec<Request>) -> Result<Vec<Value>, Fault> {
        let mut requests = self.settle();
        let own = requests.len();
        requests.extend(reads);
        let mut answers = redis.ask(requests).await?;
        let reads = answers.split_off(own);
        let found = text(answers.swap_remove(0), "a lane's fence")?;
        match self.fence {
            None => {
                let fence = Fence::read(&found)?;
                (self.claims, self.kin) = (Shelf::new(fence.claims), Shelf::new(fence.kin));
                self.fence = Some(fence);
            }
            Some(expected) if found == expected.write() => self.committed = None,
            Some(expected) => {
                *self = LaneDesk::new(self.key.clone());
                let (found, expected) = (Fence::read(&found)?.position.0, expected.position.0);
                return Err(away(format_args!(
                    "a lane stands at position {found} there and at {expected} here: it must be gone over again \
                     from {found}"
                )));
            }
        }
        Ok(reads)
    }

    /// Puts in what is committed, or looks at the fence only.
    fn settle(&self) -> Vec<Request> {
        let mut call = SETTLE.call(&[&self.key]);
        let request = |command| Request::new(self.key.clone(), command);
        let next = self.fence.map(|fence| fence.write());
        let Some(Committed { from, rows, gone }) = &self.committed else {
            let known = next.unwrap_or_else(|| "?".into());
            call.arg(&known).arg(&known);
            return vec![request(call)];
        };
        call.arg(from.write()).arg(next);
        for (field, row) in rows {
            call.arg(field).arg(row);
        }
        let mut lease = redis::cmd("EXPIRE");
        lease.arg(&self.key).arg(SHORT_LEASE);
        let mut requests = vec![request(call), request(lease)];
        if !gone.is_empty() {
            let mut forget = redis::cmd("HDEL");
            forget.arg(&self.key).arg(gone);
            requests.push(request(forget));
        }
        requests
    }
}

/// Each ask with its length before it, squeezed: children of one post have much in common.
fn pack_asks(asked: &[Vec<u8>]) -> Vec<u8> {
    let mut row = Vec::new();
    for ask in asked {
        row.extend_from_slice(&(ask.len() as u32).to_le_bytes());
        row.extend_from_slice(ask);
    }
    pack(row)
}

fn unpack_asks(row: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let row = unpack(row)?;
    let (mut rest, mut asked) = (row.as_slice(), Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (ask, after) = after
            .split_at_checked(u32::from_le_bytes(*length) as usize)
            .ok_or_else(|| broken("asks", "they are cut short"))?;
        asked.push(ask.to_vec());
        rest = after;
    }
    Ok(asked)
}
