//! `tocsin run` with `[kafka]` and `[redis]` in the config: some stages, or all of them, over topics.
//!
//! Stages that stand next to each other are one chain, without topics between; what a chain reads has a group of its
//! own. Two ways are by topic always: who descends from whom (`posts.kin`, in the lane of the one spoken of) and what
//! is abnormal (`signals`, in the lane of the subject). Inlets run with ingest, outlets with notify.

mod both; // a link over Kafka that remembers in Redis
mod ledger; // notices over Kafka
mod ways; // which chains, and which topics they read

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tocsin_flow::{Fault, Inlet as _, Intake, Meters as _, Stop};
use tocsin_kafka::{KafkaIntake, Standing};
use tocsin_redis::{Place, Redis};
use tocsin_runtime::{Ticks, deliver, pages, stop_on_signals};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::backfill::Recounter;
use crate::cli;
use crate::cli::args::Run;
use crate::config::{Config, Servers};
use crate::house::{House, Told, knowledge};
use crate::pipeline::Stage;
use crate::serve::{CAUTIONS_MAX, answer, file_inlets, listen, outlets, posts, until_stopped, watch_config};
pub use both::Both;
use ways::Ways;
pub(crate) use ways::{GROUPS, fresh};

/// The brokers together, as metrics and pages name them.
const KAFKA: &str = "kafka";
/// How often it is looked how the links stand.
const LOOK: Duration = Duration::from_secs(1);

/// Lives until the house is told to stop.
pub(crate) async fn serve(
    house: &House,
    config: Config,
    servers: Servers,
    typed: &Run,
) -> Result<(), cli::Stop> {
    stop_on_signals(house.stopper.clone()).map_err(cli::Stop::failed)?;
    let stages = consecutive(&typed.stages)?;
    let stop = house.stopper.stop();
    for caution in config.cautions.iter().take(CAUTIONS_MAX) {
        warn!("{caution}");
    }
    let knowledge = knowledge(&config, Told::Outlets)?;
    knowledge.prepare(&stages);
    house.metrics.config_taken(&format!("{:016x}", config.version()), house.room.clock.now());
    let (reload, known) = watch::channel(knowledge);
    let (listener, address) = listen(&config).await?;
    let mut tasks: JoinSet<Result<(), Fault>> = JoinSet::new();

    let mut inlets = Router::new();
    if stages.contains(&Stage::Ingest) {
        house.metrics.health().needs(KAFKA);
        let intake: Arc<dyn Intake> = Arc::new(KafkaIntake::open(&servers.kafka.brokers)?);
        inlets = posts(&config, Arc::clone(&intake), house);
        for inlet in file_inlets(&config)? {
            tasks.spawn(Box::new(inlet).listen(Arc::clone(&intake), house.room.clone(), stop.clone()));
        }
    }
    tasks.spawn(answer(listener, pages(Arc::clone(&house.metrics)).merge(inlets), house));

    let Some(redis) = reach(house, &servers).await? else { return until_stopped(&mut tasks, house).await };
    let secret = redis.author_secret(fresh()?).await?;
    let (changed, configs) = watch::channel(Arc::new(config.clone()));
    if stages.contains(&Stage::SpikeDetect) {
        let recounter = Recounter::new(house, servers.kafka.brokers.clone(), redis.clone(), secret)?;
        tasks.spawn(recounter.run(configs, stop.clone()));
    }
    {
        let (redis, stop) = (redis.clone(), stop.clone());
        tasks.spawn(async move {
            redis.watch(stop).await;
            Ok(())
        });
    }
    if stages.contains(&Stage::Notify) {
        for outlet in outlets(&config, house)? {
            let (ledger, clerk) = ledger::open(&servers.kafka.brokers, outlet.name(), house.room.clone())?;
            tasks.spawn(clerk.run(stop.clone()));
            tasks.spawn(deliver(Arc::new(ledger), vec![outlet], house.room.clone(), stop.clone()));
        }
    }
    let is_cluster = matches!(servers.redis.place, Place::Cluster(_));
    let ticks = if typed.recorded_time { Ticks::Records } else { Ticks::Clock };
    let mut ways = Ways {
        house,
        servers: &servers,
        redis,
        secret,
        known,
        ticks,
        seeks: typed.seek_to_fences,
        links: Vec::new(),
    };
    for chain in chains(&stages, is_cluster) {
        ways.run(&mut tasks, chain.0, chain.1)?;
    }
    ways.links.iter().for_each(|(group, _)| house.metrics.health().joins(group));
    tasks.spawn(look(house, ways.links, stop.clone()));
    if config.file.is_some() {
        let (metrics, room) = (Arc::clone(&house.metrics), house.room.clone());
        let taken = move |config: &Config, knowledge| {
            reload.send_replace(knowledge);
            changed.send_replace(Arc::new(config.clone()));
        };
        tasks.spawn(watch_config(config, stages.clone(), taken, metrics, room, stop));
    }
    house.metrics.health().running();
    let names = stages.iter().map(|stage| stage.name()).collect::<Vec<_>>().join(",");
    info!(%address, stages = names, "listening");
    let outcome = until_stopped(&mut tasks, house).await;
    info!("stopped; everything acknowledged is kept");
    outcome
}

