//! Who of the brokers is missed while others can be reached, by what the client says of its connections.
//!
//! Mostly nothing is decided by it: the client goes on by itself when a broker is back or a lane has another leader. It
//! is told to whoever looks at the process.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::Statistics;
use rdkafka::statistics::Broker;
use tocsin_model::Lane;

/// How long a client waits for a broker, or for its group's coordinator, before it is made anew: by then the group has
/// given its lanes to others.
pub(crate) const ANEW: Duration = Duration::from_secs(10);
/// How long the coordinator is looked for before that is told.
const TOLD: Duration = Duration::from_secs(3);

/// Brokers that we want to reach and cannot, those of our lanes whose leader is none or one of these, and the group's
/// coordinator.
pub(crate) fn missed(
    statistics: &Statistics,
    topic: &str,
    lanes: impl Iterator<Item = Lane>,
) -> BTreeSet<String> {
    let down: BTreeSet<i32> =
        statistics.brokers.values().filter(|broker| is_down(broker)).map(|broker| broker.nodeid).collect();
    let partitions = statistics.topics.get(topic).map(|topic| &topic.partitions);
    let leaderless = lanes.filter(|lane| {
        let known = partitions.and_then(|partitions| partitions.get(&(lane.0 as i32)));
        known.is_some_and(|partition| partition.leader < 0 || down.contains(&partition.leader))
    });
    let leaders = leaderless.map(|lane| format!("kafka leader of {topic} {}", lane.0));
    let coordinator = looks_for_coordinator(statistics).filter(|since| *since > TOLD);
    let coordinator = coordinator.map(|_| "kafka coordinator".to_owned());
    down.iter().map(|node| format!("kafka broker {node}")).chain(leaders).chain(coordinator).collect()
}

/// Whether the client will not find back by itself: it knows no broker any more, or has looked for the coordinator for
/// longer than anybody takes to name one. A broker that is struck from the list while the client forgets those it was
/// configured with (librdkafka issue 5301) may still be listed, and is never called again.
pub(crate) fn is_cut_off(statistics: &Statistics) -> bool {
    let is_real = |broker: &Broker| matches!(broker.source.as_str(), "learned" | "configured");
    let knows_some = statistics.brokers.values().any(is_real);
    !knows_some || looks_for_coordinator(statistics).is_some_and(|since| since > ANEW)
}

/// Since when the client has had no coordinator.
fn looks_for_coordinator(statistics: &Statistics) -> Option<Duration> {
    let group = statistics.cgrp.as_ref().filter(|group| group.state != "up")?;
    Some(Duration::from_millis(u64::try_from(group.stateage).unwrap_or_default()))
}

/// The client keeps a connection only where it needs one: `INIT` is one that nobody misses. Below 0 are addresses from
/// the config; who answers there has a number, too.
fn is_down(broker: &Broker) -> bool {
    broker.nodeid >= 0 && ["DOWN", "TRY_CONNECT", "CONNECT"].contains(&broker.state.as_str())
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics::{ConsumerGroup, Partition, Topic};

    use super::*;

    #[track_caller]
    fn check(brokers: &[(i32, &str)], leaders: &[i32], expected: &[&str]) {
        let broker = |&(nodeid, state): &(i32, &str)| {
            (format!("b/{nodeid}"), Broker { nodeid, state: state.to_owned(), ..Broker::default() })
        };
        let partition =
            |(lane, &leader): (usize, &i32)| (lane as i32, Partition { leader, ..Partition::default() });
        let partitions = leaders.iter().enumerate().map(partition).collect();
        let topic = Topic { partitions, ..Topic::default() };
        let statistics = Statistics {
            brokers: brokers.iter().map(broker).collect(),
            topics: [("posts".to_owned(), topic)].into(),
            ..Statistics::default()
        };
        let lanes = (0..leaders.len() as u32).map(Lane);
        assert_eq!(missed(&statistics, "posts", lanes), expected.iter().map(|e| (*e).to_owned()).collect());
    }

    #[test]
    fn a_broker_that_is_down_is_missed_with_the_lanes_that_it_leads() {
        check(&[(1, "UP"), (2, "UP")], &[1, 2], &[]);
        check(&[(1, "UP"), (2, "TRY_CONNECT")], &[1, 2], &["kafka broker 2", "kafka leader of posts 1"]);
    }

    #[test]
    fn a_connection_that_nobody_needs_is_not_missed() {
        check(&[(1, "UP"), (2, "INIT"), (-1, "DOWN")], &[1], &[]);
    }

    #[test]
    fn a_lane_without_a_leader_is_named() {
        check(&[(1, "UP")], &[1, -1], &["kafka leader of posts 1"]);
    }

    #[test]
    fn a_client_that_looks_for_its_coordinator_says_so_and_is_given_up() {
        let looked = |state: &str, stateage, source: &str| {
            let broker = Broker { nodeid: 1, source: source.to_owned(), ..Broker::default() };
            Statistics {
                brokers: [("b/1".to_owned(), broker)].into(),
                cgrp: Some(ConsumerGroup { state: state.to_owned(), stateage, ..ConsumerGroup::default() }),
                ..Statistics::default()
            }
        };
        let told = |statistics| (missed(&statistics, "posts", [].into_iter()).len(), is_cut_off(&statistics));
        assert_eq!(told(looked("up", 600_000, "learned")), (0, false));
        assert_eq!(told(looked("query-coord", 500, "learned")), (0, false));
        assert_eq!(told(looked("wait-broker-transport", 5_000, "configured")), (1, false));
        // As it was seen: the only broker was fenced for a moment, and stood in the list for ever without being called.
        assert_eq!(told(looked("query-coord", 625_000, "learned")), (1, true));
        assert!(is_cut_off(&looked("up", 0, "logical")), "no broker is left");
    }
}
