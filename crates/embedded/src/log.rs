//! Posts in order: what inlets hand in, and what the chain reads.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tocsin_flow::{Arrivals, Batch, Fault, Intake, Link, Outputs, Peer, RawRecord};
use tocsin_model::{ArrivalTime, Position};

use crate::layout::{Space, number_at};
use crate::store::{LANE, Shared, now_key, position_key};
use crate::syncer::cursor_key;
use crate::tx::broken_row;

/// Posts taken in and not yet done: past this, senders are pushed back.
const BEHIND_MAX: u64 = 200_000;

/// Where inlets hand in.
pub struct EmbeddedIntake {
    shared: Arc<Shared>,
}

impl EmbeddedIntake {
    pub(crate) fn new(shared: Arc<Shared>) -> EmbeddedIntake {
        EmbeddedIntake { shared }
    }
    fn room_for(&self, posts: usize) -> Result<(), Fault> {
        let end = self.shared.end.load(Ordering::Acquire);
        let behind = end.saturating_sub(self.shared.done.load(Ordering::Acquire));
        if behind > 0 && behind + posts as u64 > BEHIND_MAX {
            return Err(Fault::Unavailable {
                peer: Peer::Pipeline,
                why: format!("{behind} posts wait to be read; at most {BEHIND_MAX} may"),
                retry_after: Some(Duration::from_secs(1)),
            });
        }
        Ok(())
    }
}

impl Intake for EmbeddedIntake {
    fn take(&self, arrivals: Arrivals) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + '_>> {
        Box::pin(async move {
            self.room_for(arrivals.posts.len())?;
            let end = self.shared.syncer.append(arrivals).await?;
            self.shared.end.fetch_max(end, Ordering::AcqRel);
            self.shared.moved.notify_waiters();
            Ok(())
        })
    }

    fn cursor(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.shared.disk.get(Space::Meta, &cursor_key(key))
    }
}

/// Arrival and JSON of a row of the log.
pub(crate) fn record_at(row: &[u8]) -> Result<(ArrivalTime, &[u8]), Fault> {
    let (arrived, json) = row.split_at_checked(8).ok_or_else(|| broken_row(Space::Log, "too short"))?;
    let millis = i64::from_be_bytes(arrived.try_into().unwrap_or_default());
    Ok((ArrivalTime::from_millis(millis), json))
}

/// What the chain reads, and how it goes on.
pub struct EmbeddedLink {
    shared: Arc<Shared>,
}

impl EmbeddedLink {
    pub(crate) fn new(shared: Arc<Shared>) -> EmbeddedLink {
        EmbeddedLink { shared }
    }

    async fn wait_for_more(&self, from: u64, wait: Duration) {
        let moved = self.shared.moved.notified();
        tokio::pin!(moved);
        moved.as_mut().enable();
        if self.shared.end.load(Ordering::Acquire) > from || wait.is_zero() {
            return;
        }
        tokio::select! {
            () = moved => {}
            () = self.shared.room.clock.wait(wait) => {}
        }
    }
}

impl Link for EmbeddedLink {
    type Record = RawRecord;

    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Batch<RawRecord>, Fault> {
        let from = self.shared.done.load(Ordering::Acquire);
        self.wait_for_more(from, wait).await;
        let end = self.shared.end.load(Ordering::Acquire);
        let to = end.min(from.saturating_add(max as u64));
        let rows = self.shared.disk.range(Space::Log, &from.to_be_bytes(), &to.to_be_bytes(), max)?;
        let mut records = Vec::with_capacity(rows.len());
        for (key, mut value) in rows {
            let place = number_at(&key, 0).ok_or_else(|| broken_row(Space::Log, "key"))?;
            let (arrived, _) = record_at(&value)?;
            records.push((Position(place), RawRecord { arrived, json: value.split_off(8) }));
        }
        let latest = records.iter().map(|(_, r)| r.arrived).max();
        // Not yet where data time stands: an abandoned batch may come again in smaller pieces, and what the
        // first of them forgets the next may need.
        self.shared.desk().ahead = latest;
        Ok(Batch { lane: LANE, records })
    }

    fn position(&self) -> Position {
        Position(self.shared.done.load(Ordering::Acquire))
    }

    fn now(&self) -> Option<ArrivalTime> {
        self.shared.desk().now
    }

    async fn advance(&mut self, to: Position, outputs: Outputs) -> Result<(), Fault> {
        let mut guard = self.shared.desk();
        let desk = &mut *guard;
        let disk = &self.shared.disk;
        desk.now = desk.now.max(desk.ahead.take());
        desk.rooms.write(&mut desk.tx);
        crate::casebook::write_outputs(&mut desk.tx, &outputs, &self.shared.rejected);
        desk.noticed |= !outputs.notices.is_empty();
        if let Some(now) = desk.now {
            desk.forgetter.forget(disk, &mut desk.tx, now)?;
            desk.tx.put(Space::Meta, now_key(), now.millis().to_be_bytes().to_vec());
        }
        desk.tx.put(Space::Meta, position_key(), to.0.to_be_bytes().to_vec());
        desk.tx.commit(disk)?;
        desk.rooms.committed(desk.now.unwrap_or_default());
        let noticed = std::mem::take(&mut desk.noticed);
        drop(guard);
        self.shared.done.fetch_max(to.0, Ordering::AcqRel);
        self.shared.moved.notify_waiters();
        if noticed {
            self.shared.notices.notify_one();
        }
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), Fault> {
        let mut desk = self.shared.desk();
        desk.tx.clear();
        desk.rooms.clear();
        desk.open = None;
        desk.noticed = false;
        Ok(())
    }
}
