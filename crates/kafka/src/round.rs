//! What is read, what is done, what is being committed: all that the threads share, behind one lock.
//!
//! A lane is *held* from the moment the group gives it until it is given up. Each time its records must come again
//! (a commit failed, the stage forgot them), or it comes back from another member, it gets a new *tenure*, and
//! what was made under an older one is thrown away. So nothing of a lane is committed that its holder does not
//! stand for, whoever is in the middle of what.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::{AddAssign, SubAssign};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use tocsin_flow::{Fault, Room};
use tocsin_model::{ArrivalTime, Lane, Position};
use tokio::sync::Notify;

use crate::brokers::Limits;
use crate::fault::away;
use crate::member::{Incoming, Outgoing};
use crate::note::{Note, Safe};
use crate::pace::Pace;

/// Posts in one commit at most.
pub(crate) const ROUND_MAX: usize = 5_000;
/// Bytes that a round begins no further record behind: what is made of them is several times as large, and some rounds
/// are on their way at once.
const ROUND_BYTES: usize = 5 << 18;

/// So long no commit takes, whatever fails: to open a producer, to commit and to take back have ten seconds each, and the
/// last call of each two more.
const HANGS: Duration = Duration::from_secs(40);

/// Where reading stands in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Records come.
    Goes,
    /// They must come again from what is done.
    Again,
    /// They must come again from where the brokers say that the group is: a commit may or may not have happened.
    AskFirst,
}

/// A lane that we hold.
pub(crate) struct Held {
    pub(crate) tenure: u64,
    pub(crate) reading: Reading,
    /// Where the next record stands.
    pub(crate) next: Position,
    /// Everything before it is committed. Records before it are rehearsed: they come for the state's sake only.
    pub(crate) done: Position,
    pub(crate) waiting: VecDeque<Incoming>,
    pub(crate) now: Option<ArrivalTime>,
    pub(crate) safe: Safe,
    /// By the note that its tenure began with, the state was sure to have everything before it.
    pub(crate) sure: Position,
    pub(crate) lag: Option<u64>,
}

/// Some records of a lane under one tenure, taken by the stage.
pub(crate) struct Taken {
    pub(crate) lane: Lane,
    pub(crate) tenure: u64,
    pub(crate) records: Vec<Incoming>,
    pub(crate) is_rehearsal: bool,
}

/// What a stage made of some records of a lane.
pub(crate) struct Part {
    /// Which lane moves on; none for what a tick gave out.
    pub(crate) moves: Option<Moves>,
    pub(crate) outgoing: Vec<Outgoing>,
}

/// How a lane moves on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moves {
    pub(crate) lane: Lane,
    pub(crate) tenure: u64,
    pub(crate) to: Position,
    pub(crate) now: Option<ArrivalTime>,
}

/// The places after what is done, and the notes beside them.
pub(crate) type Positions = Vec<(Lane, Position, Note)>;

/// What one transaction carries.
pub(crate) struct Commit {
    pub(crate) group: Arc<ConsumerGroupMetadata>,
    pub(crate) parts: Vec<Part>,
    pub(crate) positions: Positions,
}

/// When to begin a round.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Now,
    In(Duration),
    NothingWaits,
}

pub(crate) struct Inside {
    pub(crate) lanes: BTreeMap<Lane, Held>,
    /// Who we are to the group, as of the last time it told us our lanes. Never asked for at the moment of a
    /// commit: a member that was thrown out is nobody, and from nobody the broker takes any offset.
    pub(crate) group: Option<Arc<ConsumerGroupMetadata>>,
    pub(crate) committing: BTreeSet<Lane>,
    /// Since when a commit is at work.
    committing_since: Option<Duration>,
    pub(crate) fault: Option<Fault>,
    /// The brokers cannot be reached, and why.
    pub(crate) away: Option<String>,
    /// Brokers and leaders of our lanes that we miss, by the client's last look.
    pub(crate) missed: BTreeSet<String>,
    /// Rounds handed over and not finished.
    pub(crate) open: usize,
    pub(crate) closing: bool,
    pub(crate) pace: Pace,
    pub(crate) rebalances: u64,
    pub(crate) commits: u64,
    pub(crate) failed: u64,
    pub(crate) committing_for: Duration,
    waiting: Load,
    since: Option<Duration>,
    tenures: u64,
}

