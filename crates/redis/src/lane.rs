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

use crate::layout::{Field, Key, SHORT_LEASE, asks, page, page_of};
use crate::reply::{away, broken, bytes, list, rows, text};
use crate::rows::{pack, unpack};
use crate::scripts::{SETTLE, SWEEP};
use crate::server::{Redis, Request};
use crate::shelf::{Id, Row, Shelf};

/// Records overtake each other by less than this.
const OVERTAKING: Span = Span::from_hours(1);
/// An id is known, and a parent answers, for 48 h after it was last looked at; another hour as above.
const KEPT_HOURS: i64 = 49;
/// An ask waits for 30 min; the rest for records that overtake each other.
const ASKS_HOURS: i64 = 2;
/// Pages that are read at a time when a lane is taken over: some 800 KiB.
const READ_MAX: usize = 1_000;

/// Fields that one call of a script takes away: Lua passes 8,000 values at most.
const SWEPT_AT_ONCE: usize = 7_000;

/// Some of those who asked for a post's brands in an hour: the post, the hour, the number of the part.
pub(crate) type Part = (Id, Hour, u64);

/// One lane of a chain.
pub(crate) struct LaneDesk {
    key: Key,
    /// The fence as it is in Redis, once what is committed has gone in; none before it was asked for.
    fence: Option<Position>,
    /// Whether what the lane remembers was learned.
    is_learned: bool,
    pub(crate) claims: Shelf<Claim>,
    pub(crate) kin: Shelf<Kinsman>,
    /// Asks that were read or told, part by part, and which of them are new or changed.
    asked: BTreeMap<Part, Vec<Vec<u8>>>,
    changed: BTreeSet<Part>,
    /// The part that takes in the asks of this batch.
    newest: BTreeMap<(Id, Hour), u64>,
    /// The parts that are in Redis, by their hour.
    waiting: BTreeSet<(Hour, Id, u64)>,
    /// The greatest arrival that claimed, and the `now` of kin.
    pub(crate) claims_now: Option<ArrivalTime>,
    pub(crate) kin_now: Option<ArrivalTime>,
    /// The hours up to which old pages were looked for.
    swept: [Option<Hour>; 2],
    committed: Option<Committed>,
}

/// What is committed, and goes into Redis with the next request.
struct Committed {
    from: Position,
    rows: BTreeMap<Field, Vec<u8>>,
    gone: Vec<Field>,
}

/// How far Redis has what a lane remembers; nothing there is a lane of which nothing is known.
fn read_fence(text: &str) -> Result<Position, Fault> {
    if text.is_empty() {
        Ok(Position(0))
    } else {
        text.parse().map(Position).map_err(|e| broken("a lane's fence", e))
    }
}

fn write_fence(position: Position) -> String {
    if position == Position(0) { String::new() } else { position.0.to_string() }
}

impl LaneDesk {
    pub(crate) fn new(key: Key) -> LaneDesk {
        LaneDesk {
            key,
            fence: None,
            is_learned: false,
            claims: Shelf::new(),
            kin: Shelf::new(),
            asked: BTreeMap::new(),
            changed: BTreeSet::new(),
            newest: BTreeMap::new(),
            waiting: BTreeSet::new(),
            claims_now: None,
            kin_now: None,
            swept: [None; 2],
            committed: None,
        }
    }

    /// The first position that Redis does not remember.
    pub(crate) async fn stands(&mut self, redis: &Redis) -> Result<Position, Fault> {
        self.visit(redis, Vec::new()).await?;
        Ok(self.fence.unwrap_or_default())
    }

