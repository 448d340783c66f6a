//! Redis is older than it was: the positions of a group are written anew, so that each lane is gone over again from a
//! time before the loss. Only while no member of the group runs.

use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::TopicPartitionList;
use tocsin_flow::Fault;
use tocsin_model::{ArrivalTime, Lane, Position};

use crate::brokers::Brokers;
use crate::fault::{self, Listener, wrong};
use crate::note::Note;
use crate::topics::Topic;

/// How long the brokers have to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// From now on the group is sure of nothing that was written at `since` or later. Gives each lane's position then,
/// which is where it will be gone over from; lanes in which the group has no position are left out.
///
/// # Errors
/// [`Fault::Misconfigured`] while a member runs; [`Fault::Unavailable`] when no broker answers.
pub async fn heal(
    brokers: &Brokers,
    group: &str,
    topic: Topic,
    since: ArrivalTime,
) -> Result<Vec<(Lane, Position)>, Fault> {
    let (brokers, group) = (brokers.clone(), group.to_owned());
    let healed = tokio::task::spawn_blocking(move || heal_now(&brokers, &group, topic, since)).await;
    healed.map_err(|e| fault::away(format!("healing was broken off: {e}")))?
}

fn heal_now(
    brokers: &Brokers,
    group: &str,
    topic: Topic,
    since: ArrivalTime,
) -> Result<Vec<(Lane, Position)>, Fault> {
    let (group, topic) = (brokers.named(group), topic.full(&brokers.prefix));
    let mut settings = brokers.client();
    settings.set("group.id", &group).set("enable.auto.commit", "false");
    let consumer: BaseConsumer<Listener> =
        settings.create_with_context(Listener::default()).map_err(|e| fault::not_made(&e))?;
    let doing = format!("asking where {group} stood in {topic}");
    let lanes = |offset: Offset| {
        let mut lanes = TopicPartitionList::new();
        for lane in 0..brokers.lanes {
            lanes.add_partition_offset(&topic, lane as i32, offset).map_err(|e| fault::of(&e, &doing))?;
        }
        Ok(lanes)
    };
    let committed =
        consumer.committed_offsets(lanes(Offset::Invalid)?, ANSWER).map_err(|e| fault::of(&e, &doing))?;
    let times = lanes(Offset::Offset(since.millis().max(0)))?;
    let then = consumer.offsets_for_times(times, ANSWER).map_err(|e| fault::of(&e, &doing))?;
    let (mut anew, mut healed) = (TopicPartitionList::new(), Vec::new());
    for element in committed.elements() {
        let Offset::Offset(done) = element.offset() else { continue };
        let written = then.find_partition(&topic, element.partition()).map(|at| at.offset());
        // Where nothing was written since, everything is from before.
        let safe = match written {
            Some(Offset::Offset(first)) => first.min(done),
            _ => done,
        };
        let now = Note::read(element.metadata()).and_then(|note| note.now);
        let safe = Position(u64::try_from(safe).unwrap_or(0));
        let mut place = anew.add_partition(&topic, element.partition());
        place.set_offset(Offset::Offset(done)).map_err(|e| fault::of(&e, &doing))?;
        place.set_metadata(Note { now, safe }.to_string());
        healed.push((Lane(element.partition() as u32), safe));
    }
    if !healed.is_empty() {
        consumer.commit(&anew, CommitMode::Sync).map_err(|why| {
            wrong(
                format!("the group {group}"),
                format!("not to be changed now ({why})"),
                "a group without members: stop all processes of tocsin first, and wait for kafka.session",
            )
        })?;
    }
    Ok(healed)
}
