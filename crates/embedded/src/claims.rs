//! Which ids are known: `c id → claim`, and `x hour id` to forget them by.

use tocsin_flow::{Claims, Fault};
use tocsin_model::{ArrivalTime, Claim, Lane, Position, Post, PostId, Record, Sighting};

use crate::layout::{Key, Space};
use crate::log::record_at;
use crate::store::EmbeddedState;
use crate::tx::{Disk, broken_row};

impl Claims for EmbeddedState {
    async fn claim(&mut self, _lane: Lane, records: &[Record]) -> Result<Vec<Sighting>, Fault> {
        let mut desk = self.shared.desk();
        let mut sightings = Vec::with_capacity(records.len());
        for record in records {
            let key = Key::of(b'c').post(&record.id).bytes();
            let known = match desk.tx.get(&self.shared.disk, Space::Claims, &key)? {
                Some(row) => Some(tocsin_wire::read_claim(&row).map_err(|e| broken_row(Space::Claims, e))?),
                None => None,
            };
            let (sighting, claim) = Claim::meet(known.as_ref(), record);
            let aged = known.as_ref().map(|k| k.last_arrived.hour());
            if known.as_ref() != Some(&claim) {
                desk.tx.put(Space::Claims, key.clone(), tocsin_wire::write_claim(&claim));
            }
            if aged != Some(claim.last_arrived.hour()) {
                let by_age = Key::of(b'x').signed(claim.last_arrived.hour().0).raw(&key).bytes();
                desk.tx.put(Space::Claims, by_age, Vec::new());
            }
            sightings.push(sighting);
        }
        Ok(sightings)
    }

    async fn posts(&mut self, ids: &[PostId], now: ArrivalTime) -> Result<Vec<Option<Post>>, Fault> {
        let desk = self.shared.desk();
        let disk = &self.shared.disk;
        let mut posts = Vec::with_capacity(ids.len());
        for id in ids {
            let row = desk.tx.get(disk, Space::Claims, &Key::of(b'c').post(id).bytes())?;
            let claim = row.map(|r| tocsin_wire::read_claim(&r).map_err(|e| broken_row(Space::Claims, e)));
            posts.push(match claim.transpose()? {
                Some(claim) if claim.is_known(now) => recorded(disk, claim.first)?,
                _ => None,
            });
        }
        Ok(posts)
    }
}

/// The post at a place in the log, if it is still kept.
fn recorded(disk: &Disk, place: Position) -> Result<Option<Post>, Fault> {
    let Some(row) = disk.get(Space::Log, &place.0.to_be_bytes())? else { return Ok(None) };
    let (arrived, json) = record_at(&row)?;
    Ok(tocsin_wire::read_post(json, arrived).ok())
}