    /// Puts into Redis what some lanes have committed, in one round trip.
    pub(crate) async fn settle_all<'a>(
        redis: &Redis,
        lanes: impl Iterator<Item = &'a mut LaneDesk>,
    ) -> Result<(), Fault> {
        let lanes: Vec<&mut LaneDesk> = lanes.filter(|lane| lane.fence.is_some()).collect();
        let own: Vec<Vec<Request>> = lanes.iter().map(|lane| lane.settle()).collect();
        let places: Vec<usize> = own
            .iter()
            .scan(0, |next, requests| Some(std::mem::replace(next, *next + requests.len())))
            .collect();
        let mut answers = redis.ask(own.into_iter().flatten().collect()).await?;
        let mut heard = Ok(());
        for (lane, place) in lanes.into_iter().zip(places) {
            // Each hears its answer, whatever another's is.
            heard = heard.and(lane.hear(std::mem::replace(&mut answers[place], Value::Nil)));
        }
        heard
    }

    /// Opens the pages of these ids.
    pub(crate) async fn open(&mut self, redis: &Redis, claims: &[Id], kin: &[Id]) -> Result<(), Fault> {
        if !self.is_learned {
            self.learn(redis).await?;
        }
        let (claims, kin) = (self.claims.plan(claims), self.kin.plan(kin));
        let names = claims.iter().map(|n| page(Claim::LETTER, *n));
        let names: Vec<Field> = names.chain(kin.iter().map(|n| page(Kinsman::LETTER, *n))).collect();
        let mut of_claims = self.read(redis, &names).await?;
        let of_kin = of_claims.split_off(claims.len());
        self.claims.open(&claims, of_claims)?;
        self.kin.open(&kin, of_kin)
    }

    /// Learns by heart what the lane remembers: in which page each id is, and who waits.
    async fn learn(&mut self, redis: &Redis) -> Result<(), Fault> {
        (self.claims, self.kin, self.waiting) = (Shelf::new(), Shelf::new(), BTreeSet::new());
        let mut keys = redis::cmd("HKEYS");
        keys.arg(&self.key);
        let mut found = self.visit(redis, vec![Request::new(self.key.clone(), keys)]).await?;
        let fields = list(found.pop().unwrap_or(Value::Nil), "the pages of a lane")?;
        let (mut claims, mut kin) = (Vec::new(), Vec::new());
        for field in fields {
            match page_of(&bytes(field, "a page")?) {
                Some((Claim::LETTER, number)) => claims.push(number),
                Some((Kinsman::LETTER, number)) => kin.push(number),
                _ => {}
            }
        }
        claims.sort_unstable();
        kin.sort_unstable();
        for numbers in claims.chunks(READ_MAX) {
            for (number, row) in self.pages(redis, Claim::LETTER, numbers).await? {
                self.claims.learn(number, &row)?;
            }
        }
        for numbers in kin.chunks(READ_MAX) {
            for (number, row) in self.pages(redis, Kinsman::LETTER, numbers).await? {
                for (id, kinsman) in self.kin.learn(number, &row)? {
                    let parts = kinsman.waiting.iter();
                    self.waiting
                        .extend(parts.flat_map(|(hour, n)| (0..*n).map(move |part| (*hour, Id(id), part))));
                }
            }
        }
        self.is_learned = true;
        Ok(())
    }

    async fn pages(
        &mut self,
        redis: &Redis,
        letter: u8,
        numbers: &[u32],
    ) -> Result<Vec<(u32, Vec<u8>)>, Fault> {
        let names: Vec<Field> = numbers.iter().map(|number| page(letter, *number)).collect();
        let found = self.read(redis, &names).await?;
        Ok(numbers.iter().copied().zip(found).filter_map(|(number, row)| Some((number, row?))).collect())
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
        let nothing = || Committed { from, rows: BTreeMap::new(), gone: Vec::new() };
        let mut committed = self.committed.take().unwrap_or_else(nothing);
        // What can no longer be asked for goes.
        let claims_now = self.claims_now.map(|now| now.minus(OVERTAKING));
        let claims = self.claims.close(|claim| claims_now.is_none_or(|now| !claim.is_forgotten(now)));
        let hour = self.kin_now.map(|now| now.hour().0);
        let kin = self.kin.close(|kinsman| hour.is_none_or(|hour| is_kept(kinsman, hour)));
        let swept = [self.claims_now, self.kin_now].map(|now| now.map(ArrivalTime::hour));
        let old = |now: Option<Hour>| now.map_or(Hour(i64::MIN), |now| Hour(now.0 - KEPT_HOURS));
        let mut forgotten = [Vec::new(), Vec::new()];
        if swept != self.swept {
            forgotten = [self.claims.forget(old(swept[0])), self.kin.forget(old(swept[1]))];
            self.swept = swept;
        }
        for ((letter, closed), forgotten) in
            [(Claim::LETTER, claims), (Kinsman::LETTER, kin)].into_iter().zip(forgotten)
        {
            committed
                .rows
                .extend(closed.written.into_iter().map(|(number, row)| (page(letter, number), row)));
            let gone = closed.gone.into_iter().chain(forgotten);
            committed.gone.extend(gone.map(|number| page(letter, number)));
        }
        for part in std::mem::take(&mut self.changed) {
            let (parent, hour, number) = part;
            committed.rows.insert(asks(parent.0, hour, number), pack_asks(self.asks(part)));
            self.waiting.insert((hour, parent, number));
        }
        if let Some(hour) = hour {
            let waits = self.waiting.split_off(&(Hour(hour - ASKS_HOURS), Id(0), 0));
            let gone = std::mem::replace(&mut self.waiting, waits);
            committed.gone.extend(gone.into_iter().map(|(hour, parent, part)| asks(parent.0, hour, part)));
        }
        self.asked.clear();
        self.newest.clear();
        self.committed = Some(committed);
        self.fence = Some(to);
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
        rows(found.pop().unwrap_or(Value::Nil), "pages")
    }

    /// Sends what is committed, looks at the fence, and reads, all in one round trip.
    async fn visit(&mut self, redis: &Redis, reads: Vec<Request>) -> Result<Vec<Value>, Fault> {
        let mut requests = self.settle();
        let own = requests.len();
        requests.extend(reads);
        let mut answers = redis.ask(requests).await?;
        let reads = answers.split_off(own);
        self.hear(answers.swap_remove(0))?;
        Ok(reads)
    }

    /// The fence, as Redis answers to what was put in.
    fn hear(&mut self, found: Value) -> Result<(), Fault> {
        let found = read_fence(&text(found, "a lane's fence")?)?;
        match self.fence {
            None => self.fence = Some(found),
            Some(expected) if found == expected => self.committed = None,
            Some(expected) => {
                *self = LaneDesk::new(self.key.clone());
                let (found, expected) = (found.0, expected.0);
                return Err(away(format_args!(
                    "a lane stands at position {found} there and at {expected} here: it must be gone over again \
                     from {found}"
                )));
            }
        }
        Ok(())
    }

    /// Puts in what is committed, or looks at the fence only.
    fn settle(&self) -> Vec<Request> {
        let mut call = SETTLE.call(&[&self.key]);
        let request = |command| Request::new(self.key.clone(), command);
        let next = self.fence.map(write_fence);
        let Some(Committed { from, rows, gone }) = &self.committed else {
            let known = next.unwrap_or_else(|| "?".into());
            call.arg(&known).arg(&known);
            return vec![request(call)];
        };
        call.arg(write_fence(*from)).arg(&next);
        for (field, row) in rows {
            call.arg(field).arg(row);
        }
        let mut lease = redis::cmd("EXPIRE");
        lease.arg(&self.key).arg(SHORT_LEASE);
        let mut requests = vec![request(call), request(lease)];
        for gone in gone.chunks(SWEPT_AT_ONCE) {
            let mut sweep = SWEEP.call(&[&self.key]);
            sweep.arg(&next).arg(gone);
            requests.push(request(sweep));
        }
        requests
    }
}

/// What a post took is let go of, and so are hours in which it was asked for, when they are too old.
fn is_kept(kinsman: &mut Kinsman, hour: i64) -> bool {
    if kinsman.hour.is_none_or(|seen| seen.0 < hour - KEPT_HOURS) {
        kinsman.took.clear();
    }
    kinsman.waiting.retain(|(asked, _)| asked.0 >= hour - ASKS_HOURS);
    !(kinsman.took.is_empty() && kinsman.waiting.is_empty())
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
