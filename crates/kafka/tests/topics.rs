//! Topics as they should be: made, compared, mended, and a word for what would lose something.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod world;

use expect_test::{Expect, expect};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use tocsin_kafka::{Brokers, Plan, Replication, Retention, Topic, apply, check, plan};
use world::{brokers, shared};

fn ours(servers: &str, name: &str, lanes: u32) -> Brokers {
    brokers(servers, &format!("{name}-{}.", std::process::id()), lanes)
}

async fn planned(brokers: &Brokers) -> Plan {
    plan(brokers, Replication::Default, Retention::default()).await.unwrap()
}

async fn checked(brokers: &Brokers, may_create: bool, expect: &Expect) {
    let said = match check(brokers, Replication::Default, Retention::default(), may_create).await {
        Ok(steps) => format!("may start: {steps:?}"),
        Err(fault) => fault.to_string().replace(&std::process::id().to_string(), "PID"),
    };
    expect.assert_eq(&said);
}

async fn set(brokers: &Brokers, topic: Topic, settings: &[(&str, &str)]) {
    let desk: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &brokers.servers).create().unwrap();
    let name = topic.full(&brokers.prefix);
    let mut alter = AlterConfig::new(ResourceSpecifier::Topic(&name));
    for (setting, value) in settings {
        alter = alter.set(setting, value);
    }
    for altered in desk.alter_configs([&alter], &AdminOptions::new()).await.unwrap() {
        altered.unwrap();
    }
    // The controller has it now; the broker that answers hears of it a moment later.
    for _ in 0..1_000 {
        let asked = [ResourceSpecifier::Topic(&name)];
        let described = desk.describe_configs(&asked, &AdminOptions::new()).await.unwrap();
        let described = described[0].as_ref().unwrap();
        let has = |(setting, value): &(&str, &str)| {
            described.get(setting).is_some_and(|entry| entry.value.as_deref() == Some(*value))
        };
        if settings.iter().all(has) {
            return;
        }
    }
    panic!("{name} was set and does not show it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_topics_are_made_where_that_is_allowed() {
    let Some(broker) = shared() else { return };
    let brokers = ours(&broker.servers, "made", 2);
    checked(&brokers, false, &expect!["what topics there are is not complete (create posts.raw, create posts.kin, create posts.matched, create posts.tokenized, create posts.scored, create signals, create actions, create incidents, create notices, create rejected); expected all of them: run `tocsin topics apply`, or set kafka.create_topics = true"]).await;
    checked(&brokers, true, &expect!["may start: []"]).await;
    checked(&brokers, false, &expect!["may start: []"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_otherwise_is_said_and_mended_and_what_others_set_stays() {
    let Some(broker) = shared() else { return };
    let brokers = ours(&broker.servers, "set", 2);
    apply(&brokers, &planned(&brokers).await).await.unwrap();
    let max = (8 * 1024 * 1024).to_string();
    set(
        &brokers,
        Topic::Signals,
        &[("retention.ms", "1000"), ("segment.ms", "77000"), ("max.message.bytes", &max)],
    )
    .await;
    expect![[r#"
        set retention.ms of signals to 4838400000; it is 1000
    "#]]
    .assert_eq(&planned(&brokers).await.to_string());
    apply(&brokers, &planned(&brokers).await).await.unwrap();
    expect![[r#"
        All 10 topics under "set-PID." are as they should be.
    "#]]
    .assert_eq(&planned(&brokers).await.to_string().replace(&std::process::id().to_string(), "PID"));
    let desk: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &brokers.servers).create().unwrap();
    let name = Topic::Signals.full(&brokers.prefix);
    let described =
        desk.describe_configs(&[ResourceSpecifier::Topic(&name)], &AdminOptions::new()).await.unwrap();
    let entry = described[0].as_ref().unwrap().get("segment.ms").unwrap();
    assert_eq!(entry.value.as_deref(), Some("77000"), "a setting of somebody else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_lose_something_keeps_a_process_from_starting() {
    let Some(broker) = shared() else { return };
    let brokers = ours(&broker.servers, "lose", 2);
    apply(&brokers, &planned(&brokers).await).await.unwrap();
    set(&brokers, Topic::Incidents, &[("cleanup.policy", "delete")]).await;
    checked(
        &brokers,
        true,
        &expect!["cleanup.policy of lose-PID.incidents is delete; expected compact,delete"],
    )
    .await;
    set(&brokers, Topic::Incidents, &[("cleanup.policy", "delete,compact")]).await;
    set(&brokers, Topic::Raw, &[("retention.ms", "3600000")]).await;
    checked(&brokers, true, &expect!["retention.ms of lose-PID.posts.raw is 3600000; expected at least 259200000: what Redis forgets is counted again from there"]).await;
    set(&brokers, Topic::Raw, &[("retention.ms", "-1")]).await;
    let more = Brokers { lanes: 3, ..brokers.clone() };
    checked(&more, true, &expect!["lose-PID.posts.raw is a topic of 2 partitions; expected 3, as kafka.partitions says: see `tocsin topics plan`"]).await;
    expect![[r#"
        add partitions to posts.raw, which has 2
        set retention.ms of posts.raw to 604800000; it is -1
        set max.message.bytes of posts.raw to 8388608; it is 1048588
        add partitions to posts.kin, which has 2
        add partitions to posts.matched, which has 2
        add partitions to posts.tokenized, which has 2
        add partitions to posts.scored, which has 2
        add partitions to signals, which has 2
        add partitions to actions, which has 2
        add partitions to incidents, which has 2
        set retention.ms of incidents to 63072000000; it is 604800000
        set max.message.bytes of incidents to 8388608; it is 1048588
        add partitions to notices, which has 2
        add partitions to rejected, which has 2
        Adding partitions moves ids to other lanes: who descends from whom is lost for the last 48 h, and an id of that time may be counted once more.
    "#]].assert_eq(&planned(&more).await.to_string());
    let fewer = Brokers { lanes: 1, ..brokers };
    checked(&fewer, true, &expect!["lose-PID.posts.raw is a topic of 2 partitions; expected set kafka.partitions to it, or make the topic again with 1"]).await;
}