/// How many records, and the bytes of their values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Load {
    records: usize,
    bytes: usize,
}

impl Load {
    fn of<'a>(records: impl IntoIterator<Item = &'a Incoming>) -> Load {
        let add = |load: Load, record: &Incoming| Load {
            records: load.records + 1,
            bytes: load.bytes + record.value.as_ref().map_or(0, Vec::len),
        };
        records.into_iter().fold(Load::default(), add)
    }

    /// As much as a round of at most so many records takes.
    fn is_full(self, max: usize) -> bool {
        self.records >= max.min(ROUND_MAX) || self.bytes >= ROUND_BYTES
    }
}

impl AddAssign for Load {
    fn add_assign(&mut self, other: Load) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

impl SubAssign for Load {
    fn sub_assign(&mut self, other: Load) {
        self.records -= other.records;
        self.bytes -= other.bytes;
    }
}

pub(crate) struct Shared {
    inside: Mutex<Inside>,
    /// Something changed that a thread may wait for.
    pub(crate) moved: Condvar,
    /// Something changed that the stage may wait for.
    pub(crate) told: Notify,
    pub(crate) room: Room,
}

impl Shared {
    pub(crate) fn new(room: Room, limits: Limits) -> Shared {
        Shared { inside: Mutex::new(Inside::new(limits)), moved: Condvar::new(), told: Notify::new(), room }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits on `guard` until something moved, `span` at most.
    pub(crate) fn wait<'a>(&self, guard: MutexGuard<'a, Inside>, span: Duration) -> MutexGuard<'a, Inside> {
        self.moved.wait_timeout(guard, span).unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn tell(&self) {
        self.moved.notify_all();
        self.told.notify_one();
    }
}

impl Held {
    /// The next record is committed, and comes for the state's sake only.
    fn rehearses(&self) -> bool {
        self.waiting.front().is_some_and(|record| record.position < self.done)
    }
}

impl Inside {
    fn new(limits: Limits) -> Inside {
        Inside {
            lanes: BTreeMap::new(),
            group: None,
            committing: BTreeSet::new(),
            committing_since: None,
            fault: None,
            away: None,
            missed: BTreeSet::new(),
            open: 0,
            closing: false,
            pace: Pace::new(limits),
            rebalances: 0,
            commits: 0,
            failed: 0,
            committing_for: Duration::ZERO,
            waiting: Load::default(),
            since: None,
            tenures: 0,
        }
    }

    /// Another round waits already. Nothing more is taken from the client, whose own queues are bounded, too.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.is_full(ROUND_MAX)
    }

    /// What the stage must hear before it goes on.
    pub(crate) fn raise(&mut self) -> Result<(), Fault> {
        match (self.fault.take(), &self.away) {
            (Some(fault), _) => Err(fault),
            (None, Some(why)) => Err(away(why.clone())),
            (None, None) => Ok(()),
        }
    }

    /// A lane is given to us.
    pub(crate) fn hold(&mut self, lane: Lane) {
        self.give_up(lane);
        self.tenures += 1;
        let held = Held {
            tenure: self.tenures,
            reading: Reading::AskFirst,
            next: Position(0),
            done: Position(0),
            waiting: VecDeque::new(),
            now: None,
            safe: Safe::since(Position(0)),
            sure: Position(0),
            lag: None,
        };
        self.lanes.insert(lane, held);
    }

    /// A lane is taken from us.
    pub(crate) fn give_up(&mut self, lane: Lane) {
        if let Some(held) = self.lanes.remove(&lane) {
            self.waiting -= Load::of(&held.waiting);
        }
    }

