//! A part of the way over topics: records of one topic in, what the last stage of it makes of them out.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::time::Duration;

use tocsin_flow::{Batch, Casebook, Claims, Fault, Kin, Outputs, RawRecord, Windows};
use tocsin_model::{ArrivalTime, Gained, Lane, Matched, Position, Scored, Sighting, Signal, Tell, Tokenized};
use tocsin_runtime::Step;
use tocsin_wire::KinRecord;
use tracing::{Instrument as _, info_span};

use super::{Chain, Part, Read, Stage};

/// A chain that reads a topic of `R`.
pub struct Service<S, R> {
    chain: Chain<S>,
    reads: PhantomData<fn() -> R>,
}

impl<S: Claims + Kin + Windows + Casebook, R: Enters<S>> Service<S, R> {
    /// Of a chain that does this part.
    pub fn new(chain: Chain<S>, part: Part) -> Service<S, R> {
        Service { chain: Chain { part, ..chain }, reads: PhantomData }
    }
}

/// What a topic carries: it knows where on the way it enters.
pub trait Enters<S>: Sized + Send {
    /// Takes a batch from here to the end of the chain's part.
    fn enter(
        chain: &mut Chain<S>,
        batch: Batch<Self>,
        outputs: &mut Outputs,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

impl<S: Claims + Kin + Windows + Casebook, R: Enters<S>> Step for Service<S, R> {
    type Record = R;

    async fn step(&mut self, batch: Batch<R>) -> Result<Outputs, Fault> {
        self.chain.begin();
        let mut outputs = Outputs::default();
        R::enter(&mut self.chain, batch, &mut outputs).await?;
        Ok(outputs)
    }

    async fn rehearse(&mut self, batch: Batch<R>) -> Result<(), Fault> {
        self.chain.rehearses = true;
        let rehearsed = self.step(batch).await;
        self.chain.rehearses = false;
        rehearsed.map(drop)
    }

    async fn tick(&mut self, now: ArrivalTime) -> Result<Outputs, Fault> {
        self.chain.tick(now).await
    }

    fn abandoned(&mut self) {
        self.chain.abandoned();
    }
}

impl<S: Claims + Kin + Windows + Casebook> Enters<S> for RawRecord {
    async fn enter(chain: &mut Chain<S>, batch: Batch<Self>, outputs: &mut Outputs) -> Result<(), Fault> {
        let arrivals = arrivals(&batch, |record| record.arrived);
        let (lane, span) = (batch.lane, span(&arrivals));
        let (matched, came) =
            chain.ingest(batch, outputs).instrument(info_span!("stage", stage = "ingest")).await?;
        // What a source gives is counted here, where it comes in; that time goes on is for who judges.
        let settled = chain.now;
        chain.now = chain.now.max(arrivals.iter().map(|(_, arrived)| *arrived).max());
        chain.hear(lane, span, &came, &matched, |matched| matched, outputs).await?;
        chain.now = settled;
        chain.take_matched(At { lane, arrivals }, matched, outputs).await
    }
}

impl<S: Claims + Kin + Windows + Casebook> Enters<S> for KinRecord {
    async fn enter(chain: &mut Chain<S>, batch: Batch<Self>, outputs: &mut Outputs) -> Result<(), Fault> {
        // A tell has no arrival; what it took it took by then.
        let arrivals = arrivals(&batch, |record| match record {
            KinRecord::Asks(ask) => ask.child.post.arrived,
            KinRecord::Tells(tells) => {
                tells.iter().flat_map(|tell| &tell.took).map(|took| took.at).max().unwrap_or_default()
            }
        });
        let lane = batch.lane;
        let latest = arrivals.iter().map(|(_, arrived)| *arrived).max().unwrap_or_default();
        let past = chain.behind.past(chain.clock.steady(), latest);
        let (mut tells, mut asks) = (Vec::new(), Vec::new());
        for (_, record) in batch.records {
            match record {
                KinRecord::Tells(told) => tells.extend(told),
                KinRecord::Asks(ask) => asks.push(*ask),
            }
        }
        let gained = chain.state.meet(lane, tells, asks, past).await?;
        outputs.tells.extend(gained.iter().filter_map(told_on));
        // What was gained comes in the order of the asking; counting goes by place.
        let mut matched: Vec<Matched> = gained.into_iter().map(tocsin_ingest::gained).collect();
        matched.sort_by_key(|child| child.position);
        chain.take_matched(At { lane, arrivals }, matched, outputs).await
    }
}

/// So long by the clock, kin waits for the posts of lanes that are behind.
const LANES_APART: Duration = Duration::from_secs(3_600);
/// How close together it is remembered where data time stood.
const STEP: Duration = Duration::from_secs(60);

/// Where data time stood a while ago by the clock. Those who speak of one post come from all lanes, and one lane may be
/// days of data time behind another while a backlog is worked off: what is old by the foremost is not forgotten
/// before the others had the time to come.
#[derive(Default)]
pub(super) struct Behind {
    past: ArrivalTime,
    stood: VecDeque<(Duration, ArrivalTime)>,
}

impl Behind {
    /// Data time as of an hour before `now`; `latest` is what it is now.
    fn past(&mut self, now: Duration, latest: ArrivalTime) -> ArrivalTime {
        while let Some((at, stood)) = self.stood.front()
            && now.saturating_sub(*at) >= LANES_APART
        {
            self.past = self.past.max(*stood);
            self.stood.pop_front();
        }
        match self.stood.back_mut() {
            Some((at, stood)) if now.saturating_sub(*at) < STEP => *stood = latest.max(*stood),
            _ => self.stood.push_back((now, latest)),
        }
        self.past
    }
}

/// What a child gained it tells its own children, who asked in its lane.
fn told_on(gained: &Gained) -> Option<Tell> {
    let child = &gained.child;
    let is_first = matches!(child.sighting, Sighting::First(_));
    is_first.then(|| Tell { id: child.post.id.clone(), position: child.position, took: gained.took.clone() })
}

impl<S: Claims + Kin + Windows + Casebook> Enters<S> for Matched {
    async fn enter(chain: &mut Chain<S>, batch: Batch<Self>, outputs: &mut Outputs) -> Result<(), Fault> {
        let at = At { lane: batch.lane, arrivals: arrivals(&batch, |matched| matched.post.arrived) };
        let matched = chain.placed(batch, |matched| matched);
        chain.take_matched(at, matched, outputs).await
    }
}

impl<S: Claims + Kin + Windows + Casebook> Enters<S> for Tokenized {
    async fn enter(chain: &mut Chain<S>, batch: Batch<Self>, outputs: &mut Outputs) -> Result<(), Fault> {
        let at = At { lane: batch.lane, arrivals: arrivals(&batch, |cut| cut.matched.post.arrived) };
        let tokenized = chain.placed(batch, |cut| &mut cut.matched);
        chain.take_tokenized(at, tokenized, outputs).await
    }
}

impl<S: Claims + Kin + Windows + Casebook> Enters<S> for Scored {
    async fn enter(chain: &mut Chain<S>, batch: Batch<Self>, outputs: &mut Outputs) -> Result<(), Fault> {
        let post = |read: &Scored| read.tokenized.matched.post.arrived;
        let at = At { lane: batch.lane, arrivals: arrivals(&batch, post) };
        let scored = chain.placed(batch, |read| &mut read.tokenized.matched);
        chain.take_scored(at, scored, outputs).await
    }
}

impl<S: Claims + Kin + Windows + Casebook> Enters<S> for Signal {
    async fn enter(chain: &mut Chain<S>, batch: Batch<Self>, outputs: &mut Outputs) -> Result<(), Fault> {
        let (began, signals) = (chain.clock.steady(), batch.records.len());
        for (_, signal) in batch.records {
            chain.tick_through(signal.at, outputs).await?;
            chain.now = chain.now.max(Some(signal.at));
            chain.tell(signal, outputs).await?;
        }
        let took = chain.clock.steady().saturating_sub(began);
        chain.metrics.stage_ran(Stage::Notify.name(), signals, outputs.notices.len(), took);
        Ok(())
    }
}

/// Where a batch stands, and when its records arrived.
struct At {
    lane: Lane,
    arrivals: Vec<(Position, ArrivalTime)>,
}

fn arrivals<R>(batch: &Batch<R>, arrived: impl Fn(&R) -> ArrivalTime) -> Vec<(Position, ArrivalTime)> {
    batch.records.iter().map(|(position, record)| (*position, arrived(record))).collect()
}

fn span(arrivals: &[(Position, ArrivalTime)]) -> (Position, Position) {
    let place = |at: Option<&(Position, ArrivalTime)>| at.map(|(position, _)| *position).unwrap_or_default();
    (place(arrivals.first()), place(arrivals.last()))
}

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// The records of a batch. Where they are counted, they stand at their place in the topic that is read: fences
    /// are places in it.
    fn placed<R>(&self, batch: Batch<R>, matched: impl Fn(&mut R) -> &mut Matched) -> Vec<R> {
        let counts = self.part.does(Stage::SpikeDetect);
        let place = |(position, mut record)| {
            if counts {
                matched(&mut record).position = position;
            }
            record
        };
        batch.records.into_iter().map(place).collect()
    }

    async fn take_matched(
        &mut self,
        at: At,
        matched: Vec<Matched>,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        if self.part.last < Stage::Tokenize {
            outputs.matched = matched;
            return Ok(());
        }
        let tokenized = self.cut(matched);
        self.take_tokenized(at, tokenized, outputs).await
    }

    async fn take_tokenized(
        &mut self,
        at: At,
        tokenized: Vec<Tokenized>,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        if self.part.last < Stage::Score {
            outputs.tokenized = tokenized;
            return Ok(());
        }
        let scored = self.score(tokenized);
        self.take_scored(at, scored, outputs).await
    }

    async fn take_scored(&mut self, at: At, scored: Vec<Scored>, outputs: &mut Outputs) -> Result<(), Fault> {
        if self.part.last < Stage::SpikeDetect {
            outputs.scored = scored;
            return Ok(());
        }
        let read = Read { scored, came: Vec::new() };
        self.find(at.lane, &at.arrivals, &read, outputs).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kin_forgets_by_where_data_time_stood_an_hour_ago() {
        let (mut behind, minute) = (Behind::default(), |n: u64| Duration::from_secs(n * 60));
        let at = |n: u64| ArrivalTime::from_millis(n as i64 * 1_000_000);
        let past: Vec<i64> =
            (0..90).map(|n| behind.past(minute(n), at(n + 1)).millis() / 1_000_000).collect();
        assert!(past[..60].iter().all(|past| *past == 0), "nothing is known of an hour ago: {past:?}");
        assert_eq!(past[60..], (1..=30).collect::<Vec<i64>>());
    }
}
