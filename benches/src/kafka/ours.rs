//! The same through the runtime's loop and our link: a stage that does nothing, with headers and metrics.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tocsin_flow::{Batch, Clock, Fault, Link, Outputs};
use tocsin_kafka::{About, Brokers, Group, Incoming, Member, Memory, Missing, Outgoing, Topic};
use tocsin_model::{ArrivalTime, Lane, Position};
use tocsin_runtime::{Metrics, Step, Stopper, Ticks, WallClock, run};

use crate::{ENOUGH, Went, cpu, cpu_micros, room};

pub(crate) async fn pass(brokers: &Brokers, name: &str, posts: usize) -> Result<Went, crate::Fault> {
    let metrics = Arc::new(Metrics::new());
    let room = room(&metrics);
    let group = Group {
        name: name.to_owned(),
        topic: Topic::Raw,
        memory: Memory::Nothing,
        fences: None,
        missing: Missing::Stop,
    };
    let member = Member::join(brokers, group, room.clone())?;
    let watch = member.watch();
    let stopper = Stopper::new();
    let (clock, times) = (Arc::new(WallClock::new()), Arc::default());
    let link = SameAgain {
        member,
        at_hand: Vec::new(),
        left: posts,
        stopper: stopper.clone(),
        clock,
        times: Arc::clone(&times),
    };
    let never = Stopper::new();
    let spent = cpu();
    let running = run(link, Nothing, Ticks::Records, room, metrics, stopper.stop(), never.stop());
    tokio::time::timeout(ENOUGH, running).await??;
    let (began, ended) = times.lock().map_err(|_| "the link panicked")?.ok_or("nothing came")?;
    let standing = watch();
    Ok(Went {
        cpu_micros: cpu_micros(spent, posts),
        posts_per_second: posts as f64 / (ended - began).as_secs_f64(),
        commit_millis: standing.committing.as_secs_f64() * 1e3 / standing.commits as f64,
        commits: standing.commits,
    })
}

/// A stage that makes of each record the same again.
struct Nothing;

impl Step for Nothing {
    type Record = ();

    async fn step(&mut self, _: Batch<()>) -> Result<Outputs, Fault> {
        Ok(Outputs::default())
    }
    async fn tick(&mut self, _: ArrivalTime) -> Result<Outputs, Fault> {
        Ok(Outputs::default())
    }
    fn abandoned(&mut self) {}
}

/// Our link without nouns: what comes goes out as it is.
struct SameAgain {
    member: Member,
    at_hand: Vec<Incoming>,
    left: usize,
    stopper: Stopper,
    clock: Arc<WallClock>,
    /// When the first record came, and when the last was committed.
    times: Arc<Mutex<Option<(Duration, Duration)>>>,
}

impl Link for SameAgain {
    type Record = ();

    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Batch<()>, Fault> {
        let portion = self.member.fetch(max, wait).await?;
        let records = portion.records.iter().map(|record| (record.position, ())).collect();
        if !portion.records.is_empty() {
            self.it_is_now();
        }
        self.at_hand = portion.records;
        Ok(Batch { lane: portion.lane, records })
    }

    fn position(&self) -> Position {
        self.member.position()
    }

    fn now(&self) -> Option<ArrivalTime> {
        self.member.now()
    }

    async fn advance(&mut self, _: Position, _: Outputs) -> Result<(), Fault> {
        let records = std::mem::take(&mut self.at_hand);
        self.left = self.left.saturating_sub(records.len());
        let lane = self.member.lane();
        self.member.advance(records.into_iter().map(|record| same(lane, record)).collect()).await?;
        if self.left == 0 {
            self.member.settle().await?;
            self.it_is_now();
            self.stopper.set();
        }
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), Fault> {
        self.member.abandon();
        Ok(())
    }
}

impl SameAgain {
    fn it_is_now(&self) {
        let now = self.clock.steady();
        if let Ok(mut times) = self.times.lock() {
            times.get_or_insert((now, now)).1 = now;
        }
    }
}

fn same(lane: Lane, record: Incoming) -> Outgoing {
    let id = format!("{}-{}", lane.0, record.position.0);
    Outgoing {
        topic: Topic::Matched,
        lane,
        key: id.clone().into_bytes(),
        about: About { id, time: record.arrived, subject: None, trace: record.trace },
        value: record.value.unwrap_or_default(),
    }
}
