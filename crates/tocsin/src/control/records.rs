//! What answers are made of: the records and what is remembered, in a data folder or over Kafka and Redis.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tocsin_embedded::Office;
use tocsin_flow::{Fault, RawRecord};
use tocsin_kafka::{Brokers, Start, fold, read_all};
use tocsin_model::{
    ArrivalTime, Counts, Incident, KeptDays, Lane, Minute, Position, Rejected, Signal, SignalId, Subject,
};

use crate::config::Servers;
use crate::servers;

/// Where they lie.
#[derive(Clone)]
pub(super) enum Records {
    Folder(Arc<Office>),
    Servers(Arc<Servers>),
}

impl Records {
    /// Every incident as it is now, the oldest first.
    pub(super) async fn incidents(&self) -> Result<Vec<Incident>, Fault> {
        let servers = match self {
            Records::Folder(office) => return office.incidents(),
            Records::Servers(servers) => servers,
        };
        let mut latest = BTreeMap::new();
        for incident in read_all::<Incident>(&servers.kafka.brokers).await? {
            let known = latest.get(&incident.id).map(|known: &Incident| known.version);
            if known.is_none_or(|version| version < incident.version) {
                latest.insert(incident.id.clone(), incident);
            }
        }
        let mut incidents: Vec<Incident> = latest.into_values().collect();
        incidents.sort_by(|a, b| (a.opened_at, &a.id).cmp(&(b.opened_at, &b.id)));
        Ok(incidents)
    }

    /// A signal by its id.
    pub(super) async fn signal(&self, id: &SignalId) -> Result<Option<Signal>, Fault> {
        let keep = {
            let id = id.clone();
            move |found: &mut Option<Signal>, signal: Signal| {
                if signal.id == id {
                    found.get_or_insert(signal);
                }
            }
        };
        match self {
            Records::Folder(office) => {
                let mut found = None;
                office.signals(|signal| keep(&mut found, signal))?;
                Ok(found)
            }
            Records::Servers(servers) => {
                let each = move |found: &mut Option<Signal>, _, _, signal| {
                    keep(found, signal);
                    found.is_none()
                };
                fold(&servers.kafka.brokers, Start::Beginning, None, each).await
            }
        }
    }

    /// Goes through all rejected records with their numbers.
    pub(super) async fn rejected<T: Send + 'static>(
        &self,
        mut so_far: T,
        mut each: impl FnMut(&mut T, u64, Rejected) + Send + 'static,
    ) -> Result<T, Fault> {
        match self {
            Records::Folder(office) => {
                office.rejected(|number, rejected| each(&mut so_far, number, rejected))?;
                Ok(so_far)
            }
            Records::Servers(servers) => {
                let numbers = Numbers::of(&servers.kafka.brokers);
                let each = move |so_far: &mut T, lane, position, rejected| {
                    each(so_far, numbers.number(lane, position), rejected);
                    true
                };
                fold(&servers.kafka.brokers, Start::Beginning, so_far, each).await
            }
        }
    }

    /// The rejected records of these numbers, as far as they are kept.
    pub(super) async fn rejected_of(&self, wanted: &[u64]) -> Result<BTreeMap<u64, Rejected>, Fault> {
        let servers = match self {
            Records::Folder(office) => {
                let found = wanted.iter().map(|number| Ok(Some(*number).zip(office.rejected_one(*number)?)));
                return Ok(found.collect::<Result<Vec<_>, Fault>>()?.into_iter().flatten().collect());
            }
            Records::Servers(servers) => servers,
        };
        let numbers = Numbers::of(&servers.kafka.brokers);
        let mut places = BTreeMap::<Lane, BTreeSet<Position>>::new();
        for (lane, position) in wanted.iter().map(|number| numbers.place(*number)) {
            places.entry(lane).or_default().insert(position);
        }
        let firsts = places.iter().filter_map(|(lane, of)| Some((*lane, *of.first()?)));
        let start = Start::Lanes(firsts.collect());
        let each = move |found: &mut BTreeMap<u64, Rejected>, lane, position, rejected| {
            let of_lane = places.get(&lane);
            if of_lane.is_some_and(|wanted| wanted.contains(&position)) {
                found.insert(numbers.number(lane, position), rejected);
            }
            of_lane.and_then(|wanted| wanted.last()).is_some_and(|last| position < *last)
        };
        fold(&servers.kafka.brokers, start, BTreeMap::new(), each).await
    }

    /// Takes rejected records out that were sent again. A topic forgets by age alone.
    pub(super) fn forget_rejected(&self, numbers: &[u64]) -> Result<(), Fault> {
        match self {
            Records::Folder(office) => numbers.iter().try_for_each(|number| office.forget_rejected(*number)),
            Records::Servers(_) => Ok(()),
        }
    }

    /// The days that are kept of a subject.
    pub(super) async fn days(&self, subject: &Subject) -> Result<KeptDays, Fault> {
        match self {
            Records::Folder(office) => office.days(subject),
            Records::Servers(servers) => servers::open(&servers.redis).await?.days(subject).await,
        }
    }

    /// What its minutes hold from one to another, both included; none once they are forgotten.
    pub(super) async fn window(
        &self,
        subject: &Subject,
        first: Minute,
        last: Minute,
    ) -> Result<Option<Counts>, Fault> {
        match self {
            Records::Folder(office) => office.window(subject, first, last),
            Records::Servers(servers) => {
                servers::open(&servers.redis).await?.window(subject, first, last).await
            }
        }
    }

    /// Goes through the posts that are kept and arrived at a time or later, while more are wanted.
    pub(super) async fn posts<T: Send + 'static>(
        &self,
        since: ArrivalTime,
        mut so_far: T,
        mut each: impl FnMut(&mut T, ArrivalTime, &[u8]) -> bool + Send + 'static,
    ) -> Result<T, Fault> {
        match self {
            Records::Folder(office) => {
                for kept in office.recorded(since) {
                    let (arrived, json) = kept?;
                    if !each(&mut so_far, arrived, &json) {
                        break;
                    }
                }
                Ok(so_far)
            }
            Records::Servers(servers) => {
                // Recorded posts arrived before they were written.
                let each = move |so_far: &mut T, _, _, record: RawRecord| {
                    record.arrived < since || each(so_far, record.arrived, &record.json)
                };
                fold(&servers.kafka.brokers, Start::Time(since), so_far, each).await
            }
        }
    }
}

/// A record's number of its lane and position.
#[derive(Clone, Copy)]
struct Numbers {
    lanes: u64,
}

impl Numbers {
    fn of(brokers: &Brokers) -> Numbers {
        Numbers { lanes: u64::from(brokers.lanes.max(1)) }
    }

    fn number(self, lane: Lane, position: Position) -> u64 {
        position.0 * self.lanes + u64::from(lane.0)
    }

    fn place(self, number: u64) -> (Lane, Position) {
        (Lane((number % self.lanes) as u32), Position(number / self.lanes))
    }
}
