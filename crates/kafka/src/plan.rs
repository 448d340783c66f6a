//! Topics as they are and as they should be, and the steps between.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigSource, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use tocsin_flow::Fault;

use crate::brokers::Brokers;
use crate::fault::{self, Listener, wrong};
use crate::topics::{Retention, TOPICS, Topic};

/// How long the brokers have to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long one question may take before it is asked again.
const ASK: Duration = Duration::from_secs(1);

/// How many lines the client may have said meanwhile.
const TOLD_MAX: usize = 100;

/// How often to look whether a change shows; a look takes some milliseconds.
const SHOWN_TRIES: usize = 100;

/// How many brokers have each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// What the brokers do where nobody says.
    Default,
    /// So many.
    Copies(u32),
}

/// One step from what is to what should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The topic is not there.
    Create {
        /// Which.
        topic: Topic,
    },
    /// It has too few partitions.
    Grow {
        /// Which.
        topic: Topic,
        /// How many it has.
        from: u32,
    },
    /// It is set otherwise.
    Set {
        /// Which.
        topic: Topic,
        /// Which setting.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: String,
    },
    /// No step of ours can mend it.
    Stuck {
        /// Which.
        topic: Topic,
        /// What it is.
        found: String,
        /// What somebody must do.
        wanted: String,
    },
}

/// The steps, for people to read before they are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In the order of the topics.
    pub steps: Vec<Step>,
    prefix: String,
    lanes: u32,
    replication: Replication,
    retention: Retention,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Create { topic } => write!(f, "create {}", topic.name()),
            Step::Grow { topic, from } => write!(f, "add partitions to {}, which has {from}", topic.name()),
            Step::Set { topic, name, found, wanted } => {
                write!(f, "set {name} of {} to {wanted}; it is {found}", topic.name())
            }
            Step::Stuck { topic, found, wanted } => write!(f, "{} has {found}: {wanted}", topic.name()),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return writeln!(f, "All {} topics under {:?} are as they should be.", TOPICS.len(), self.prefix);
        }
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        if self.steps.iter().any(|step| matches!(step, Step::Grow { .. })) {
            writeln!(
                f,
                "Adding partitions moves ids to other lanes: who descends from whom is lost for the last 48 h, and \
                 an id of that time may be counted once more."
            )?;
        }
        Ok(())
    }
}

/// A topic as it is.
#[derive(Debug, Default)]
struct Found {
    partitions: u32,
    copies: u32,
    /// Value, and whether somebody set it for this topic.
    settings: BTreeMap<String, (String, bool)>,
}

/// The client of these questions.
struct Desk;

/// What is between the topics as they are and as they should be. Changes nothing.
///
/// # Errors
/// What keeps us from the brokers: each with its own words where it is the operator's to change.
pub async fn plan(brokers: &Brokers, replication: Replication, retention: Retention) -> Result<Plan, Fault> {
    let found = Desk::look(brokers).await?;
    let mut steps = Vec::new();
    for topic in TOPICS {
        match found.get(&topic) {
            None => steps.push(Step::Create { topic }),
            Some(found) => compare(topic, found, brokers.lanes, replication, &retention, &mut steps),
        }
    }
    Ok(Plan { steps, prefix: brokers.prefix.clone(), lanes: brokers.lanes, replication, retention })
}

fn compare(
    topic: Topic,
    found: &Found,
    lanes: u32,
    replication: Replication,
    retention: &Retention,
    steps: &mut Vec<Step>,
) {
    if found.partitions < lanes {
        steps.push(Step::Grow { topic, from: found.partitions });
    } else if found.partitions > lanes {
        steps.push(Step::Stuck {
            topic,
            found: format!("{} partitions", found.partitions),
            wanted: format!("set kafka.partitions to it, or make the topic again with {lanes}"),
        });
    }
    if let Replication::Copies(copies) = replication
        && found.copies != copies
    {
        steps.push(Step::Stuck {
            topic,
            found: format!("{} replicas", found.copies),
            wanted: format!("give it {copies} with kafka-reassign-partitions, or change kafka.replication"),
        });
    }
    for (name, wanted) in topic.settings(retention) {
        let found = found.settings.get(name).map_or("unknown", |(value, _)| value);
        if !is_same(found, &wanted) {
            steps.push(Step::Set { topic, name, found: found.to_owned(), wanted });
        }
    }
}

/// A list says the same in any order.
fn is_same(found: &str, wanted: &str) -> bool {
    let sorted = |text: &str| {
        let mut words: Vec<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
        words.sort();
        words
    };
    sorted(found) == sorted(wanted)
}

