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

/// How often what is away is asked again: for longer than a busy machine takes. What is asked sets the pace.
const ASKED_MAX: u32 = 10_000;

/// A state over a network, asked where connections live.
#[derive(Clone, Debug)]
pub struct Remote<S>(pub S, Away);

/// What becomes of it when the state is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Away {
    IsTold,
    IsWaitedFor,
}

/// Runs it where connections live and waits here, without a runtime.
pub fn settle_there<F: Future<Output: Send + 'static> + Send + 'static>(future: F) -> F::Output {
    RUNTIME.block_on(there(future))
}

/// Runs it where connections live.
pub async fn there<F: Future<Output: Send + 'static> + Send + 'static>(future: F) -> F::Output {
    RUNTIME.spawn(future).await.expect("it does not panic")
}

impl<S> Remote<S> {
    /// That it is away is told to whoever asks.
    pub fn plain(state: S) -> Remote<S> {
        Remote(state, Away::IsTold)
    }

    /// While it is away it is asked again, as the runtime does: a law is about its answers.
    pub fn patient(state: S) -> Remote<S> {
        Remote(state, Away::IsWaitedFor)
    }
}

impl<S: Clone + Send> Remote<S> {
    async fn ask<T, F>(self, ask: impl Fn(S) -> F + Send) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        for _ in 1..ASKED_MAX {
            match there(ask(self.0.clone())).await {
                Err(Fault::Unavailable { .. }) if self.1 == Away::IsWaitedFor => {}
                answer => return answer,
            }
        }
        there(ask(self.0)).await
    }
}

/// Asks it with copies of what is named.
macro_rules! there {
    ($self:ident, $state:ident, $($given:ident),* => $call:expr) => {
        $self.clone().ask(|mut $state| {
            $(let $given = $given.clone();)*
            async move { $call.await }
        }).await
    };
}

impl<S: Claims + Clone + 'static> Claims for Remote<S> {
    async fn claim(&mut self, lane: Lane, records: &[Record]) -> Result<Vec<Sighting>, Fault> {
        let records: Arc<[Record]> = records.into();
        there!(self, state, records => state.claim(lane, &records))
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
        there!(self, state, tells, asks => state.meet(lane, tells, asks, now))
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
        there!(self, state, delta => state.merge(lane, seen, first, last, &delta, now))
    }
    async fn merge_all(
        &mut self,
        lane: Lane,
        offers: &[Offer],
        now: ArrivalTime,
    ) -> Result<Vec<Merged>, Fault> {
        let offers = offers.to_vec();
        there!(self, state, offers => state.merge_all(lane, &offers, now))
    }
    async fn view(&mut self, subject: &Subject, now: ArrivalTime) -> Result<View, Fault> {
        there!(self, state, subject => state.view(&subject, now))
    }
    async fn history(&mut self, subject: &Subject, now: ArrivalTime) -> Result<History, Fault> {
        there!(self, state, subject => state.history(&subject, now))
    }
    async fn sources(&mut self) -> Result<Vec<SourceId>, Fault> {
        there!(self, state, => state.sources())
    }
    async fn mark(&mut self, subject: &Subject, kind: Kind, mark: Mark) -> Result<(), Fault> {
        there!(self, state, subject => state.mark(&subject, kind, mark))
    }
    async fn standing(&mut self) -> Result<Vec<Subject>, Fault> {
        there!(self, state, => state.standing())
    }
}

impl<S: Casebook + Clone + 'static> Casebook for Remote<S> {
    async fn recall(&mut self, subject: &Subject) -> Result<Vec<Incident>, Fault> {
        there!(self, state, subject => state.recall(&subject))
    }
    async fn keep(&mut self, incident: &Incident, version: u64) -> Result<Kept, Fault> {
        there!(self, state, incident => state.keep(&incident, version))
    }
    async fn open(&mut self) -> Result<Vec<Subject>, Fault> {
        there!(self, state, => state.open())
    }
}
