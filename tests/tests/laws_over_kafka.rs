//! Kafka and Redis together keep the laws: a real broker, a real Redis, and the link of both.
//!
//! A crash leaves the group and forgets everything but what lies in Kafka and Redis; whoever comes next joins anew. What
//! a law hands in goes to the broker when it is fetched, so that a batch of the law is a round of the link, which is
//! what a transaction is made of.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tocsin::Both;
use tocsin_flow::{
    Arrival, Arrivals, Batch, Casebook, Claims, Fault, Intake as _, Kept, Kin, Link, Offer, Outputs,
    RawRecord, Room, Windows,
};
use tocsin_kafka::{
    Brokers, Group, KafkaIntake, KafkaLink, Limits, Memory, Missing, Replication, Retention, Security, Topic,
    apply, plan,
};
use tocsin_laws::Carrier;
use tocsin_model::{
    ArrivalTime, Ask, Delta, Gained, History, Incident, Kind, Lane, Mark, Merged, Position, Record, Sighting,
    SourceId, Subject, Tell, View,
};
use tocsin_redis::{Redis, RedisState, Settings};
use tocsin_runtime::{Metrics, Patience, WallClock};
use tocsin_tests::{Servers, seeds};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// The laws run on a thread without I/O; connections live here.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
const LANE: Lane = Lane(0);
/// No batch of a law is larger.
const ROUND: usize = 1_000;

fn settle<F: Future<Output: Send + 'static> + Send + 'static>(future: F) -> F::Output {
    RUNTIME.block_on(RUNTIME.spawn(future)).unwrap()
}

async fn there<F: Future<Output: Send + 'static> + Send + 'static>(future: F) -> F::Output {
    RUNTIME.spawn(future).await.unwrap()
}

fn room() -> Room {
    Room {
        clock: Arc::new(WallClock::new()),
        backoff: Arc::new(Patience::new()),
        meters: Arc::new(Metrics::new()),
    }
}

/// A topic and keys under a name of their own.
struct Town {
    brokers: Brokers,
    settings: Settings,
    inside: Arc<Mutex<Inside>>,
    state: LawState,
}

/// What the log holds, and who reads it.
struct Inside {
    /// What was handed in, and how much of it the broker has.
    arrivals: Vec<Arrival>,
    sent: usize,
    /// How much was advanced.
    done: usize,
    intake: Option<KafkaIntake>,
    both: Option<Both<RawRecord>>,
}

impl Town {
    fn fresh(servers: &'static Servers) -> Town {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("laws-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let brokers = Brokers {
            servers: servers.brokers(),
            prefix: format!("{name}."),
            lanes: 1,
            security: Security::Plaintext,
            limits: Limits { session: Duration::from_secs(6), ..Limits::default() },
        };
        let settings = Settings { prefix: format!("{name}:"), ..Settings::new(servers.redis_place()) };
        let inside = Inside { arrivals: Vec::new(), sent: 0, done: 0, intake: None, both: None };
        Town::on(brokers, settings, inside)
    }

    fn on(brokers: Brokers, settings: Settings, inside: Inside) -> Town {
        let at = settings.clone();
        let redis = settle(async move { Redis::open(at, room()).await }).unwrap();
        let state = LawState(redis.state(Topic::Raw.name()), redis);
        Town { brokers, settings, inside: Arc::new(Mutex::new(inside)), state }
    }
}

impl Carrier for Town {
    type Link = LawLink;
    type State = LawState;

    fn take(&self, arrivals: Arrivals) {
        self.inside.try_lock().unwrap().arrivals.extend(arrivals.posts);
    }
    fn link(&self) -> LawLink {
        LawLink {
            brokers: self.brokers.clone(),
            inside: Arc::clone(&self.inside),
            state: self.state.clone(),
            at: 0,
        }
    }
    fn state(&self) -> LawState {
        self.state.clone()
    }
    fn crash(self) -> Town {
        let Town { brokers, settings, inside, state } = self;
        drop(state);
        let mut inside = Arc::into_inner(inside).unwrap().into_inner();
        let both = inside.both.take();
        // It leaves the group with blocking calls.
        settle(async move { tokio::task::spawn_blocking(|| drop(both)).await }).unwrap();
        Town::on(brokers, settings, inside)
    }
}

