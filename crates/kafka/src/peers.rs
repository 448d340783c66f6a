//! Who of the brokers is missed while others can be reached, by what the client says of its connections.
//!
//! Nothing is decided by it: the client goes on by itself when a broker is back or a lane has another leader. It is
//! told to whoever looks at the process.

use std::collections::BTreeSet;

use rdkafka::Statistics;
use rdkafka::statistics::Broker;
use tocsin_model::Lane;

/// Brokers that we want to reach and cannot, and those of our lanes whose leader is none or one of these.
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
    down.iter().map(|node| format!("kafka broker {node}")).chain(leaders).collect()
}

/// The client keeps a connection only where it needs one: `INIT` is one that nobody misses. Below 0 are addresses from
/// the config; who answers there has a number, too.
fn is_down(broker: &Broker) -> bool {
    broker.nodeid >= 0 && ["DOWN", "TRY_CONNECT", "CONNECT"].contains(&broker.state.as_str())
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics::{Partition, Topic};

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
}
