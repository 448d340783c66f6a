//! Commands about Kafka and Redis: which topics there are and should be, how far lanes are remembered, and what to do
//! when a topic or Redis is not what it was. They start nothing, and change only what they say.

use std::io::{self, Write};

use tocsin_flow::Fault;
use tocsin_kafka::{Step, TOPICS, Topic, heal};
use tocsin_model::{ArrivalTime, Lane};
use tocsin_redis::Redis;

use crate::cli::args::{ConfigFile, Since, Topics};
use crate::cli::{self, Exit};
use crate::config::{self, Servers};
use crate::house::House;
use crate::services::GROUPS;

/// `tocsin topics plan` and `apply`.
pub(crate) fn topics(typed: &Topics, out: &mut impl Write) -> Result<io::Result<()>, cli::Stop> {
    let (file, applies) = match typed {
        Topics::Plan(file) => (file, false),
        Topics::Apply(file) => (file, true),
    };
    let Servers { kafka, .. } = servers(file)?;
    let plan = wait(async {
        let plan = tocsin_kafka::plan(&kafka.brokers, kafka.replication, kafka.retention).await?;
        if applies {
            tocsin_kafka::apply(&kafka.brokers, &plan).await?;
        }
        Ok(plan)
    })?;
    let is_stuck = |step: &&Step| matches!(step, Step::Stuck { .. });
    let stuck = plan.steps.iter().filter(is_stuck).count();
    let done = plan.steps.len() - stuck;
    let told = write!(out, "{plan}").and_then(|()| match (applies, done) {
        (false, 0) => Ok(()),
        (false, _) => writeln!(out, "Nothing was changed: tocsin topics apply does it."),
        (true, 0) => Ok(()),
        (true, steps) => writeln!(out, "Done: {}.", counted(steps as u64, "step")),
    });
    if stuck > 0 {
        told.map_err(cli::Stop::failed)?;
        return Err(cli::Stop::failed(format_args!(
            "{} for you to take: see above",
            counted(stuck as u64, "step")
        )));
    }
    Ok(told)
}

/// `tocsin state fences`: what there is, or without those of a topic.
pub(crate) fn fences(
    file: &ConfigFile,
    dropped: Option<&str>,
    out: &mut impl Write,
) -> Result<io::Result<()>, cli::Stop> {
    let Servers { kafka, redis } = servers(file)?;
    let Some(name) = dropped else {
        let fences = wait(async { open(&redis).await?.fences().await })?;
        if fences.is_empty() {
            return Ok(writeln!(out, "No lane is remembered."));
        }
        let mut told = writeln!(
            out,
            "{:<24}{:>6}{:>14}{:>14}{:>10}",
            "topic", "lane", "remembered", "counted", "subjects"
        );
        for ((chain, lane), fence) in fences {
            let counted = fence.counted.map_or("-".to_owned(), |position| position.0.to_string());
            told = told.and_then(|()| {
                writeln!(
                    out,
                    "{chain:<24}{:>6}{:>14}{counted:>14}{:>10}",
                    lane.0, fence.remembered.0, fence.subjects
                )
            });
        }
        return Ok(told);
    };
    // As it is called in the config's words, or as Kafka has it.
    let prefix = &kafka.brokers.prefix;
    let Some(topic) = TOPICS.into_iter().find(|topic| name == topic.name() || name == topic.full(prefix))
    else {
        let names = TOPICS.map(Topic::name).join(", ");
        return Err(cli::Stop::usage(format_args!("{name:?} is none of our topics; they are {names}")));
    };
    let gone = wait(async { open(&redis).await?.drop_fences(topic.name()).await })?;
    let fences = counted(gone, "fence");
    Ok(writeln!(out, "{fences} of {} dropped; it is read from its beginning", topic.name()))
}

/// `tocsin state heal`.
pub(crate) fn heal_since(
    file: &ConfigFile,
    since: Since,
    out: &mut impl Write,
) -> Result<io::Result<()>, cli::Stop> {
    let Servers { kafka, redis } = servers(file)?;
    let house = House::new();
    let now = house.room.clock.now();
    let since = match since {
        Since::At(at) => at,
        Since::Ago(span) => now.minus(span),
    };
    if since > now {
        return Err(cli::Stop::usage("--since lies in the future: write a time before Redis lost anything"));
    }
    let healed = wait(async {
        let redis = open(&redis).await?;
        let mut healed = Vec::new();
        for (group, topic) in GROUPS {
            let lanes = heal(&kafka.brokers, group, topic, since).await?;
            for (lane, from) in &lanes {
                redis.raise_fence(topic.name(), *lane, *from).await?;
            }
            healed.push((group, lanes));
        }
        Ok(healed)
    })?;
    Ok(told_healed(since, &healed, out))
}

fn told_healed(
    since: ArrivalTime,
    healed: &[(&str, Vec<(Lane, tocsin_model::Position)>)],
    out: &mut impl Write,
) -> io::Result<()> {
    let all: usize = healed.iter().map(|(_, lanes)| lanes.len()).sum();
    if all == 0 {
        return writeln!(out, "No group has a position yet: there is nothing to go over again.");
    }
    for (group, lanes) in healed.iter().filter(|(_, lanes)| !lanes.is_empty()) {
        let lanes: Vec<String> = lanes.iter().map(|(lane, from)| format!("{}: {}", lane.0, from.0)).collect();
        writeln!(out, "{group} goes over its lanes again from {}", lanes.join(", "))?;
    }
    writeln!(
        out,
        "What was written before {} and is not in Redis is given up. Start tocsin again: it counts the rest anew, \
         and tells nobody twice.",
        tocsin_wire::rfc3339(since.millis())
    )
}

/// Redis, where the config has one.
pub(crate) async fn open(settings: &tocsin_redis::Settings) -> Result<Redis, Fault> {
    Redis::open(settings.clone(), House::new().room).await
}

/// Runs what asks the servers.
pub(crate) fn wait<T>(asking: impl Future<Output = Result<T, Fault>>) -> Result<T, cli::Stop> {
    let runtime = tokio::runtime::Runtime::new().map_err(cli::Stop::failed)?;
    Ok(runtime.block_on(asking)?)
}

fn servers(file: &ConfigFile) -> Result<Servers, cli::Stop> {
    let config = config::load(file.config.as_deref(), config::environment())?;
    config.servers.ok_or_else(|| {
        let words = "the config has no [kafka] and no [redis]: everything is in its data folder, without topics and \
                     fences";
        cli::Stop { exit: Exit::Usage, words: words.into() }
    })
}

fn counted(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
