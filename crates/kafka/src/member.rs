//! A member of a group, seen from the stage: records of its lanes come, what was made of them goes, and both are
//! committed together, several lanes in one transaction.
//!
//! A *round* is what has gathered in all lanes of the member when a commit is due. The stage is handed it lane by
//! lane; once the last lane has advanced, the round goes to the thread that commits, and the next may begin while that
//! is at work. Rounds that were made meanwhile are committed together.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tocsin_flow::{Fault, Room, Trace};
use tocsin_model::{ArrivalTime, Lane, Position};
use tokio::sync::mpsc;
use tracing::{error, warn};

use crate::brokers::Brokers;
use crate::commit::{self, Committer};
use crate::consume;
use crate::headers::About;
use crate::round::{Due, Moves, Part, ROUND_MAX, Reading, Shared, Taken};
use crate::topics::Topic;

/// How long leaving waits for the two threads.
const LEAVE: Duration = Duration::from_secs(15);
/// How often a wait for a commit looks whether there is still somebody at work.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(1);

/// What a member is, among those that share the lanes of a topic.
#[derive(Clone)]
pub struct Group {
    /// Its name after the prefix, such as `score`: also what its records are said to come from.
    pub name: String,
    /// What it reads.
    pub topic: Topic,
    /// Where the stage remembers.
    pub memory: Memory,
    /// What the state has of each lane, where it has fences.
    pub fences: Option<Arc<dyn Fences>>,
    /// What to do with a lane that has a fence and no position.
    pub missing: Missing,
}

/// Where a stage remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Nowhere: it need not rehearse.
    Nothing,
    /// In Redis, which may forget its last seconds: whenever a lane begins, its records of the last ten seconds come
    /// again first, for the state's sake; what is made of them is thrown away.
    Redis,
}

/// What to do with a lane that has a fence and no position in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Stop and say so.
    Stop,
    /// Go on from the fence: the group was deleted, the topic was not.
    SeekToFences,
    /// There are no fences. Begin with what was written in so long a time before now: what is older was not meant
    /// for a group that is new.
    Latest(Duration),
}

/// What the state has of a lane.
pub trait Fences: Send + Sync {
    /// The place after the last record of the lane that was ever counted; none if none was.
    fn highest(
        &self,
        lane: Lane,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Position>, Fault>> + Send + '_>>;
}

/// A record as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// Where it stands in its lane.
    pub position: Position,
    /// Its `ce_time`; where it has none, when its producer sent it.
    pub arrived: ArrivalTime,
    /// The trace that it is part of.
    pub trace: Option<Trace>,
    /// Its bytes; none of a tombstone.
    pub value: Option<Vec<u8>>,
}

/// A record to go out with the positions.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// Whereto.
    pub topic: Topic,
    /// In which lane.
    pub lane: Lane,
    /// Its key.
    pub key: Vec<u8>,
    /// JSON.
    pub value: Vec<u8>,
    /// Its headers.
    pub about: About,
}

/// Some records of one lane, in order; none where nothing came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portion {
    /// Which lane.
    pub lane: Lane,
    /// Strictly increasing in position.
    pub records: Vec<Incoming>,
}

/// How a member stands, for metrics and `/readyz`.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its lanes, and how many records each is behind, where that is known.
    pub lanes: Vec<(Lane, Option<u64>)>,
    /// Why no broker can be reached.
    pub away: Option<String>,
    /// Who is missed while others can be reached: brokers, and the leaders of our lanes.
    pub missed: BTreeSet<String>,
    /// How often the group gave out lanes: before the first time it has not let us in.
    pub rebalances: u64,
    /// Transactions that were committed.
    pub commits: u64,
    /// Transactions that were taken back.
    pub failed: u64,
    /// How long the commits took together: the call alone, with everything delivered before.
    pub committing: Duration,
    /// The time between commits as it is now.
    pub interval: Duration,
}

/// A member of a group. Dropped, it commits what was advanced, gives its lanes up and leaves.
pub struct Member {
    shared: Arc<Shared>,
    rounds: Option<mpsc::Sender<Vec<Part>>>,
    todo: VecDeque<Taken>,
    made: Vec<Part>,
    at: Option<At>,
    lane: Lane,
    threads: Vec<JoinHandle<()>>,
}

/// The portion that the stage has.
struct At {
    moves: Moves,
    is_rehearsal: bool,
}