impl Inside {
    /// Hands to the broker what the next batch is made of, unless one is under way.
    async fn send(&mut self, brokers: &Brokers, max: usize) -> Result<(), Fault> {
        if self.intake.is_none() {
            apply(brokers, &plan(brokers, Replication::Default, Retention::default()).await?).await?;
            self.intake = Some(KafkaIntake::open(brokers)?);
        }
        if let (true, Some(intake)) = (self.sent == self.done, &self.intake) {
            let end = self.arrivals.len().min(self.done + max);
            let posts = self.arrivals[self.sent..end].to_vec();
            intake.take(Arrivals { posts, ..Arrivals::default() }).await?;
            self.sent = end;
        }
        Ok(())
    }

    /// The batch that is under way, whole.
    async fn fetch(&mut self, brokers: &Brokers, state: &LawState) -> Result<Batch<RawRecord>, Fault> {
        let group = Group {
            name: "laws".into(),
            topic: Topic::Raw,
            memory: Memory::Redis,
            fences: None,
            missing: Missing::Stop,
        };
        if self.both.is_none() {
            let link = KafkaLink::<RawRecord>::join(brokers, group, room())?;
            self.both = Some(Both::new(link, state.1.clone(), state.0.clone(), true, None));
        }
        let both = self.both.as_mut().unwrap();
        let mut tries = 0;
        loop {
            tries += 1;
            assert!(tries < 3_000, "records {} to {} do not come", self.done, self.sent);
            let fetched = both.fetch(ROUND, Duration::from_millis(20)).await;
            match fetched {
                Ok(batch) if batch.records.len() == self.sent - self.done => return Ok(batch),
                Ok(batch) if batch.records.is_empty() => {}
                // The broker gave a part of it; or a lane was just given out, as a link may say at any time.
                Ok(_) | Err(Fault::Unavailable { .. }) => both.abandon().await?,
                Err(fault) => return Err(fault),
            }
        }
    }
}

/// A handle of the link of both.
struct LawLink {
    brokers: Brokers,
    inside: Arc<Mutex<Inside>>,
    state: LawState,
    at: u64,
}

impl Link for LawLink {
    type Record = RawRecord;

    async fn fetch(&mut self, max: usize, _wait: Duration) -> Result<Batch<RawRecord>, Fault> {
        let (brokers, inside, state) = (self.brokers.clone(), Arc::clone(&self.inside), self.state.clone());
        let batch = there(async move {
            let mut inside = inside.lock().await;
            if inside.done == inside.arrivals.len() {
                return Ok(Batch { lane: LANE, records: Vec::new() });
            }
            inside.send(&brokers, max).await?;
            inside.fetch(&brokers, &state).await
        })
        .await?;
        self.at = batch.next().map_or(self.at, |next| next.0);
        Ok(batch)
    }
    fn position(&self) -> Position {
        Position(self.at)
    }
    fn now(&self) -> Option<ArrivalTime> {
        None
    }
    async fn advance(&mut self, to: Position, outputs: Outputs) -> Result<(), Fault> {
        let (brokers, inside, state) = (self.brokers.clone(), Arc::clone(&self.inside), self.state.clone());
        there(async move {
            let mut inside = inside.lock().await;
            // After a crash a law may know without a look what is under way.
            if inside.both.is_none() {
                inside.fetch(&brokers, &state).await?;
            }
            inside.both.as_mut().unwrap().advance(to, outputs).await?;
            inside.done = to.0 as usize;
            Ok(())
        })
        .await
    }
    async fn abandon(&mut self) -> Result<(), Fault> {
        let inside = Arc::clone(&self.inside);
        there(async move { inside.lock().await.both.as_mut().unwrap().abandon().await }).await
    }
}

/// Redis's state, asked where connections live.
#[derive(Clone)]
struct LawState(RedisState, Redis);

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

#[test]
fn kafka_and_redis_together_keep_the_laws() {
    let Some(servers) = Servers::shared(1) else { return };
    tocsin_laws::all(|| Town::fresh(servers), seeds(2));
}
