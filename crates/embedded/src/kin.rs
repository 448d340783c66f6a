//! Who descends from whom: `t id → brands taken`, `a parent position → who asks`, and `x hour key`
//! and `y hour key` to forget them by.

use std::collections::VecDeque;

use tocsin_flow::{Fault, Kin};
use tocsin_model::{ArrivalTime, Ask, Gained, Hour, Lane, Position, PostId, Tell, Took};

use crate::layout::{Key, Space, number_at};
use crate::store::{EmbeddedState, Shared};
use crate::tx::{Tx, broken_row};

impl Kin for EmbeddedState {
    async fn meet(
        &mut self,
        _lane: Lane,
        tells: Vec<Tell>,
        asks: Vec<Ask>,
        _now: ArrivalTime,
    ) -> Result<Vec<Gained>, Fault> {
        let mut desk = self.shared.desk();
        let mut meeting =
            Meeting { shared: &self.shared, tx: &mut desk.tx, told: VecDeque::new(), gained: Vec::new() };
        meeting.told.extend(tells);
        for ask in asks {
            meeting.ask(ask)?;
        }
        while let Some(tell) = meeting.told.pop_front() {
            meeting.tell(&tell)?;
        }
        Ok(meeting.gained)
    }
}

/// One call of [`Kin::meet`].
struct Meeting<'a> {
    shared: &'a Shared,
    tx: &'a mut Tx,
    told: VecDeque<Tell>,
    gained: Vec<Gained>,
}

impl Meeting<'_> {
    /// Answers from what is known, and keeps the question for what may still be told.
    fn ask(&mut self, mut ask: Ask) -> Result<(), Fault> {
        let own = self.taken(&ask.child.post.id)?;
        let found = ask.finds(&own.took, &self.taken(&ask.parent)?.took);
        let position = ask.child.position;
        self.answer(&mut ask, found, position)?;
        let key = Key::of(b'a').post(&ask.parent).number(position.0).post(&ask.child.post.id).bytes();
        self.keep_ask(key, &ask);
        Ok(())
    }

    /// Keeps what was taken, and answers those who asked for it.
    fn tell(&mut self, tell: &Tell) -> Result<(), Fault> {
        let mut taken = self.taken(&tell.id)?;
        let new: Vec<Took> = tell.took.iter().filter(|took| !taken.took.contains(took)).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        new.iter().for_each(|took| taken.seen(took.at));
        taken.took.extend(new.iter().cloned());
        self.keep_taken(&tell.id, &taken);
        let prefix = Key::of(b'a').post(&tell.id).bytes();
        for (key, row) in self.tx.prefix(&self.shared.disk, Space::Kin, &prefix)? {
            let mut ask = tocsin_wire::read_waiting(&row).map_err(|e| broken_row(Space::Kin, e))?;
            let found = ask.finds(&[], &new);
            let position = ask.child.position.max(tell.position);
            if self.answer(&mut ask, found, position)? {
                self.keep_ask(key, &ask);
            }
        }
        Ok(())
    }

    /// Gives a child what it has not got yet; a first sighting tells its own children.
    fn answer(&mut self, ask: &mut Ask, found: Vec<Took>, position: Position) -> Result<bool, Fault> {
        if !found.is_empty() {
            // What a post took is looked at with each record of it, and lives on.
            let mut own = self.taken(&ask.child.post.id)?;
            own.seen(ask.child.post.arrived);
            self.keep_taken(&ask.child.post.id, &own);
        }
        let Some((gained, tell)) = ask.gain(position, found) else { return Ok(false) };
        self.told.extend(tell);
        self.gained.push(gained);
        Ok(true)
    }

    fn taken(&self, id: &PostId) -> Result<Taken, Fault> {
        let key = Key::of(b't').post(id).bytes();
        let Some(row) = self.tx.get(&self.shared.disk, Space::Kin, &key)? else {
            return Ok(Taken::default());
        };
        let hour = number_at(&row, 0).map(|hour| Hour(hour as i64));
        let took = tocsin_wire::read_took(row.get(8..).unwrap_or_default());
        Ok(Taken { hour, took: took.map_err(|e| broken_row(Space::Kin, e))? })
    }

    fn keep_taken(&mut self, id: &PostId, taken: &Taken) {
        let key = Key::of(b't').post(id).bytes();
        let hour = taken.hour.unwrap_or_default();
        let mut row = hour.0.to_be_bytes().to_vec();
        row.extend_from_slice(&tocsin_wire::write_took(&taken.took));
        self.tx.put(Space::Kin, Key::of(b'x').signed(hour.0).raw(&key).bytes(), Vec::new());
        self.tx.put(Space::Kin, key, row);
    }

    fn keep_ask(&mut self, key: Vec<u8>, ask: &Ask) {
        let hour = ask.arrived.max(ask.child.post.arrived).hour();
        self.tx.put(Space::Kin, Key::of(b'y').signed(hour.0).raw(&key).bytes(), Vec::new());
        self.tx.put(Space::Kin, key, tocsin_wire::write_waiting(ask));
    }
}

/// What a post took, with the hour of arrival in which it was last looked at: it lives as long as its
/// updates come.
#[derive(Default)]
struct Taken {
    hour: Option<Hour>,
    took: Vec<Took>,
}

impl Taken {
    fn seen(&mut self, at: ArrivalTime) {
        self.hour = self.hour.max(Some(at.hour()));
    }
}