/// All five where none is named.
fn consecutive(typed: &[Stage]) -> Result<Vec<Stage>, cli::Stop> {
    let (first, last) = (typed.first().copied(), typed.last().copied());
    let between =
        |stage: &Stage| first.is_none_or(|first| first <= *stage) && last.is_none_or(|last| *stage <= last);
    let stages: Vec<Stage> = Stage::ALL.into_iter().filter(between).collect();
    if typed.is_empty() || stages == typed {
        return Ok(stages);
    }
    let names = |stages: &[Stage]| stages.iter().map(|stage| stage.name()).collect::<Vec<_>>().join(",");
    Err(cli::Stop::usage(format_args!(
        "{}: not stages that stand next to each other; they are {}, in this order",
        names(typed),
        names(&Stage::ALL)
    )))
}

/// The first and the last stage of each chain. What is abnormal goes to the lane of its subject, so notify is a chain
/// of its own. On a Cluster, claims and windows lie on servers that may lose different last seconds, and what counts
/// depends on what is claimed: there a topic lies between them, too.
fn chains(stages: &[Stage], is_cluster: bool) -> Vec<(Stage, Stage)> {
    let ends = |pair: &[Stage]| {
        pair[1] == Stage::Notify
            || (is_cluster && pair[0] == Stage::Ingest && stages.contains(&Stage::SpikeDetect))
    };
    let mut chains = Vec::new();
    let mut first = stages[0];
    for pair in stages.windows(2).filter(|pair| ends(pair)) {
        chains.push((first, pair[0]));
        first = pair[1];
    }
    chains.push((first, stages[stages.len() - 1]));
    chains
}

/// Redis, once it and the brokers can be reached and are as they must be; none if it is time to stop before.
async fn reach(house: &House, servers: &Servers) -> Result<Option<Redis>, Fault> {
    let kafka = &servers.kafka;
    let check =
        || tocsin_kafka::check(&kafka.brokers, kafka.replication, kafka.retention, kafka.create_topics);
    let Some(steps) = patiently(house, KAFKA, check).await? else { return Ok(None) };
    for step in steps {
        warn!(topics = %step, "not as the config has it: tocsin topics plan");
    }
    patiently(house, "redis", || Redis::open(servers.redis.clone(), house.room.clone())).await
}

/// Asks until there is an answer; none if it is time to stop before.
///
/// # Errors
/// [`Fault::Misconfigured`] only.
pub(crate) async fn patiently<T, F: Future<Output = Result<T, Fault>>>(
    house: &House,
    peer: &str,
    ask: impl Fn() -> F,
) -> Result<Option<T>, Fault> {
    let (stop, mut delays) = (house.stopper.stop(), house.room.backoff.delays());
    loop {
        let fault = match ask().await {
            Ok(answer) => {
                house.metrics.peer_away(peer, false);
                return Ok(Some(answer));
            }
            Err(fault @ Fault::Unavailable { .. }) => fault,
            Err(fault) => return Err(fault),
        };
        warn!(%fault, "waiting for it to come back");
        house.metrics.peer_away(peer, true);
        tokio::select! {
            () = house.room.clock.wait(delays.next().unwrap_or(LOOK)) => {}
            () = stop.wait() => return Ok(None),
        }
    }
}

/// Shows how the links stand, and whom they miss.
fn look(
    house: &House,
    links: Vec<(&'static str, ways::Look)>,
    stop: Stop,
) -> impl Future<Output = Result<(), Fault>> + Send + use<> {
    let (metrics, room) = (Arc::clone(&house.metrics), house.room.clone());
    async move {
        let mut known = BTreeSet::new();
        while !stop.is_set() {
            let mut missed = BTreeSet::new();
            for (group, look) in &links {
                let Standing { lanes, missed: by_it, rebalances, commits, failed, committing, .. } = look();
                let lags = lanes.into_iter().map(|(lane, behind)| (lane.0, behind));
                metrics.link_stands(group, lags, rebalances, (commits, failed), committing);
                missed.extend(by_it);
                if rebalances > 0 {
                    metrics.health().has_joined(group);
                }
            }
            known.difference(&missed).for_each(|back: &String| metrics.peer_away(back, false));
            missed.difference(&known).for_each(|gone| metrics.peer_away(gone, true));
            known = missed;
            tokio::select! {
                () = room.clock.wait(LOOK) => {}
                () = stop.wait() => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(stages: &str) -> Vec<Stage> {
        stages.split(',').map(|stage| stage.parse().unwrap()).collect()
    }

    #[track_caller]
    fn check(stages: &str, is_cluster: bool, expected: &str) {
        let chains = chains(&named(stages), is_cluster);
        let shown: Vec<String> = chains.into_iter().map(|(first, last)| format!("{first}..{last}")).collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn stages_that_stand_next_to_each_other_are_one_chain() {
        check("ingest,tokenize,score,spike-detect,notify", false, "ingest..spike-detect notify..notify");
        check("tokenize,score", false, "tokenize..score");
        check("spike-detect,notify", false, "spike-detect..spike-detect notify..notify");
        check("notify", false, "notify..notify");
    }

    #[test]
    fn on_a_cluster_a_topic_lies_between_what_is_claimed_and_what_is_counted() {
        check("ingest,tokenize,score,spike-detect", true, "ingest..ingest tokenize..spike-detect");
        check("ingest,tokenize,score", true, "ingest..score");
    }

    #[test]
    fn stages_that_are_not_next_to_each_other_are_refused() {
        assert!(consecutive(&named("ingest,score")).is_err());
        assert!(consecutive(&named("score,tokenize")).is_err());
        assert_eq!(consecutive(&named("tokenize,score")).unwrap(), named("tokenize,score"));
        assert_eq!(consecutive(&[]).unwrap(), Stage::ALL);
    }
}
