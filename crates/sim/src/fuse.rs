//! A crash between any two verbs: link and state of a carrier behind a fuse that burns down with each verb.

use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tocsin_flow::{Batch, Casebook, Claims, Fault, Kept, Kin, Link, Outputs, RawRecord, Windows};
use tocsin_model::{
    ArrivalTime, Ask, Delta, Gained, History, Incident, Kind, Lane, Mark, Merged, Position, Post, PostId,
    Record, Sighting, SourceId, Subject, Tell, View,
};

/// What goes through the thread when the fuse has burnt down.
pub(crate) struct Crash;

/// Burns down by one with each verb, before and after it.
#[derive(Clone)]
pub(crate) struct Fuse(Arc<AtomicI64>);

impl Fuse {
    /// Of so many steps; a negative number never burns down.
    pub(crate) fn of(steps: i64) -> Fuse {
        Fuse(Arc::new(AtomicI64::new(steps)))
    }
    fn burn(&self) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            panic_any(Crash);
        }
    }
}

/// Something behind a fuse.
pub struct Fused<T> {
    inner: T,
    fuse: Fuse,
}

impl<T> Fused<T> {
    pub(crate) fn new(inner: T, fuse: &Fuse) -> Fused<T> {
        Fused { inner, fuse: fuse.clone() }
    }
}

/// A verb with a possible crash on both sides of it.
macro_rules! burning {
    ($self:ident, $verb:ident ( $($argument:expr),* )) => {{
        $self.fuse.burn();
        let answer = $self.inner.$verb($($argument),*).await;
        $self.fuse.burn();
        answer
    }};
}

impl<L: Link<Record = RawRecord>> Link for Fused<L> {
    type Record = RawRecord;

    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Batch<RawRecord>, Fault> {
        burning!(self, fetch(max, wait))
    }
    fn position(&self) -> Position {
        self.inner.position()
    }
    fn now(&self) -> Option<ArrivalTime> {
        self.inner.now()
    }
    async fn advance(&mut self, to: Position, outputs: Outputs) -> Result<(), Fault> {
        burning!(self, advance(to, outputs))
    }
    async fn abandon(&mut self) -> Result<(), Fault> {
        burning!(self, abandon())
    }
}

impl<S: Claims> Claims for Fused<S> {
    async fn claim(&mut self, lane: Lane, records: &[Record]) -> Result<Vec<Sighting>, Fault> {
        burning!(self, claim(lane, records))
    }
    async fn posts(&mut self, ids: &[PostId], now: ArrivalTime) -> Result<Vec<Option<Post>>, Fault> {
        burning!(self, posts(ids, now))
    }
}

impl<S: Kin> Kin for Fused<S> {
    async fn meet(
        &mut self,
        lane: Lane,
        tells: Vec<Tell>,
        asks: Vec<Ask>,
        now: ArrivalTime,
    ) -> Result<Vec<Gained>, Fault> {
        burning!(self, meet(lane, tells, asks, now))
    }
}

impl<S: Windows> Windows for Fused<S> {
    async fn merge(
        &mut self,
        lane: Lane,
        seen: Position,
        first: Position,
        last: Position,
        delta: &Delta,
        now: ArrivalTime,
    ) -> Result<Merged, Fault> {
        burning!(self, merge(lane, seen, first, last, delta, now))
    }
    async fn view(&mut self, subject: &Subject, now: ArrivalTime) -> Result<View, Fault> {
        burning!(self, view(subject, now))
    }
    async fn history(&mut self, subject: &Subject, now: ArrivalTime) -> Result<History, Fault> {
        burning!(self, history(subject, now))
    }
    async fn sources(&mut self) -> Result<Vec<SourceId>, Fault> {
        burning!(self, sources())
    }
    async fn mark(&mut self, subject: &Subject, kind: Kind, mark: Mark) -> Result<(), Fault> {
        burning!(self, mark(subject, kind, mark))
    }
    async fn standing(&mut self) -> Result<Vec<Subject>, Fault> {
        burning!(self, standing())
    }
}

impl<S: Casebook> Casebook for Fused<S> {
    async fn recall(&mut self, subject: &Subject) -> Result<Vec<Incident>, Fault> {
        burning!(self, recall(subject))
    }
    async fn keep(&mut self, incident: &Incident, version: u64) -> Result<Kept, Fault> {
        burning!(self, keep(incident, version))
    }
    async fn open(&mut self) -> Result<Vec<Subject>, Fault> {
        burning!(self, open())
    }
}
