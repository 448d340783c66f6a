//! A replay through services that run elsewhere, over Kafka and Redis: hand in, wait until all is done, look.

use std::sync::Arc;

use tocsin_embedded::HourRow;
use tocsin_flow::Fault;
use tocsin_kafka::{Brokers, KafkaIntake, read_all};
use tocsin_model::{Incident, Signal, Subject};
use tocsin_redis::Redis;
use tocsin_runtime::stop_on_signals;
use tokio::runtime::Runtime;

use super::outs::{Found, Outs};
use super::{Feeder, Progress, Recording};
use crate::cli;
use crate::cli::args::Speed;
use crate::config::Config;
use crate::house::House;
use crate::services::{GROUPS, patiently};

/// What lies in Kafka and Redis.
struct Services<'a> {
    runtime: &'a Runtime,
    brokers: Brokers,
    redis: Redis,
    config: &'a Config,
}

pub(super) fn replay(
    house: &House,
    runtime: &Runtime,
    config: &Config,
    recording: &Recording,
    speed: Speed,
    outs: &mut Outs,
) -> Result<(), cli::Stop> {
    let Some(servers) = &config.servers else {
        return Err(cli::Stop::usage("--carrier kafka needs [kafka] and [redis] in the config"));
    };
    let brokers = servers.kafka.brokers.clone();
    let (fed, redis) = runtime.block_on(async {
        stop_on_signals(house.stopper.clone()).map_err(cli::Stop::failed)?;
        let progress = Progress::new(recording.posts());
        let feeder = Feeder {
            intake: Arc::new(KafkaIntake::open(&brokers)?),
            room: house.room.clone(),
            stop: house.stopper.stop(),
            speed,
            key: recording.key(),
        };
        let stop = house.stopper.stop();
        let fed = feeder.feed(recording.entries()?, &progress).await;
        progress.reading_ends();
        let fed = fed?;
        // In the order of the way: what a group has done is in the next topic.
        for (group, topic) in GROUPS {
            let done = patiently(house, "kafka", || tocsin_kafka::done(&brokers, group, topic, &house.room));
            tokio::select! {
                done = done => drop(done?),
                () = stop.wait() => break,
            }
        }
        progress.clear();
        let open = || Redis::open(servers.redis.clone(), house.room.clone());
        Ok::<_, cli::Stop>((fed, patiently(house, "redis", open).await?))
    })?;
    let Some(redis) = redis.filter(|_| !house.stopper.stop().is_set()) else {
        return Err(cli::Stop::failed(
            "stopped before the end; what was handed in is worked on by the services",
        ));
    };
    outs.write(&Services { runtime, brokers, redis, config }, &fed, recording.disorder())
}

impl Found for Services<'_> {
    fn incidents(&self) -> Result<Vec<Incident>, Fault> {
        // The latest state of each stands last.
        let mut latest = std::collections::BTreeMap::new();
        for incident in self.runtime.block_on(read_all::<Incident>(&self.brokers))? {
            latest.insert(incident.id.clone(), incident);
        }
        let mut incidents: Vec<Incident> = latest.into_values().collect();
        incidents.sort_by_key(|incident| incident.opened_at);
        Ok(incidents)
    }

    fn signals(&self, each: &mut dyn FnMut(&Signal)) -> Result<(), Fault> {
        let mut signals = self.runtime.block_on(read_all::<Signal>(&self.brokers))?;
        signals.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        signals.dedup_by(|a, b| a.id == b.id);
        signals.iter().for_each(each);
        Ok(())
    }

    fn hours(&self, each: &mut dyn FnMut(HourRow)) -> Result<(), Fault> {
        for brand in &self.config.brands {
            let subject = Subject::Brand(brand.name.clone());
            for (hour, counts) in self.runtime.block_on(self.redis.hours(&subject))? {
                each(HourRow { subject: subject.clone(), hour, counts });
            }
        }
        Ok(())
    }
}
