//! Who descends from whom: `t id → brands taken`, `a parent position → who asks`, and `x hour key`
//! and `y hour key` to forget them by.

use std::collections::VecDeque;

use tocsin_flow::{Fault, Kin};
use tocsin_model::{
    ArrivalTime, Ask, BrandId, Gained, Lane, Matched, Mention, MentionedBy, Position, PostId, Sighting, Tell,
    Took, took_from,
};

use crate::layout::{Key, Space, number_at};
use crate::store::{EmbeddedState, Shared};
use crate::tx::{Tx, broken_row};

impl Kin for EmbeddedState {
    async fn meet(
        &mut self,
        _lane: Lane,
        tells: Vec<Tell>,
        asks: Vec<Ask>,
        now: ArrivalTime,
    ) -> Result<Vec<Gained>, Fault> {
        let mut desk = self.shared.desk();
        let mut meeting = Meeting {
            shared: &self.shared,
            tx: &mut desk.tx,
            now,
            told: VecDeque::new(),
            gained: Vec::new(),
        };
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
    now: ArrivalTime,
    told: VecDeque<Tell>,
    gained: Vec<Gained>,
}

impl Meeting<'_> {
    /// Answers from what is known, and keeps the question for what may still be told.
    fn ask(&mut self, mut ask: Ask) -> Result<(), Fault> {
        let mut found: Vec<Took> = Vec::new();
        if matches!(ask.child.sighting, Sighting::Update(_)) {
            // What the first record gained is the update's, too; it is looked at, so it lives on.
            let own = self.taken(&ask.child.post.id)?;
            if !own.is_empty() {
                self.keep_taken(&ask.child.post.id, &own)?;
            }
            found.extend(own.into_iter().filter(|took| took.at >= ask.arrived));
        }
        for took in self.taken(&ask.parent)? {
            if let Some(at) = took_from(took.at, ask.arrived) {
                found.push(Took { brand: took.brand, at });
            }
        }
        let position = ask.child.position;
        self.answer(&mut ask, found, position);
        let key = Key::of(b'a').post(&ask.parent).number(position.0).post(&ask.child.post.id).bytes();
        self.keep_ask(key, &ask);
        Ok(())
    }

    /// Keeps what was taken, and answers those who asked for it.
    fn tell(&mut self, tell: &Tell) -> Result<(), Fault> {
        let mut taken = self.taken(&tell.id)?;
        let new: Vec<Took> = tell.took.iter().filter(|took| !taken.contains(took)).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        taken.extend(new.iter().cloned());
        self.keep_taken(&tell.id, &taken)?;
        let prefix = Key::of(b'a').post(&tell.id).bytes();
        for (key, row) in self.tx.prefix(&self.shared.disk, Space::Kin, &prefix)? {
            let mut ask = read_ask(&tell.id, &row)?;
            let found = new
                .iter()
                .filter_map(|t| Some(Took { brand: t.brand.clone(), at: took_from(t.at, ask.arrived)? }))
                .collect();
            let position = ask.child.position.max(tell.position);
            if self.answer(&mut ask, found, position) {
                self.keep_ask(key, &ask);
            }
        }
        Ok(())
    }

    /// Gives a child what it has not got yet; a first sighting tells its own children. The ask remembers
    /// what was given among its child's mentions.
    fn answer(&mut self, ask: &mut Ask, mut found: Vec<Took>, position: Position) -> bool {
        found.sort();
        found.dedup_by(|a, b| a.brand == b.brand);
        found.retain(|took| !mentions(&ask.child, &took.brand));
        if found.is_empty() {
            return false;
        }
        let child = Matched { position, ..ask.child.clone() };
        if let Sighting::First(_) = child.sighting {
            self.told.push_back(Tell { id: child.post.id.clone(), position, took: found.clone() });
        }
        let given = found.iter().map(|t| Mention {
            brand: t.brand.clone(),
            by: MentionedBy::Descent,
            places: vec![],
        });
        ask.child.mentions.extend(given);
        let mut named = child;
        named.mentions.retain(|m| m.by == MentionedBy::Name);
        self.gained.push(Gained { child: named, took: found });
        true
    }

    fn taken(&self, id: &PostId) -> Result<Vec<Took>, Fault> {
        let key = Key::of(b't').post(id).bytes();
        match self.tx.get(&self.shared.disk, Space::Kin, &key)? {
            Some(row) => tocsin_wire::read_took(row.get(8..).unwrap_or_default())
                .map_err(|e| broken_row(Space::Kin, e)),
            None => Ok(Vec::new()),
        }
    }

    /// With the hour in which it was last looked at, so that it lives as long as its updates come.
    fn keep_taken(&mut self, id: &PostId, taken: &[Took]) -> Result<(), Fault> {
        let key = Key::of(b't').post(id).bytes();
        let last = taken.iter().map(|t| t.at).max().unwrap_or(self.now).max(self.now);
        let mut row = last.hour().0.to_be_bytes().to_vec();
        row.extend_from_slice(&tocsin_wire::write_took(taken));
        self.tx.put(Space::Kin, Key::of(b'x').signed(last.hour().0).raw(&key).bytes(), Vec::new());
        self.tx.put(Space::Kin, key, row);
        Ok(())
    }

    fn keep_ask(&mut self, key: Vec<u8>, ask: &Ask) {
        let mut row = ask.arrived.millis().to_be_bytes().to_vec();
        row.extend_from_slice(&ask.child.position.0.to_be_bytes());
        row.extend_from_slice(&tocsin_wire::write_matched(&ask.child));
        let hour = ask.arrived.max(self.now).hour();
        self.tx.put(Space::Kin, Key::of(b'y').signed(hour.0).raw(&key).bytes(), Vec::new());
        self.tx.put(Space::Kin, key, row);
    }
}

fn mentions(child: &Matched, brand: &BrandId) -> bool {
    child.mentions.iter().any(|m| &m.brand == brand)
}

fn read_ask(parent: &PostId, row: &[u8]) -> Result<Ask, Fault> {
    let short = || broken_row(Space::Kin, "too short");
    let arrived = number_at(row, 0).ok_or_else(short)? as i64;
    let position = number_at(row, 8).ok_or_else(short)?;
    let mut child = tocsin_wire::read_matched(row.get(16..).unwrap_or_default())
        .map_err(|e| broken_row(Space::Kin, e))?;
    child.position = Position(position);
    Ok(Ask { parent: parent.clone(), arrived: ArrivalTime::from_millis(arrived), child })
}