/// Takes the steps. Those that are stuck are left.
///
/// # Errors
/// As [`plan`]; what was done before stays done, and the next plan has only the rest.
pub async fn apply(brokers: &Brokers, plan: &Plan) -> Result<(), Fault> {
    let desk: AdminClient<Listener> = client(brokers)?;
    let options = AdminOptions::new().operation_timeout(Some(ANSWER)).request_timeout(Some(ANSWER));
    let copies = match plan.replication {
        Replication::Default => -1,
        Replication::Copies(copies) => copies as i32,
    };
    let mut changed: Vec<Topic> = Vec::new();
    for step in &plan.steps {
        match step {
            Step::Create { topic } => {
                let (name, settings) = (topic.full(&plan.prefix), topic.settings(&plan.retention));
                let mut new = NewTopic::new(&name, plan.lanes as i32, TopicReplication::Fixed(copies));
                for (setting, value) in &settings {
                    new = new.set(setting, value);
                }
                let made = desk.create_topics([&new], &options).await;
                done(made, |e| e.as_ref().err().map(|(_, code)| *code), &format!("creating {name}"))?;
            }
            Step::Grow { topic, .. } => {
                let name = topic.full(&plan.prefix);
                let grown = NewPartitions::new(&name, plan.lanes as usize);
                let made = desk.create_partitions([&grown], &options).await;
                done(
                    made,
                    |e| e.as_ref().err().map(|(_, code)| *code),
                    &format!("adding partitions to {name}"),
                )?;
            }
            Step::Set { topic, .. } if !changed.contains(topic) => changed.push(*topic),
            Step::Set { .. } | Step::Stuck { .. } => {}
        }
    }
    let found = if changed.is_empty() { BTreeMap::new() } else { Desk::look(brokers).await? };
    for topic in changed {
        // The broker takes the settings of a topic as a whole: what others have set is said again.
        let name = topic.full(&plan.prefix);
        let ours = topic.settings(&plan.retention);
        let mut alter = AlterConfig::new(ResourceSpecifier::Topic(&name));
        for (setting, (value, is_set)) in found.get(&topic).iter().flat_map(|found| &found.settings) {
            if *is_set {
                alter = alter.set(setting, value);
            }
        }
        for (setting, value) in &ours {
            alter = alter.set(setting, value);
        }
        let made = desk.alter_configs([&alter], &options).await;
        done(made, |e| e.as_ref().err().map(|(_, code)| *code), &format!("setting {name}"))?;
    }
    // The broker that answers hears of it a moment after the controller has it.
    for _ in 0..SHOWN_TRIES {
        let left = self::plan(brokers, plan.replication, plan.retention).await?;
        let is_left = |step: &Step| !matches!(step, Step::Stuck { .. }) && plan.steps.contains(step);
        if !left.steps.iter().any(is_left) {
            break;
        }
    }
    Ok(())
}

fn done<T>(
    made: Result<Vec<T>, KafkaError>,
    code: impl Fn(&T) -> Option<RDKafkaErrorCode>,
    doing: &str,
) -> Result<(), Fault> {
    for one in made.map_err(|e| fault::of(&e, doing))? {
        match code(&one) {
            // Another process of ours was quicker.
            None | Some(RDKafkaErrorCode::TopicAlreadyExists) => {}
            Some(code) => return Err(fault::of_code(code, doing, &code.to_string())),
        }
    }
    Ok(())
}

/// Whether a process may start: the brokers let us in, every topic is there (made now where `may_create`), and none
/// is set so that something would be lost. What differs without harm is given back, to be said.
///
/// # Errors
/// [`Fault::Misconfigured`] with what to change; [`Fault::Unavailable`] when no broker answers.
pub async fn check(
    brokers: &Brokers,
    replication: Replication,
    retention: Retention,
    may_create: bool,
) -> Result<Vec<Step>, Fault> {
    let mut plan = plan(brokers, replication, retention).await?;
    let is_missing = |step: &Step| matches!(step, Step::Create { .. });
    if plan.steps.iter().any(is_missing) {
        if !may_create {
            let names: Vec<String> =
                plan.steps.iter().filter(|s| is_missing(s)).map(Step::to_string).collect();
            return Err(wrong(
                "what topics there are",
                format!("not complete ({})", names.join(", ")),
                "all of them: run `tocsin topics apply`, or set kafka.create_topics = true",
            ));
        }
        let (missing, rest): (Vec<Step>, Vec<Step>) = plan.steps.into_iter().partition(is_missing);
        plan.steps = missing;
        apply(brokers, &plan).await?;
        plan.steps = rest;
    }
    for step in &plan.steps {
        harmful(step, brokers)?;
    }
    Ok(plan.steps)
}

