//! Who descends from whom. What a batch needs is read in one round trip; only where children are found to wait
//! are they and their own kin read, too, step by step.

use tocsin_flow::{Fault, Kin};
use tocsin_model::{ArrivalTime, Ask, Gained, Lane, Position, PostId, Tell, Took};
use tocsin_wire::Kinsman;

use crate::desk::RedisState;
use crate::lane::{LaneDesk, Part};
use crate::reply::broken;
use crate::server::Redis;
use crate::shelf::Id;

impl Kin for RedisState {
    async fn meet(
        &mut self,
        lane: Lane,
        tells: Vec<Tell>,
        asks: Vec<Ask>,
        now: ArrivalTime,
    ) -> Result<Vec<Gained>, Fault> {
        let mut desk = self.desk().await;
        let lane = desk.lane(self, lane);
        lane.kin_now = lane.kin_now.max(Some(now));
        let met = meet(self.redis(), lane, tells, asks).await;
        if met.is_err() {
            // Half a meeting would be taken for a whole one when it is held again.
            lane.abandon();
        }
        met
    }
}

async fn meet(
    redis: &Redis,
    lane: &mut LaneDesk,
    tells: Vec<Tell>,
    asks: Vec<Ask>,
) -> Result<Vec<Gained>, Fault> {
    let told = tells.iter().map(|tell| Id::of(&tell.id));
    let asked = asks.iter().flat_map(|ask| [Id::of(&ask.parent), Id::of(&ask.child.post.id)]);
    let ids: Vec<Id> = told.chain(asked).collect();
    lane.open(redis, &[], &ids).await?;
    let mut meeting = Meeting { lane, told: tells, gained: Vec::new() };
    asks.into_iter().for_each(|ask| meeting.ask(ask));
    while !meeting.told.is_empty() {
        let tells = std::mem::take(&mut meeting.told);
        meeting.open(redis, &tells).await?;
        for tell in &tells {
            meeting.tell(tell)?;
        }
    }
    Ok(meeting.gained)
}

/// One call of [`Kin::meet`].
struct Meeting<'a> {
    lane: &'a mut LaneDesk,
    /// What is told at the next step.
    told: Vec<Tell>,
    gained: Vec<Gained>,
}

impl Meeting<'_> {
    /// Reads what must be known before these tells can be heard: who waits for them, and what is known of those.
    async fn open(&mut self, redis: &Redis, tells: &[Tell]) -> Result<(), Fault> {
        let ids: Vec<Id> =
            tells.iter().map(|tell| Id::of(&tell.id)).filter(|id| !self.lane.kin.is_open(*id)).collect();
        if !ids.is_empty() {
            self.lane.open(redis, &[], &ids).await?;
        }
        let mut waiting: Vec<Part> = Vec::new();
        for tell in tells {
            let id = Id::of(&tell.id);
            let news = |k: &&Kinsman| tell.took.iter().any(|took| !k.took.contains(took));
            waiting.extend(self.lane.kin.get(id).filter(news).into_iter().flat_map(|k| parts(id, k)));
        }
        self.lane.open_asks(redis, &waiting).await?;
        let mut children = Vec::new();
        for part in waiting {
            for row in self.lane.asks(part) {
                let child = Id::of(&read_ask(row)?.child.post.id);
                if !self.lane.kin.is_open(child) {
                    children.push(child);
                }
            }
        }
        if children.is_empty() { Ok(()) } else { self.lane.open(redis, &[], &children).await }
    }

    /// Answers from what is known, and keeps the question for what may still be told.
    fn ask(&mut self, mut ask: Ask) {
        let found = ask.finds(&self.kinsman(&ask.child.post.id).took, &self.kinsman(&ask.parent).took);
        let position = ask.child.position;
        self.answer(&mut ask, found, position);
        let hour = ask.arrived.max(ask.child.post.arrived).hour();
        let mut parent = self.kinsman(&ask.parent);
        let known = parent.waiting.iter().position(|(asked, _)| *asked == hour);
        let place = known.unwrap_or_else(|| {
            let place = parent.waiting.partition_point(|(asked, _)| *asked < hour);
            parent.waiting.insert(place, (hour, 0));
            place
        });
        let (_, parts) = &mut parent.waiting[place];
        let before = *parts;
        *parts = (*parts).max(self.lane.keep_ask(
            Id::of(&ask.parent),
            hour,
            *parts,
            tocsin_wire::write_waiting(&ask),
        ));
        if *parts != before || known.is_none() {
            self.lane.kin.put(Id::of(&ask.parent), parent);
        }
    }

    /// Keeps what was taken, and answers those who asked for it.
    fn tell(&mut self, tell: &Tell) -> Result<(), Fault> {
        let id = Id::of(&tell.id);
        let mut kinsman = self.kinsman(&tell.id);
        let new: Vec<Took> = tell.took.iter().filter(|took| !kinsman.took.contains(took)).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        kinsman.hour = kinsman.hour.max(new.iter().map(|took| took.at.hour()).max());
        kinsman.took.extend(new.iter().cloned());
        self.lane.kin.put(id, kinsman.clone());
        for part in parts(id, &kinsman).collect::<Vec<_>>() {
            for (place, row) in self.lane.asks(part).to_vec().into_iter().enumerate() {
                let mut ask = read_ask(&row)?;
                let found = ask.finds(&[], &new);
                let position = ask.child.position.max(tell.position);
                if self.answer(&mut ask, found, position) {
                    self.lane.change_ask(part, place, tocsin_wire::write_waiting(&ask));
                }
            }
        }
        Ok(())
    }

    /// Gives a child what it has not got yet; a first sighting tells its own children.
    fn answer(&mut self, ask: &mut Ask, found: Vec<Took>, position: Position) -> bool {
        if !found.is_empty() {
            // What a post took is looked at with each record of it, and lives on.
            let mut own = self.kinsman(&ask.child.post.id);
            own.hour = own.hour.max(Some(ask.child.post.arrived.hour()));
            self.lane.kin.put(Id::of(&ask.child.post.id), own);
        }
        let Some((gained, tell)) = ask.gain(position, found) else { return false };
        self.told.extend(tell);
        self.gained.push(gained);
        true
    }

    fn kinsman(&self, id: &PostId) -> Kinsman {
        self.lane.kin.get(Id::of(id)).cloned().unwrap_or_default()
    }
}

/// The parts in which those who wait for a post are kept, in the order of their asking.
fn parts(id: Id, kinsman: &Kinsman) -> impl Iterator<Item = Part> {
    kinsman.waiting.iter().flat_map(move |(hour, parts)| (0..*parts).map(move |part| (id, *hour, part)))
}

fn read_ask(row: &[u8]) -> Result<Ask, Fault> {
    tocsin_wire::read_waiting(row).map_err(|e| broken("an ask", e))
}