impl Member {
    /// Joins. Lanes come when the group gives them; nothing is asked of the brokers here (see [`crate::check`]).
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] when the client does not take our settings.
    ///
    /// # Panics
    /// Outside of a tokio runtime, or when the machine has no thread to give.
    pub fn join(brokers: &Brokers, group: Group, room: Room) -> Result<Member, Fault> {
        let shared = Arc::new(Shared::new(room, brokers.limits));
        let topic = group.topic.full(&brokers.prefix);
        let committer = Committer {
            shared: Arc::clone(&shared),
            settings: commit::settings(brokers, &group.name)?,
            limits: brokers.limits,
            source: format!("/tocsin/{}", group.name),
            topic: topic.clone(),
            names: commit::names(&brokers.prefix),
            producer: None,
            left: Vec::new(),
        };
        let (rounds, next) = mpsc::channel(1);
        let name = |what: &str| format!("{what} {}", group.name);
        let commits = thread::Builder::new().name(name("commit")).spawn(move || committer.run(next));
        let (reads, brokers, us) =
            (thread::Builder::new().name(name("read")), brokers.clone(), Arc::clone(&shared));
        let runtime = tokio::runtime::Handle::current();
        let reads = reads.spawn(move || {
            if let Err(fault) = consume::run(&brokers, group, topic, &us, runtime) {
                error!(%fault, "reading has ended");
                us.lock().fault = Some(fault);
                us.tell();
            }
        });
        let threads = [commits, reads].map(|thread| thread.expect("the machine has a thread to give"));
        Ok(Member {
            shared,
            rounds: Some(rounds),
            todo: VecDeque::new(),
            made: Vec::new(),
            at: None,
            lane: Lane(0),
            threads: threads.into(),
        })
    }

    /// The next records of one of our lanes, at most `max`; none after `wait`. The portion before counts as given back
    /// if it was not advanced.
    ///
    /// # Errors
    /// What became of an earlier round, or that no broker can be reached: [`Member::abandon`], and fetch again.
    pub async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Portion, Fault> {
        let clock = Arc::clone(&self.shared.room.clock);
        let until = clock.steady().saturating_add(wait);
        loop {
            self.threads_live();
            let now = clock.steady();
            let due = {
                let mut inside = self.shared.lock();
                inside.raise()?;
                let due = inside.due(now, max);
                self.todo.retain(|taken| inside.is_ours(taken.lane, taken.tenure));
                if self.todo.is_empty() && self.made.is_empty() && due == Due::Now {
                    self.todo = inside.take_round(now, max);
                    // The thread that reads may wait for this room.
                    self.shared.moved.notify_all();
                }
                due
            };
            if let Some(taken) = self.todo.pop_front() {
                return Ok(self.hand_out(taken));
            }
            if !self.made.is_empty() {
                // The rest of the round was given up with its lanes.
                self.hand_over().await;
                continue;
            }
            let left = until.saturating_sub(now);
            let nap = match due {
                Due::In(span) => span,
                Due::Now | Due::NothingWaits if left.is_zero() => {
                    return Ok(Portion { lane: self.lane, records: Vec::new() });
                }
                Due::Now | Due::NothingWaits => left,
            };
            tokio::select! {
                () = self.shared.told.notified() => {}
                () = clock.wait(nap) => {}
            }
        }
    }

    fn hand_out(&mut self, taken: Taken) -> Portion {
        let Taken { lane, tenure, records, is_rehearsal } = taken;
        let to = records.last().map_or(Position(0), |last| last.position.next());
        let now = records.iter().map(|record| record.arrived).max();
        self.lane = lane;
        self.at = Some(At { moves: Moves { lane, tenure, to, now }, is_rehearsal });
        Portion { lane, records }
    }

    /// The portion that was fetched last is done, and this was made of it; with nothing fetched, this is what a tick
    /// gave out. Comes back when it is on its way; a tick's when it is committed. What was made of a lane that
    /// was given up meanwhile is thrown away: who has the lane now makes it again.
    ///
    /// # Errors
    /// What became of a tick's commit. What becomes of a portion's is told by the next fetch.
    pub async fn advance(&mut self, outgoing: Vec<Outgoing>) -> Result<(), Fault> {
        let Some(at) = self.at.take() else {
            if outgoing.is_empty() {
                return Ok(());
            }
            self.made.push(Part { moves: None, outgoing });
            return self.settle().await;
        };
        if !at.is_rehearsal {
            self.made.push(Part { moves: Some(at.moves), outgoing });
        }
        if self.todo.is_empty() {
            self.hand_over().await;
        }
        Ok(())
    }

    /// Comes back when everything that was advanced is committed.
    ///
    /// # Errors
    /// What became of it, if it is not.
    pub async fn settle(&mut self) -> Result<(), Fault> {
        self.hand_over().await;
        loop {
            {
                let mut inside = self.shared.lock();
                if let Some(fault) = inside.fault.take() {
                    return Err(fault);
                }
                if inside.open == 0 {
                    return Ok(());
                }
            }
            self.threads_live();
            self.told().await;
        }
    }

    /// Something may have moved.
    async fn told(&self) {
        tokio::select! {
            () = self.shared.told.notified() => {}
            () = self.shared.room.clock.wait(LOOK_AGAIN) => {}
        }
    }

    /// Everything that is not committed comes again.
    pub fn abandon(&mut self) {
        self.todo.clear();
        self.made.clear();
        self.at = None;
        self.shared.lock().again(Reading::Again);
    }

    /// The lane of the portion that was fetched last.
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// Whether what was fetched last is committed, and comes again for the sake of the state only.
    pub fn rehearses(&self) -> bool {
        self.at.as_ref().is_some_and(|at| at.is_rehearsal)
    }

    /// How often lanes were given to us or taken back to a beginning, as of the portion that was fetched last: another
    /// number means that its lane begins anew.
    pub fn tenure(&self) -> u64 {
        self.at.as_ref().map_or(0, |at| at.moves.tenure)
    }

    /// What the state is sure to have of a lane: everything before this, by the note that the lane was begun with.
    pub fn sure(&self, lane: Lane) -> Position {
        self.shared.lock().lanes.get(&lane).map_or(Position(0), |held| held.sure)
    }

    /// Whether everything that was fetched has been handed over to be committed.
    pub fn is_between_rounds(&self) -> bool {
        self.todo.is_empty() && self.made.is_empty() && self.at.is_none()
    }

    /// Whether everything of a lane before `to` is committed, by us, who have the lane still.
    pub fn has_committed(&self, lane: Lane, to: Position) -> bool {
        self.shared.lock().lanes.get(&lane).is_some_and(|held| held.done >= to)
    }

    /// Whether a lane is ours, for others to ask.
    pub fn holds(&self) -> impl Fn(Lane) -> bool + Send + Sync + use<> {
        let shared = Arc::clone(&self.shared);
        move |lane| shared.lock().lanes.contains_key(&lane)
    }

    /// The first position of [`Member::lane`] that is not done.
    pub fn position(&self) -> Position {
        let made = self.made.iter().rev().filter_map(|part| part.moves).find(|m| m.lane == self.lane);
        let inside = self.shared.lock();
        let done = inside.lanes.get(&self.lane).map_or(Position(0), |held| held.done);
        made.map_or(done, |m| m.to)
    }

    /// The greatest arrival of what is done in any of our lanes.
    pub fn now(&self) -> Option<ArrivalTime> {
        let made = self.made.iter().filter_map(|part| part.moves?.now).max();
        made.max(self.shared.lock().lanes.values().filter_map(|held| held.now).max())
    }

    /// How it stands; cheap.
    pub fn standing(&self) -> Standing {
        standing(&self.shared)
    }

    /// The same, for others to ask.
    pub fn watch(&self) -> impl Fn() -> Standing + Send + Sync + use<> {
        let shared = Arc::clone(&self.shared);
        move || standing(&shared)
    }

    /// A thread ends early only by a bug of ours or with a fault that was told; a commit that hangs never ends. Only a new
    /// process helps, and it goes on from the last commit.
    fn threads_live(&self) {
        let hangs = self.shared.lock().hangs(self.shared.room.clock.steady());
        assert!(!hangs, "a transaction hangs in the Kafka client: this process must start again");
        let has_ended = self.threads.iter().any(JoinHandle::is_finished);
        assert!(!has_ended || self.shared.lock().fault.is_some(), "a thread of the Kafka link has panicked");
    }

    async fn hand_over(&mut self) {
        if self.made.is_empty() {
            return;
        }
        let parts = std::mem::take(&mut self.made);
        debug_assert!(parts.len() <= ROUND_MAX, "a part has at least one record");
        self.shared.lock().open += 1;
        let rounds = self.rounds.as_ref().expect("they end with the member");
        let room = loop {
            tokio::select! {
                room = rounds.reserve() => break room,
                () = self.told() => self.threads_live(),
            }
        };
        room.expect("the thread that commits lives").send(parts);
    }
}