    /// All lanes are taken from us, and we are nobody in the group.
    pub(crate) fn lose_all(&mut self) {
        self.lanes.clear();
        self.waiting = Load::default();
        self.since = None;
        self.group = None;
    }

    /// All records that are not committed must come again.
    pub(crate) fn again(&mut self, reading: Reading) {
        for held in self.lanes.values_mut() {
            self.tenures += 1;
            held.tenure = self.tenures;
            held.waiting.clear();
            if held.reading != Reading::AskFirst {
                held.reading = reading;
            }
        }
        self.waiting = Load::default();
        self.since = None;
    }

    /// The lanes whose records must come again and that no commit holds back.
    pub(crate) fn to_begin(&self) -> Vec<(Lane, Reading, Position, u64)> {
        let begins = |(lane, held): (&Lane, &Held)| (*lane, held.reading, held.done, held.tenure);
        let lanes = self.lanes.iter().filter(|(_, held)| held.reading != Reading::Goes);
        lanes.filter(|(lane, _)| !self.committing.contains(lane)).map(begins).collect()
    }

    /// Records came from the client.
    pub(crate) fn came(&mut self, records: impl Iterator<Item = (Lane, Incoming)>, now: Duration) {
        for (lane, record) in records {
            let Some(held) = self.lanes.get_mut(&lane) else { continue };
            if held.reading == Reading::Goes && record.position >= held.next {
                held.next = record.position.next();
                self.waiting += Load::of([&record]);
                held.waiting.push_back(record);
            }
        }
        if self.waiting.records > 0 {
            self.since.get_or_insert(now);
        }
    }

    /// Whether a round should begin.
    pub(crate) fn due(&self, now: Duration, max: usize) -> Due {
        let Some(since) = self.since else { return Due::NothingWaits };
        let age = now.saturating_sub(since);
        if self.waiting.is_full(max) || age >= self.pace.interval() || self.closing {
            Due::Now
        } else {
            Due::In(self.pace.interval() - age)
        }
    }

    /// Takes what waits, lane by lane, in pieces of at most `max`. What is rehearsed and what is new never stand in
    /// one round: what is rehearsed comes first.
    pub(crate) fn take_round(&mut self, now: Duration, max: usize) -> VecDeque<Taken> {
        let mut taken = VecDeque::new();
        let mut load = Load::default();
        // The fullest first: with more than one round waiting no lane is left behind.
        let mut order: Vec<(usize, Lane)> =
            self.lanes.iter().map(|(lane, held)| (held.waiting.len(), *lane)).collect();
        order.sort_unstable_by(|a, b| b.cmp(a));
        let is_rehearsal = self.lanes.values().any(Held::rehearses);
        for (_, lane) in order {
            let Some(held) = self.lanes.get_mut(&lane) else { continue };
            while !load.is_full(ROUND_MAX) && !held.waiting.is_empty() && held.rehearses() == is_rehearsal {
                let mut records = Vec::new();
                while records.len() < max
                    && !load.is_full(ROUND_MAX)
                    && held.rehearses() == is_rehearsal
                    && let Some(record) = held.waiting.pop_front()
                {
                    load += Load::of([&record]);
                    records.push(record);
                }
                taken.push_back(Taken { lane, tenure: held.tenure, records, is_rehearsal });
            }
        }
        self.waiting -= load;
        self.since = (self.waiting.records > 0).then_some(now);
        taken
    }

    /// Whether records are still ours to make something of.
    pub(crate) fn is_ours(&self, lane: Lane, tenure: u64) -> bool {
        self.lanes.get(&lane).is_some_and(|held| held.tenure == tenure)
    }

    /// Whether a commit has not come back for longer than all its calls may take together. The client is known to wait
    /// for ever once it has no broker left to ask (librdkafka issue 5301), and nobody can call it back.
    pub(crate) fn hangs(&self, now: Duration) -> bool {
        self.committing_since.is_some_and(|since| now.saturating_sub(since) > HANGS)
    }