/// What would lose or miscount something.
fn harmful(step: &Step, brokers: &Brokers) -> Result<(), Fault> {
    let name = |topic: &Topic| topic.full(&brokers.prefix);
    match step {
        Step::Grow { topic, from } => Err(wrong(
            name(topic),
            format!("a topic of {from} partitions"),
            format!("{}, as kafka.partitions says: see `tocsin topics plan`", brokers.lanes),
        )),
        Step::Stuck { topic, found, wanted } if found.ends_with("partitions") => {
            Err(wrong(name(topic), format!("a topic of {found}"), wanted.clone()))
        }
        Step::Set { topic, name: setting @ "cleanup.policy", found, wanted } => {
            Err(wrong(format!("{setting} of {}", name(topic)), found.clone(), wanted.clone()))
        }
        Step::Set { topic, name: setting @ "retention.ms", found, .. } => {
            let Some(least) = topic.retention_min() else { return Ok(()) };
            let is_long = found.parse::<i64>().is_ok_and(|ms| ms < 0 || ms as u128 >= least.as_millis());
            if is_long {
                return Ok(());
            }
            Err(wrong(
                format!("{setting} of {}", name(topic)),
                found.clone(),
                format!("at least {}: what Redis forgets is counted again from there", least.as_millis()),
            ))
        }
        _ => Ok(()),
    }
}

fn client<T: rdkafka::config::FromClientConfigAndContext<Listener>>(brokers: &Brokers) -> Result<T, Fault> {
    brokers.client().create_with_context(Listener::default()).map_err(|e| fault::not_made(&e))
}

impl ConsumerContext for Listener {
    fn rebalance(&self, _: &BaseConsumer<Listener>, _: RDKafkaRespErr, _: &mut rdkafka::TopicPartitionList) {
        // It joins no group.
    }
}

impl Desk {
    /// The topics of ours that are there.
    async fn look(brokers: &Brokers) -> Result<BTreeMap<Topic, Found>, Fault> {
        let asking = brokers.clone();
        let asked = tokio::task::spawn_blocking(move || Desk::partitions(&asking)).await;
        let mut found =
            asked.map_err(|e| fault::away(format!("asking for topics was broken off: {e}")))??;
        let desk: AdminClient<Listener> = client(brokers)?;
        let names: Vec<String> = found.keys().map(|topic| topic.full(&brokers.prefix)).collect();
        let resources: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        if resources.is_empty() {
            return Ok(found);
        }
        let options = AdminOptions::new().request_timeout(Some(ANSWER));
        let doing = "asking for the settings of topics";
        let described =
            desk.describe_configs(&resources, &options).await.map_err(|e| fault::of(&e, doing))?;
        for (found, described) in found.values_mut().zip(described) {
            let described = described.map_err(|code| fault::of_code(code, doing, &code.to_string()))?;
            for entry in described.entries {
                let is_set = entry.source == ConfigSource::DynamicTopic;
                found.settings.insert(entry.name, (entry.value.unwrap_or_default(), is_set));
            }
        }
        Ok(found)
    }

    fn partitions(brokers: &Brokers) -> Result<BTreeMap<Topic, Found>, Fault> {
        let desk: BaseConsumer<Listener> = client(brokers)?;
        let mut tries = ANSWER.as_millis() / ASK.as_millis();
        let metadata = loop {
            let error = match desk.fetch_metadata(None, ASK) {
                Ok(metadata) => break metadata,
                Err(error) => error,
            };
            // Why, is told beside the answer, among lines of a log: each poll takes one.
            for _ in 0..TOLD_MAX {
                desk.poll(Duration::ZERO);
            }
            if let Some(told) = desk.context().take() {
                return Err(told);
            }
            tries -= 1;
            if tries == 0 {
                return Err(fault::of(&error, &format!("asking {} for topics", brokers.servers)));
            }
        };
        let mut found = BTreeMap::new();
        for topic in TOPICS {
            let name = topic.full(&brokers.prefix);
            let Some(there) = metadata.topics().iter().find(|t| t.name() == name) else { continue };
            let partitions = there.partitions();
            let copies = partitions.iter().map(|p| p.replicas().len()).min().unwrap_or(0);
            if !partitions.is_empty() {
                let (partitions, copies) = (partitions.len() as u32, copies as u32);
                found.insert(topic, Found { partitions, copies, settings: BTreeMap::new() });
            }
        }
        Ok(found)
    }
}
