//! Which chains run in this process, and which topics they read.

use std::sync::Arc;

use tocsin_flow::{Fault, Link, RawRecord};
use tocsin_kafka::{Carried, Group, KafkaLink, Memory, Missing, Standing, Topic, lane_of};
use tocsin_model::{Matched, Scored, Signal, Subject, Tokenized};
use tocsin_redis::{Redis, RedisState};
use tocsin_runtime::{Step, Ticks};
use tocsin_spike_detect::AuthorSecret;
use tocsin_wire::KinRecord;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::both::{Both, LaneFences};
use crate::config::Servers;
use crate::house::House;
use crate::pipeline::{Chain, Enters, Knowledge, Owns, Part, Service, Stage};
use crate::serve::never;

/// How a link stands.
pub(super) type Look = Box<dyn Fn() -> Standing + Send + Sync>;

/// What all chains of a process share.
pub(super) struct Ways<'a> {
    pub(super) house: &'a House,
    pub(super) servers: &'a Servers,
    pub(super) redis: Redis,
    pub(super) secret: [u64; 2],
    pub(super) known: watch::Receiver<Knowledge>,
    pub(super) ticks: Ticks,
    /// A lane without a position goes on from what was counted.
    pub(super) seeks: bool,
    /// How the links stand, by the group's name.
    pub(super) links: Vec<(&'static str, Look)>,
}

/// A way of a chain: the name of its group, and what it does.
struct Way {
    group: &'static str,
    first: Stage,
    last: Stage,
    /// What it remembers of a lane goes by the order of its records.
    in_order: bool,
}

impl Ways<'_> {
    /// Runs the chain of these stages.
    pub(super) fn run(
        &mut self,
        tasks: &mut JoinSet<Result<(), Fault>>,
        first: Stage,
        last: Stage,
    ) -> Result<(), Fault> {
        let way = |in_order| Way { group: first.name(), first, last, in_order };
        match first {
            Stage::Ingest => {
                self.begin::<RawRecord>(tasks, way(true))?;
                self.begin::<KinRecord>(tasks, Way { group: KIN, ..way(true) })
            }
            Stage::Tokenize => self.begin::<Matched>(tasks, way(false)),
            Stage::Score => self.begin::<Tokenized>(tasks, way(false)),
            Stage::SpikeDetect => self.begin::<Scored>(tasks, way(false)),
            Stage::Notify => self.begin::<Signal>(tasks, way(false)),
        }
    }

    /// Joins the group of what carries `R`.
    fn begin<R: Carried + Enters<RedisState> + 'static>(
        &mut self,
        tasks: &mut JoinSet<Result<(), Fault>>,
        way: Way,
    ) -> Result<(), Fault> {
        let remembers = way.in_order || way.last >= Stage::SpikeDetect;
        let state = self.redis.state(R::TOPIC.name());
        let missing = if self.seeks { Missing::SeekToFences } else { Missing::Stop };
        let fences = LaneFences(self.redis.state(R::TOPIC.name()));
        let group = Group {
            name: way.group.to_owned(),
            topic: R::TOPIC,
            memory: if remembers { Memory::Redis } else { Memory::Nothing },
            fences: remembers.then(|| Arc::new(fences) as _),
            missing,
        };
        let link = KafkaLink::<R>::join(&self.servers.kafka.brokers, group, self.house.room.clone())?;
        self.links.push((way.group, Box::new(link.watch())));
        let part = Part { first: way.first, last: way.last, owns: self.owner(&way, &link) };
        let (clock, metrics) = (self.house.room.clock.clone(), self.house.metrics.clone());
        let secret = AuthorSecret(self.secret);
        let chain = Chain::new(state.clone(), self.known.clone(), secret, clock, metrics, self.ticks, None);
        let service = Service::<RedisState, R>::new(chain, part);
        if remembers {
            let brokers = &self.servers.kafka.brokers;
            let written = (way.last == Stage::Notify).then(|| brokers.clone());
            self.spawn(tasks, Both::new(link, self.redis.clone(), state, way.in_order, written), service);
        } else {
            self.spawn(tasks, link, service);
        }
        Ok(())
    }

    /// Of all processes, the one with the lane of a subject looks at it when time goes on. Kin looks at nothing: the
    /// chain beside it does.
    fn owner<R: Carried + 'static>(&self, way: &Way, link: &KafkaLink<R>) -> Owns {
        if way.group == KIN {
            return Arc::new(|_: &Subject| false);
        }
        let (holds, lanes) = (link.holds(), self.servers.kafka.brokers.lanes);
        Arc::new(move |subject| holds(lane_of(subject.to_string().as_bytes(), lanes)))
    }

    /// On a thread of its own: stages are work, and the others wait for nobody's.
    fn spawn<L, S>(&self, tasks: &mut JoinSet<Result<(), Fault>>, link: L, service: S)
    where
        L: Link + 'static,
        S: Step<Record = L::Record> + 'static,
    {
        let (room, metrics, stop) =
            (self.house.room.clone(), self.house.metrics.clone(), self.house.stopper.stop());
        let (ticks, handle) = (self.ticks, tokio::runtime::Handle::current());
        tasks.spawn_blocking(move || {
            handle.block_on(tocsin_runtime::run(link, service, ticks, room, metrics, stop, never()))
        });
    }
}

/// All groups that there may be, and what each reads, in the order of a post's way.
pub(crate) const GROUPS: [(&str, Topic); 6] = [
    ("ingest", Topic::Raw),
    (KIN, Topic::Kin),
    ("tokenize", Topic::Matched),
    ("score", Topic::Tokenized),
    ("spike-detect", Topic::Scored),
    ("notify", Topic::Signals),
];

/// The group that reads who descends from whom.
const KIN: &str = "kin";

/// A secret by chance.
pub(crate) fn fresh() -> Result<[u64; 2], Fault> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|why| Fault::Misconfigured {
        setting: "this machine".into(),
        found: format!("without chance ({why})"),
        expected: "a system that has a source of it".into(),
    })?;
    let (halves, _) = bytes.as_chunks::<8>();
    Ok([u64::from_be_bytes(halves[0]), u64::from_be_bytes(halves[1])])
}