    /// What of a round may be committed; its lanes are held back until [`Inside::finish`]. None if there is nothing.
    pub(crate) fn begin_commit(&mut self, parts: Vec<Part>, now: Duration) -> Option<Commit> {
        let is_ours = |part: &Part| match &part.moves {
            Some(moves) => self.is_ours(moves.lane, moves.tenure),
            None => true,
        };
        let parts: Vec<Part> = parts.into_iter().filter(is_ours).collect();
        if parts.is_empty() {
            return None;
        }
        let group = self.group.clone()?;
        let mut moves: BTreeMap<Lane, Moves> = BTreeMap::new();
        for part in parts.iter().filter_map(|part| part.moves) {
            let now = moves.get(&part.lane).and_then(|m| m.now).max(part.now);
            moves.insert(part.lane, Moves { now, ..part });
        }
        let mut positions = Positions::new();
        for (lane, held) in &mut self.lanes {
            let note =
                |held: &mut Held, arrived| Note { now: held.now.max(arrived), safe: held.safe.at(now) };
            match moves.get(lane) {
                Some(m) => positions.push((*lane, m.to, note(held, m.now))),
                // A tick moves no lane; the positions go with it all the same, so that a member that was thrown
                // out cannot say anything.
                None if moves.is_empty() && held.reading == Reading::Goes => {
                    positions.push((*lane, held.done, note(held, None)));
                }
                None => {}
            }
        }
        if positions.is_empty() {
            return None;
        }
        self.committing = positions.iter().map(|(lane, ..)| *lane).collect();
        self.committing_since = Some(now);
        Some(Commit { group, parts, positions })
    }

