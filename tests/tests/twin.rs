//! Two carriers side by side: every answer of the one is held against the other's.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tocsin_flow::{Arrivals, Batch, Casebook, Claims, Fault, Kept, Kin, Link, Outputs, RawRecord, Windows};
use tocsin_laws::{Carrier, Memory};
use tocsin_model::{
    ArrivalTime, Ask, Counts, Delta, Gained, History, Hour, Incident, Kind, Lane, Mark, Merged, Position,
    Post, PostId, Record, Sighting, SourceId, Subject, Tell, Took, View,
};
use tocsin_sim::{Watched, World};
use tocsin_tests::{Chains, Embedded, seeds};

/// Two of a kind: what is asked of both must be answered alike.
struct Twin<A, B>(A, B);

macro_rules! both {
    ($self:ident, $verb:ident ( $($argument:expr),* )) => {{
        let left = $self.0.$verb($($argument),*).await;
        let right = $self.1.$verb($($argument),*).await;
        assert_eq!(left, right, "{} is answered alike", stringify!($verb));
        right
    }};
}

impl<A: Link<Record = RawRecord>, B: Link<Record = RawRecord>> Link for Twin<A, B> {
    type Record = RawRecord;
    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Batch<RawRecord>, Fault> {
        both!(self, fetch(max, wait))
    }
    fn position(&self) -> Position {
        self.1.position()
    }
    fn now(&self) -> Option<ArrivalTime> {
        assert_eq!(self.0.now(), self.1.now());
        self.1.now()
    }
    async fn advance(&mut self, to: Position, outputs: Outputs) -> Result<(), Fault> {
        self.0.advance(to, outputs.clone()).await?;
        self.1.advance(to, outputs).await
    }
    async fn abandon(&mut self) -> Result<(), Fault> {
        both!(self, abandon())
    }
}

impl<A: Claims, B: Claims> Claims for Twin<A, B> {
    async fn claim(&mut self, lane: Lane, records: &[Record]) -> Result<Vec<Sighting>, Fault> {
        both!(self, claim(lane, records))
    }
    async fn posts(&mut self, ids: &[PostId], now: ArrivalTime) -> Result<Vec<Option<Post>>, Fault> {
        both!(self, posts(ids, now))
    }
}

impl<A: Kin, B: Kin> Kin for Twin<A, B> {
    async fn meet(
        &mut self,
        lane: Lane,
        tells: Vec<Tell>,
        asks: Vec<Ask>,
        now: ArrivalTime,
    ) -> Result<Vec<Gained>, Fault> {
        let left = self.0.meet(lane, tells.clone(), asks.clone(), now).await?;
        let right = self.1.meet(lane, tells, asks, now).await?;
        assert_eq!(one_by_one(&left), one_by_one(&right), "meet is answered alike");
        Ok(right)
    }
}

/// Which child gained which brand when, and by which record. In which order, and whether two brands come in
/// one answer, is nobody's promise.
fn one_by_one(gained: &[Gained]) -> BTreeSet<(PostId, Position, Took)> {
    let each = |g: &Gained| {
        let (id, position) = (g.child.post.id.clone(), g.child.position);
        g.took.iter().map(move |took| (id.clone(), position, took.clone())).collect::<Vec<_>>()
    };
    gained.iter().flat_map(each).collect()
}

impl<A: Windows, B: Windows> Windows for Twin<A, B> {
    async fn merge(
        &mut self,
        lane: Lane,
        seen: Position,
        first: Position,
        last: Position,
        delta: &Delta,
        now: ArrivalTime,
    ) -> Result<Merged, Fault> {
        both!(self, merge(lane, seen, first, last, delta, now))
    }
    async fn view(&mut self, subject: &Subject, now: ArrivalTime) -> Result<View, Fault> {
        both!(self, view(subject, now))
    }
    async fn history(&mut self, subject: &Subject, now: ArrivalTime) -> Result<History, Fault> {
        both!(self, history(subject, now))
    }
    async fn sources(&mut self) -> Result<Vec<SourceId>, Fault> {
        both!(self, sources())
    }
    async fn mark(&mut self, subject: &Subject, kind: Kind, mark: Mark) -> Result<(), Fault> {
        both!(self, mark(subject, kind, mark))
    }
    async fn standing(&mut self) -> Result<Vec<Subject>, Fault> {
        both!(self, standing())
    }
}

impl<A: Casebook, B: Casebook> Casebook for Twin<A, B> {
    async fn recall(&mut self, subject: &Subject) -> Result<Vec<Incident>, Fault> {
        both!(self, recall(subject))
    }
    async fn keep(&mut self, incident: &Incident, version: u64) -> Result<Kept, Fault> {
        both!(self, keep(incident, version))
    }
    async fn open(&mut self) -> Result<Vec<Subject>, Fault> {
        both!(self, open())
    }
}

impl<A: Carrier, B: Carrier> Carrier for Twin<A, B> {
    type Link = Twin<A::Link, B::Link>;
    type State = Twin<A::State, B::State>;
    fn take(&self, arrivals: Arrivals) {
        self.0.take(arrivals.clone());
        self.1.take(arrivals);
    }
    fn link(&self) -> Self::Link {
        Twin(self.0.link(), self.1.link())
    }
    fn state(&self) -> Self::State {
        Twin(self.0.state(), self.1.state())
    }
    fn crash(self) -> Self {
        Twin(self.0.crash(), self.1.crash())
    }
}

impl<A: Watched, B: Watched> Watched for Twin<A, B> {
    fn hours(&self) -> BTreeMap<(Subject, Hour), Counts> {
        self.1.hours()
    }
    fn incidents(&self) -> Vec<Incident> {
        self.1.incidents()
    }
}

#[test]
fn embedded_answers_as_the_model_does() {
    let chains = Chains::default();
    for seed in seeds(20) {
        World::new(seed).run(
            || Twin(Memory::default(), Embedded::fresh()),
            |state, now| chains.on(state, now),
            true,
        );
    }
}