fn standing(shared: &Shared) -> Standing {
    let inside = shared.lock();
    Standing {
        lanes: inside.lanes.iter().map(|(lane, held)| (*lane, held.lag)).collect(),
        away: inside.away.clone(),
        missed: inside.missed.clone(),
        rebalances: inside.rebalances,
        commits: inside.commits,
        failed: inside.failed,
        committing: inside.committing_for,
        interval: inside.pace.interval(),
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut parts = std::mem::take(&mut self.made);
        let looks = LEAVE.as_millis() / LOOK.as_millis();
        for _ in 0..looks {
            let Some(rounds) = &self.rounds else { break };
            if parts.is_empty() {
                break;
            }
            self.shared.lock().open += 1;
            match rounds.try_send(parts) {
                Ok(()) => break,
                Err(mpsc::error::TrySendError::Full(back) | mpsc::error::TrySendError::Closed(back)) => {
                    self.shared.lock().open -= 1;
                    parts = back;
                    thread::park_timeout(LOOK);
                }
            }
        }
        self.rounds = None;
        self.shared.lock().closing = true;
        self.shared.tell();
        for _ in 0..looks {
            if self.threads.iter().all(JoinHandle::is_finished) {
                return;
            }
            thread::park_timeout(LOOK);
        }
        warn!("leaving the group took too long; the others will have our lanes when our session ends");
    }
}
