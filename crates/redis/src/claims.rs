//! Which ids are known.

use tocsin_flow::{Claims, Fault};
use tocsin_model::{Claim, Lane, Record, Sighting};

use crate::desk::RedisState;
use crate::shelf::Id;

impl Claims for RedisState {
    async fn claim(&mut self, lane: Lane, records: &[Record]) -> Result<Vec<Sighting>, Fault> {
        let mut desk = self.desk().await;
        let lane = desk.lane(self, lane);
        let ids: Vec<Id> = records.iter().map(|record| Id::of(&record.id)).collect();
        lane.open(self.redis(), &ids, &[]).await?;
        let mut sightings = Vec::with_capacity(records.len());
        for (record, id) in records.iter().zip(ids) {
            // Half of the text's hash is kept, so half of it is compared.
            let record = Record { text_hash: u64::from(record.text_hash as u32), ..record.clone() };
            let known = lane.claims.get(id);
            let (sighting, claim) = Claim::meet(known, &record);
            if known != Some(&claim) {
                lane.claims.put(id, claim);
            }
            lane.claims_now = lane.claims_now.max(Some(record.arrived));
            sightings.push(sighting);
        }
        Ok(sightings)
    }
}
