//! I1 against a real broker: after a kill anywhere, a reader sees each record as if it had been processed once.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod world;

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tocsin_flow::Clock as _;
use tocsin_kafka::{Brokers, Limits, Member, Topic};
use tocsin_runtime::WallClock;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use world::{ENOUGH, Trickle, brokers, feed, group, holds_each_once, pass_on, room, shared, world};

/// The steps of a transaction, as they are logged.
const STEPS: [&str; 5] = ["begun", "produced", "positioned", "drained", "committed"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_in_comes_out_once_in_its_lane_and_in_order() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "once", 3).await;
    feed(&brokers, Topic::Raw, 0..10_000).await;
    let mut member = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
    assert_eq!(pass_on(&mut member, 10_000, 5_000).await, 10_000);
    member.settle().await.unwrap();
    holds_each_once(&brokers, Topic::Matched, 0..10_000);
    drop(member);
    // Who comes after has nothing left to do, and goes on with what is new.
    feed(&brokers, Topic::Raw, 10_000..10_500).await;
    let mut next = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
    assert_eq!(pass_on(&mut next, 500, 5_000).await, 500);
    drop(next);
    holds_each_once(&brokers, Topic::Matched, 0..10_500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_step_of_a_transaction_loses_and_repeats_nothing() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "killed", 3).await;
    let trickle = Trickle::begin(&brokers, Topic::Raw);
    for step in STEPS {
        // The first transaction of a process is a special one: it is killed in its first and in its third.
        for nth in [1, 3] {
            let ended = child_of(&brokers, "KILL", step, nth).wait().unwrap();
            assert!(!ended.success(), "{step} {nth}: it should not have lived");
        }
    }
    let fed = trickle.end().await;
    let mut member = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
    pass_on(&mut member, usize::MAX, 500).await;
    drop(member);
    eprintln!("{fed} records, 10 kills");
    holds_each_once(&brokers, Topic::Matched, 0..fed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie_that_wakes_in_its_transaction_is_fenced() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "zombie", 3).await;
    let trickle = Trickle::begin(&brokers, Topic::Raw);
    for (step, nth) in [("begun", 1), ("produced", 2), ("positioned", 2), ("drained", 3)] {
        let mut zombie = child_of(&brokers, "STOP", step, nth);
        until_it_stands_still(zombie.id());
        let mut heir = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
        assert!(pass_on(&mut heir, 600, 200).await >= 600, "{step}: the heir has the lanes");
        heir.settle().await.unwrap();
        signal("CONT", zombie.id());
        // Both go on; what the zombie had begun must not count.
        pass_on(&mut heir, 1_000, 200).await;
        heir.settle().await.unwrap();
        signal("KILL", zombie.id());
        zombie.wait().unwrap();
    }
    let fed = trickle.end().await;
    let mut last = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
    pass_on(&mut last, usize::MAX, 500).await;
    drop(last);
    eprintln!("{fed} records, 4 zombies");
    holds_each_once(&brokers, Topic::Matched, 0..fed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_come_and_go_lose_and_repeat_nothing() {
    let Some(broker) = shared() else { return };
    let brokers = world(&broker.servers, "shared-out", 6).await;
    feed(&brokers, Topic::Raw, 0..30_000).await;
    let mut first = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
    assert!(pass_on(&mut first, 1_000, 50).await >= 1_000, "the first begins alone");
    let pass = |enough| {
        let brokers = brokers.clone();
        async move {
            let mut member = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
            (pass_on(&mut member, enough, 50).await, member.standing().rebalances)
        }
    };
    let second = tokio::spawn(pass(6_000));
    let third = tokio::spawn(pass(usize::MAX));
    let first =
        tokio::spawn(async move { (pass_on(&mut first, 5_000, 50).await, first.standing().rebalances) });
    feed(&brokers, Topic::Raw, 30_000..36_000).await;
    let (first, second, third) = (first.await.unwrap(), second.await.unwrap(), third.await.unwrap());
    eprintln!("passed on and rebalances: {first:?} {second:?} {third:?}");
    assert!(first.0 > 0 && second.0 > 0 && third.0 > 0, "each had lanes");
    holds_each_once(&brokers, Topic::Matched, 0..36_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_is_followed_before_his_session_ends() {
    let Some(broker) = shared() else { return };
    // Long enough that only somebody who said good-bye can be followed this soon, however busy the machine.
    let limits = Limits { session: Duration::from_secs(45), ..Limits::default() };
    let brokers = Brokers { limits, ..world(&broker.servers, "followed", 3).await };
    let trickle = Trickle::begin(&brokers, Topic::Raw);
    let mut first = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
    pass_on(&mut first, 500, 100).await;
    let mut heir = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
    while heir.standing().lanes.is_empty() {
        pass_on(&mut first, 100, 100).await;
    }
    let clock = WallClock::new();
    drop(first);
    eprintln!("left after {:?}", clock.steady());
    while heir.standing().lanes.len() < 3 {
        pass_on(&mut heir, 1, 100).await;
    }
    let took = clock.steady();
    let fed = trickle.end().await;
    pass_on(&mut heir, usize::MAX, 500).await;
    drop(heir);
    eprintln!("all lanes had a new member after {took:?}");
    assert!(took < limits.session / 2, "{took:?}");
    holds_each_once(&brokers, Topic::Matched, 0..fed);
}

/// Starts this file's [`child`] in a process of its own; it sends itself the signal at the n-th such step.
fn child_of(brokers: &Brokers, sent: &str, step: &str, nth: u32) -> Child {
    let plan = format!("{} {} {} {sent} {step} {nth}", brokers.servers, brokers.prefix, brokers.lanes);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env("TOCSIN_TEST_CHILD", plan);
    command.stdout(Stdio::null()).spawn().unwrap()
}

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status().unwrap();
    assert!(sent.success(), "{name} to {process}");
}

/// Comes back when a process was stopped by a signal.
fn until_it_stands_still(process: u32) {
    let clock = WallClock::new();
    while clock.steady() < ENOUGH {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        if stat.rsplit(')').next().unwrap().trim_start().starts_with('T') {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("it has not come to the step at which it should stand still");
}

/// Not a test of its own: the process that [`child_of`] starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(plan) = std::env::var("TOCSIN_TEST_CHILD") else { return };
    let words: Vec<&str> = plan.split(' ').collect();
    let [servers, prefix, lanes, sent, step, nth] = words[..] else { panic!("{plan}") };
    let brokers = brokers(servers, prefix, lanes.parse().unwrap());
    let (sent, step, nth) = (sent.to_owned(), step.to_owned(), nth.parse().unwrap());
    tracing_subscriber::registry().with(SignalAt { sent, step, nth, seen: AtomicU32::new(0) }).init();
    let mut member = Member::join(&brokers, group("pass", Topic::Raw), room()).unwrap();
    pass_on(&mut member, usize::MAX, 200).await;
}

/// Sends its own process a signal at the n-th time that a step is logged.
struct SignalAt {
    sent: String,
    step: String,
    nth: u32,
    seen: AtomicU32,
}

struct Step(Option<String>);

impl Visit for Step {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "step" {
            self.0 = Some(value.to_owned());
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for SignalAt {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut step = Step(None);
        event.record(&mut step);
        if step.0.as_deref() == Some(&self.step) && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.nth {
            signal(&self.sent, std::process::id());
        }
    }
}
