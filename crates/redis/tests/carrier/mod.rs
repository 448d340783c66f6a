//! Redis as a carrier that the laws can open, use and crash: the log is the model's, the state is Redis's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tocsin_flow::{
    Arrivals, Batch, Casebook, Claims, Fault, Kept, Kin, Link, Offer, Outputs, RawRecord, Windows,
};
use tocsin_laws::{Carrier, Memory, MemoryLink, still_room};
use tocsin_model::{
    ArrivalTime, Ask, Delta, Gained, History, Incident, Kind, Lane, Mark, Merged, Position, Record, Sighting,
    SourceId, Subject, Tell, View,
};
use tocsin_redis::{Redis, RedisState, Settings};
use tokio::runtime::Runtime;

/// The laws run on a thread without I/O; connections live here.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// Runs a future where connections live.
pub fn settle<F: Future<Output: Send + 'static> + Send + 'static>(future: F) -> F::Output {
    RUNTIME.block_on(RUNTIME.spawn(future)).expect("it does not panic")
}

/// A new connection.
pub fn open(settings: &Settings) -> Result<Redis, Fault> {
    let settings = settings.clone();
    settle(async move { Redis::open(settings, still_room()).await })
}

/// A carrier under a prefix of its own.
pub struct RedisCarrier {
    settings: Settings,
    memory: Memory,
    state: LawState,
}

impl RedisCarrier {
    pub fn fresh(settings: &Settings) -> RedisCarrier {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let prefix = format!("laws-{}:", NEXT.fetch_add(1, Ordering::Relaxed));
        RedisCarrier::on(Settings { prefix, ..settings.clone() }, Memory::default())
    }
    fn on(settings: Settings, memory: Memory) -> RedisCarrier {
        // While one of a Cluster takes over, the others do not all know it at once.
        let redis = (0..10_000).find_map(|_| open(&settings).ok()).expect("Redis is there");
        let state = LawState(redis.state("chain"));
        RedisCarrier { settings, memory, state }
    }
}

impl Carrier for RedisCarrier {
    type Link = LawLink;
    type State = LawState;

    fn take(&self, arrivals: Arrivals) {
        self.memory.take(arrivals);
    }
    fn link(&self) -> LawLink {
        LawLink { log: self.memory.link(), state: self.state.clone() }
    }
    fn state(&self) -> LawState {
        self.state.clone()
    }
    fn crash(self) -> RedisCarrier {
        let RedisCarrier { settings, memory, state } = self;
        drop(state);
        RedisCarrier::on(settings, memory.crash())
    }
}

/// The model's log; what it commits is committed in Redis.
pub struct LawLink {
    log: MemoryLink,
    state: LawState,
}

impl Link for LawLink {
    type Record = RawRecord;

    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Batch<RawRecord>, Fault> {
        self.log.fetch(max, wait).await
    }
    fn position(&self) -> Position {
        self.log.position()
    }
    fn now(&self) -> Option<ArrivalTime> {
        self.log.now()
    }
    async fn advance(&mut self, to: Position, outputs: Outputs) -> Result<(), Fault> {
        self.log.advance(to, outputs).await?;
        let state = self.state.0.clone();
        there(async move {
            state.committed(Lane(0), to).await;
            state.settle().await
        })
        .await
    }
    async fn abandon(&mut self) -> Result<(), Fault> {
        let state = self.state.0.clone();
        there(async move { state.abandon(Lane(0)).await }).await;
        self.log.abandon().await
    }
}

/// Redis's state, asked where connections live.
#[derive(Clone)]
pub struct LawState(pub RedisState);

async fn there<F: Future<Output: Send + 'static> + Send + 'static>(future: F) -> F::Output {
    RUNTIME.spawn(future).await.expect("it does not panic")
}

macro_rules! there {
    ($self:ident, $state:ident => $call:expr) => {{
        let mut $state = $self.0.clone();
        there(async move { $call.await }).await
    }};
}

impl Claims for LawState {
    async fn claim(&mut self, lane: Lane, records: &[Record]) -> Result<Vec<Sighting>, Fault> {
        let records: Arc<[Record]> = records.into();
        there!(self, state => state.claim(lane, &records))
    }
}

impl Kin for LawState {
    async fn meet(
        &mut self,
        lane: Lane,
        tells: Vec<Tell>,
        asks: Vec<Ask>,
        now: ArrivalTime,
    ) -> Result<Vec<Gained>, Fault> {
        there!(self, state => state.meet(lane, tells, asks, now))
    }
}

impl Windows for LawState {
    async fn merge(
        &mut self,
        lane: Lane,
        seen: Position,
        first: Position,
        last: Position,
        delta: &Delta,
        now: ArrivalTime,
    ) -> Result<Merged, Fault> {
        let delta = delta.clone();
        there!(self, state => state.merge(lane, seen, first, last, &delta, now))
    }
    async fn merge_all(
        &mut self,
        lane: Lane,
        offers: &[Offer],
        now: ArrivalTime,
    ) -> Result<Vec<Merged>, Fault> {
        let offers = offers.to_vec();
        there!(self, state => state.merge_all(lane, &offers, now))
    }
    async fn view(&mut self, subject: &Subject, now: ArrivalTime) -> Result<View, Fault> {
        let subject = subject.clone();
        there!(self, state => state.view(&subject, now))
    }
    async fn history(&mut self, subject: &Subject, now: ArrivalTime) -> Result<History, Fault> {
        let subject = subject.clone();
        there!(self, state => state.history(&subject, now))
    }
    async fn sources(&mut self) -> Result<Vec<SourceId>, Fault> {
        there!(self, state => state.sources())
    }
    async fn mark(&mut self, subject: &Subject, kind: Kind, mark: Mark) -> Result<(), Fault> {
        let subject = subject.clone();
        there!(self, state => state.mark(&subject, kind, mark))
    }
    async fn standing(&mut self) -> Result<Vec<Subject>, Fault> {
        there!(self, state => state.standing())
    }
}

impl Casebook for LawState {
    async fn recall(&mut self, subject: &Subject) -> Result<Vec<Incident>, Fault> {
        let subject = subject.clone();
        there!(self, state => state.recall(&subject))
    }
    async fn keep(&mut self, incident: &Incident, version: u64) -> Result<Kept, Fault> {
        let incident = incident.clone();
        there!(self, state => state.keep(&incident, version))
    }
    async fn open(&mut self) -> Result<Vec<Subject>, Fault> {
        there!(self, state => state.open())
    }
}
