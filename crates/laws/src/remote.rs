//! A state whose connections need a runtime of their own: what a law asks of it is asked there.

use std::sync::{Arc, LazyLock};

use tocsin_flow::{Casebook, Claims, Fault, Kept, Kin, Offer, Windows};
use tocsin_model::{
    ArrivalTime, Ask, Delta, Gained, History, Incident, Kind, Lane, Mark, Merged, Position, Record, Sighting,
    SourceId, Subject, Tell, View,
};
use tokio::runtime::Runtime;

/// The laws run on a thread without I/O; connections live here.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a test has threads"));

/// A state over a network, asked where connections live.
#[derive(Clone, Debug)]
pub struct Remote<S>(pub S);

/// Runs it where connections live and waits here, without a runtime.
pub fn settle_there<F: Future<Output: Send + 'static> + Send + 'static>(future: F) -> F::Output {
    RUNTIME.block_on(there(future))
}

/// Runs it where connections live.
pub async fn there<F: Future<Output: Send + 'static> + Send + 'static>(future: F) -> F::Output {
    RUNTIME.spawn(future).await.expect("it does not panic")
}

macro_rules! there {
    ($self:ident, $state:ident => $call:expr) => {{
        let mut $state = $self.0.clone();
        there(async move { $call.await }).await
    }};
}

impl<S: Claims + Clone + 'static> Claims for Remote<S> {
    async fn claim(&mut self, lane: Lane, records: &[Record]) -> Result<Vec<Sighting>, Fault> {
        let records: Arc<[Record]> = records.into();
        there!(self, state => state.claim(lane, &records))
    }
}

impl<S: Kin + Clone + 'static> Kin for Remote<S> {
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

impl<S: Windows + Clone + 'static> Windows for Remote<S> {
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

impl<S: Casebook + Clone + 'static> Casebook for Remote<S> {
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