    /// A commit has ended; where it went well, it took so long, with everything delivered before.
    pub(crate) fn finish(&mut self, ended: Result<(Positions, Duration), Fault>, now: Duration) {
        self.committing.clear();
        self.committing_since = None;
        match ended {
            Ok((positions, took)) => {
                self.commits += 1;
                self.committing_for += took;
                self.pace.took(took);
                for (lane, to, note) in positions {
                    if let Some(held) = self.lanes.get_mut(&lane) {
                        held.done = to;
                        held.now = note.now;
                        held.safe.committed(now, to);
                    }
                }
            }
            Err(fault) => {
                self.failed += 1;
                self.again(Reading::AskFirst);
                self.fault = Some(fault);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(position: u64) -> Incoming {
        let arrived = ArrivalTime::from_millis(position as i64);
        Incoming { position: Position(position), arrived, trace: None, value: None }
    }

    /// Two lanes that are read; lane 1 rehearses what stands before 3.
    fn reading() -> Inside {
        let mut inside = Inside::new(Limits::default());
        for lane in [0, 1] {
            inside.hold(Lane(lane));
            inside.lanes.get_mut(&Lane(lane)).unwrap().reading = Reading::Goes;
        }
        inside.lanes.get_mut(&Lane(1)).unwrap().done = Position(3);
        inside
    }

    fn positions(taken: &Taken) -> (u32, bool, Vec<u64>) {
        (taken.lane.0, taken.is_rehearsal, taken.records.iter().map(|r| r.position.0).collect())
    }

    #[test]
    fn what_is_rehearsed_and_what_is_new_never_stand_in_one_round() {
        let mut inside = reading();
        inside.came((0..6).map(|n| (Lane(1), record(n))), Duration::ZERO);
        inside.came((7..9).map(|n| (Lane(0), record(n))), Duration::ZERO);
        let mut round = || inside.take_round(Duration::ZERO, 2).iter().map(positions).collect::<Vec<_>>();
        assert_eq!(round(), [(1, true, vec![0, 1]), (1, true, vec![2])]);
        assert_eq!(round(), [(1, false, vec![3, 4]), (1, false, vec![5]), (0, false, vec![7, 8])]);
        assert_eq!(inside.due(Duration::ZERO, 1), Due::NothingWaits);
    }

    #[test]
    fn a_round_is_due_when_it_is_old_or_full() {
        let mut inside = reading();
        let at = Duration::from_millis;
        inside.came([(Lane(0), record(0))].into_iter(), at(100));
        inside.came([(Lane(0), record(1))].into_iter(), at(110));
        assert_eq!(inside.due(at(112), 100), Due::In(at(8)));
        assert_eq!(inside.due(at(120), 100), Due::Now);
        assert_eq!(inside.due(at(112), 2), Due::Now);
    }

    #[test]
    fn a_round_ends_behind_the_record_that_makes_it_large() {
        let mut inside = reading();
        let large = |n| Incoming { value: Some(vec![b' '; ROUND_BYTES / 2]), ..record(n) };
        inside.came((0..3).map(|n| (Lane(0), large(n))), Duration::ZERO);
        assert!(inside.is_full() && inside.due(Duration::ZERO, 100) == Due::Now);
        let mut round = || inside.take_round(Duration::ZERO, 100).iter().map(positions).collect::<Vec<_>>();
        assert_eq!(round(), [(0, false, vec![0, 1])]);
        assert_eq!(round(), [(0, false, vec![2])]);
        assert_eq!(inside.waiting, Load::default());
    }

    #[test]
    fn what_comes_twice_or_while_a_lane_is_taken_back_is_let_go() {
        let mut inside = reading();
        inside.came([0, 1, 1, 0, 2].into_iter().map(|n| (Lane(0), record(n))), Duration::ZERO);
        inside.came([(Lane(9), record(0))].into_iter(), Duration::ZERO);
        assert_eq!(positions(&inside.take_round(Duration::ZERO, 9)[0]), (0, false, vec![0, 1, 2]));
        inside.again(Reading::Again);
        inside.came([(Lane(0), record(3))].into_iter(), Duration::ZERO);
        assert_eq!(inside.take_round(Duration::ZERO, 9).len(), 0);
    }

    #[test]
    fn what_was_taken_under_an_older_tenure_is_nobodys() {
        let mut inside = reading();
        inside.came([(Lane(0), record(3)), (Lane(1), record(3))].into_iter(), Duration::ZERO);
        let taken = inside.take_round(Duration::ZERO, 9);
        assert!(taken.len() == 2 && taken.iter().all(|t| inside.is_ours(t.lane, t.tenure)));
        inside.give_up(Lane(0));
        inside.hold(Lane(0));
        assert!(
            !inside.is_ours(Lane(0), taken.iter().find(|t| t.lane.0 == 0).unwrap().tenure),
            "given up and back"
        );
        inside.again(Reading::Again);
        assert!(!taken.iter().any(|t| inside.is_ours(t.lane, t.tenure)));
    }

    #[test]
    fn a_lane_in_a_commit_is_not_taken_back_before_that_has_ended() {
        let mut inside = reading();
        inside.committing.insert(Lane(0));
        inside.again(Reading::Again);
        let lanes = |inside: &Inside| inside.to_begin().iter().map(|(lane, ..)| lane.0).collect::<Vec<_>>();
        assert_eq!(lanes(&inside), [1]);
        inside.finish(Err(away("x")), Duration::ZERO);
        assert_eq!(lanes(&inside), [0, 1]);
        assert!(inside.to_begin().iter().all(|(_, reading, ..)| *reading == Reading::AskFirst));
    }

    #[test]
    fn a_fault_is_told_once_and_that_the_brokers_are_away_until_they_are_back() {
        let mut inside = reading();
        inside.fault = Some(away("a commit failed"));
        assert!(inside.raise().is_err());
        assert!(inside.raise().is_ok());
        inside.away = Some("nobody there".to_owned());
        assert!(inside.raise().is_err() && inside.raise().is_err());
    }
}
