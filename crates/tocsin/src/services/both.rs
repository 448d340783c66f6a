//! Kafka carries, Redis remembers: one link of both.
//!
//! Redis hears of a batch first, then the transaction goes out, then Redis is told that it did. What dies between
//! leaves a lane whose records must be gone over again: Kafka's link brings them from a position of which Redis was
//! sure, and what Redis has already changes nothing.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tocsin_flow::{Batch, Fault, Link, Outputs, Peer, Trace};
use tocsin_kafka::{Brokers, Carried, Fences, KafkaLink};
use tocsin_model::{ArrivalTime, Incident, Lane, Position};
use tocsin_redis::{Redis, RedisState};

/// A link over Kafka of a chain that remembers in Redis.
pub struct Both<R> {
    link: KafkaLink<R>,
    redis: Redis,
    state: RedisState,
    /// What the chain remembers of a lane (claims, kin) goes by the order of its records, so what is in must not go in
    /// again. Where all that is remembered has fences of its own (windows, incidents), everything is offered again.
    in_order: bool,
    /// The lanes that were begun, each with its tenure and with where Redis stood then.
    begun: FxHashMap<Lane, (u64, Position)>,
    /// What was made of lanes since the last commit.
    round: BTreeMap<Lane, Position>,
    /// The lane of the batch at hand; none where nothing came.
    at: Option<Lane>,
    /// Which Redis it was.
    incarnation: u64,
    /// Of a chain that keeps incidents: where they were written. That is their truth, and Redis an index of it.
    written: Option<Brokers>,
    /// Whether a lane is ours.
    holds: Box<dyn Fn(Lane) -> bool + Send + Sync>,
}

impl<R: Carried + 'static> Both<R> {
    /// Joins the two. `in_order`: whether what the chain remembers of a lane goes by the order of its records;
    /// `written`: where it writes incidents, if it keeps any.
    pub fn new(
        link: KafkaLink<R>,
        redis: Redis,
        state: RedisState,
        in_order: bool,
        written: Option<Brokers>,
    ) -> Both<R> {
        let incarnation = redis.incarnation();
        Both {
            holds: Box::new(link.holds()),
            link,
            redis,
            state,
            in_order,
            begun: FxHashMap::default(),
            round: BTreeMap::new(),
            at: None,
            incarnation,
            written,
        }
    }

    /// The first position of a lane that Redis does not remember, as of when the lane was begun.
    async fn stood(&mut self, lane: Lane) -> Result<Position, Fault> {
        let tenure = self.link.tenure();
        if let Some((begun, stood)) = self.begun.get(&lane)
            && *begun == tenure
        {
            return Ok(*stood);
        }
        // Somebody else may have had it meanwhile.
        self.state.leave(lane).await;
        let (stands, sure) = (self.state.stands(lane).await?, self.link.sure(lane));
        if stands < sure {
            return Err(too_old(R::TOPIC.name(), lane, stands, sure));
        }
        if let Some(brokers) = &self.written {
            let mut latest = FxHashMap::default();
            for incident in tocsin_kafka::read_lane::<Incident>(brokers, lane).await? {
                latest.insert(incident.id.clone(), incident);
            }
            self.state.restore(latest.into_values().collect()).await?;
        }
        self.begun.insert(lane, (tenure, stands));
        Ok(stands)
    }

    /// Lanes that were given to others are theirs in Redis, too.
    async fn leave_others(&mut self) {
        let gone: Vec<Lane> = self.begun.keys().filter(|lane| !(self.holds)(**lane)).copied().collect();
        for lane in gone {
            self.begun.remove(&lane);
            self.state.leave(lane).await;
        }
    }

    /// Waits for the transaction, and tells Redis what became of it.
    async fn finish(&mut self) -> Result<(), Fault> {
        self.link.settle().await?;
        self.leave_others().await;
        let (done, taken): (Vec<_>, Vec<_>) = std::mem::take(&mut self.round)
            .into_iter()
            .partition(|(lane, to)| self.link.has_committed(*lane, *to));
        for (lane, _) in &taken {
            self.state.abandon(*lane).await;
            self.state.leave(*lane).await;
        }
        self.state.commit(done).await;
        if !taken.is_empty() {
            return Err(again("lanes were given to others while they were worked on"));
        }
        self.state.settle().await
    }
}

impl<R: Carried + 'static> Link for Both<R> {
    type Record = R;

    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Batch<R>, Fault> {
        let incarnation = self.redis.incarnation();
        if incarnation != self.incarnation {
            self.incarnation = incarnation;
            return Err(again("it has started again: what it was told last is gone over once more"));
        }
        loop {
            self.at = None;
            let mut batch = self.link.fetch(max, wait).await?;
            let Some(to) = batch.next() else {
                if !self.round.is_empty() {
                    self.finish().await?;
                }
                return Ok(batch);
            };
            self.at = Some(batch.lane);
            let stood = self.stood(batch.lane).await?;
            if self.in_order && self.link.rehearses() {
                batch.records.retain(|(position, _)| *position >= stood);
                if batch.records.is_empty() {
                    self.link.advance(to, Outputs::default()).await?;
                    continue;
                }
            }
            return Ok(batch);
        }
    }

    fn rehearses(&self) -> bool {
        self.link.rehearses()
    }

    fn traces(&self) -> &[Trace] {
        self.link.traces()
    }

    fn position(&self) -> Position {
        self.link.position()
    }

    fn now(&self) -> Option<ArrivalTime> {
        self.link.now()
    }

    async fn advance(&mut self, to: Position, outputs: Outputs) -> Result<(), Fault> {
        let rehearsed = self.link.rehearses();
        self.link.advance(to, outputs).await?;
        match self.at.take() {
            // It is committed, and was before.
            Some(lane) if rehearsed => self.state.commit([(lane, to)]).await,
            Some(lane) => drop(self.round.insert(lane, to)),
            None => {}
        }
        if self.link.is_between_rounds() { self.finish().await } else { Ok(()) }
    }

    async fn abandon(&mut self) -> Result<(), Fault> {
        self.link.abandon().await?;
        for (lane, _) in self.begun.drain() {
            self.state.abandon(lane).await;
        }
        self.round.clear();
        self.at = None;
        Ok(())
    }
}

/// There is nothing to wait for: the records come again at once.
fn again(why: &str) -> Fault {
    Fault::Unavailable { peer: Peer::Redis, why: why.to_owned(), retry_after: Some(Duration::ZERO) }
}

fn too_old(topic: &str, lane: Lane, stands: Position, sure: Position) -> Fault {
    Fault::Misconfigured {
        setting: "what lies in Redis".into(),
        found: format!(
            "lane {} of {topic} as of position {}, which is older than position {}, of which it was sure",
            lane.0, stands.0, sure.0
        ),
        expected: "the Redis that was used before. If it was emptied or restored from a backup: \
                   tocsin state heal --since TIME, with a time before the backup"
            .into(),
    }
}

/// What Redis has of the lanes of a chain.
pub(super) struct LaneFences(pub(super) RedisState);

impl Fences for LaneFences {
    fn highest(
        &self,
        lane: Lane,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Position>, Fault>> + Send + '_>> {
        Box::pin(async move {
            self.0.leave(lane).await;
            Ok(Some(self.0.stands(lane).await?).filter(|stands| *stands > Position(0)))
        })
    }
}
