//! What a chain was told since its last commit, and what it reads often.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tocsin_flow::Fault;
use tocsin_model::{Incident, Lane, Position};
use tokio::sync::{Mutex, MutexGuard};

use crate::casebook::Cases;
use crate::lane::LaneDesk;
use crate::server::Redis;
use crate::windows::Buckets;

/// What a chain remembers: claims, kin, windows, casebook. Clones are handles of the same one: the chain
/// asks and tells through one, its link says through another what became of it.
///
/// After a fault nothing is lost that is not offered again: abandon, see where the lane [stands], and go on
/// from there.
///
/// [stands]: RedisState::stands
#[derive(Clone)]
pub struct RedisState {
    redis: Redis,
    chain: Arc<str>,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
pub(crate) struct Desk {
    lanes: FxHashMap<Lane, LaneDesk>,
    pub(crate) buckets: Buckets,
    pub(crate) cases: Cases,
}

impl Desk {
    pub(crate) fn lane(&mut self, state: &RedisState, lane: Lane) -> &mut LaneDesk {
        let key = || state.redis.keys().lane(&state.lane_name(lane));
        self.lanes.entry(lane).or_insert_with(|| LaneDesk::new(key()))
    }
}

impl RedisState {
    pub(crate) fn new(redis: Redis, chain: &str) -> RedisState {
        RedisState { redis, chain: chain.into(), desk: Arc::default() }
    }

    pub(crate) fn redis(&self) -> &Redis {
        &self.redis
    }

    /// A lane as fences know it: two chains have positions of their own.
    pub(crate) fn lane_name(&self, lane: Lane) -> String {
        format!("{}:{}", self.chain, lane.0)
    }

    pub(crate) async fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().await
    }

    /// The first position of a lane whose claims and kin Redis does not remember, after putting in what is
    /// committed. To be asked whenever the lane is assigned and after each fault: if it is before what the
    /// chain has committed, the records between must go through claims and kin again (their outputs are
    /// out already), with a [`RedisState::committed`] behind them.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn stands(&self, lane: Lane) -> Result<Position, Fault> {
        self.desk().await.lane(self, lane).stands(&self.redis).await
    }

    /// The chain has committed everything of a lane before `to`: what it told is to be kept. It goes into Redis
    /// with the next request, or with [`RedisState::settle`].
    pub async fn committed(&self, lane: Lane, to: Position) {
        self.commit([(lane, to)]).await;
    }

    /// The same for several lanes whose records were committed together; and with none for what a tick told.
    pub async fn commit(&self, lanes: impl IntoIterator<Item = (Lane, Position)>) {
        let mut desk = self.desk().await;
        for (lane, to) in lanes {
            desk.lane(self, lane).commit(to);
        }
        desk.buckets.commit();
        desk.cases.commit();
    }

    /// Forgets what was told of a lane since its last commit; the records come again. What was merged into windows
    /// stays: a fence knows it.
    pub async fn abandon(&self, lane: Lane) {
        let mut desk = self.desk().await;
        desk.lane(self, lane).abandon();
        desk.buckets.abandon();
        desk.cases.abandon();
    }

    /// Puts incidents back that Redis may have forgotten, as they lie in the topic that they were written to. Of those
    /// that it has in a later version nothing changes.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn restore(&self, incidents: Vec<Incident>) -> Result<(), Fault> {
        self.desk().await.cases.restore(&self.redis, incidents).await
    }

    /// The lane is somebody else's from now on.
    pub async fn leave(&self, lane: Lane) {
        self.desk().await.lanes.remove(&lane);
    }

    /// Puts everything into Redis that is committed.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away, or where a lane must be gone over again.
    pub async fn settle(&self) -> Result<(), Fault> {
        let mut desk = self.desk().await;
        LaneDesk::settle_all(&self.redis, desk.lanes.values_mut()).await?;
        desk.buckets.settle(&self.redis).await?;
        desk.cases.settle(&self.redis).await
    }
}
