//! Kafka and Redis together keep the laws: a real broker, a real Redis, and the link of both.
//!
//! A crash leaves the group and forgets everything but what lies in Kafka and Redis; whoever comes next joins anew. What
//! a law hands in goes to the broker when it is fetched, so that a batch of the law is a round of the link, which is
//! what a transaction is made of.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tocsin::Both;
use tocsin_flow::{Arrival, Arrivals, Batch, Fault, Intake as _, Link, Outputs, RawRecord, Room};
use tocsin_kafka::{
    Brokers, Group, KafkaIntake, KafkaLink, Limits, Memory, Missing, Replication, Retention, Security, Topic,
    apply, plan,
};
use tocsin_laws::{Carrier, Remote, settle_there, there};
use tocsin_model::{ArrivalTime, Lane, Position};
use tocsin_redis::{Redis, RedisState, Settings};
use tocsin_runtime::{Metrics, Patience, WallClock};
use tocsin_tests::{Servers, seeds};
use tokio::sync::Mutex;

const LANE: Lane = Lane(0);
/// No batch of a law is larger.
const ROUND: usize = 1_000;

fn room() -> Room {
    Room {
        clock: Arc::new(WallClock::new()),
        backoff: Arc::new(Patience::new()),
        meters: Arc::new(Metrics::new()),
    }
}

/// A topic and keys under a name of their own.
struct Town {
    settings: Settings,
    inside: Arc<Mutex<Inside>>,
    place: Place,
}

/// Where a link of both is opened.
#[derive(Clone)]
struct Place {
    brokers: Brokers,
    redis: Redis,
    state: RedisState,
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
        let redis = settle_there(async move { Redis::open(at, room()).await }).unwrap();
        let state = redis.state(Topic::Raw.name());
        Town { settings, inside: Arc::new(Mutex::new(inside)), place: Place { brokers, redis, state } }
    }
}

impl Carrier for Town {
    type Link = LawLink;
    type State = Remote<RedisState>;

    fn take(&self, arrivals: Arrivals) {
        self.inside.try_lock().unwrap().arrivals.extend(arrivals.posts);
    }
    fn link(&self) -> LawLink {
        LawLink { inside: Arc::clone(&self.inside), place: self.place.clone(), at: 0 }
    }
    fn state(&self) -> Remote<RedisState> {
        Remote::patient(self.place.state.clone())
    }
    fn crash(self) -> Town {
        let Town { settings, inside, place: Place { brokers, .. } } = self;
        let mut inside = Arc::into_inner(inside).unwrap().into_inner();
        let both = inside.both.take();
        // It leaves the group with blocking calls.
        settle_there(async move { tokio::task::spawn_blocking(|| drop(both)).await }).unwrap();
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
    async fn fetch(&mut self, at: &Place) -> Result<Batch<RawRecord>, Fault> {
        let group = Group {
            name: "laws".into(),
            topic: Topic::Raw,
            memory: Memory::Redis,
            fences: None,
            missing: Missing::Stop,
        };
        if self.both.is_none() {
            let link = KafkaLink::<RawRecord>::join(&at.brokers, group, room())?;
            self.both = Some(Both::new(link, at.redis.clone(), at.state.clone(), true, None));
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
    inside: Arc<Mutex<Inside>>,
    place: Place,
    at: u64,
}

impl Link for LawLink {
    type Record = RawRecord;

    async fn fetch(&mut self, max: usize, _wait: Duration) -> Result<Batch<RawRecord>, Fault> {
        let (inside, place) = (Arc::clone(&self.inside), self.place.clone());
        let batch = there(async move {
            let mut inside = inside.lock().await;
            if inside.done == inside.arrivals.len() {
                return Ok(Batch { lane: LANE, records: Vec::new() });
            }
            inside.send(&place.brokers, max).await?;
            inside.fetch(&place).await
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
        let (inside, place) = (Arc::clone(&self.inside), self.place.clone());
        there(async move {
            let mut inside = inside.lock().await;
            // After a crash a law may know without a look what is under way.
            if inside.both.is_none() {
                inside.fetch(&place).await?;
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

#[test]
fn kafka_and_redis_together_keep_the_laws() {
    let Some(servers) = Servers::shared(1) else { return };
    tocsin_laws::all(|| Town::fresh(servers), seeds(2));
}
