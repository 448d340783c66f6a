//! posts → claims, brands, kin.

use tocsin_flow::{Batch, Casebook, Claims, Fault, Kin, Meters as _, Outputs, RawRecord, Windows};
use tocsin_model::{ArrivalTime, Matched, Position, Post, Rejected};

use super::Chain;
use super::came::Came;
use super::spread::spread;

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// Reads, claims and matches a batch, and lets brands descend; and what came for the first time. What cannot
    /// be read is rejected.
    pub(super) async fn ingest(
        &mut self,
        batch: Batch<RawRecord>,
        outputs: &mut Outputs,
    ) -> Result<(Vec<Matched>, Vec<Came>), Fault> {
        let (lane, began) = (batch.lane, self.clock.steady());
        let records = batch.records.len();
        // Nothing that any of these records can still answer may be forgotten.
        let oldest = batch.records.iter().map(|(_, r)| r.arrived).min().unwrap_or_default();
        let posts = read(batch, outputs, self.tools.len());
        for rejected in &outputs.rejected {
            self.metrics.record_rejected("log", &rejected.reason);
        }
        let claims: Vec<_> =
            posts.iter().map(|(position, post)| tocsin_ingest::record(post, *position)).collect();
        let sightings = self.state.claim(lane, &claims).await?;
        for (_, post) in &posts {
            self.metrics.post_received(post.arrived.since(post.created));
        }
        let came =
            posts.iter().zip(&sightings).filter_map(|((at, post), s)| Came::of(*at, post, s)).collect();
        let seen =
            posts.into_iter().zip(sightings).map(|((position, post), sighting)| (position, post, sighting));
        let ingested = tocsin_ingest::ingest(&mut self.matcher, seen);
        let mut matched = ingested.matched;
        self.metrics.posts_unmatched(ingested.unmatched as usize);
        if !self.part.is_whole() {
            outputs.tells = ingested.tells;
            outputs.asks = ingested.asks;
        } else if !(ingested.tells.is_empty() && ingested.asks.is_empty()) {
            let gained = self.state.meet(lane, ingested.tells, ingested.asks, oldest).await?;
            matched.extend(gained.into_iter().map(tocsin_ingest::gained));
        }
        let took = self.clock.steady().saturating_sub(began);
        self.metrics.stage_ran("ingest", records, matched.len(), took);
        Ok((matched, came))
    }
}

fn read(batch: Batch<RawRecord>, outputs: &mut Outputs, hands: usize) -> Vec<(Position, Box<Post>)> {
    let read = |(position, record): (Position, RawRecord), (): &mut ()| match tocsin_wire::read_post(
        &record.json,
        record.arrived,
    ) {
        Ok(post) => Ok((position, Box::new(post))),
        Err(refused) => Err(unreadable(position, record.json, record.arrived, refused)),
    };
    let mut posts = Vec::with_capacity(batch.records.len());
    for read in spread(batch.records, &mut vec![(); hands], read) {
        match read {
            Ok(post) => posts.push(post),
            Err(rejected) => outputs.rejected.push(rejected),
        }
    }
    posts
}

/// An inlet read it once, so this is a log of another version, or a damaged one.
fn unreadable(
    position: Position,
    bytes: Vec<u8>,
    at: ArrivalTime,
    refused: tocsin_wire::Refused,
) -> Rejected {
    Rejected {
        bytes,
        reason: refused.reason,
        origin: format!("log position {}", position.0),
        source: refused.source,
        at,
    }
}
