//! Redis as a carrier that the laws can open, use and crash: the log is the model's, the state is Redis's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tocsin_flow::{Arrivals, Batch, Fault, Link, Outputs, RawRecord};
use tocsin_laws::{Carrier, Memory, MemoryLink, Remote, settle_there, still_room, there};
use tocsin_model::{ArrivalTime, Lane, Position};
use tocsin_redis::{Redis, RedisState, Settings};

/// Redis's state, asked where connections live.
pub type LawState = Remote<RedisState>;

/// A new connection.
pub fn open(settings: &Settings) -> Result<Redis, Fault> {
    let settings = settings.clone();
    settle_there(async move { Redis::open(settings, still_room()).await })
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
        let state = Remote::patient(redis.state("chain"));
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
